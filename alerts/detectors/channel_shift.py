import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.rates import bursts
from sources.facts import Facts

BY_HAND = ("电话", "手工", "人工", "补单")


@dataclass(frozen=True, kw_only=True)
class ChannelShift(Detector):
    key = "channel_shift"
    code = "BEH-08"
    family = "PATTERN"
    scope = "bureau"
    subject = "retailer"
    weight = -1.0
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.channel", "orders.qty",
        "orders.bureau", "orders.batch_id", "orders.row_no",
    )  # fmt: skip
    optional = ("orders.qty",)

    title = "由网上订货改为电话或手工订货"
    looks_for = "一向自己网上订货的零售户，当日改由电话或手工录单，且比全县常见的多。"
    why_it_matters = "电话、手工的订单经他人之手录入，可能不是零售户本人的意思。"
    innocent_causes = "手机损坏、忘记密码、网络故障；经营者年老、有残疾改由电话代录；换号已报备。"
    next_steps = (
        "一、调取当日录音或手工录单的审批，看谁打来、谁录入；"
        "二、电话询问持证人为何改变订货方式，以后由谁订货。"
    )
    deviation = "改变渠道订货{:.0f}条"
    measure = "qty"

    share: float = param(
        0.9, help="此前网上订货的比例达到（含）", unit="比例", low=0.5, high=1, source="本系统设定"
    )
    before: int = param(
        8, help="此前订货达到（含）", unit="次", low=2, high=26, source="本系统设定"
    )
    orders: int = param(13, help="此前看最近", unit="次", low=2, high=26, source="本系统设定")
    rarity: float = param(
        1.0, help="罕见程度达到（含）", unit="lg", low=0, high=6, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        events = self._events(facts, on)
        told = bursts(events.drop("qty", "channel", "had"), on).filter(_.surprise >= self.rarity)
        place = ibis.row_number().over(group_by="retailer_id", order_by="order_id")
        today = events.filter(_.is_new, _.hit).mutate(place=place).filter(_.place == 0)
        return told.join(
            today.select("retailer_id", "qty", "channel", "had"), "retailer_id"
        ).select(
            "channel", "had", "trials", "count", "rate", "surprise",
            subject_id=_.retailer_id, qty=ibis.coalesce(_.qty, 0.0),
        )  # fmt: skip

    def _events(self, facts: Facts, on: dt.date) -> ir.Table:
        """Orders of the year; hit where a shop that had ordered online did not."""
        since = on - dt.timedelta(weeks=52)
        orders = facts.orders.filter(_.day > since, _.day <= on, _.channel.notnull())
        past = ibis.window(
            group_by="retailer_id", order_by=["day", "order_id"], preceding=(self.orders, 1)
        )
        online = ~_.channel.isin(list(BY_HAND))
        counted = orders.mutate(online=online).mutate(
            had=_.order_id.count().over(past), share=_.online.cast("float64").mean().over(past)
        )
        shifted = ~_.online & (_.had >= self.before) & (_.share >= self.share)
        return counted.select(
            "bureau", "retailer_id", "day", "order_id", "qty", "channel", "had",
            hit=ibis.coalesce(shifted, False), is_new=_.day == on,
        )  # fmt: skip

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"此前{row['had']}次订货几乎都在网上，当日改为{row['channel']}订货{row['qty']:.0f}条；"
            f"近{row['trials']}单有{row['count']}单这样改变，全县平常约{row['rate']:.1%}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        recent = facts.orders.filter(_.day > on - dt.timedelta(weeks=13), _.day <= on)
        mine = recent.join(found.select("subject_id", retailer_id="subject_id"), "retailer_id")
        return stacked(rows_of(mine, "orders", "day", "order_id", "channel", "qty"), most=20)
