import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts import panels
from alerts.detection import Detector, param
from alerts.pauses import chances_since
from sources.facts import Facts

BACK = dt.timedelta(weeks=78)


@dataclass(frozen=True, kw_only=True)
class Revived(Detector):
    key = "revived"
    code = "VOL-07"
    family = "VOL"
    scope = "bureau"
    subject = "retailer"
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.tier", "orders.qty",
        "orders.amount", "orders.bureau", "orders.batch_id", "orders.row_no",
        "retailers.retailer_id", "retailers.order_cycle_weeks",
    )  # fmt: skip
    optional = ("orders.tier", "retailers.order_cycle_weeks")

    title = "沉睡户突然复活"
    looks_for = "连续多个周期没有订货的户，恢复订货的第一单就达到同档位户的中等水平以上。"
    why_it_matters = "久停之后一开单就订得多，可能是证件被他人借用，或由别人替其集中订货。"
    innocent_causes = "停业装修后恢复营业；外出务工回乡；旅游、赶集季节开门；换经营者后重新开张。"
    next_steps = (
        "一、三日内到店看是否营业、是否本人经营，清点到货；"
        "二、下个订货日前核对提交订单的设备、电话和扣款账户。"
    )
    deviation = "恢复订货即订{:.0f}条"
    measure = "qty"

    cycles: int = param(
        8, help="连续未订货达到", unit="个周期", low=3, high=52, source="domain VOL-07"
    )
    smallest: float = param(
        20, help="首单达到（含）", unit="条", low=1, high=500, source="domain VOL-07"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop: surprise, qty, missed (order days let pass), since, usual (its tier's)."""
        orders = facts.orders.filter(_.day > on - BACK, _.day <= on, _.qty > 0)
        shops = orders.group_by("bureau", "retailer_id").agg(
            since=_.day.max(where=_.day < on),
            qty=_.qty.sum(where=_.day == on),
            tier=_.tier.max(where=_.day == on),
        )
        cycle = facts.retailers.select(
            "retailer_id", cycle=ibis.coalesce(_.order_cycle_weeks, 1).clip(1, 8)
        )
        shops = shops.filter(_.qty >= self.smallest, _.since.notnull())
        shops = shops.left_join(cycle, "retailer_id").drop("retailer_id_right")
        back = chances_since(shops, orders, on).mutate(
            missed=_.missed - _.is_todays.cast("int64"), tier=ibis.coalesce(_.tier, -1)
        )
        back = back.filter(_.missed >= ibis.coalesce(_.cycle, 1) * self.cycles)
        told = back.join(_tiers(orders, on), ["bureau", "tier"]).filter(_.qty >= _.usual)
        return told.join(self._rarity(orders, on), "bureau").select(
            "surprise", "qty", "missed", "since", "usual", subject_id=_.retailer_id
        )

    def _rarity(self, orders: ir.Table, on: dt.date) -> ir.Table:
        """bureau, surprise: how seldom its orders of half a year followed so long a pause."""
        days = orders.select("bureau", "retailer_id", "day").distinct()
        shop = ibis.window(group_by="retailer_id", order_by="day")
        gaps = days.mutate(gap=_.day.delta(_.day.lag().over(shop), unit="day"))
        recent = gaps.filter(_.day > on - dt.timedelta(weeks=26), _.day < on)
        counted = recent.group_by("bureau").agg(
            long=_.count(where=_.gap > 7 * self.cycles), all=_.count()
        )
        return counted.select("bureau", surprise=-((_.long + 1) / (_["all"] + 1)).log10())

    def sentence(self, row: Mapping[str, Any]) -> str:
        day = row["since"]
        return (
            f"自{day.year}年{day.month}月{day.day}日后错过{row['missed']}个订货日，"
            f"本次恢复订货即订{row['qty']:.0f}条；同县同档位户近四周一般每单{row['usual']:.0f}条。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        return panels.orders_of(facts, on, found, weeks=78)


def _tiers(orders: ir.Table, on: dt.date) -> ir.Table:
    """bureau, tier, usual: the middle of a tier's orders in four weeks."""
    recent = orders.filter(_.day > on - dt.timedelta(weeks=4))
    recent = recent.mutate(tier=ibis.coalesce(_.tier, -1))
    return recent.group_by("bureau", "tier").agg(usual=_.qty.median())
