"""Shops with something unusual, and where too many of them belong together: Ibis expressions. Pure.

A detector sees facts, not alerts. "Unusual" here stands for what alerts are made of: a line over the
limit, four weeks' orders far above the eight before, a device that other principals use too.
"""

import datetime as dt
import math

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import Deferred, _

from alerts.links import principals, self_ordered
from sources.facts import Facts

INPUTS = (
    "orders.order_id", "orders.retailer_id", "orders.day", "orders.channel", "orders.device_id",
    "orders.qty", "orders.bureau", "orders.batch_id", "orders.row_no", "lines.retailer_id",
    "lines.day", "lines.qty", "lines.limit_qty", "retailers.retailer_id", "retailers.owner_id",
    "retailers.chain_id",
)  # fmt: skip
OPTIONAL = (
    "orders.channel", "orders.device_id", "lines.retailer_id", "lines.day", "lines.qty",
    "lines.limit_qty", "retailers.owner_id", "retailers.chain_id",
)  # fmt: skip
WEEKS = 4
LEAST = 20  # cartons: smaller orders do not count as grown
CROWD = 5  # principals: a device that more of them use is a counter's or a kiosk's
ALIKE = 0.02  # how alike the shops of one manager or line are anyway (correlation)
SURE = math.log10(math.sqrt(2 * math.pi))


def marked(facts: Facts, on: dt.date, growth: float) -> ir.Table:
    """The shops that ordered in the last four weeks: retailer_id, bureau, and whether each is grown
    (`growth` times what it ordered in four of the eight weeks before), over (a limit) and shared."""
    since, before = on - dt.timedelta(weeks=WEEKS), on - dt.timedelta(weeks=3 * WEEKS)
    orders = facts.orders.filter(_.day > before, _.day <= on)
    sums = orders.group_by("retailer_id", "bureau").agg(
        now=_.qty.sum(where=_.day > since), then=_.qty.sum(where=_.day <= since)
    )
    lines = facts.lines.filter(_.day > since, _.day <= on, _.qty > _.limit_qty)
    over = lines.select("retailer_id").distinct().mutate(is_over=True)
    known = sums.filter(_.now > 0).left_join(over, "retailer_id").drop("retailer_id_right")
    shared = _shared(facts, on, since).mutate(is_shared=True)
    known = known.left_join(shared, "retailer_id").drop("retailer_id_right")
    usual = ibis.coalesce(_.then, 0.0) / 2
    return known.select(
        "retailer_id",
        "bureau",
        grown=(usual > 0) & (_.now > LEAST) & (_.now >= usual * growth),
        over=_.is_over.notnull(),
        shared=_.is_shared.notnull(),
    )


def _shared(facts: Facts, on: dt.date, since: dt.date) -> ir.Table:
    """retailer_id of the shops whose device a few other principals used in the same weeks."""
    recent = facts.orders.filter(_.day > since, _.day <= on, _.device_id.notnull())
    uses = self_ordered(recent).select("retailer_id", "device_id").distinct()
    uses = uses.join(principals(facts.retailers), "retailer_id")
    counted = uses.group_by("device_id").agg(users=_.principal.nunique())
    few = counted.filter(_.users > 1, _.users <= CROWD)
    return uses.semi_join(few, "device_id").select("retailer_id").distinct()


def concentrated(shops: ir.Table, least: int) -> ir.Table:
    """Groups with too many unusual shops: bureau, group, shops, unusual, rate of the rest, ratio,
    z, surprise; and how many are grown, over and shared.

    shops: as `marked` gives them, with `group`. Compared with all other shops of the bureau that
    have a group; only groups of at least `least` shops, beside as many others. The shops of a group
    are somewhat alike, so the spread is that of a beta-binomial count.
    """
    unusual = (_.grown | _.over | _.shared).cast("int64")
    groups = shops.filter(_.group.notnull()).mutate(unusual=unusual)
    whole = groups.group_by("bureau").agg(all_shops=_.count(), all_unusual=_.unusual.sum())
    sums = groups.group_by("bureau", "group").agg(
        shops=_.count(),
        unusual=_.unusual.sum(),
        grown=_.grown.cast("int64").sum(),
        over=_.over.cast("int64").sum(),
        shared=_.shared.cast("int64").sum(),
    )
    told = sums.join(whole, "bureau").mutate(rest=_.all_shops - _.shops)
    told = told.filter(_.shops >= least, _.rest >= least)
    rate = (_.all_unusual - _.unusual + 0.5) / (_.rest + 1.0)
    told = told.mutate(rate=ibis.least(rate, 0.99))
    spread = (_.shops * _.rate * (1 - _.rate) * (1 + (_.shops - 1) * ALIKE)).sqrt()
    told = told.mutate(
        z=(_.unusual - _.shops * _.rate) / spread, ratio=_.unusual / _.shops / _.rate
    )
    # the upper tail of a normal curve, as the usual bound gives it
    height = _.z * _.z / 2 / math.log(10) + SURE + ((_.z + (_.z * _.z + 4).sqrt()) / 2).log10()
    surprise = ibis.ifelse(_.z > 0, ibis.least(height, 12.0), 0.0)
    return told.mutate(surprise=surprise).drop("all_shops", "all_unusual", "rest")


def is_weekly(facts: Facts, on: dt.date) -> ir.Table:
    """bureau: those whose first order day of the week is this one; what is told weekly is told then."""
    week = facts.orders.filter(_.day > on - dt.timedelta(days=on.weekday() + 1), _.day <= on)
    return week.group_by("bureau").agg(first=_.day.min()).filter(_.first == on).select("bureau")


def working_days_left(on: dt.date) -> int:
    """How many days from Monday to Friday the month has after a day."""
    month = on.month
    days = (on + dt.timedelta(days=n) for n in range(1, 32))
    return sum(day.month == month and day.weekday() < 5 for day in days)


def month_ends(facts: Facts, on: dt.date, days: int) -> ir.Table:
    """bureau and since: the first of so many order days that end a bureau's month on this day.

    None while an order day is still to come: a weekday on which the bureau has ordered in the last
    eight weeks, outside weeks without ordering.
    """
    orders = facts.orders.filter(_.day > on - dt.timedelta(weeks=8), _.day <= on, _.qty > 0)
    known = orders.select("bureau", "day", weekday=weekday_of(_.day)).distinct()
    place = ibis.row_number().over(group_by="bureau", order_by=_.day.desc())
    ends = known.mutate(place=place).filter(_.place < days)
    ends = ends.group_by("bureau").agg(since=_.day.min(), last=_.day.max())
    ahead = [on + dt.timedelta(days=n) for n in range(1, 32)]
    ahead = [day for day in ahead if day.month == on.month]
    left = ibis.memtable(
        pa.table(
            {
                "week_start": [day - dt.timedelta(days=day.weekday()) for day in ahead],
                "weekday": pa.array([day.weekday() for day in ahead], pa.int64()),
            },
            schema=pa.schema({"week_start": pa.date32(), "weekday": pa.int64()}),
        )
    )
    shut = facts.calendar.filter(_.orders_suspended)
    to_come = known.join(left.anti_join(shut, "week_start"), "weekday")
    return ends.filter(_["last"] == on).anti_join(to_come, "bureau").drop("last")


def weekday_of(day: Deferred) -> Deferred:
    """0 for Monday."""
    return day.delta(ibis.date(1970, 1, 5), unit="day") % 7
