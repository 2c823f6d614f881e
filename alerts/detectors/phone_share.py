import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.links import principals, the_other, with_rarity
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class PhoneShare(Detector):
    key = "phone_share"
    code = "BEH-03"
    family = "LINK"
    scope = "all"
    subject = "retailer"
    weight = 0.5
    shares = "订货电话"
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.bureau", "orders.batch_id",
        "orders.row_no", "retailers.retailer_id", "retailers.owner_id", "retailers.chain_id",
        "retailers.phone", "retailers.bureau", "retailers.batch_id", "retailers.row_no",
        "changes.retailer_id", "changes.day", "changes.field", "changes.new_value",
        "changes.bureau", "changes.batch_id", "changes.row_no", "staff.phone",
    )  # fmt: skip
    optional = ("retailers.chain_id", "staff.phone")

    title = "订货电话新近变成多户共用"
    looks_for = "当日订货的零售户，其订货电话近一季度内变成与其他经营者相同。"
    why_it_matters = "几家店改用同一个电话，订货确认都到了一个人手里，常见于代订和一人多证。"
    innocent_causes = "亲属帮忙接听；无电话由邻居代订；同一老板多店；残疾或语言不便由他人代办。"
    next_steps = (
        "一、调取电话变更申请，看操作人和依据；"
        "二、拨打该号码核实机主，再到店问持证人近3周由谁订货。"
    )
    deviation = "订货电话与另外{:.0f}个经营者相同"
    measure = "others"

    weeks: int = param(13, help="变更发生在近", unit="周", low=1, high=52, source="本系统回测")
    min_others: int = param(
        1, help="其他经营者达到", unit="户", low=1, high=50, source="本系统回测"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        phones = _phones(facts)
        joined = self._joined(facts, phones, on)
        theirs = phones.left_join(joined, "retailer_id").select(
            "phone",
            other="principal",
            other_shop="retailer_id",
            other_bureau="bureau",
            came=_.joined.notnull(),
        )
        ordered = facts.orders.filter(_.day == on).select("retailer_id").distinct()
        mine = phones.semi_join(ordered, "retailer_id").left_join(joined, "retailer_id")
        met = (
            mine.select("retailer_id", "bureau", "principal", "phone", "joined")
            .join(theirs, "phone")
            .filter(_.principal != _.other, _.joined.notnull() | _.came)
        )
        shared = met.group_by("retailer_id", "bureau", "phone").agg(
            others=_.other.nunique(),
            elsewhere=_.other_shop.nunique(where=_.other_bureau != _.bureau),
            other=the_other(_.other_shop),
            own=_.joined.notnull().any(),
        )
        shared = shared.filter(_.others >= self.min_others)
        return with_rarity(shared, phones).select(
            "bureau",
            "others",
            "elsewhere",
            "other",
            "own",
            "surprise",
            subject_id=_.retailer_id,
            link=_.phone,
        )

    def _joined(self, facts: Facts, phones: ir.Table, on: dt.date) -> ir.Table:
        """Shops that took on their present phone within the window, and when."""
        since = on - dt.timedelta(weeks=self.weeks)
        changed = facts.changes.filter(_.field == "phone", _.day > since, _.day <= on)
        taken = changed.join(phones, "retailer_id").filter(_.new_value == _.phone)
        return taken.group_by("retailer_id").agg(joined=_.day.max())

    def sentence(self, row: Mapping[str, Any]) -> str:
        away = f"（其中外县{row['elsewhere']}户）" if row["elsewhere"] else ""
        who = "本户改用的" if row["own"] else "他户改用了本户的"
        return f"近{self.weeks}周内{who}订货电话，现与另外{row['others']}个经营者的店相同{away}。"

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", "bureau", phone="link")
        sharers = _phones(facts).join(wanted, ["phone", "bureau"])
        since = on - dt.timedelta(weeks=self.weeks)
        changes = facts.changes.filter(_.field == "phone", _.day > since, _.day <= on)
        members = sharers.select("subject_id", "retailer_id")
        today = facts.orders.filter(_.day == on)
        return stacked(
            rows_of(sharers, "retailers", "retailer_id"),
            rows_of(changes.join(members, "retailer_id"), "changes", "day", "retailer_id", "field"),
            rows_of(today.join(members, "retailer_id"), "orders", "day", "retailer_id", "order_id"),
        )


def _phones(facts: Facts) -> ir.Table:
    """Retailers with a readable phone that is not a member of staff's, and their principals."""
    known = facts.retailers.filter(_.phone.notnull())
    own = known.anti_join(facts.staff.filter(_.phone.notnull()), "phone")
    return own.join(principals(facts.retailers), "retailer_id")
