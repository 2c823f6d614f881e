import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts import licensing, panels
from alerts.detection import Detector, param
from alerts.pauses import chances_since
from alerts.rates import rank_surprise
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class NoOrders(Detector):
    key = "no_orders"
    code = "VOL-06Z"
    family = "VOL"
    scope = "bureau"
    subject = "retailer"
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.qty", "orders.amount",
        "orders.bureau", "orders.batch_id", "orders.row_no", "retailers.retailer_id",
        "retailers.order_cycle_weeks", "retailers.status",
    )  # fmt: skip
    optional = ("retailers.order_cycle_weeks", "retailers.status")

    title = "零订单户提醒"
    looks_for = (
        "近半年订过货的户，连续几个订货周期一次未订；已登记停业歇业的不计，每次停订只提一次。"
    )
    why_it_matters = "久不订货的户可能已歇业未报，也可能店还开着、货从别处来，需要问清。"
    innocent_causes = "生病、外出、装修；前期备货未售完；季节性经营；停业手续正在办理。"
    next_steps = (
        "一、三日内电话询问持证人未订货的原因；"
        "二、联系不上的，一周内到店看是否营业；"
        "三、停业超过一个月的，请证件管理员核对歇业手续。"
    )
    deviation = "久未订货，没有大小之分"

    cycles: int = param(
        4, help="连续未订货达到", unit="个周期", low=2, high=26, source="domain VOL-06"
    )
    least: int = param(
        3, help="此前半年订货少于此数不计", unit="次", low=1, high=26, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop whose order day it was: surprise, missed, last_day, times, mean."""
        orders = facts.orders.filter(_.day > on - dt.timedelta(weeks=26), _.day <= on, _.qty > 0)
        shops = orders.group_by("bureau", "retailer_id").agg(
            since=_.day.max(), times=_.day.nunique(), qty=_.qty.sum()
        )
        register = facts.retailers.select(
            "retailer_id", "status", cycle=ibis.coalesce(_.order_cycle_weeks, 1).clip(1, 8)
        )
        shops = shops.left_join(register, "retailer_id").mutate(cycle=ibis.coalesce(_.cycle, 1))
        shops = shops.filter(~ibis.coalesce(_.status.isin(licensing.SUSPENDED), False))
        silent = chances_since(shops, orders, on)
        ranked = silent.mutate(surprise=rank_surprise(_.missed / _.cycle, by="bureau"))
        return ranked.filter(
            _.is_todays, _.missed == self.cycles * _.cycle, _.times >= self.least
        ).select(
            "surprise",
            "times",
            "cycle",
            subject_id=_.retailer_id,
            last_day=_.since,
            mean=_.qty / _.times,
        )

    def size(self, row: Mapping[str, Any]) -> float:  # noqa: ARG002
        return 1.0

    def sentence(self, row: Mapping[str, Any]) -> str:
        day = row["last_day"]
        return (
            f"已连续{self.cycles}个订货周期没有订货，上次订货是{day.month}月{day.day}日；"
            f"近半年订货{row['times']}次，平均每次{row['mean']:.1f}条。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        return panels.orders_of(facts, on, found, weeks=26)
