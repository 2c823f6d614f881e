import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.wording import cartons
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class TierMultiple(Detector):
    key = "tier_multiple"
    code = "INT-03"
    family = "INT"
    scope = "bureau"
    subject = "retailer"
    inputs = (
        "orders.order_id", "orders.day", "orders.tier", "lines.order_id", "lines.retailer_id",
        "lines.day", "lines.sku_id", "lines.qty", "lines.bureau", "lines.batch_id",
        "lines.row_no", "skus.sku_id", "skus.sku_name", "skus.market_state",
    )  # fmt: skip
    optional = ("skus.sku_name",)

    title = "单户紧俏品远多于同档户"
    looks_for = "一户当日订到的某个紧俏规格，是同县同档位各户四周来每次平均订货量的许多倍。"
    why_it_matters = "紧俏货源有限，一户独大往往是有人另外给了量。"
    innocent_causes = "经审批的团购或宴席用烟；连锁店集中订货；规格刚从紧俏转为敞开供应。"
    next_steps = (
        "一、当日调取该规格的投放策略和放量审批；"
        "二、三日内实地核对库存和销售去向，核实是否自营店、关联户。"
    )
    deviation = "紧俏品为同档户的{:.1f}倍"
    measure = "times"

    weeks: int = param(4, help="同档户看多少周", unit="周", low=1, high=13, source="本系统设定")
    times: float = param(
        10, help="达到平均的（含）", unit="倍", low=2, high=100, source="domain §4.8"
    )
    least: float = param(20, help="且达到（含）", unit="条", low=1, high=500, source="本系统设定")
    like: int = param(
        30, help="同档订过该规格的订单至少", unit="笔", low=5, high=1000, source="本系统设定"
    )
    base: float = param(
        4.5, help="正好达到时的罕见程度按", unit="lg", low=1, high=8, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop, for the product in which it is farthest from its tier; others' orders only."""
        lines = self._lines(facts, on)
        key = ["bureau", "tier", "sku_id"]
        peers = lines.group_by(key).agg(all_qty=_.qty.sum(), all_orders=_.count())
        mine = lines.group_by(*key, "retailer_id").agg(
            own_qty=_.qty.sum(), own_orders=_.count(), qty=_.qty.sum(where=_.day == on)
        )
        told = mine.filter(_.qty >= self.least).join(peers, key)
        told = told.mutate(others=_.all_orders - _.own_orders)
        told = told.filter(_.others >= self.like)
        told = told.mutate(mean=(_.all_qty - _.own_qty) / _.others.nullif(0))
        told = told.mutate(times=_.qty / ibis.greatest(_.mean, 0.1))
        order = [_.times.desc(), _.sku_id]
        place = ibis.row_number().over(group_by="retailer_id", order_by=order)
        worst = told.filter(_.times >= self.times).mutate(place=place).filter(_.place == 0)
        named = worst.left_join(facts.skus.select("sku_id", "sku_name"), "sku_id")
        return named.select(
            "sku_id", "tier", "qty", "mean", "times", "others", subject_id=_.retailer_id,
            name=ibis.coalesce(_.sku_name, _.sku_id),
            surprise=ibis.least(self.base + (_.times / self.times).log10(), 8.0),
        )  # fmt: skip

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"本日订{row['name'][:30]}{cartons(row['qty'])}，同县{row['tier']}档其余户近{self.weeks}周"
            f"每次平均{cartons(row['mean'])}，为{row['times']:.0f}倍。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", "sku_id", retailer_id="subject_id")
        mine = self._lines(facts, on).join(wanted, ["retailer_id", "sku_id"])
        return stacked(rows_of(mine, "lines", "day", "order_id", "sku_id", "qty"))

    def _lines(self, facts: Facts, on: dt.date) -> ir.Table:
        """Lines of scarce products of the weeks, with the tiers of their orders."""
        since = on - dt.timedelta(weeks=self.weeks)
        scarce = facts.skus.filter(_.market_state == "紧俏").select("sku_id").distinct()
        lines = facts.lines.filter(_.day > since, _.day <= on, _.qty > 0)
        orders = facts.orders.filter(_.day > since, _.day <= on, _.tier.notnull())
        return lines.semi_join(scarce, "sku_id").join(orders.select("order_id", "tier"), "order_id")
