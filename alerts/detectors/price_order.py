import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir
from ibis import _

from alerts.cycles import CYCLES, LOOK_BACK, earlier, largest
from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.rates import rank_surprise
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class PriceOrder(Detector):
    key = "price_order"
    code = "STR-01"
    family = "STRUCT"
    scope = "bureau"
    subject = "retailer"
    statutory = True
    weight = -0.5
    judges = ("ratio",)
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.week_start", "orders.qty",
        "orders.amount", "orders.bureau", "orders.batch_id", "orders.row_no",
        "retailers.retailer_id", "retailers.order_cycle_weeks", "retailers.open_date",
        "retailers.bureau",
    )  # fmt: skip
    optional = ("retailers.order_cycle_weeks", "retailers.open_date")

    title = "单次订购均价突增"
    looks_for = "零售户单次订单的每条均价，超过前3个订货周期均价的规定倍数；新办户不计。"
    why_it_matters = "平时卖低价烟的户突然改订高价烟，可能不是本店在卖，是国家局规定的异常订单。"
    innocent_causes = "婚宴、升学宴等备货；节日礼品需求；单位团购；档位上调后首次订到高价位卷烟。"
    next_steps = (
        "一、对照前3周期逐品核对新增的高价位品规；"
        "二、当日电话询问用途，2个工作日内到店看实物和库存。"
    )
    deviation = "订购均价为平时的{:.1f}倍"
    measure = "times"

    ratio: float = param(
        2.0, help="超过前3个周期均价的倍数", unit="倍", low=1, high=10, source="国烟专〔2011〕49号"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        price = _.amount / _.qty.nullif(0)
        past = earlier(facts.orders, facts.retailers, on).filter(_.past_qty > 0, _.past_amount > 0)
        compared = (
            largest(facts.orders, on, by=price)
            .join(past, "retailer_id")
            .mutate(price=price, mean=_.past_amount / _.past_qty)
            .mutate(times=_.price / _.mean)
        )
        middle = compared.group_by("bureau").agg(middle=_.times.median())
        return (
            compared.mutate(surprise=rank_surprise(_.times, by="bureau"))
            .filter(_.amount * _.past_qty > _.past_amount * _.qty * self.ratio)
            .join(middle, "bureau")
            .select(
                "order_id",
                "qty",
                "price",
                "mean",
                "times",
                "middle",
                "surprise",
                subject_id=_.retailer_id,
            )
        )

    def holds(self, row: Mapping[str, Any]) -> bool:
        return bool(row["times"] > self.ratio)

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"本次订购{row['qty']:.0f}条，均价每条{row['price'] / 100:.0f}元，"
            f"前{CYCLES}个订货周期均价{row['mean'] / 100:.0f}元，为其{row['times']:.2f}倍；"
            f"当日本县各户一般为各自平均的{row['middle']:.2f}倍。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id")
        recent = facts.orders.filter(_.day > on - LOOK_BACK, _.day <= on)
        mine = recent.join(wanted, recent.retailer_id == wanted.subject_id)
        return stacked(rows_of(mine, "orders", "day", "order_id", "qty", "amount"), most=12)
