"""Tables made of facts that several detectors read, each computed once a night.

`PANELS` names them. A runner that keeps them passes `kept(facts, on, keep)` instead of facts: a
panel found in `facts.tables` is cut at the day and used, else computed. Every row depends on its own
and earlier days only, so the panels of one day serve the replay of all days before it.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pyarrow as pa
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
    names: Iterable[str] | None = None,
) -> Facts:
    """Facts with the panels that their columns allow, each put away by `keep` (to a table, say)."""
    wanted = set(PANELS if names is None else names)
    for made in PANELS.values():
        if made.name in wanted and not facts.lacking(set(made.inputs).difference(MAY_LACK)):
            table = keep(made.build(facts, on, weeks))
            facts = dataclasses.replace(facts, tables={**facts.tables, made.name: table})
    return facts


ORDER_COLUMNS = (
    "orders.retailer_id", "orders.day", "orders.week_start", "orders.tier", "orders.qty",
    "orders.bureau", "calendar.week_start", "calendar.orders_suspended",
)  # fmt: skip
ORDER_ROWS = ("orders.order_id", "orders.amount", "orders.batch_id", "orders.row_no")  # evidence
SHOP_COLUMNS = ("retailers.retailer_id", "retailers.open_date")
MAY_LACK = ("orders.tier", "retailers.open_date")  # then shops have no peers by tier; none is new


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
    """`order_days` with ln(quantity + 1) told apart, and how it departs over several windows.

    For each window a departure (z1, z2 ...) and the log of the ratio that people read (r1, r2 ...).
    """
    net = statistics.net_of_market(_book(facts, on, weeks).mutate(x=(_.qty + 1).ln()))
    windows = {1: 0, 2: 0, 4: 0, 8: 0, 10: 8, 13: 8}  # orders, and how many more lie between
    moved = statistics.with_departures(net, {f"z{n}": (n, lag) for n, lag in windows.items()})
    return statistics.with_ratios(moved, {f"r{n}": (n, lag) for n, lag in windows.items()})


LINE_ROWS = ("lines.batch_id", "lines.row_no")
LINE_COLUMNS = ("lines.retailer_id", "lines.day", "lines.sku_id", "lines.qty", "lines.bureau")
STRUCTURE_COLUMNS = (*LINE_COLUMNS, "lines.amount", "skus.sku_id", "skus.price_class")
LIMIT_COLUMNS = (*LINE_COLUMNS, "lines.limit_qty")
SMALL_CHANGE = 6000  # fen added to both sides of a quotient of amounts
TIGHT = 0.35  # a brand is scarce where more of its lines than this met the limit
BAND = 3  # tiers that are peers


def _order_lines(facts: Facts, on: dt.date, weeks: int) -> ir.Table:
    return facts.lines.filter(_.day > on - dt.timedelta(weeks=weeks), _.day <= on, _.qty > 0)


def _book(facts: Facts, on: dt.date, weeks: int) -> ir.Table:
    return order_days.build(facts, on, weeks) if weeks != HISTORY else order_days(facts, on)


@panel(*ORDER_COLUMNS, *STRUCTURE_COLUMNS)
def structure(facts: Facts, on: dt.date, weeks: int) -> ir.Table:
    """`order_days` with the share of class 1 in the day's amount, told apart as in `volume`.

    `top` and `rest` are fen; the series is ln(top / rest), both with 60 yuan added.
    """
    classes = facts.skus.group_by("sku_id").agg(price_class=_.price_class.min())
    lines = _order_lines(facts, on, weeks).join(classes, "sku_id")
    amounts = lines.group_by("retailer_id", "day").agg(
        top=(_.price_class == 1).ifelse(_.amount, 0).sum().cast("float64"),
        whole=_.amount.sum().cast("float64"),
    )
    book = _book(facts, on, weeks).join(amounts, ["retailer_id", "day"])
    book = book.mutate(x=((_.top + SMALL_CHANGE) / (_.whole - _.top + SMALL_CHANGE)).ln())
    net = statistics.net_of_market(book)
    return statistics.with_departures(net, {f"z{weeks}": (weeks, 0) for weeks in (1, 2, 4, 8)})


@panel(*ORDER_COLUMNS, *LIMIT_COLUMNS)
def limits_met(facts: Facts, on: dt.date, weeks: int) -> ir.Table:
    """`order_days` with how often an order met the published limit, and how much of it was scarce.

    `brands`, `met` (brands at the limit), `due` (as many as shops of the tier band usually meet),
    `excess` (z of met), `scarce` and `loose` (cartons of scarce and freely supplied brands).
    """
    lines = _order_lines(facts, on, weeks).filter(_.limit_qty > 0)
    book = _book(facts, on, weeks).mutate(band=_.tier.fill_null(0) // BAND)
    where = book.select("retailer_id", "day", "week_start", "band")
    lines = lines.mutate(hit=(_.qty >= _.limit_qty).cast("int64")).join(
        where, ["retailer_id", "day"]
    )
    supply = _later_weeks(
        lines.group_by("bureau", "sku_id", "week_start").agg(lines=_.count(), hits=_.hit.sum()), 8
    )
    supply = supply.group_by("bureau", "sku_id", "week_start").agg(
        share=_.hits.sum() / _.lines.sum().nullif(0)
    )
    lines = lines.left_join(supply, ["bureau", "sku_id", "week_start"])
    days = lines.group_by("retailer_id", "day").agg(
        brands=_.count(),
        met=_.hit.sum(),
        scarce=(_.share > TIGHT).ifelse(_.qty, 0.0).sum(),
        loose=(_.share <= TIGHT).ifelse(_.qty, 0.0).sum(),
    )
    book = book.left_join(days, ["retailer_id", "day"])
    book = book.drop("retailer_id_right", "day_right")
    usual = _usual_hits(lines, book)
    book = book.left_join(usual, ["bureau", "band", "week_start"])
    book = book.drop("bureau_right", "band_right", "week_start_right")
    return book.mutate(excess=(_.met - _.due) / (_.spread + 0.5).sqrt())


def _later_weeks(weekly: ir.Table, weeks: int) -> ir.Table:
    """Each row once for every one of the weeks that follow it: what those look back on."""
    steps = ibis.memtable(pa.table({"step": range(1, weeks + 1)}))
    moved = weekly.cross_join(steps)
    later = moved.week_start + moved.step * ibis.interval(days=7)
    return moved.mutate(week_start=later).drop("step")


def _usual_hits(lines: ir.Table, book: ir.Table) -> ir.Table:
    """bureau, band, week_start: due and spread, from the four weeks before."""
    key = ["bureau", "band", "week_start"]
    hits = _later_weeks(lines.group_by(*key, "sku_id").agg(hits=_.hit.sum()), 4)
    orders = _later_weeks(book.group_by(*key).agg(orders=_.count()), 4)
    orders = orders.group_by(*key).agg(orders=_.orders.sum())
    rates = hits.group_by(*key, "sku_id").agg(hits=_.hits.sum()).join(orders, key)
    rates = rates.mutate(rate=ibis.least(_.hits / _.orders, 1.0))  # a day may have two orders
    return rates.group_by(*key).agg(due=_.rate.sum(), spread=(_.rate * (1 - _.rate)).sum())


def _met(facts: Facts, on: dt.date, weeks: int) -> ir.Table:
    return limits_met.build(facts, on, weeks) if weeks != HISTORY else limits_met(facts, on)


@panel(*ORDER_COLUMNS, *LIMIT_COLUMNS)
def pressure(facts: Facts, on: dt.date, weeks: int) -> ir.Table:
    """`limits_met` with `excess` told apart: departures z2, z4, z8, and the levels l4 and l8."""
    net = statistics.net_of_market(_met(facts, on, weeks).mutate(x=_.excess))
    moved = statistics.with_departures(net, {f"z{weeks}": (weeks, 0) for weeks in (1, 2, 4, 8)})
    return statistics.with_levels(moved, "excess", {"l4": 4, "l8": 8})


@panel(*ORDER_COLUMNS, *LIMIT_COLUMNS)
def scarcity(facts: Facts, on: dt.date, weeks: int) -> ir.Table:
    """`limits_met` with ln(scarce / loose), both with a carton added, told apart (z1 to z8)."""
    series = ((_.scarce + 1) / (_.loose + 1)).ln()
    net = statistics.net_of_market(_met(facts, on, weeks).mutate(x=series))
    return statistics.with_departures(net, {f"z{weeks}": (weeks, 0) for weeks in (1, 2, 4, 8)})


@panel(*ORDER_COLUMNS, *LINE_COLUMNS)
def repeats(facts: Facts, on: dt.date, weeks: int) -> ir.Table:
    """`order_days` with how much of an order repeats the one before, among brands below the limit.

    `same` of `either` brands (in this order or the last) have the same quantity; `stale` is that
    share, `stale_z` against orders of as many brands, and l3 and l6 its means over orders.
    """
    turn = ibis.row_number().over(group_by="retailer_id", order_by="day")
    book = _book(facts, on, weeks).mutate(turn=turn)
    free = _order_lines(facts, on, weeks).filter(_.limit_qty.isnull() | (_.qty < _.limit_qty))
    free = free.join(book.select("retailer_id", "day", "turn"), ["retailer_id", "day"])
    brand = ibis.window(group_by=["retailer_id", "sku_id"], order_by="turn")
    free = free.mutate(last_turn=_.turn.lag().over(brand), last_qty=_.qty.lag().over(brand))
    free = free.mutate(
        both=(_.last_turn == _.turn - 1).ifelse(1, 0),
        same=((_.last_turn == _.turn - 1) & (_.qty == _.last_qty)).ifelse(1, 0),
    )
    days = free.group_by("retailer_id", "day").agg(
        brands=_.count(), both=_.both.sum(), same=_.same.sum()
    )
    book = book.left_join(days, ["retailer_id", "day"]).drop("retailer_id_right", "day_right")
    shop = ibis.window(group_by="retailer_id", order_by="day")
    book = book.mutate(before=_.brands.fill_null(0).lag().over(shop))
    book = book.mutate(either=_.brands.fill_null(0) + _.before - _.both.fill_null(0))
    book = book.mutate(
        stale=(_.same.fill_null(0) + 0.5) / (_.either + 1),
        size=ibis.least(_.either // 3, 8),
    )
    book = statistics.against_peers(book, "stale", "size")
    return statistics.with_levels(book, "stale_z", {"l3": 3, "l6": 6})


@panel(*ORDER_COLUMNS, *LIMIT_COLUMNS)
def choices(facts: Facts, on: dt.date, weeks: int) -> ir.Table:
    """`limits_met` with how much an order picks scarce brands only: l3 and l6, means over orders.

    The mean of three z against the tier band: `share` of scarce cartons, few brands, `excess`.
    """
    book = _met(facts, on, weeks).mutate(
        share=_.scarce / (_.scarce + _.loose).nullif(0), few=-_.brands.cast("float64")
    )
    book = statistics.against_peers(book, "share", "band")
    book = statistics.against_peers(book, "few", "band")
    book = book.mutate(picky=(_.share_z + _.few_z + _.excess) / 3)
    return statistics.with_levels(book, "picky", {"l3": 3, "l6": 6})


def orders_of(facts: Facts, on: dt.date, found: ir.Table, weeks: int) -> ir.Table:
    """Evidence: the orders of the found shops in the weeks up to a day."""
    recent = facts.orders.filter(_.day > on - dt.timedelta(weeks=weeks), _.day <= on)
    wanted = found.select("subject_id")
    mine = recent.join(wanted, recent.retailer_id == wanted.subject_id)
    return evidence.stacked(evidence.rows_of(mine, "orders", "order_id", "day", "qty", "amount"))


def lines_of(facts: Facts, on: dt.date, found: ir.Table, weeks: int, *columns: str) -> ir.Table:
    """Evidence: the newest order lines of the found shops in the weeks up to a day."""
    recent = facts.lines.filter(_.day > on - dt.timedelta(weeks=weeks), _.day <= on)
    wanted = found.select("subject_id")
    mine = recent.join(wanted, recent.retailer_id == wanted.subject_id)
    return evidence.stacked(evidence.rows_of(mine, "lines", "day", "sku_id", "qty", *columns))
