import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.complaining import about_staff
from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class ComplaintAgain(Detector):
    key = "complaint_again"
    code = "CMP-02"
    family = "CMP"
    scope = "all"
    subject = "staff"
    inputs = (
        "complaints.ticket_no", "complaints.day", "complaints.channel", "complaints.category",
        "complaints.subject", "complaints.bureau", "complaints.batch_id", "complaints.row_no",
        "orders.day",
        "staff.staff_id", "staff.role", "staff.name",
    )  # fmt: skip
    optional = ("complaints.channel", "complaints.category", "staff.name")

    title = "同一人员被多次投诉举报"
    looks_for = "同一名内部人员九十天内被投诉举报两次以上，其中一次是上一订货日以来收到的。"
    why_it_matters = "反复被投诉说明问题没有解决，或上次处理没有到位。"
    innocent_causes = "同一件事由不同渠道重复登记；有人恶意反复投诉；片区政策调整引起不满。"
    next_steps = (
        "一、对照各次工单是否同一件事；二、由市局会商，五个工作日内重新核实上次的处理结论。"
    )
    deviation = "被投诉举报{:.0f}件"
    measure = "tickets"

    days: int = param(90, help="多少天内", unit="天", low=7, high=365, source="detection §4a")
    times: int = param(2, help="达到（含）", unit="次", low=2, high=20, source="detection §4a")
    rarity: float = param(
        6.0, help="再次投诉的罕见程度按", unit="lg", low=1, high=12, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        sums = self._told(facts, on).group_by("staff_id").agg(
            tickets=_.ticket_no.nunique(), role=_.role.max(),
            first=_.day.min(), is_new=_.is_new.any(),
        )  # fmt: skip
        return sums.filter(_.is_new, _.tickets >= self.times).select(
            "tickets", "role", "first", subject_id=_.staff_id,
            surprise=ibis.literal(self.rarity, "float64"),
        )  # fmt: skip

    def sentence(self, row: Mapping[str, Any]) -> str:
        return f"{row['role'] or '工作人员'}近{self.days}天被投诉举报{row['tickets']}次。"

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", staff_id="subject_id")
        mine = self._told(facts, on).join(wanted, "staff_id")
        return stacked(rows_of(mine, "complaints", "day", "ticket_no", "channel", "category"))

    def floor(self, row: Mapping[str, Any]) -> str:  # noqa: ARG002
        return "红"

    def staff_concerned(self, row: Mapping[str, Any]) -> bool:  # noqa: ARG002
        return True

    def _told(self, facts: Facts, on: dt.date) -> ir.Table:
        return about_staff(facts, on - dt.timedelta(days=self.days), on)
