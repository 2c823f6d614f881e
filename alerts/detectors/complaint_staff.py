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
from alerts.wording import date
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class ComplaintStaff(Detector):
    key = "complaint_staff"
    code = "CMP-01"
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

    title = "投诉举报涉及内部人员"
    looks_for = "上一订货日以来收到的投诉举报，被反映人是本单位的客户经理、送货员等人员。"
    why_it_matters = "涉及内部人员的投诉必须件件有回音，由上级直接查办。"
    innocent_causes = "误会、政策解释不清；被反映人已调离；同一件事重复登记。"
    next_steps = (
        "一、当日由市局或纪检阅看工单原文，确定是否回避；"
        "二、五个工作日内向投诉人和有关零售户核实，不由被反映人转办。"
    )
    deviation = "被投诉举报{:.0f}件"
    measure = "tickets"

    rarity: float = param(
        4.5, help="一件投诉的罕见程度按", unit="lg", low=1, high=12, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        told = self._told(facts, on)
        order = [_.day.desc(), _.ticket_no]
        place = ibis.row_number().over(group_by="staff_id", order_by=order)
        many = told.group_by("staff_id").agg(tickets=_.ticket_no.nunique())
        newest = told.mutate(place=place).filter(_.place == 0).join(many, "staff_id")
        return newest.select(
            "day", "channel", "category", "role", "tickets", subject_id=_.staff_id,
            surprise=ibis.literal(self.rarity, "float64"),
        )  # fmt: skip

    def sentence(self, row: Mapping[str, Any]) -> str:
        kind = f"，类别“{row['category'][:20]}”" if row["category"] else ""
        return (
            f"{date(row['day'])}收到{(row['channel'] or '')[:10]}投诉举报{row['tickets']}件{kind}，"
            f"被反映人是{row['role'] or '工作人员'}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", staff_id="subject_id")
        mine = self._told(facts, on).join(wanted, "staff_id")
        return stacked(rows_of(mine, "complaints", "day", "ticket_no", "channel", "category"))

    def floor(self, row: Mapping[str, Any]) -> str:  # noqa: ARG002
        return "橙"

    def staff_concerned(self, row: Mapping[str, Any]) -> bool:  # noqa: ARG002
        return True

    def _told(self, facts: Facts, on: dt.date) -> ir.Table:
        return about_staff(facts, on - dt.timedelta(days=31), on).filter(_.is_new)
