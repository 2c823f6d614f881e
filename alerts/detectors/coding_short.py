import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.cycles import with_news
from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.wording import cartons
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class CodingShort(Detector):
    key = "coding_short"
    code = "INT-11"
    family = "INT"
    scope = "bureau"
    subject = "route"
    inputs = (
        "coding.day", "coding.sorted_qty", "coding.coded_qty", "coding.route", "coding.sku_id",
        "coding.bureau", "coding.batch_id", "coding.row_no", "orders.day", "orders.bureau",
    )  # fmt: skip
    optional = ("coding.route", "coding.sku_id")

    title = "分拣打码数量不足"
    looks_for = "上一订货日以来，某条送货线路打码的条数少于分拣的条数。"
    why_it_matters = "按规定逐条打码，没有码的烟查获后无法追溯是供给谁的。"
    innocent_causes = "异型烟不能上打码线；设备故障后补打，记录未合并；统计口径不同。"
    next_steps = (
        "一、调取当日分拣和打码设备记录，分清异型烟；二、次日前查明漏打原因，补打或登记去向。"
    )
    deviation = "少打码{:.0f}条"
    measure = "short"

    least: float = param(
        1, help="少打达到（含）", unit="条", low=0.1, high=1000, source="domain §4.8"
    )
    base: float = param(
        3.0, help="少打一条的罕见程度按", unit="lg", low=1, high=8, source="本系统设定"
    )
    per_ten: float = param(
        1.0, help="每多十倍加（合计至多2）", unit="lg", low=0, high=2, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        sums = (
            self._fresh(facts, on)
            .group_by("bureau", "subject_id")
            .agg(sorted=_.sorted_qty.sum(), coded=_.coded_qty.sum(), last=_.day.max())
            .mutate(short=_.sorted - _.coded)
            .filter(_.short >= self.least)
        )
        more = ibis.least(ibis.greatest(_.short, 1.0).log10() * self.per_ten, 2.0)
        return sums.mutate(surprise=self.base + more)

    def sentence(self, row: Mapping[str, Any]) -> str:
        share = row["short"] / max(row["sorted"], 1)
        return (
            f"线路{row['subject_id'][:20]}上一订货日以来分拣{cartons(row['sorted'])}，"
            f"打码{cartons(row['coded'])}，少打{cartons(row['short'])}（{share:.1%}）。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        rows = self._fresh(facts, on).join(
            found.select("subject_id", "bureau"), ["subject_id", "bureau"]
        )
        columns = ("day", "route", "sku_id", "sorted_qty", "coded_qty")
        return stacked(rows_of(rows, "coding", *columns))

    def _fresh(self, facts: Facts, on: dt.date) -> ir.Table:
        """The coding of the days that this night answers for."""
        recent = facts.coding.filter(_.day > on - dt.timedelta(days=31), _.day <= on)
        named = recent.filter(_.sorted_qty.notnull(), _.coded_qty.notnull())
        named = named.mutate(subject_id=ibis.coalesce(_.route.nullif(""), "未分线路"))
        return with_news(named, facts.orders, on).filter(_.is_new)
