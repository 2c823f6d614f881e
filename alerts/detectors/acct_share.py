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
from alerts.links import newcomers, principals, with_rarity
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class AcctShare(Detector):
    key = "acct_share"
    code = "PAY-02"
    family = "LINK"
    scope = "all"
    subject = "retailer"
    weight = 0.5
    shares = "结算账户"
    inputs = (
        "payments.order_id", "payments.retailer_id", "payments.day", "payments.payer_account",
        "payments.bureau", "payments.batch_id", "payments.row_no", "orders.day",
        "retailers.retailer_id", "retailers.owner_id", "retailers.chain_id",
        "retailers.bound_account", "staff.account",
    )  # fmt: skip
    optional = ("retailers.chain_id", "retailers.bound_account", "staff.account")

    title = "同一账户为多户付款"
    looks_for = (
        "上一订货日之后货款的付款账户，近几周新近也为其他经营者的店付过款，或同一天替几家店付款。"
    )
    why_it_matters = "一张卡付几家店的货款，货可能归付款的人，各店只是出借订货资格。"
    innocent_causes = "亲属代付；同一老板的几家店；合伙经营；银行卡临时故障请邻店垫付。"
    next_steps = (
        "一、核对付款户名与持证人的关系，电话询问代付原因；"
        "二、查近6周这些店的签收人和签收地点；"
        "三、确属亲属代付的，登记豁免及到期日。"
    )
    deviation = "付款账户还为另外{:.0f}个经营者付款"
    measure = "others"

    weeks: int = param(6, help="往前查看", unit="周", low=1, high=8, source="本系统回测")
    min_others: int = param(
        1, help="其他经营者达到", unit="户", low=1, high=50, source="本系统回测"
    )
    paid_for: int = param(
        2, help="零售户当日替几家别人的店付款即为橙色（含）", unit="户", low=1, high=20,
        source="本系统设定",
    )  # fmt: skip

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        uses = self._uses(facts, on)
        new = newcomers(uses, on, self.weeks).filter(_.others >= self.min_others)
        payers = self._paid_by_a_shop(facts, uses)
        wanted = ["retailer_id", "bureau", "key"]
        either = ibis.union(new.select(wanted), payers.select(wanted), distinct=True)
        told = (
            either.left_join(new, wanted)
            .select(*wanted, "others", "elsewhere", "other")
            .left_join(payers, wanted)
            .select(
                *wanted,
                "other",
                elsewhere=ibis.coalesce(_.elsewhere, 0),
                others=ibis.coalesce(_.others, _.shops),
                by_shop=ibis.coalesce(_.shops, 0),
            )
        )
        order = [_.by_shop.desc(), _.others.desc(), _.key]
        place = ibis.row_number().over(group_by="retailer_id", order_by=order)
        one = told.mutate(place=place).filter(_.place == 0)
        return with_rarity(one, uses.filter(_.day > on - dt.timedelta(weeks=self.weeks))).select(
            "bureau",
            "others",
            "elsewhere",
            "other",
            "by_shop",
            "surprise",
            subject_id=_.retailer_id,
            link=_.key,
        )

    def sentence(self, row: Mapping[str, Any]) -> str:
        away = f"（其中外县{row['elsewhere']}户）" if row["elsewhere"] else ""
        if row["by_shop"]:
            return (
                "最近付货款的账户登记在另一零售户名下，"
                f"该账户同日共为{row['by_shop']}个其他经营者的店付款。"
            )
        return (
            f"近{self.weeks}周内，最近付货款的账户还为另外{row['others']}个经营者的店付过款{away}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", "bureau", key="link")
        recent = self._uses(facts, on).filter(_.day > on - dt.timedelta(weeks=self.weeks))
        shared = recent.join(wanted, ["key", "bureau"])
        columns = ("day", "order_id", "retailer_id", "payer_account")
        return stacked(rows_of(shared, "payments", *columns))

    def floor(self, row: Mapping[str, Any]) -> str | None:
        return "橙" if row["by_shop"] >= self.paid_for else None

    def _uses(self, facts: Facts, on: dt.date) -> ir.Table:
        """Payments up to the day, with whose shop it is; those by staff are another detector's."""
        since = on - dt.timedelta(weeks=35)
        paid = facts.payments.filter(_.day > since, _.day <= on, _.payer_account.notnull())
        staff = facts.staff.filter(_.account.notnull()).select(payer_account="account")
        own = paid.anti_join(staff, "payer_account")
        whose = own.join(principals(facts.retailers), "retailer_id")
        return with_news(whose.mutate(key=_.payer_account), facts.orders, on, by=None)

    def _paid_by_a_shop(self, facts: Facts, uses: ir.Table) -> ir.Table:
        """Shops whose goods another principal's bound account paid, if it did for several in a day."""
        bound = facts.retailers.filter(_.bound_account.notnull()).join(
            principals(facts.retailers), "retailer_id"
        )
        owners = bound.select(key="bound_account", owner="principal").distinct()
        own = owners.rename(principal="owner")
        fresh = uses.filter(_.is_new)
        foreign = fresh.semi_join(owners, "key").anti_join(own, ["key", "principal"])
        daily = foreign.group_by("key", "day").agg(shops=_.principal.nunique())
        counts = daily.group_by("key").agg(shops=_.shops.max())
        paid = foreign.select("retailer_id", "bureau", "key").distinct()
        return paid.join(counts.filter(_.shops >= self.paid_for), "key")
