import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.seizing import newly_known, traced
from alerts.wording import cartons
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class SeizedTotal(Detector):
    key = "seized_total"
    code = "CASE-02"
    family = "CASE"
    scope = "all"
    subject = "retailer"
    inputs = (
        "seizures.case_no", "seizures.day", "seizures.known_on", "seizures.place",
        "seizures.code32", "seizures.sku_id", "seizures.qty", "seizures.licence_no",
        "seizures.bureau", "seizures.batch_id", "seizures.row_no", "retailers.retailer_id",
        "retailers.licence_no", "retailers.bureau", "licences.licence_no", "licences.retailer_id",
        "orders.day",
    )  # fmt: skip
    optional = (
        "seizures.place", "seizures.code32", "seizures.sku_id", "seizures.licence_no",
        "retailers.licence_no", "licences.licence_no", "licences.retailer_id",
    )  # fmt: skip

    title = "一年内多次或大量在外查获"
    looks_for = "近十二个月在外查获的卷烟中，条码指向本户的案件起数或条数累计达到规定。"
    why_it_matters = "偶然一次可能是顾客带走，反复出现说明这一户的货源长期流向别处。"
    innocent_causes = "大型宴席、单位团购反复带往外地；同一案件被两地重复反馈；条码辨认有误。"
    next_steps = (
        "一、逐案核对反馈材料和订单，排除重复；"
        "二、会商是否建议停供、减供或降档；"
        "三、按季核查库存和销售去向。"
    )
    deviation = "一年内在外查获{:.0f}条"

    months: int = param(
        12, help="累计多少个月", unit="月", low=1, high=36, source="domain §4.7（设计）"
    )
    cases: int = param(
        3, help="案件达到（含）", unit="起", low=2, high=50, source="domain §4.7（设计）"
    )
    cartons: float = param(
        100, help="或条数达到（含）", unit="条", low=10, high=5000, source="domain §4.7（设计）"
    )
    rarity: float = param(
        6.0, help="累计外流的罕见程度按", unit="lg", low=1, high=12, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop over a line, in the night to which one of its seizures is news."""
        seized = newly_known(self._seized(facts, on), facts.orders, on)
        sums = seized.group_by("retailer_id", "home").agg(
            cases=_.case_no.nunique(), qty=_.qty.sum(), is_new=_.is_new.any(), last=_.day.max()
        )
        over = (_.cases >= self.cases) | (_.qty >= self.cartons)
        return sums.filter(_.is_new, over).select(
            "cases", "qty", "last",
            subject_id=_.retailer_id, bureau=_.home,
            surprise=ibis.literal(self.rarity, "float64"),
        )  # fmt: skip

    def size(self, row: Mapping[str, Any]) -> float:
        return float(max(row["qty"], row["cases"]))

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"近{self.months}个月在外查获的卷烟中，条码指向本户的已有{row['cases']}起、"
            f"共{cartons(row['qty'])}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", wanted="bureau")
        seized = self._seized(facts, on)
        mine = seized.join(wanted, seized.retailer_id == wanted.subject_id)
        columns = ("day", "case_no", "place", "code32", "sku_id", "qty")
        return stacked(rows_of(mine.filter(_.bureau == _.wanted), "seizures", *columns))

    def floor(self, row: Mapping[str, Any]) -> str:  # noqa: ARG002
        """A second time within a year is red whatever the quantity."""
        return "红"

    def _seized(self, facts: Facts, on: dt.date) -> ir.Table:
        return traced(facts, on - dt.timedelta(days=round(self.months * 365 / 12)), on)
