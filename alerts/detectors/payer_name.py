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
from alerts.texts import plain_name
from alerts.wording import date
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class PayerName(Detector):
    key = "payer_name"
    code = "CUS-03"
    family = "INFO"
    scope = "bureau"
    subject = "retailer"
    inputs = (
        "payments.order_id", "payments.retailer_id", "payments.day", "payments.payer_name",
        "payments.bureau", "payments.batch_id", "payments.row_no", "orders.day", "orders.bureau",
        "retailers.retailer_id", "retailers.licensee", "retailers.name", "retailers.bureau",
        "staff.staff_id", "staff.name", "staff.role",
    )  # fmt: skip
    optional = ("retailers.name", "staff.name", "staff.role")

    title = "付款户名与持证人不符"
    looks_for = "上一订货日之后付款的户名既不是持证人也不是店名，且本户近几单比全县常见的多。"
    why_it_matters = "钱由谁付，货往往就归谁；户名不符要弄清付款人与持证人的关系。"
    innocent_causes = "配偶、子女的银行卡；合伙经营；户名登记用了曾用名或异体字；连锁公司统一付款。"
    next_steps = (
        "一、3个工作日内电话询问付款人是谁、与持证人什么关系；"
        "二、户名是其他零售户的，并查两户的签收人；是内部人员同名的，由上级先核对身份。"
    )
    deviation = "近几单{:.0%}付款户名不符"

    rarity: float = param(
        1.0, help="罕见程度达到（含）", unit="lg", low=0, high=6, source="本系统设定"
    )
    staff_rarity: float = param(
        4.0, help="与内部人员同名的，罕见程度至少按", unit="lg", low=0, high=12, source="本系统设定"
    )

    most: float = param(
        4.0,
        help="只凭户名不符（多为配偶、子女的卡），罕见程度至多按",
        unit="lg",
        low=1,
        high=8,
        source="本系统设定",
    )
    most_retailer: float = param(
        5.0, help="与另一零售户同名的，至多按", unit="lg", low=1, high=8, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        paid = self._paid(facts, on)
        columns = ("bureau", "retailer_id", "day", "order_id", "hit", "is_new")
        told = bursts(paid.select(*columns), on)
        newest = [_.day.desc(), _.order_id.desc()]
        place = ibis.row_number().over(group_by="retailer_id", order_by=newest)
        fresh = paid.filter(_.is_new, _.hit).mutate(place=place).filter(_.place == 0)
        members = (
            facts.staff.mutate(payer=plain_name(_.name))
            .filter(_.payer.notnull())
            .group_by("payer")
            .agg(staff_id=_.staff_id.min(), role=ibis.coalesce(_.role.min(), "内部人员"))
        )
        others = (
            facts.retailers.mutate(payer=plain_name(_.licensee))
            .filter(_.payer.notnull())
            .group_by("bureau", "payer")
            .agg(shops=_.retailer_id.nunique())
        )
        named = (
            fresh.select("bureau", "retailer_id", "payer", "day")
            .left_join(members, "payer")
            .drop("payer_right")
            .left_join(others, ["bureau", "payer"])
            .select("retailer_id", "payer", "day", "staff_id", "role", "shops")
        )
        least = ibis.ifelse(_.staff_id.notnull(), self.staff_rarity, 0.0)
        most = ibis.ifelse(_.shops.notnull(), self.most_retailer, self.most)
        return (
            told.join(named, "retailer_id")
            .mutate(surprise=ibis.greatest(ibis.least(_.surprise, most), least))
            .filter(_.surprise >= self.rarity)
            .select(
                "day", "trials", "count", "rate", "staff_id", "role", "surprise",
                subject_id=_.retailer_id, family_name=_.payer.substr(0, 1),
                shops=ibis.coalesce(_.shops, 0),
            )
        )  # fmt: skip

    def _paid(self, facts: Facts, on: dt.date) -> ir.Table:
        """Payments of the half year with a readable name; hit where it is not the shop's."""
        since = on - dt.timedelta(weeks=26)
        payments = facts.payments.filter(_.day > since, _.day <= on)
        shops = facts.retailers.select(
            "retailer_id", holder=plain_name(_.licensee), shop=plain_name(_.name)
        ).filter(_.holder.notnull())
        known = (
            payments.mutate(payer=plain_name(_.payer_name))
            .filter(_.payer.notnull())
            .join(shops, "retailer_id")
        )
        own = (_.payer == _.holder) | (_.payer == ibis.coalesce(_.shop, ""))
        return with_news(known.mutate(hit=~own), facts.orders, on)

    def size(self, row: Mapping[str, Any]) -> float:
        return float(row["count"] / row["trials"])

    def sentence(self, row: Mapping[str, Any]) -> str:
        who = f"付款户名（{row['family_name']}某）"
        if row["staff_id"]:
            same = "，与一名工作人员同名，身份待核"
        elif row["shops"]:
            same = "，与本县另一零售户的持证人同名"
        else:
            same = ""
        return (
            f"{date(row['day'])}{who}与持证人不是同一姓名{same}；"
            f"近{row['trials']}单有{row['count']}单不符，全县平常约{row['rate']:.1%}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        recent = facts.payments.filter(_.day > on - dt.timedelta(weeks=9), _.day <= on)
        wanted = found.select("subject_id", "staff_id", retailer_id="subject_id")
        mine = recent.join(wanted, "retailer_id")
        columns = ("day", "order_id", "payer_name", "staff_id")
        return stacked(rows_of(mine, "payments", *columns), most=20)

    def staff_concerned(self, row: Mapping[str, Any]) -> bool:
        return bool(row["staff_id"])
