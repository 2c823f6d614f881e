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
from alerts.texts import lists
from alerts.wording import date
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class PayRelative(Detector):
    key = "pay_relative"
    code = "PAY-04"
    family = "INT"
    scope = "bureau"
    subject = "retailer"
    inputs = (
        "payments.order_id", "payments.retailer_id", "payments.day", "payments.payer_account",
        "payments.paid_amount", "payments.bureau", "payments.batch_id", "payments.row_no",
        "orders.day", "orders.bureau", "retailers.retailer_id", "retailers.owner_id",
        "retailers.chain_id", "retailers.bound_account", "retailers.bureau", "staff.staff_id", "staff.role",
        "staff.related_retailers",
    )  # fmt: skip
    optional = ("retailers.owner_id", "retailers.chain_id", "staff.role")

    title = "内部人员亲属店的账户为他户付款"
    looks_for = (
        "上一订货日之后的货款，由内部人员申报的亲属店所登记的结算账户支付，而付款的是另一家店的货。"
    )
    why_it_matters = "亲属店替别家付款，货可能由内部人员的亲属收走，须由上级核查。"
    innocent_causes = "两家是亲戚或同一老板未登记同一证件；银行卡故障临时垫付并有记录。"
    next_steps = (
        "一、由市局或县局内管直接向两户核实付款经过，不先告知当事人员；"
        "二、查该账户近6个月为别户付款的全部流水和这些货的签收人。"
    )
    deviation = "付款{:.2f}元"

    surprise: float = param(5.0, help="罕见程度按", unit="lg", low=1, high=12, source="本系统设定")
    weeks: int = param(26, help="一并列出近", unit="周", low=1, high=52, source="本系统设定")

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        paid = self._paid(facts, on)
        shops = paid.group_by("bureau", "payer_account").agg(shops=_.retailer_id.nunique())
        sums = (
            paid.filter(_.is_new)
            .group_by("bureau", "retailer_id")
            .agg(
                payer_account=_.payer_account.argmax(_.paid_amount),
                staff_id=_.staff_id.argmax(_.paid_amount),
                role=_.role.argmax(_.paid_amount),
                amount=_.paid_amount.sum(),
                day=_.day.max(),
            )
        )
        return sums.join(shops, ["bureau", "payer_account"]).select(
            "day",
            "staff_id",
            "role",
            "amount",
            "shops",
            subject_id=_.retailer_id,
            surprise=ibis.literal(self.surprise),
        )

    def _paid(self, facts: Facts, on: dt.date) -> ir.Table:
        """Payments of the window from accounts of relatives' shops, for shops of others."""
        people = facts.staff.filter(_.related_retailers.nullif("").notnull()).select(
            "staff_id", "related_retailers", role=ibis.coalesce(_.role, "内部人员")
        )
        shops = facts.retailers.filter(_.bound_account.notnull()).join(
            principals(facts.retailers), "retailer_id"
        )
        named = people.cross_join(
            shops.select("bureau", "retailer_id", "bound_account", owner="principal")
        ).filter(lists(_.related_retailers, _.retailer_id))
        accounts = named.group_by("bureau", payer_account="bound_account", owner="owner").agg(
            staff_id=_.staff_id.min(), role=_.role.min()
        )
        since = on - dt.timedelta(weeks=self.weeks)
        recent = facts.payments.filter(_.day > since, _.day <= on, _.paid_amount > 0)
        whose = recent.join(principals(facts.retailers), "retailer_id")
        foreign = whose.join(accounts, ["bureau", "payer_account"]).filter(_.principal != _.owner)
        return with_news(foreign, facts.orders, on)

    def size(self, row: Mapping[str, Any]) -> float:
        return float(row["amount"] / 100)

    def sentence(self, row: Mapping[str, Any]) -> str:
        more = (
            f"；近{self.weeks}周该账户共为{row['shops']}家别的店付过款" if row["shops"] > 1 else ""
        )
        return f"{date(row['day'])}货款{row['amount'] / 100:.2f}元由工作人员申报的亲属店账户支付{more}。"

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        mine = self._paid(facts, on).join(
            found.select("subject_id", retailer_id="subject_id"), "retailer_id"
        )
        columns = ("day", "order_id", "payer_account", "paid_amount", "staff_id")
        return stacked(rows_of(mine, "payments", *columns))

    def staff_concerned(self, row: Mapping[str, Any]) -> bool:  # noqa: ARG002
        return True
