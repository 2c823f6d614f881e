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
from alerts.wording import date
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class DeliveryFar(Detector):
    key = "delivery_far"
    code = "DLV-04"
    family = "DELIV"
    scope = "bureau"
    subject = "retailer"
    weight = 0.5
    inputs = (
        "deliveries.order_id", "deliveries.retailer_id", "deliveries.day",
        "deliveries.gps_offset_m", "deliveries.bureau", "deliveries.batch_id",
        "deliveries.row_no", "orders.day", "orders.bureau", "retailers.retailer_id", "retailers.pickup_point",
    )  # fmt: skip
    optional = ("retailers.pickup_point",)

    title = "签收位置偏离店址"
    looks_for = "上一订货日之后签收的位置离登记的店址超过规定距离，且本户近几单比全县常见的多；定点取货户不计。"
    why_it_matters = "货没有送到店里，可能在别处集中交接，是送货不到位和外流的常见迹象。"
    innocent_causes = "店址坐标采集有误；店已搬迁未更新；修路绕行、约定在路口交货；定位信号差。"
    next_steps = (
        "一、核对店址坐标，看近8单签收点是否集中在同一处；"
        "二、集中在同一处的，下一送货日到该点实地查看。"
    )
    deviation = "签收位置离店址{:.0f}米"
    measure = "distance"

    metres: float = param(
        400,
        help="签收偏离超过（domain DLV-04 原为500米，回测取400米）",
        unit="米",
        low=50,
        high=5000,
        source="detection.md 2.6",
    )
    rarity: float = param(
        1.0, help="罕见程度达到（含）", unit="lg", low=0, high=6, source="本系统回测"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        signed = self._signed(facts, on)
        told = bursts(
            signed.select("bureau", "retailer_id", "day", "order_id", "hit", "is_new"), on
        )
        fresh = signed.filter(_.is_new).group_by("retailer_id")
        farthest = fresh.agg(distance=_.gps_offset_m.max(), day=_.day.argmax(_.gps_offset_m))
        return (
            told.filter(_.surprise >= self.rarity)
            .join(farthest, "retailer_id")
            .select(
                "day",
                "distance",
                "trials",
                "count",
                "rate",
                "surprise",
                subject_id=_.retailer_id,
            )
        )

    def _signed(self, facts: Facts, on: dt.date) -> ir.Table:
        since = on - dt.timedelta(weeks=26)
        sent = facts.deliveries.filter(_.day > since, _.day <= on, _.gps_offset_m.notnull())
        fetched = facts.retailers.filter(_.pickup_point)
        own = with_news(sent.anti_join(fetched, "retailer_id"), facts.orders, on)
        return own.mutate(hit=_.gps_offset_m > self.metres)

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"{date(row['day'])}签收位置离登记店址{row['distance']:.0f}米；"
            f"近{row['trials']}单有{row['count']}单超过{self.metres:.0f}米，"
            f"全县平常约{row['rate']:.1%}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        recent = facts.deliveries.filter(_.day > on - dt.timedelta(weeks=9), _.day <= on)
        own = recent.join(found.select("subject_id", retailer_id="subject_id"), "retailer_id")
        return stacked(rows_of(own, "deliveries", "day", "order_id", "gps_offset_m"), most=20)
