"""Tables made of facts that several detectors read, each computed once a night.

`PANELS` names them. A runner that keeps them passes `kept(facts, on, keep)` instead of facts: a
panel found in `facts.tables` is cut at the day and used, else computed. Every row depends on its own
and earlier days only, so the panels of one day serve the replay of all days before it.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts import evidence, statistics
from sources.facts import Facts

HISTORY = 78  # weeks of facts behind a night; half as many work, with a rougher tail


@dataclass(frozen=True)
class Panel:
    """A shared table: its name among the facts, what it is made of, and how."""

    name: str
    inputs: tuple[str, ...]
    build: Callable[[Facts, dt.date, int], ir.Table]

    def __call__(self, facts: Facts, on: dt.date) -> ir.Table:
        """The table up to the end of a day."""
        table = facts.tables.get(self.name)
        table = self.build(facts, on, HISTORY) if table is None else table
        return table.filter(_.day <= on)


PANELS: dict[str, Panel] = {}


def panel(
    *inputs: str,
) -> Callable[[Callable[[Facts, dt.date, int], ir.Table]], Panel]:
    """Declare a shared table by the function that makes it of facts, a day and weeks of history."""

    def declare(build: Callable[[Facts, dt.date, int], ir.Table]) -> Panel:
        made = Panel(build.__name__, inputs, build)
        PANELS[made.name] = made
        return made

    return declare


def kept(
    facts: Facts,
    on: dt.date,
    keep: Callable[[ir.Table], ir.Table],
    weeks: int = HISTORY,
) -> Facts:
    """Facts with all panels that their columns allow, each put away by `keep` (to a table, say)."""
    for made in PANELS.values():
        if not facts.lacking(made.inputs):
            table = keep(made.build(facts, on, weeks))
            facts = dataclasses.replace(facts, tables={**facts.tables, made.name: table})
    return facts


ORDER_COLUMNS = (
    "orders.order_id", "orders.retailer_id", "orders.day", "orders.week_start", "orders.tier",
    "orders.qty", "orders.amount", "orders.bureau", "orders.batch_id", "orders.row_no",
    "calendar.week_start", "calendar.orders_suspended",
)  # fmt: skip


@panel(*ORDER_COLUMNS)
def order_days(facts: Facts, on: dt.date, weeks: int) -> ir.Table:
    """One row per shop and day it ordered: `qty` of the week so far, `since` (its first day).

    `skipped` counts the weeks without an order just before, those in which ordering was suspended
    (so far `suspended` in all) left out; `lapse` is the same, at most 2.
    """
    recent = facts.orders.filter(_.day > on - dt.timedelta(weeks=weeks), _.day <= on)
    daily = recent.group_by("bureau", "retailer_id", "week_start", "day").agg(
        day_qty=_.qty.sum(), tier=_.tier.max()
    )
    week = ibis.window(
        group_by=["retailer_id", "week_start"], order_by="day", preceding=None, following=0
    )
    shop = ibis.window(group_by="retailer_id", order_by="day")
    daily = daily.join(_weeks_suspended(facts, daily), "week_start")
    daily = daily.mutate(
        qty=_.day_qty.sum().over(week),
        last_week=_.week_start.lag().over(shop),
        last_suspended=_.suspended.lag().over(shop),
        since=_.day.min().over(
            ibis.window(group_by="retailer_id", order_by="day", preceding=None, following=0)
        ),
    )
    weeks_between = _.week_start.delta(_.last_week, unit="day") // 7
    skipped = weeks_between - 1 - (_.suspended - _.last_suspended)
    daily = daily.mutate(skipped=ibis.greatest(skipped.fill_null(0), 0).cast("int64"))
    return daily.mutate(lapse=ibis.least(_.skipped, 2)).drop("last_week", "last_suspended")


def _weeks_suspended(facts: Facts, daily: ir.Table) -> ir.Table:
    """week_start, suspended: how many weeks up to it were without ordering."""
    closed = facts.calendar.filter(_.orders_suspended).select(closed="week_start").distinct()
    weeks = daily.select("week_start").distinct()
    counted = weeks.left_join(closed, closed.closed <= weeks.week_start)
    return counted.group_by("week_start").agg(suspended=_.closed.count())


@panel(*ORDER_COLUMNS)
def volume(facts: Facts, on: dt.date, weeks: int) -> ir.Table:
    """`order_days` with ln(quantity + 1) told apart, and its departures over several windows."""
    book = order_days(facts, on) if weeks == HISTORY else order_days.build(facts, on, weeks)
    net = statistics.net_of_market(book.mutate(x=(_.qty + 1).ln()))
    windows = {f"z{weeks}": (weeks, 0) for weeks in (1, 2, 4, 8)}
    return statistics.with_departures(net, {**windows, "z10": (10, 8), "z13": (13, 8)})


def orders_of(facts: Facts, on: dt.date, found: ir.Table, weeks: int) -> ir.Table:
    """Evidence: the orders of the found shops in the weeks up to a day."""
    recent = facts.orders.filter(_.day > on - dt.timedelta(weeks=weeks), _.day <= on)
    wanted = found.select("subject_id")
    mine = recent.join(wanted, recent.retailer_id == wanted.subject_id)
    return evidence.stacked(evidence.rows_of(mine, "orders", "order_id", "day", "qty", "amount"))
