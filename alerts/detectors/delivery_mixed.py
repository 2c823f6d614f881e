import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.cycles import with_news
from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.rates import MOST, usual_rate
from alerts.wording import cartons, date
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class DeliveryMixed(Detector):
    key = "delivery_mixed"
    code = "DLV-01/02/04"
    family = "DELIV"
    scope = "bureau"
    subject = "retailer"
    weight = 0.7
    inputs = (
        "deliveries.order_id", "deliveries.retailer_id", "deliveries.day", "deliveries.sign_by",
        "deliveries.delivered_qty", "deliveries.gps_offset_m", "deliveries.bureau",
        "deliveries.batch_id", "deliveries.row_no", "orders.order_id", "orders.retailer_id",
        "orders.day", "orders.qty", "orders.bureau", "orders.batch_id", "orders.row_no",
        "retailers.retailer_id", "retailers.pickup_point",
    )  # fmt: skip
    optional = ("deliveries.delivered_qty", "deliveries.gps_offset_m", "retailers.pickup_point")

    title = "代签的货数量不符或不在店址签收"
    looks_for = "上一订货日之后的同一次送货，既由本人和家属以外的人签收，又数量不符或签收位置远离店址；定点取货户不计。"
    why_it_matters = (
        "一处不符常有缘故，同一单两处不符就少见了：货可能没有进店，而是中途交给了别人。"
    )
    innocent_causes = "邻居代收又当场退回少量；在路口交给雇员；店址坐标有误而店主外出。"
    next_steps = (
        "一、调取该单签收照片、位置和送货单，认出签收人；"
        "二、两日内电话询问持证人实收条数；"
        "三、近8单再次如此的，下一送货日随车核实货物是否进店。"
    )
    deviation = "近8单有{:.0f}单如此"
    measure = "count"

    metres: float = param(
        400, help="签收偏离超过", unit="米", low=50, high=5000, source="本系统回测"
    )
    tolerance: float = param(
        0, help="相差超过多少条才算不符", unit="条", low=0, high=50, source="本系统设定"
    )
    per_more: float = param(
        0.5, help="近8单中每再有一单加（合计至多2）", unit="lg", low=0, high=2, source="本系统回测"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop with such a delivery: surprise (by the county's usual rate), day, ordered,
        delivered and distance of the newest, trials and count (of the last eight)."""
        sent = self._sent(facts, on)
        usual = usual_rate(sent.filter(_.day > on - dt.timedelta(weeks=13)))
        newest = ibis.row_number().over(
            group_by="retailer_id", order_by=[_.day.desc(), _.order_id.desc()]
        )
        last = sent.mutate(place=newest).filter(_.place < MOST)
        told = last.group_by("bureau", "retailer_id").agg(
            trials=_.count(), count=_.hit.cast("int64").sum()
        )
        fresh = sent.filter(_.is_new, _.hit).mutate(place=newest).filter(_.place == 0)
        both = told.join(
            fresh.select("retailer_id", "day", "ordered", "delivered", "distance"), "retailer_id"
        ).join(usual, "bureau")
        more = ibis.least((_["count"] - 1) * self.per_more, 2.0)
        return both.select(
            "day",
            "ordered",
            "delivered",
            "distance",
            "trials",
            "count",
            subject_id=_.retailer_id,
            surprise=-_.rate.log10() + more,
        )

    def _sent(self, facts: Facts, on: dt.date) -> ir.Table:
        since = on - dt.timedelta(weeks=26)
        sent = facts.deliveries.filter(_.day > since, _.day <= on, _.sign_by.notnull())
        fetched = facts.retailers.filter(_.pickup_point)
        own = with_news(sent.anti_join(fetched, "retailer_id"), facts.orders, on)
        whole = own.group_by("order_id").agg(delivered=_.delivered_qty.sum())
        orders = facts.orders.filter(_.day > since - dt.timedelta(weeks=4), _.day <= on)
        ordered = orders.select("order_id", ordered="qty")
        known = own.join(whole, "order_id").left_join(ordered, "order_id")
        short = ibis.coalesce((_.ordered - _.delivered).abs() > self.tolerance, False)
        away = ibis.coalesce(_.gps_offset_m > self.metres, False)
        return known.select(
            "bureau",
            "retailer_id",
            "day",
            "order_id",
            "is_new",
            "ordered",
            "delivered",
            distance=_.gps_offset_m,
            hit=(_.sign_by == "代签") & (short | away),
        )

    def sentence(self, row: Mapping[str, Any]) -> str:
        ordered, delivered, distance = row["ordered"], row["delivered"], row["distance"]
        parts = []
        if ordered is not None and delivered is not None and ordered != delivered:
            parts.append(f"订购{cartons(ordered)}而送达{cartons(delivered)}")
        if distance is not None and distance > self.metres:
            parts.append(f"签收位置离登记店址{distance:.0f}米")
        return (
            f"{date(row['day'])}的送货由他人代签，且{'、'.join(parts) or '数量不符'}；"
            f"近{row['trials']}单有{row['count']}单如此。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", retailer_id="subject_id")
        since = on - dt.timedelta(weeks=9)
        sent = facts.deliveries.filter(_.day > since, _.day <= on).join(wanted, "retailer_id")
        orders = facts.orders.filter(_.day > since, _.day <= on).join(wanted, "retailer_id")
        told = ("day", "order_id", "sign_by", "delivered_qty", "gps_offset_m")
        return stacked(
            rows_of(sent, "deliveries", *told), rows_of(orders, "orders", "day", "order_id", "qty")
        )
