import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.complaining import about_shops, is_internal
from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.wording import date
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class ComplaintShop(Detector):
    key = "complaint_shop"
    code = "CMP-01"
    family = "CMP"
    scope = "all"
    subject = "retailer"
    inputs = (
        "complaints.ticket_no", "complaints.day", "complaints.channel", "complaints.category",
        "complaints.subject", "complaints.bureau", "complaints.batch_id", "complaints.row_no",
        "orders.day",
        "retailers.retailer_id", "retailers.licence_no", "retailers.name", "retailers.bureau",
    )  # fmt: skip
    optional = (
        "complaints.channel", "complaints.category", "retailers.licence_no", "retailers.name",
    )  # fmt: skip

    title = "投诉举报涉及零售户"
    looks_for = "上一订货日以来收到的投诉举报，被反映的是本单位的一户零售户。"
    why_it_matters = "群众举报常是真烟外流、一户多证的第一条线索。"
    innocent_causes = "同业竞争、邻里纠纷；店名相近认错了户；同一件事重复登记。"
    next_steps = (
        "一、阅看工单原文，两日内电话了解情况；"
        "二、核对该户近四周订单、库存和许可证，属实的转专卖查处。"
    )
    deviation = "被投诉举报{:.0f}件"
    measure = "tickets"

    days: int = param(
        90, help="累计多少天内的件数", unit="天", low=7, high=365, source="detection §4a"
    )
    rarity: float = param(
        4.5, help="一件投诉的罕见程度按", unit="lg", low=1, high=12, source="本系统设定"
    )
    again: float = param(
        5.6, help="再次投诉的罕见程度按", unit="lg", low=1, high=12, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop with a new complaint; surprise is that of a repeated one where there are two."""
        sums = self._told(facts, on).group_by("retailer_id", "home").agg(
            tickets=_.ticket_no.nunique(), last=_.day.max(), category=_.category.max(),
            internal=is_internal(_.category).any(), is_new=_.is_new.any(),
        )  # fmt: skip
        repeated = _.tickets > 1
        return sums.filter(_.is_new).select(
            "tickets", "last", "category", "internal", subject_id=_.retailer_id,
            bureau=_.home,
            surprise=ibis.ifelse(repeated, self.again, self.rarity),
        )  # fmt: skip

    def sentence(self, row: Mapping[str, Any]) -> str:
        kind = f"（类别“{row['category'][:20]}”）" if row["category"] else ""
        again = f"，近{self.days}天共{row['tickets']}件" if row["tickets"] > 1 else ""
        return f"{date(row['last'])}收到反映本户的投诉举报{kind}{again}。"

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", retailer_id="subject_id")
        mine = self._told(facts, on).filter(_.bureau == _.home).join(wanted, "retailer_id")
        return stacked(rows_of(mine, "complaints", "day", "ticket_no", "channel", "category"))

    def floor(self, row: Mapping[str, Any]) -> str | None:
        """A complaint in a category about the bureau's own people is orange whoever it names."""
        return "橙" if row["internal"] else None

    def staff_concerned(self, row: Mapping[str, Any]) -> bool:
        return bool(row["internal"])

    def _told(self, facts: Facts, on: dt.date) -> ir.Table:
        return about_shops(facts, on - dt.timedelta(days=self.days), on)
