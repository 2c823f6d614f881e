import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.cycles import with_news
from alerts.detection import Detector, param
from alerts.evidence import orders_beside
from alerts.rates import bursts
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class DeliveryShort(Detector):
    key = "delivery_short"
    code = "DLV-01"
    family = "DELIV"
    scope = "bureau"
    subject = "retailer"
    weight = 0.5
    inputs = (
        "deliveries.order_id", "deliveries.day",
        "deliveries.delivered_qty", "deliveries.bureau", "deliveries.batch_id",
        "deliveries.row_no", "orders.order_id", "orders.retailer_id", "orders.day", "orders.qty",
        "orders.bureau", "orders.batch_id", "orders.row_no",
    )  # fmt: skip

    title = "订单与送货数量不符"
    looks_for = "上一订货日之后送达的数量与订单数量不一致，且本户近几单的不一致比全县常见的多。"
    why_it_matters = "订的货没有如数到店，少的部分去了哪里必须说清，可能涉及截留、调剂。"
    innocent_causes = "当场拒收退货尚未入账；分两次送达；缺货减量；录入差错。"
    next_steps = (
        "一、调取该单的送货单、退货单和分拣记录；"
        "二、电话询问持证人实收条数，连续两单不符的到店核对。"
    )
    deviation = "订购与送达相差{:.0f}条"

    tolerance: float = param(
        0, help="相差超过多少条才算不符", unit="条", low=0, high=50, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        compared = self._compared(facts, on)
        told = bursts(
            compared.select("bureau", "retailer_id", "day", "order_id", "hit", "is_new"), on
        )
        fresh = (
            compared.filter(_.is_new, _.hit)
            .group_by("retailer_id")
            .agg(ordered=_.qty.sum(), delivered=_.delivered.sum())
        )
        return told.join(fresh, "retailer_id").select(
            "ordered",
            "delivered",
            "trials",
            "count",
            "rate",
            "surprise",
            subject_id=_.retailer_id,
        )

    def _compared(self, facts: Facts, on: dt.date) -> ir.Table:
        """A row a delivered order of the half year: its last delivery day, ordered, delivered."""
        since = on - dt.timedelta(weeks=26)
        parts = facts.deliveries.filter(_.day > since, _.day <= on, _.delivered_qty.notnull())
        whole = parts.group_by("order_id").agg(day=_.day.max(), delivered=_.delivered_qty.sum())
        orders = facts.orders.filter(_.day > since - dt.timedelta(weeks=4), _.day <= on)
        ordered = orders.select("bureau", "order_id", "retailer_id", "qty")
        compared = with_news(ordered.join(whole, "order_id"), facts.orders, on)
        return compared.mutate(
            hit=ibis.coalesce((_.qty - _.delivered).abs() > self.tolerance, False)
        )

    def size(self, row: Mapping[str, Any]) -> float:
        return float(abs(row["ordered"] - row["delivered"]))

    def sentence(self, row: Mapping[str, Any]) -> str:
        gap = row["ordered"] - row["delivered"]
        gap = f"少{gap:.0f}条" if gap > 0 else f"多{-gap:.0f}条"
        return (
            f"订购{row['ordered']:.0f}条，送达{row['delivered']:.0f}条，{gap}；"
            f"近{row['trials']}单有{row['count']}单不符，全县平常约{row['rate']:.1%}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        return orders_beside(
            facts, on, found, ordered="qty", table="deliveries", counted="delivered_qty"
        )
