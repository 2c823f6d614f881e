import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir
from ibis import Deferred, _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.links import self_ordered
from alerts.rates import MOST, bursts
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class OddHours(Detector):
    key = "odd_hours"
    code = "BEH-07"
    family = "PATTERN"
    scope = "bureau"
    subject = "retailer"
    weight = -1.5  # some sites advise to order at night: by itself it says little
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.at", "orders.channel",
        "orders.bureau", "orders.batch_id", "orders.row_no",
    )  # fmt: skip
    optional = ("orders.channel",)

    title = "非常规时间提交订单"
    looks_for = "近几次订货多在零点到清晨之间或订货时段以外提交，且比全县常见的多；只作辅助线索。"
    why_it_matters = "深夜或截单后反复提交的订单，有时出自程序或替人批量下单的人。"
    innocent_causes = "夜间营业的店打烊后才订货；订货网站白天拥堵，提示错峰；作息习惯。"
    next_steps = (
        "一、与同一设备、网址的其他户对照提交时间；二、下次电话询访时顺便问清平时几点、由谁订货。"
    )
    deviation = "近几次订货{:.0%}在深夜提交"

    until: int = param(
        5, help="零点起到几点以前算深夜", unit="时", low=1, high=8, source="本系统设定"
    )
    cycles: int = param(
        3, help="近8次订货中非常规时间提交达到（含）", unit="次", low=1, high=8, source="本系统设定"
    )

    opens: int = param(
        0, help="订货时段自几点起（0为不限）", unit="时", low=0, high=12, source="各公司订货办法"
    )
    closes: int = param(
        24, help="订货时段至几点止（24为不限）", unit="时", low=12, high=24, source="各公司订货办法"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        events = self._orders(facts, on).select(
            "bureau", "retailer_id", "day", "order_id",
            hit=self._is_odd(_.at.hour()), is_new=_.day == on,
        )  # fmt: skip
        told = bursts(events, on).filter(_["count"] >= self.cycles)
        today = events.filter(_.is_new, _.hit).select("retailer_id").distinct()
        return told.semi_join(today, "retailer_id").select(
            "trials", "count", "rate", "surprise", subject_id=_.retailer_id
        )

    def _orders(self, facts: Facts, on: dt.date) -> ir.Table:
        since = on - dt.timedelta(weeks=26)
        return self_ordered(facts.orders).filter(_.day > since, _.day <= on, _.at.notnull())

    def _is_odd(self, hour: Deferred) -> Deferred:
        return (hour < self.until) | (hour < self.opens) | (hour >= self.closes)

    def size(self, row: Mapping[str, Any]) -> float:
        return float(row["count"] / row["trials"])

    def sentence(self, row: Mapping[str, Any]) -> str:
        when = f"零点到{self.until}点之间"
        if self.opens or self.closes < 24:
            when += f"或订货时段（{self.opens}点至{self.closes}点）以外"
        return (
            f"近{row['trials']}次订货有{row['count']}次在{when}提交，全县平常约{row['rate']:.1%}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", retailer_id="subject_id")
        mine = self._orders(facts, on).join(wanted, "retailer_id")
        return stacked(rows_of(mine, "orders", "day", "at", "order_id"), most=MOST)
