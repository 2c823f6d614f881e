import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.clusters import is_weekly
from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.wording import cartons
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class LimitUnequal(Detector):
    key = "limit_unequal"
    code = "INT-03"
    family = "INT"
    scope = "bureau"
    subject = "bureau"
    inputs = (
        "orders.order_id", "orders.day", "orders.tier", "orders.bureau",
        "lines.order_id", "lines.day", "lines.sku_id", "lines.qty", "lines.limit_qty",
        "lines.bureau", "lines.batch_id", "lines.row_no", "skus.sku_id", "skus.sku_name",
    )  # fmt: skip
    optional = ("skus.sku_name",)

    title = "同档位同周限量不一致"
    looks_for = "上周同一规格对同一档位的零售户执行了不同的限量，或者限量在一周之内变过。"
    why_it_matters = "同档不同量，等于给一部分户开了口子。"
    innocent_causes = "按市场类型、业态分别公示了限量；周中增加货源重新公示；限量表录入后更正。"
    next_steps = (
        "一、调取该周的投放公示和调整审批；"
        "二、三个工作日内请营销部门说明依据，没有依据的发整改通知。"
    )
    deviation = "{:.0f}笔限量与多数不同"
    measure = "others"

    least: int = param(
        5, help="拿到另一限量的订单达到（含）", unit="笔", low=1, high=500, source="本系统设定"
    )
    rarity: float = param(
        3.7, help="限量不一致的罕见程度按", unit="lg", low=1, high=12, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a bureau on its first order day of a week: the last week's product most orders differ in."""
        uneven = self._uneven(facts, on)
        order = [_.others.desc(), _.sku_id, _.tier]
        place = ibis.row_number().over(group_by="bureau", order_by=order)
        many = uneven.group_by("bureau").agg(products=_.sku_id.nunique())
        worst = uneven.mutate(place=place).filter(_.place == 0).join(many, "bureau")
        named = worst.left_join(facts.skus.select("sku_id", "sku_name"), "sku_id")
        return named.select(
            "bureau", "sku_id", "tier", "low", "high", "others", "products",
            subject_id=_.bureau, name=ibis.coalesce(_.sku_name, _.sku_id),
            surprise=ibis.literal(self.rarity, "float64"),
        )  # fmt: skip

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"上周有{row['products']}个规格对同一档位执行了不同限量，如{row['name'][:30]}"
            f"{row['tier']}档有的限{cartons(row['low'])}、有的限{cartons(row['high'])}"
            f"（{row['others']}笔与多数不同）。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", "sku_id", "tier", bureau="subject_id")
        mine = self._lines(facts, on).join(wanted, ["bureau", "sku_id", "tier"])
        columns = ("day", "order_id", "sku_id", "tier", "limit_qty", "qty")
        return stacked(rows_of(mine, "lines", *columns))

    def _lines(self, facts: Facts, on: dt.date) -> ir.Table:
        """Last week's lines with a limit, and their tiers."""
        monday = on - dt.timedelta(days=on.weekday())
        since = monday - dt.timedelta(days=7)
        lines = facts.lines.filter(_.day >= since, _.day < monday, _.limit_qty > 0)
        orders = facts.orders.filter(_.day >= since, _.day < monday, _.tier.notnull())
        with_tier = lines.join(orders.select("order_id", "tier"), "order_id")
        return with_tier.semi_join(is_weekly(facts, on), "bureau")

    def _uneven(self, facts: Facts, on: dt.date) -> ir.Table:
        """bureau, sku_id, tier with two limits: low, high, others (orders off the usual one)."""
        key = ["bureau", "sku_id", "tier"]
        counts = self._lines(facts, on).group_by(*key, "limit_qty").agg(orders=_.count())
        sums = counts.group_by(key).agg(
            low=_.limit_qty.min(), high=_.limit_qty.max(), most=_.orders.max(), all=_.orders.sum()
        )
        sums = sums.mutate(others=_["all"] - _.most)
        return sums.filter(_.low < _.high, _.others >= self.least)
