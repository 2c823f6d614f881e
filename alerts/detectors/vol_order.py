import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.cycles import CYCLES, LOOK_BACK, earlier, largest
from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.rates import rank_surprise
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class VolOrder(Detector):
    key = "vol_order"
    code = "VOL-01"
    family = "VOL"
    scope = "bureau"
    subject = "retailer"
    statutory = True
    weight = -0.5
    judges = ("ratio", "exempt")
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.week_start", "orders.qty",
        "orders.bureau", "orders.batch_id", "orders.row_no",
        "retailers.retailer_id", "retailers.order_cycle_weeks", "retailers.open_date",
        "retailers.bureau",
    )  # fmt: skip
    optional = ("retailers.order_cycle_weeks", "retailers.open_date")

    title = "单次订购总量突增"
    looks_for = (
        "零售户单次订购量超过前3个订货周期平均数的规定倍数；规定条数以下的订单和新办户不计。"
    )
    why_it_matters = "订购量突增可能是集中套购、借证订货或真烟外流的前兆，是国家局规定的异常订单。"
    innocent_causes = "节假日或红白喜事备货；上期漏订、隔周订货补量；停业恢复；店面扩大或档位上调。"
    next_steps = (
        "一、当日电话询问订货用途并与前3周期订单逐品核对；"
        "二、解释不清的，2个工作日内到店盘点近7天到货的库存。"
    )
    deviation = "订购量为前几个周期平均的{:.1f}倍"

    ratio: float = param(
        2.0,
        help="超过前3个周期平均数的倍数",
        unit="倍",
        low=1,
        high=10,
        source="国烟专〔2011〕49号",
    )
    exempt: float = param(
        20, help="这个条数以下（含）不预警", unit="条", low=0, high=500, source="国烟专〔2011〕49号"
    )
    include_empty: int = param(
        1, help="未订货的周期是否计入平均（1计入，0不计）", unit="", low=0, high=1,
        source="国烟专〔2011〕49号（按字面计入）",
    )  # fmt: skip

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        past = earlier(facts.orders, facts.retailers, on)
        over = ibis.literal(CYCLES) if self.include_empty else _.ordered.nullif(0)
        compared = (
            largest(facts.orders, on)
            .join(past, "retailer_id")
            .mutate(
                over=over, mean=_.past_qty / over, mean_ordered=_.past_qty / _.ordered.nullif(0)
            )
            .filter(_.mean.notnull())
            .mutate(times=_.qty / ibis.greatest(_.mean, 1.0))
        )
        ranked = compared.mutate(surprise=rank_surprise(_.times, by="bureau"))
        middle = compared.group_by("bureau").agg(middle=_.times.median())
        return (
            ranked.filter(_.qty > self.exempt, _.qty * _.over > _.past_qty * self.ratio)
            .join(middle, "bureau")
            .select(
                "order_id",
                "qty",
                "mean",
                "mean_ordered",
                "ordered",
                "middle",
                "surprise",
                subject_id=_.retailer_id,
            )
        )

    def holds(self, row: Mapping[str, Any]) -> bool:
        return bool(row["qty"] > self.exempt and row["qty"] > row["mean"] * self.ratio)

    def size(self, row: Mapping[str, Any]) -> float:
        return float(row["qty"] / max(row["mean"], 1.0))

    def sentence(self, row: Mapping[str, Any]) -> str:
        start = f"本次订购{row['qty']:.0f}条，"
        if not row["ordered"]:
            return start + f"而前{CYCLES}个订货周期均未订货。"
        rate = row["qty"] / row["mean"]
        text = start + f"前{CYCLES}个订货周期平均{row['mean']:.1f}条，为其{rate:.2f}倍"
        if row["ordered"] < CYCLES:
            text += f"（其中{row['ordered']}个周期有订货，平均{row['mean_ordered']:.1f}条）"
        return text + f"；当日本县各户一般为各自平均的{row['middle']:.2f}倍。"

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id")
        recent = facts.orders.filter(_.day > on - LOOK_BACK, _.day <= on)
        mine = recent.join(wanted, recent.retailer_id == wanted.subject_id)
        return stacked(rows_of(mine, "orders", "day", "order_id", "qty"), most=12)
