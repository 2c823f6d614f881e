"""Complaints about somebody: which member of staff, or which shop, they name. Ibis. Pure.

The city's hotline takes most of them, so they may belong to the city whomever they are about.
"""

import datetime as dt

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.cycles import with_news
from sources.facts import Facts

# Words of a category that is about the bureau's own people.
INTERNAL = ("内部", "稽查", "客户经理", "送货", "订单员", "专卖管理员", "营销人员", "工作人员")
LEAST_NAME = 2  # characters of a shop's name that may be looked for


def about_staff(facts: Facts, since: dt.date, on: dt.date) -> ir.Table:
    """Complaints after a day that name a member of staff: their columns, staff_id, role, is_new.

    Named by number, or by a name that only one person of the staff has.
    """
    people = facts.staff.select("staff_id", "role", "name")
    once = people.group_by("name").agg(number=_.count()).filter(_.number == 1, _.name != "")
    known = people.left_join(once, "name").select(
        "staff_id", "role", only=ibis.ifelse(_.number == 1, _.name, None)
    )
    told = _recent(facts, since, on).cross_join(known)
    subject = ibis.coalesce(_.subject, "")
    named = subject.contains(_.staff_id) | ibis.coalesce(subject.contains(_.only), False)
    return told.filter(named).drop("only")


def about_shops(facts: Facts, since: dt.date, on: dt.date) -> ir.Table:
    """Complaints after a day that name a shop: their columns, retailer_id, home, is_new.

    Named by customer code, licence number, or as a whole by a name that only one shop has.
    """
    shops = facts.retailers.select("retailer_id", "licence_no", "name", home="bureau")
    once = shops.group_by("name").agg(number=_.count())
    once = once.filter(_.number == 1, _.name.length() >= LEAST_NAME)
    parts = [
        shops.select("home", "retailer_id", word="retailer_id"),
        shops.select("home", "retailer_id", word="licence_no"),
        shops.semi_join(once, "name").select("home", "retailer_id", word="name"),
    ]
    words = ibis.union(*parts, distinct=True).filter(_.word.notnull())
    keyed = _recent(facts, since, on).mutate(word=_.subject.strip())
    return keyed.join(words, "word").drop("word")


def is_internal(category: ir.StringValue) -> ir.BooleanValue:
    """Whether a category is about the bureau's own people."""
    found = ibis.literal(False)  # noqa: FBT003
    for word in INTERNAL:
        found = found | ibis.coalesce(category, "").contains(word)
    return found


def _recent(facts: Facts, since: dt.date, on: dt.date) -> ir.Table:
    recent = facts.complaints.filter(_.day > since, _.day <= on, _.subject.notnull())
    return with_news(recent, facts.orders, on, by=None)
