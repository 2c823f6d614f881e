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


@dataclass(frozen=True, kw_only=True)
class PayStaff(Detector):
    key = "pay_staff"
    code = "PAY-04"
    family = "INT"
    scope = "bureau"
    subject = "retailer"
    shares = "付款账户"
    inputs = (
        "payments.order_id", "payments.retailer_id", "payments.day", "payments.payer_account",
        "payments.paid_amount", "payments.bureau", "payments.batch_id", "payments.row_no",
        "orders.day", "orders.bureau",
        "staff.staff_id", "staff.role", "staff.account",
    )  # fmt: skip
    optional = ("staff.role",)

    title = "内部人员账户付货款"
    looks_for = "零售户上一订货日之后所付货款的账户，是本系统内部人员登记的账户。"
    why_it_matters = "内部人员替零售户付款，货款两头都可能不在持证人手里，必须由上级核查。"
    innocent_causes = "内部人员的亲属开店且已申报；零售户银行卡故障时临时垫付且有记录。"
    next_steps = (
        "一、由市局或县局内管直接向持证人核实付款经过，不先告知当事人员；"
        "二、调取该账户近6个月为零售户付款的全部流水；"
        "三、抄送纪检。"
    )
    deviation = "付款{:.2f}元"

    surprise: float = param(6.0, help="罕见程度按", unit="lg", low=1, high=12, source="本系统回测")
    weeks: int = param(26, help="一并列出近", unit="周", low=1, high=52, source="本系统设定")

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        paid = self._paid(facts, on)
        before = paid.group_by("bureau", "payer_account").agg(shops=_.retailer_id.nunique())
        fresh = paid.filter(_.is_new)
        sums = fresh.group_by("retailer_id", "bureau").agg(
            payer_account=_.payer_account.argmax(_.paid_amount),
            staff_id=_.staff_id.argmax(_.paid_amount),
            role=_.role.argmax(_.paid_amount),
            amount=_.paid_amount.sum(),
            day=_.day.max(),
        )
        return sums.join(before, ["bureau", "payer_account"]).select(
            "bureau",
            "day",
            "staff_id",
            "amount",
            "shops",
            subject_id=_.retailer_id,
            role=ibis.coalesce(_.role, "内部人员"),
            link=_.payer_account,
            surprise=ibis.literal(self.surprise),
        )

    def size(self, row: Mapping[str, Any]) -> float:
        return float(row["amount"] / 100)

    def sentence(self, row: Mapping[str, Any]) -> str:
        more = f"；近{self.weeks}周该账户共为{row['shops']}户付过款" if row["shops"] > 1 else ""
        return f"{date(row['day'])}货款{row['amount'] / 100:.2f}元由工作人员登记的账户支付{more}。"

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", "bureau", payer_account="link")
        paid = self._paid(facts, on).join(wanted, ["payer_account", "bureau"])
        columns = ("day", "order_id", "retailer_id", "payer_account", "paid_amount", "staff_id")
        return stacked(rows_of(paid, "payments", *columns))

    def floor(self, row: Mapping[str, Any]) -> str | None:  # noqa: ARG002
        return "红"

    def staff_concerned(self, row: Mapping[str, Any]) -> bool:  # noqa: ARG002
        return True

    def _paid(self, facts: Facts, on: dt.date) -> ir.Table:
        """Payments of the window from accounts of staff, with whose they are."""
        since = on - dt.timedelta(weeks=self.weeks)
        owners = (
            facts.staff.filter(_.account.notnull())
            .group_by(payer_account="account")
            .agg(staff_id=_.staff_id.min(), role=_.role.min())
        )
        recent = facts.payments.filter(_.day > since, _.day <= on, _.paid_amount > 0)
        return with_news(recent.join(owners, "payer_account"), facts.orders, on)
