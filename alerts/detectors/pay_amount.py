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
class PayAmount(Detector):
    key = "pay_amount"
    code = "PAY-03"
    family = "PAY"
    scope = "bureau"
    subject = "retailer"
    inputs = (
        "payments.order_id", "payments.day", "payments.paid_amount", "payments.result",
        "payments.bureau", "payments.batch_id", "payments.row_no", "orders.order_id", "orders.retailer_id",
        "orders.day", "orders.amount", "orders.bureau", "orders.batch_id", "orders.row_no",
    )  # fmt: skip
    optional = ("payments.result",)

    title = "订单与付款金额不符"
    looks_for = "上一订货日之后付清的货款与订单金额不一致，且本户近几单的不一致比全县常见的多。"
    why_it_matters = "订多付少或订少付多，说明订单、送货、结算三本账有一本不实。"
    innocent_causes = "退货抵扣；分次扣款尚未扣完；余额不足补扣；促销折让未入订单。"
    next_steps = "一、调取该单扣款流水和退货记录逐笔核对；二、电话询问差额由谁、以什么方式补付。"
    deviation = "实付与应付相差{:.2f}元"

    yuan: float = param(
        1, help="相差超过多少元才算不符", unit="元", low=0, high=1000, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        compared = self._compared(facts, on)
        told = bursts(
            compared.select("bureau", "retailer_id", "day", "order_id", "hit", "is_new"), on
        )
        fresh = (
            compared.filter(_.is_new, _.hit)
            .group_by("retailer_id")
            .agg(due=_.amount.sum(), paid=_.paid.sum())
        )
        return told.join(fresh, "retailer_id").select(
            "due", "paid", "trials", "count", "rate", "surprise", subject_id=_.retailer_id
        )

    def _compared(self, facts: Facts, on: dt.date) -> ir.Table:
        """A row a paid order of the half year: the day of its last payment, amount, paid."""
        since = on - dt.timedelta(weeks=26)
        done = facts.payments.filter(ibis.coalesce(_.result, "成功") == "成功")
        parts = done.filter(_.day > since, _.day <= on, _.paid_amount.notnull())
        whole = parts.group_by("order_id").agg(day=_.day.max(), paid=_.paid_amount.sum())
        orders = facts.orders.filter(_.day > since - dt.timedelta(weeks=4), _.day <= on)
        due = orders.select("bureau", "order_id", "retailer_id", "amount")
        compared = with_news(due.join(whole, "order_id"), facts.orders, on)
        return compared.mutate(
            hit=ibis.coalesce((_.amount - _.paid).abs() > self.yuan * 100, False)
        )

    def size(self, row: Mapping[str, Any]) -> float:
        return float(abs(row["due"] - row["paid"]) / 100)

    def sentence(self, row: Mapping[str, Any]) -> str:
        gap = (row["due"] - row["paid"]) / 100
        gap = f"少付{gap:.2f}元" if gap > 0 else f"多付{-gap:.2f}元"
        return (
            f"订单金额{row['due'] / 100:.2f}元，实际付款{row['paid'] / 100:.2f}元，{gap}；"
            f"近{row['trials']}单有{row['count']}单不符，全县平常约{row['rate']:.1%}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        return orders_beside(
            facts, on, found, ordered="amount", table="payments", counted="paid_amount"
        )
