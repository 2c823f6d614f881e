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
from alerts.wording import date
from sources.facts import Facts

EARLY = dt.timedelta(weeks=4)  # before the order's day; files have wrong dates


@dataclass(frozen=True, kw_only=True)
class PaidUndelivered(Detector):
    key = "paid_undelivered"
    code = "DLV-01"
    family = "DELIV"
    scope = "bureau"
    subject = "retailer"
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.qty", "orders.bureau",
        "orders.batch_id", "orders.row_no", "payments.order_id", "payments.day",
        "payments.result", "payments.bureau", "payments.batch_id", "payments.row_no",
        "deliveries.order_id", "deliveries.day",
    )  # fmt: skip
    optional = ("payments.result", "orders.qty")

    title = "已付款而无送货记录"
    looks_for = "订单已扣款，过了规定天数仍没有送货记录，而全县同一订货日的货大都已送到。"
    why_it_matters = "付了钱没有收货，货去了哪里必须说清，可能被截留或转给他人。"
    innocent_causes = "送货文件漏传；路断改期；退货退款尚未入账；与下一单合并送货。"
    next_steps = (
        "一、当日调取该单的分拣、装车和送货记录；"
        "二、电话询问持证人是否收到货、何时收到，没有收到的到店核对并查送货员。"
    )
    deviation = "已付款未送货{:.0f}条"
    measure = "qty"

    days: int = param(
        7, help="订货后多少天内（含）应送达", unit="天", low=1, high=28, source="本系统设定"
    )
    filed: float = param(
        0.8,
        help="全县同一订货日已送达的比例达到（含）才评",
        unit="比例",
        low=0,
        high=1,
        source="本系统设定",
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        open_orders = self._open(facts, on)
        wait = ibis.interval(days=self.days + 1)
        due = open_orders.mutate(ordered_on=_.day, day=(_.day + wait).cast("date"))
        late = with_news(due, facts.orders, on).filter(_.is_new)
        return (
            late.group_by("retailer_id")
            .agg(
                order_id=_.order_id.max(),
                ordered_on=_.ordered_on.max(),
                orders=_.order_id.nunique(),
                qty=ibis.coalesce(_.qty.sum(), 0.0),
                all=_["all"].max(),
                open=_.open.max(),
                surprise=((_["all"] + 1) / (_.open + 1)).log10().max(),
            )
            .rename(subject_id="retailer_id")
        )

    def _open(self, facts: Facts, on: dt.date) -> ir.Table:
        """Paid orders of the month without a delivery; all and open: the bureau's of that day."""
        since = on - dt.timedelta(days=self.days + 21)
        orders = facts.orders.filter(_.day > since, _.day <= on)
        early = since - EARLY
        sent = facts.deliveries.filter(_.day > early, _.day <= on).select("order_id").distinct()
        marked = orders.left_join(sent.mutate(sent=True), "order_id").mutate(
            is_open=_.sent.isnull()
        )
        days = marked.group_by("bureau", "day").agg(
            all=_.count(), open=_.is_open.cast("int64").sum()
        )
        filed = days.filter(_["all"] - _.open >= _["all"] * self.filed)
        settled = ibis.coalesce(_.result, "成功") == "成功"
        done = facts.payments.filter(_.day > early, _.day <= on, settled)
        paid = marked.filter(_.is_open).semi_join(done, "order_id")
        return paid.join(filed, ["bureau", "day"])

    def sentence(self, row: Mapping[str, Any]) -> str:
        count = f"等{row['orders']}单" if row["orders"] > 1 else ""
        return (
            f"{date(row['ordered_on'])}订购{count}{row['qty']:.0f}条，已付款，{self.days}天后仍无送货记录；"
            f"全县同日{row['all']}单中{row['all'] - row['open']}单已送达。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", retailer_id="subject_id")
        mine = self._open(facts, on).join(wanted, "retailer_id")
        own = mine.select("subject_id", "order_id")
        paid = facts.payments.filter(_.day <= on).join(own, "order_id")
        return stacked(
            rows_of(mine, "orders", "day", "order_id", "qty"),
            rows_of(paid, "payments", "day", "order_id"),
        )
