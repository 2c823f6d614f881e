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
from alerts.links import principals
from alerts.rates import bursts
from alerts.wording import date
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class PayerForeign(Detector):
    key = "payer_foreign"
    code = "PAY-01"
    family = "PAY"
    scope = "bureau"
    subject = "retailer"
    weight = 0.5
    inputs = (
        "payments.order_id", "payments.retailer_id", "payments.day", "payments.payer_account",
        "payments.bureau", "payments.batch_id", "payments.row_no", "orders.day", "orders.bureau",
        "retailers.retailer_id", "retailers.owner_id", "retailers.chain_id",
        "retailers.bureau", "retailers.bound_account", "changes.retailer_id", "changes.day", "changes.field",
        "changes.new_value",
    )  # fmt: skip
    optional = (
        "retailers.chain_id", "changes.retailer_id", "changes.day", "changes.field",
        "changes.new_value",
    )  # fmt: skip

    title = "货款由登记以外的账户支付"
    looks_for = "上一订货日之后的货款不是从本户登记的结算账户支付，且本户近几单比全县常见的多；惯用的第二账户不计。"
    why_it_matters = "付款的人往往就是货的主人，第三方付款要弄清是谁、为什么。"
    innocent_causes = "配偶或子女代付；换卡尚未报备；同一老板用另一家店的卡；银行卡临时故障。"
    next_steps = (
        "一、核对付款户名与持证人的关系，3个工作日内电话询问；"
        "二、换卡的，督促到营销部门办理结算账户变更。"
    )
    deviation = "近几单{:.0%}由登记以外的账户支付"

    rarity: float = param(
        1.0, help="罕见程度达到（含）", unit="lg", low=0, high=6, source="本系统回测"
    )
    usual: int = param(
        2,
        help="9至34周前用过几次（含）即为惯用账户",
        unit="次",
        low=1,
        high=10,
        source="本系统设定",
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        paid = self._paid(facts, on)
        told = bursts(paid.select("bureau", "retailer_id", "day", "order_id", "hit", "is_new"), on)
        fresh = paid.filter(_.is_new, _.hit).group_by("retailer_id")
        payers = fresh.agg(account=_.payer_account.max(), day=_.day.max())
        return (
            told.filter(_.surprise >= self.rarity)
            .join(payers, "retailer_id")
            .select(
                "account",
                "day",
                "trials",
                "count",
                "rate",
                "surprise",
                subject_id=_.retailer_id,
            )
        )

    def _paid(self, facts: Facts, on: dt.date) -> ir.Table:
        """A row a payment of the half year, and whether its account was none of the shop's own."""
        since = on - dt.timedelta(weeks=35)
        payments = facts.payments.filter(_.day > since, _.day <= on, _.payer_account.notnull())
        shops = facts.retailers.select("bureau", "retailer_id", "bound_account")
        whose = shops.join(principals(facts.retailers), "retailer_id")
        registered = whose.filter(_.bound_account.notnull()).drop("retailer_id")
        own = whose.drop("bound_account").join(registered, ["bureau", "principal"])
        own = own.select("retailer_id", account="bound_account")
        changed = facts.changes.filter(_.field == "account", _.day <= on, _.new_value.notnull())
        newly = changed.select("retailer_id", account="new_value")
        oldest, youngest = on - dt.timedelta(weeks=34), on - dt.timedelta(weeks=9)
        used = (
            payments.filter(_.day >= oldest, _.day <= youngest)
            .group_by("retailer_id", account="payer_account")
            .agg(times=_.count())
            .filter(_.times >= self.usual)
            .select("retailer_id", "account")
        )
        known = ibis.union(own, newly, used, distinct=True).mutate(is_own=True)
        judged = payments.semi_join(own, "retailer_id").mutate(account=_.payer_account)
        told = (
            judged.left_join(known, ["retailer_id", "account"])
            .mutate(hit=_.is_own.isnull())
            .filter(_.day > on - dt.timedelta(weeks=26))
        )
        return with_news(told, facts.orders, on)

    def size(self, row: Mapping[str, Any]) -> float:
        return float(row["count"] / row["trials"])

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"{date(row['day'])}付货款的账户不是本户登记的结算账户；"
            f"近{row['trials']}单有{row['count']}单如此，全县平常约{row['rate']:.1%}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        recent = facts.payments.filter(_.day > on - dt.timedelta(weeks=9), _.day <= on)
        own = recent.join(found.select("subject_id", retailer_id="subject_id"), "retailer_id")
        return stacked(rows_of(own, "payments", "day", "order_id", "payer_account"), most=20)
