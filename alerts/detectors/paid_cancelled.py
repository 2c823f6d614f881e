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
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class PaidCancelled(Detector):
    key = "paid_cancelled"
    code = "PAY-03"
    family = "PAY"
    scope = "bureau"
    subject = "retailer"
    inputs = (
        "cancelled.order_id", "cancelled.retailer_id", "cancelled.day", "cancelled.amount",
        "cancelled.paid_on", "cancelled.paid_amount", "cancelled.bureau", "cancelled.batch_id",
        "cancelled.row_no", "orders.day", "orders.bureau", "retailers.bureau",
    )  # fmt: skip
    optional = ("cancelled.amount",)

    title = "付款后又取消订单"
    looks_for = "本月已扣款又取消的订单达到规定张数，其中一张是上一订货日之后付的款。"
    why_it_matters = "付了款再取消，紧俏货源可能被占住后转给别人，或借退款周转资金。"
    innocent_causes = "误订后重订；扣款成功但系统超时被取消；缺货由公司取消并退款。"
    next_steps = (
        "一、核对每张订单的取消人、取消时间和退款到账户；"
        "二、查取消的紧俏规格当日改由谁订走，电话询问取消原因。"
    )
    deviation = "付款后取消{:.0f}张订单"
    measure = "times"

    times: int = param(2, help="一个月内达到（含）", unit="张", low=1, high=31, source="本系统设定")

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        paid = with_news(self._paid(facts, on), facts.orders, on)
        counted = paid.group_by("bureau", "retailer_id").agg(
            times=_.order_id.nunique(), amount=_.paid_amount.sum(), is_new=_.is_new.any()
        )
        size = facts.retailers.group_by("bureau").agg(size=_.count())
        rank = ibis.cume_dist().over(group_by="bureau", order_by=_.times.desc())
        ranked = counted.mutate(as_often=rank * _.count().over(group_by="bureau"))
        return (
            ranked.join(size, "bureau")
            .filter(_.is_new, _.times >= self.times)
            .select(
                "times",
                "amount",
                subject_id=_.retailer_id,
                surprise=((_.size + 1) / (_.as_often + 1)).log10().clip(lower=0.0),
            )
        )

    def _paid(self, facts: Facts, on: dt.date) -> ir.Table:
        """The month's cancelled orders that were paid by now; day is when the money went."""
        month = facts.cancelled.filter(_.day >= on.replace(day=1), _.day <= on)
        return month.filter(_.paid_on <= on, _.paid_amount > 0).mutate(
            ordered_on=_.day, day=ibis.greatest(_.day, _.paid_on)
        )

    def sentence(self, row: Mapping[str, Any]) -> str:
        return f"本月已有{row['times']}张订单付款后又取消，涉及货款{row['amount'] / 100:.2f}元。"

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        mine = self._paid(facts, on).join(
            found.select("subject_id", retailer_id="subject_id"), "retailer_id"
        )
        columns = ("day", "order_id", "amount", "paid_amount")
        return stacked(rows_of(mine, "cancelled", *columns))
