"""Order days and order cycles: what a night answers for, and a shop's last cycles. Pure Ibis.

A cycle is one opportunity to order: one open week of the bureau (a week in which anybody ordered),
or as many of them as the shop's order_cycle_weeks says. Suspended weeks are no opportunity.
"""

import datetime as dt

import ibis
import ibis.expr.types as ir
from ibis import _

CYCLES = 3
LOOK_BACK = dt.timedelta(weeks=26)


def with_news(
    events: ir.Table, orders: ir.Table, on: dt.date, *, by: str | None = "bureau"
) -> ir.Table:
    """Events (day) with `is_new`: whether the night of this order day answers for them.

    Nights belong to order days. What happens on other days, like the delivery on Saturday of what
    was ordered on Friday, is looked at in the night of the next order day: the bureau's own, or
    with `by` None anybody's, for detectors whose nights are a city's (`scope = "all"`).
    """
    if by is None:
        told = events.cross_join(night_before(orders, on))
    else:
        before = orders.filter(_.day < on).group_by(night_of=by).agg(night_before=_.day.max())
        told = events.left_join(before, events[by] == before.night_of).drop("night_of")
    since = ibis.coalesce(_.night_before, ibis.date(on - dt.timedelta(days=1)))
    return told.select(*events.columns, is_new=(_.day > since) & (_.day <= on))


def night_before(orders: ir.Table, on: dt.date) -> ir.Table:
    """One row: the last order day before this one, else yesterday."""
    last = orders.filter(_.day < on).agg(night_before=_.day.max())
    yesterday = ibis.date(on - dt.timedelta(days=1))
    return last.select(night_before=ibis.coalesce(_.night_before, yesterday))


def earlier(orders: ir.Table, retailers: ir.Table, on: dt.date) -> ir.Table:
    """What each shop that is not new ordered in its three cycles before the week of `on`.

    orders: bureau, retailer_id, day, week_start, qty, and amount where it matters.
    Returns: retailer_id, past_qty, past_amount, ordered (cycles with an order, 0 to 3). A shop that
    joined after its first cycle ended, or a book that does not go back so far, is left out.
    """
    this_week = on - dt.timedelta(days=on.weekday())
    orders = orders if "amount" in orders.columns else orders.mutate(amount=0)
    past = orders.filter(_.week_start < this_week, _.day > on - LOOK_BACK, _.day <= on)
    joined = past.group_by("retailer_id").agg(first_order=_.day.min())
    open_weeks = past.select("bureau", "week_start").distinct()
    newest = _.week_start.desc()
    open_weeks = open_weeks.mutate(
        place=ibis.row_number().over(group_by="bureau", order_by=newest)
    ).rename(open_week="week_start")
    span = ibis.coalesce(_.order_cycle_weeks, 1).clip(lower=1, upper=4)
    shops = retailers.left_join(joined, "retailer_id").select(
        "retailer_id",
        "bureau",
        cycle=span,
        since=ibis.coalesce(_.open_date, _.first_order),
    )
    chances = (
        shops.join(open_weeks, "bureau")
        .filter(_.place < CYCLES * _.cycle)
        .mutate(number=_.place // _.cycle)
    )
    had = chances.group_by("retailer_id", "cycle", "since").agg(
        weeks=_.count(), first_week=_.open_week.min()
    )
    had = had.filter(
        _.weeks == CYCLES * _.cycle,
        _.since.delta(_.first_week, unit="day") < 7 * _.cycle,
    )
    sums = chances.inner_join(
        past, [chances.retailer_id == past.retailer_id, chances.open_week == past.week_start]
    )
    sums = sums.group_by("retailer_id").agg(
        past_qty=_.qty.sum(), past_amount=_.amount.sum(), ordered=_.number.nunique()
    )
    return had.left_join(sums, "retailer_id").select(
        "retailer_id",
        past_qty=ibis.coalesce(_.past_qty, 0.0),
        past_amount=ibis.coalesce(_.past_amount, 0),
        ordered=ibis.coalesce(_.ordered, 0),
    )


def largest(orders: ir.Table, on: dt.date, by: ir.NumericValue = _.qty) -> ir.Table:
    """The shops' orders of the day, one each: the one with the most `by`. All columns."""
    place = ibis.row_number().over(group_by="retailer_id", order_by=[by.desc(), _.order_id])
    today = orders.filter(_.day == on, _.qty > 0).mutate(place=place)
    return today.filter(_.place == 0).drop("place")
