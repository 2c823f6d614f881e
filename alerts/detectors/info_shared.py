import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.links import principals, the_other, with_rarity
from sources.facts import Facts

WHAT = {"phone": "订货电话", "account": "结算账户"}


@dataclass(frozen=True, kw_only=True)
class InfoShared(Detector):
    key = "info_shared"
    code = "CUS-02"
    family = "LINK"
    scope = "all"
    subject = "retailer"
    weight = 1.0
    shares = "登记电话或账户"
    statutory = True
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.bureau", "orders.batch_id",
        "orders.row_no", "retailers.retailer_id", "retailers.owner_id", "retailers.chain_id",
        "retailers.phone", "retailers.bound_account", "retailers.bureau", "retailers.batch_id",
        "retailers.row_no", "changes.retailer_id", "changes.day", "changes.field",
    )  # fmt: skip
    optional = (
        "retailers.chain_id", "retailers.phone", "retailers.bound_account",
        "changes.retailer_id", "changes.day", "changes.field",
    )  # fmt: skip

    title = "不同户登记的电话或账户相同"
    looks_for = "登记的订货电话或结算账户与其他经营者相同的零售户；每月首次订货时列一次，新近变更的当即列出。"
    why_it_matters = "电话、账户相同，几户的货可能由一人支配，是国家局规定的客户信息异常。"
    innocent_causes = "直系亲属共用电话；无电话由邻居代订；同一老板多店未登记同一证件；登记错误。"
    next_steps = (
        "一、查各户证件号码、签收人和送货点是否一致；"
        "二、属亲属共用、邻里代办的，取得说明后登记豁免及到期日。"
    )
    deviation = "与另外{:.0f}个经营者登记相同"
    measure = "others"

    others: int = param(
        1, help="相同的其他经营者达到（含）", unit="户", low=1, high=50, source="国烟专〔2011〕49号"
    )
    fresh: int = param(
        7, help="变更后多少天内的订货当即列出", unit="天", low=1, high=31, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        registered = _registered(facts)
        theirs = registered.select(
            "what", "value", other="principal", other_shop="retailer_id", other_bureau="bureau"
        )
        met = registered.join(theirs, ["what", "value"]).filter(_.principal != _.other)
        shared = met.group_by("retailer_id", "bureau", "what", "value").agg(
            others=_.other.nunique(),
            elsewhere=_.other_shop.nunique(where=_.other_bureau != _.bureau),
            other=the_other(_.other_shop),
        )
        order = [_.others.desc(), _.what]
        place = ibis.row_number().over(group_by="retailer_id", order_by=order)
        one = shared.mutate(place=place).filter(_.place == 0, _.others >= self.others)
        rare = with_rarity(one, facts.retailers)
        return rare.semi_join(self._due(facts, on), "retailer_id").select(
            "bureau",
            "what",
            "others",
            "elsewhere",
            "other",
            "surprise",
            subject_id=_.retailer_id,
            link=_.value,
        )

    def _due(self, facts: Facts, on: dt.date) -> ir.Table:
        """Shops that ordered today, for the first time this month or soon after a change."""
        orders = facts.orders.filter(_.day >= on.replace(day=1), _.day <= on)
        first = orders.group_by("retailer_id").agg(first=_.day.min(), last=_.day.max())
        since = on - dt.timedelta(days=self.fresh)
        changed = facts.changes.filter(_.field.isin(list(WHAT)), _.day > since, _.day <= on)
        today = first.filter(_.last == on)
        return ibis.union(
            today.filter(_.first == on).select("retailer_id"),
            today.semi_join(changed, "retailer_id").select("retailer_id"),
            distinct=True,
        )

    def sentence(self, row: Mapping[str, Any]) -> str:
        away = f"（其中外县{row['elsewhere']}户）" if row["elsewhere"] else ""
        return f"本户登记的{WHAT[row['what']]}与另外{row['others']}个经营者的店相同{away}。"

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", "bureau", "what", value="link")
        sharers = _registered(facts).join(wanted, ["what", "value", "bureau"])
        since = on - dt.timedelta(weeks=4)
        orders = facts.orders.filter(_.day > since, _.day <= on)
        own = orders.join(found.select("subject_id"), _.retailer_id == found.subject_id)
        return stacked(
            rows_of(sharers, "retailers", "retailer_id", "what"),
            rows_of(own, "orders", "day", "order_id", "retailer_id"),
        )


def _registered(facts: Facts) -> ir.Table:
    """Retailers with their principals, a row for the phone and one for the account."""
    known = facts.retailers.join(principals(facts.retailers), "retailer_id")
    columns = ("retailer_id", "bureau", "batch_id", "row_no", "principal")
    parts = [
        known.select(*columns, what=ibis.literal(what), value=_[column])
        for what, column in (("phone", "phone"), ("account", "bound_account"))
    ]
    return ibis.union(*parts).filter(_.value.notnull())
