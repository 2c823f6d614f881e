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
from alerts.rates import bursts
from alerts.wording import date
from sources.facts import Facts

EARLIEST = dt.timedelta(weeks=13)  # how long before its delivery an order may have been paid


@dataclass(frozen=True, kw_only=True)
class UnpaidDelivered(Detector):
    key = "unpaid_delivered"
    code = "PAY-03"
    family = "PAY"
    scope = "bureau"
    subject = "retailer"
    inputs = (
        "deliveries.order_id", "deliveries.retailer_id", "deliveries.day",
        "deliveries.delivered_qty", "deliveries.bureau", "deliveries.batch_id",
        "deliveries.row_no", "payments.order_id", "payments.day", "payments.result",
        "orders.day", "orders.bureau",
    )  # fmt: skip
    optional = ("payments.result", "deliveries.delivered_qty")

    title = "未付款先送货"
    looks_for = "上一订货日之后送达的货，到送货当日还没有扣款成功，且本户近几单比全县常见的多。"
    why_it_matters = "先货后款不合结算规定，送货的人可能先行垫付或替户周转。"
    innocent_causes = "余额不足次日补扣；银行系统延迟入账；现金结算尚未录入。"
    next_steps = (
        "一、查该单扣款流水，看后来由哪个账户、哪天补付；"
        "二、询问送货线路为何放货，同一线路多户如此的一并核对。"
    )
    deviation = "未付款先送{:.0f}条"
    measure = "qty"

    filed: float = param(
        0.5,
        help="全县当日送达的货中已付款的达到（含）才评",
        unit="比例",
        low=0,
        high=1,
        source="本系统设定",
    )
    rarity: float = param(
        1.0, help="罕见程度达到（含）", unit="lg", low=0, high=6, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        sent = self._sent(facts, on)
        columns = ("bureau", "retailer_id", "day", "order_id", "hit", "is_new")
        told = bursts(sent.select(*columns), on).filter(_.surprise >= self.rarity)
        newest = [_.day.desc(), _.order_id.desc()]
        place = ibis.row_number().over(group_by="retailer_id", order_by=newest)
        fresh = sent.filter(_.is_new, _.hit).mutate(place=place).filter(_.place == 0)
        return told.join(fresh.select("retailer_id", "day", "qty"), "retailer_id").select(
            "day", "qty", "trials", "count", "rate", "surprise", subject_id=_.retailer_id
        )

    def _sent(self, facts: Facts, on: dt.date) -> ir.Table:
        """The half year's deliveries on days whose payments have come; hit where none had yet."""
        since = on - dt.timedelta(weeks=26)
        settled = ibis.coalesce(_.result, "成功") == "成功"
        done = facts.payments.filter(_.day > since - EARLIEST, _.day <= on, settled)
        first = done.group_by("order_id").agg(paid_on=_.day.min())
        sent = facts.deliveries.filter(_.day > since, _.day <= on).left_join(first, "order_id")
        sent = sent.mutate(hit=ibis.coalesce(_.paid_on > _.day, True))
        days = sent.group_by("bureau", "day").agg(paid=(~_.hit).cast("float64").mean())
        judged = sent.semi_join(days.filter(_.paid >= self.filed), ["bureau", "day"])
        known = judged.mutate(qty=ibis.coalesce(_.delivered_qty, 0.0))
        return with_news(known, facts.orders, on)

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"{date(row['day'])}送达{row['qty']:.0f}条，当日还没有扣款成功的记录；"
            f"近{row['trials']}单有{row['count']}单如此，全县平常约{row['rate']:.1%}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        recent = facts.deliveries.filter(_.day > on - dt.timedelta(weeks=9), _.day <= on)
        mine = recent.join(found.select("subject_id", retailer_id="subject_id"), "retailer_id")
        return stacked(rows_of(mine, "deliveries", "day", "order_id", "delivered_qty"), most=20)
