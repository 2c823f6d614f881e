"""How far a shop stands from its like: robust sigmas within the county's group. Pure Ibis."""

import datetime as dt

import ibis
import ibis.expr.types as ir
from ibis import _

from sources.facts import Facts

DAYS = 28  # holds as many order days of every weekday, however long the month
NORMAL = 1.4826  # standard deviations in a median absolute deviation


def newly(facts: Facts, on: dt.date) -> ir.Table:
    """retailer_id of the shops whose first order of the month is of this day."""
    month = facts.orders.filter(_.day >= on.replace(day=1), _.day <= on)
    return month.group_by("retailer_id").agg(first=_.day.min()).filter(_.first == on)


def lately(table: ir.Table, on: dt.date) -> ir.Table:
    """The rows of the four weeks that end on a day."""
    return table.filter(_.day > on - dt.timedelta(days=DAYS), _.day <= on)


def band_of(tier: ir.IntegerValue, width: int) -> ir.IntegerValue:
    """The number of the band of so many tiers that a tier lies in; -1 where it is not known."""
    return ibis.coalesce(tier // width, -1)


def told_apart(shops: ir.Table, *by: str, least: int, smallest: float) -> ir.Table:
    """Shops (bureau, `by`, x) with `middle` and `sigmas`: how far x is from its group's median.

    `like` is the group's size; groups of the county with fewer than `least` are left out. A sigma is
    that of a normal curve with the group's median absolute deviation, and at least `smallest`.
    """
    keys = ["bureau", *by]
    middles = shops.group_by(keys).agg(middle=_.x.median(), like=_.count())
    near = shops.join(middles.filter(_.like >= least), keys)
    near = near.mutate(error=(_.x - _.middle).abs())
    spreads = near.group_by(keys).agg(spread=_.error.median())
    sigma = ibis.greatest(_.spread * NORMAL, smallest)
    return near.join(spreads, keys).mutate(sigmas=(_.x - _.middle) / sigma).drop("spread")


def floor_of(sigmas: float, pushed: float) -> str | None:
    """Far above its like a shop is listed: a place among a county's shops is never rarer than they
    are many."""
    return "蓝" if sigmas > pushed else None
