import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.seizing import WHOLE, newly_known
from alerts.wording import cartons
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class CodeAbsent(Detector):
    key = "code_absent"
    code = "CASE-05"
    family = "CASE"
    scope = "all"
    subject = "bureau"
    inputs = (
        "seizures.case_no", "seizures.day", "seizures.known_on", "seizures.place",
        "seizures.code32", "seizures.sku_id", "seizures.qty", "seizures.licence_no",
        "seizures.bureau", "seizures.batch_id", "seizures.row_no", "orders.day",
    )  # fmt: skip
    optional = (
        "seizures.place", "seizures.code32", "seizures.sku_id", "seizures.licence_no",
    )  # fmt: skip

    title = "查获卷烟无码或码已损毁"
    looks_for = "近三个月本单位查获或反馈的卷烟中，没有条码、码被刮毁、看不出许可证号的条数较多。"
    why_it_matters = "刮码、无码使卷烟无法追溯来源，也可能是分拣打码没有做到位。"
    innocent_causes = "异型烟不能打码；包装受潮磨损；登记时没有录入条码。"
    next_steps = (
        "一、补录或复核条码照片，按规格、打码位置分类统计；"
        "二、两周内与物流核对这些规格的分拣打码记录。"
    )
    deviation = "无码案件{:.0f}起"
    measure = "cases"

    days: int = param(90, help="累计多少天", unit="天", low=7, high=365, source="本系统设定")
    least: float = param(
        10, help="无码、损码达到（含）", unit="条", low=1, high=1000, source="本系统设定"
    )
    rarity: float = param(
        3.7, help="无码、损码的罕见程度按", unit="lg", low=1, high=12, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a bureau over the line, in the night to which one of the seizures is news."""
        seized = newly_known(self._unread(facts, on), facts.orders, on)
        sums = seized.group_by("bureau").agg(
            qty=_.qty.sum(), cases=_.case_no.nunique(), products=_.sku_id.nunique(),
            is_new=_.is_new.any(),
        )  # fmt: skip
        return sums.filter(_.is_new, _.qty >= self.least).select(
            "qty", "cases", "products", "bureau",
            subject_id=_.bureau, surprise=ibis.literal(self.rarity, "float64"),
        )  # fmt: skip

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"近{self.days}天有{row['cases']}起案件、{cartons(row['qty'])}卷烟"
            "没有条码或码已损毁，不能追溯到零售户。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        mine = self._unread(facts, on).join(
            found.select("subject_id", bureau="subject_id"), "bureau"
        )
        return stacked(
            rows_of(mine, "seizures", "day", "case_no", "place", "code32", "sku_id", "qty")
        )

    def _unread(self, facts: Facts, on: dt.date) -> ir.Table:
        """Seizures from which no licence can be read."""
        recent = facts.seizures.filter(_.day > on - dt.timedelta(days=self.days), _.day <= on)
        code = ibis.coalesce(_.code32, "").replace(" ", "")
        licence = ibis.coalesce(_.licence_no.nullif(""), code.substr(20, 12))
        is_read = (code.length() == WHOLE) | _.licence_no.notnull()
        return recent.filter(~(is_read & (licence != "") & ~licence.contains("?")))
