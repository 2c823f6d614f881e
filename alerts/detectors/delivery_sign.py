import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir
from ibis import _

from alerts.cycles import with_news
from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.rates import bursts
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class DeliverySign(Detector):
    key = "delivery_sign"
    code = "DLV-02"
    family = "DELIV"
    scope = "bureau"
    subject = "retailer"
    weight = 0.7
    inputs = (
        "deliveries.order_id", "deliveries.retailer_id", "deliveries.day", "deliveries.sign_by",
        "deliveries.bureau", "deliveries.batch_id", "deliveries.row_no", "orders.day", "orders.bureau",
        "retailers.retailer_id", "retailers.pickup_point",
    )  # fmt: skip
    optional = ("retailers.pickup_point",)

    title = "送货由他人代签"
    looks_for = "上一订货日之后的送货由本人和家属以外的人签收，且本户近几单的代签比全县常见的多；定点取货户不计。"
    why_it_matters = "货不到持证人手里，签收人是谁、货去了哪里，是判断代订和外流的关键。"
    innocent_causes = "交通不便委托邻居代收；临时外出由雇员签收；定点取货协议未登记。"
    next_steps = "一、调取近8单签收照片和位置，认出代签人；二、下一次送货时随车核实货物是否进店。"
    deviation = "近几单{:.0%}由他人代签"

    rarity: float = param(
        1.0, help="罕见程度达到（含）", unit="lg", low=0, high=6, source="本系统回测"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        told = bursts(self._signed(facts, on), on)
        return told.filter(_.surprise >= self.rarity).select(
            "trials",
            "count",
            "rate",
            "surprise",
            subject_id=_.retailer_id,
        )

    def _signed(self, facts: Facts, on: dt.date) -> ir.Table:
        since = on - dt.timedelta(weeks=26)
        sent = facts.deliveries.filter(_.day > since, _.day <= on, _.sign_by.notnull())
        fetched = facts.retailers.filter(_.pickup_point)
        own = with_news(sent.anti_join(fetched, "retailer_id"), facts.orders, on)
        return own.select(
            "bureau", "retailer_id", "day", "order_id", "is_new", hit=_.sign_by == "代签"
        )

    def size(self, row: Mapping[str, Any]) -> float:
        return float(row["count"] / row["trials"])

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"最近一次送货由他人代签；近{row['trials']}单有{row['count']}单代签，"
            f"全县平常约{row['rate']:.1%}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        recent = facts.deliveries.filter(_.day > on - dt.timedelta(weeks=9), _.day <= on)
        own = recent.join(found.select("subject_id", retailer_id="subject_id"), "retailer_id")
        return stacked(rows_of(own, "deliveries", "day", "order_id", "sign_by"), most=20)
