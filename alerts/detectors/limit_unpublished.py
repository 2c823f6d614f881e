import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.wording import date
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class LimitUnpublished(Detector):
    key = "limit_unpublished"
    code = "INT-03"
    family = "INT"
    scope = "all"
    subject = "bureau"
    inputs = (
        "limits.week_start", "limits.sku_id", "limits.published_on", "limits.bureau",
        "limits.batch_id", "limits.row_no", "limits.tier", "limits.limit_qty",
        "orders.day",
    )  # fmt: skip

    title = "投放限量未公示或公示在后"
    looks_for = "本周的投放限量没有公示日期，或公示日期晚于本周开始。"
    why_it_matters = "没有公示的投放策略外人无法监督，容易被用来关照少数户。"
    innocent_causes = "公示了但导出时漏填日期；节假日前后顺延；到货变化后当周补充公示。"
    next_steps = (
        "一、调取公示截图或文件，补录公示日期；"
        "二、确实未公示的，三个工作日内发整改通知，并核对该周限量执行情况。"
    )
    deviation = "{:.0f}个规格未按时公示"
    measure = "products"

    least: int = param(
        1, help="未公示或公示在后的规格达到（含）", unit="个", low=1, high=500, source="本系统设定"
    )
    rarity: float = param(
        3.7, help="未公示的罕见程度按", unit="lg", low=1, high=12, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a bureau that sets limits, on the first order day of the week."""
        late = self._late(facts, on)
        sums = late.group_by("bureau").agg(
            products=_.sku_id.nunique(),
            unpublished=_.sku_id.nunique(where=_.published_on.isnull()),
            last=_.published_on.max(),
        )
        return sums.filter(_.products >= self.least).select(
            "products", "unpublished", "last", "bureau",
            subject_id=_.bureau, surprise=ibis.literal(self.rarity, "float64"),
        )  # fmt: skip

    def sentence(self, row: Mapping[str, Any]) -> str:
        late = row["products"] - row["unpublished"]
        parts = [f"{row['unpublished']}个规格没有公示日期"] if row["unpublished"] else []
        if late > 0 and row["last"]:
            parts.append(f"{late}个规格在本周开始后才公示（最晚{date(row['last'])}）")
        return f"本周投放限量中，{'，'.join(parts)}。"

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        late = self._late(facts, on).join(found.select("subject_id", bureau="subject_id"), "bureau")
        columns = ("day", "sku_id", "tier", "limit_qty", "published_on")
        return stacked(rows_of(late.mutate(day=_.week_start), "limits", *columns))

    def _late(self, facts: Facts, on: dt.date) -> ir.Table:
        """This week's limits that nobody could read beforehand; none where the week has begun."""
        monday = on - dt.timedelta(days=on.weekday())
        begun = facts.orders.filter(_.day >= monday, _.day <= on).agg(first=_.day.min())
        late = facts.limits.filter(
            _.week_start == monday, _.published_on.isnull() | (_.published_on > _.week_start)
        )
        return late.cross_join(begun).filter(_.first == on).drop("first")
