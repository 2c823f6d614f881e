"""Tables made of facts that several detectors read, each computed once a night.

`PANELS` names them. A runner that keeps them passes `kept(facts, span, keep)` instead of facts: a
panel found in `facts.tables` is cut at the day and used, else computed. Every row depends on its own
and earlier days only, so the panels of one day serve the replay of all days before it, and one night
adds one order day to what the nights before kept (`alerts.actions.remembering`).
"""

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from alerts import evidence, statistics
from alerts.trails import Past, Span, newest, so_far, with_trails
from sources.facts import Facts

HISTORY = 78  # weeks of facts behind a night; half as many work, with a rougher tail
Build = Callable[[Facts, Span], ir.Table]
Keep = Callable[[str, ir.Table], ir.Table]  # puts a panel away: its name and rows; gives them back


@dataclass(frozen=True)
class Panel:
    """A shared table: its name among the facts, what it is made of, and how."""

    name: str
    inputs: tuple[str, ...]
    build: Build

    def __call__(self, facts: Facts, on: dt.date) -> ir.Table:
        """The table up to the end of a day."""
        return self.of(facts, Span(on - dt.timedelta(weeks=HISTORY), on)).filter(_.day <= on)

    def of(self, facts: Facts, span: Span) -> ir.Table:
        """The table of a span: kept among the facts, or computed."""
        table = facts.tables.get(self.name)
        return self.build(facts, span) if table is None else table

    def can_be_made(self, facts: Facts) -> bool:
        """Whether imports have brought the columns that it cannot do without."""
        return not facts.lacking(set(self.inputs).difference(MAY_LACK))


PANELS: dict[str, Panel] = {}


def panel(*inputs: str) -> Callable[[Build], Panel]:
    """Declare a shared table by the function that makes it of facts and a span of days."""

    def declare(build: Build) -> Panel:
        made = Panel(build.__name__, inputs, build)
        PANELS[made.name] = made
        return made

    return declare


def kept(
    facts: Facts,
    span: Span,
    keep: Keep,
    names: Iterable[str] | None = None,
) -> Facts:
    """Facts with the panels that their columns allow, each put away by `keep`."""
    wanted = set(PANELS if names is None else names)
    for made in PANELS.values():
        if made.name in wanted and made.can_be_made(facts):
            facts = with_tables(facts, {made.name: keep(made.name, made.build(facts, span))})
    return facts


def with_tables(facts: Facts, tables: Mapping[str, ir.Table]) -> Facts:
    """Facts with more tables."""
    return dataclasses.replace(facts, tables={**facts.tables, **tables})


ORDER_COLUMNS = (
    "orders.retailer_id", "orders.day", "orders.week_start", "orders.tier", "orders.qty",
    "orders.bureau", "calendar.week_start", "calendar.orders_suspended",
)  # fmt: skip
ORDER_ROWS = ("orders.order_id", "orders.amount", "orders.batch_id", "orders.row_no")  # evidence
SHOP_COLUMNS = ("retailers.retailer_id", "retailers.open_date")
MAY_LACK = ("orders.tier", "retailers.open_date")  # then shops have no peers by tier; none is new


@panel(*ORDER_COLUMNS)
def order_days(facts: Facts, span: Span) -> ir.Table:
    """One row per shop and day it ordered: `qty` of the week so far, `since` (its first day).

    `skipped` counts the weeks without an order just before, those in which ordering was suspended
    (so far `suspended` in all) left out; `lapse` is the same, at most 2. `last_day` is that of the
    order before.
    """
    past = span.past.get("order_days")
    daily = (
        span.of(facts.orders)
        .group_by("bureau", "retailer_id", "day")
        .agg(week_start=_.week_start.min(), day_qty=_.qty.sum(), tier=_.tier.max())
    )
    daily = daily.join(_weeks_suspended(facts, daily), "week_start")
    daily = with_trails(
        daily,
        past,
        last_day=newest(_.day),
        last_week=newest(_.week_start),
        last_suspended=newest(_.suspended),
    )
    weeks_between = _.week_start.delta(_.last_week, unit="day") // 7
    skipped = weeks_between - 1 - (_.suspended - _.last_suspended)
    daily = daily.mutate(skipped=ibis.greatest(skipped.fill_null(0), 0).cast("int64"))
    daily = daily.mutate(lapse=ibis.least(_.skipped, 2)).drop("last_week", "last_suspended")
    return _since(_of_the_week(daily, past), past)


def _of_the_week(daily: ir.Table, past: Past | None) -> ir.Table:
    """Add `qty`: what the shop ordered in the week up to the day."""
    if past is None:
        week = ibis.window(
            group_by=["retailer_id", "week_start"], order_by="day", preceding=None, following=0
        )
        return daily.mutate(qty=_.day_qty.sum().over(week))
    earlier = past.recent.group_by("retailer_id", "week_start").agg(earlier=_.day_qty.sum())
    joined = daily.left_join(earlier, ["retailer_id", "week_start"])
    return joined.mutate(qty=_.day_qty + _.earlier.fill_null(0.0)).select(*daily.columns, "qty")


def _since(daily: ir.Table, past: Past | None) -> ir.Table:
    """Add `since`: the first day that the shop ordered."""
    if past is None:
        ever = ibis.window(group_by="retailer_id", order_by="day", preceding=None, following=0)
        return daily.mutate(since=_.day.min().over(ever))
    told = with_trails(daily, past, since=newest(_.since))
    return told.mutate(since=ibis.coalesce(_.since, _.day))


def _weeks_suspended(facts: Facts, daily: ir.Table) -> ir.Table:
    """week_start, suspended: how many weeks up to it were without ordering."""
    closed = facts.calendar.filter(_.orders_suspended).select(closed="week_start").distinct()
    weeks = daily.select("week_start").distinct()
    counted = weeks.left_join(closed, closed.closed <= weeks.week_start)
    return counted.group_by("week_start").agg(suspended=_.closed.count())


@panel(*ORDER_COLUMNS)
def volume(facts: Facts, span: Span) -> ir.Table:
    """`order_days` with ln(quantity + 1) told apart, and how it departs over several windows.

    For each window a departure (z1, z2 ...) and the log of the ratio that people read (r1, r2 ...).
    """
    past = span.past.get("volume")
    book = order_days.of(facts, span).mutate(x=(_.qty + 1).ln())
    windows = {1: 0, 2: 0, 4: 0, 8: 0, 10: 8, 13: 8}  # orders, and how many more lie between
    moved = statistics.with_departures(
        statistics.net_of_market(book, past),
        {f"z{n}": (n, lag) for n, lag in windows.items()},
        past,
    )
    return statistics.with_ratios(moved, {f"r{n}": (n, lag) for n, lag in windows.items()}, past)


LINE_ROWS = ("lines.batch_id", "lines.row_no")
LINE_COLUMNS = ("lines.retailer_id", "lines.day", "lines.sku_id", "lines.qty", "lines.bureau")
STRUCTURE_COLUMNS = (*LINE_COLUMNS, "lines.amount", "skus.sku_id", "skus.price_class")
LIMIT_COLUMNS = (*LINE_COLUMNS, "lines.limit_qty")
SMALL_CHANGE = 6000  # fen added to both sides of a quotient of amounts
TIGHT = 0.35  # a brand is scarce where more of its lines than this met the limit
BAND = 3  # tiers that are peers


WINDOWS = {f"z{weeks}": (weeks, 0) for weeks in (1, 2, 4, 8)}
ONE_BEFORE = 13  # weeks after which an order is not compared with the one before


def _order_lines(facts: Facts, span: Span) -> ir.Table:
    return span.of(facts.lines).filter(_.qty > 0)


def _beside(book: ir.Table, other: ir.Table, *keys: str) -> ir.Table:
    """A book with what another table says of its rows, null where it says nothing."""
    return book.left_join(other, keys).drop(*(f"{key}_right" for key in keys))


@panel(*ORDER_COLUMNS, *STRUCTURE_COLUMNS)
def structure(facts: Facts, span: Span) -> ir.Table:
    """`order_days` with the share of class 1 in the day's amount, told apart as in `volume`.

    `top` and `rest` are fen; the series is ln(top / rest), both with 60 yuan added.
    """
    past = span.past.get("structure")
    classes = facts.skus.group_by("sku_id").agg(price_class=_.price_class.min())
    lines = _order_lines(facts, span).join(classes, "sku_id")
    amounts = lines.group_by("retailer_id", "day").agg(
        top=(_.price_class == 1).ifelse(_.amount, 0).sum().cast("float64"),
        whole=_.amount.sum().cast("float64"),
    )
    book = _beside(order_days.of(facts, span), amounts, "retailer_id", "day")
    book = book.mutate(x=((_.top + SMALL_CHANGE) / (_.whole - _.top + SMALL_CHANGE)).ln())
    return statistics.with_departures(statistics.net_of_market(book, past), WINDOWS, past)


@panel(*ORDER_COLUMNS, *LIMIT_COLUMNS)
def supply(facts: Facts, span: Span) -> ir.Table:
    """One row per county, band of tiers, brand and day: `lines` with a limit, `hits` that met it."""
    return (
        _limited_lines(facts, span)
        .group_by("bureau", "band", "sku_id", "week_start", "day")
        .agg(lines=_.count(), hits=_.hit.sum())
    )


def _banded(facts: Facts, span: Span) -> ir.Table:
    return order_days.of(facts, span).mutate(band=_.tier.fill_null(0) // BAND)


def _limited_lines(facts: Facts, span: Span) -> ir.Table:
    """The lines that have a limit, with `hit`, and the `band` and week of their order."""
    lines = _order_lines(facts, span).filter(_.limit_qty > 0)
    where = _banded(facts, span).select("retailer_id", "day", "week_start", "band")
    lines = lines.mutate(hit=(_.qty >= _.limit_qty).cast("int64"))
    return lines.join(where, ["retailer_id", "day"])


@panel(*ORDER_COLUMNS, *LIMIT_COLUMNS)
def limits_met(facts: Facts, span: Span) -> ir.Table:
    """`order_days` with how often an order met the published limit, and how much of it was scarce.

    `brands`, `met` (brands at the limit), `due` (as many as shops of the tier band usually meet),
    `excess` (z of met), `scarce` and `loose` (cartons of scarce and freely supplied brands).
    """
    lines = _limited_lines(facts, span)
    shares = _shares_at_limit(facts, span)
    lines = lines.left_join(shares, ["bureau", "sku_id", "week_start"])
    days = lines.group_by("retailer_id", "day").agg(
        brands=_.count(),
        met=_.hit.sum(),
        scarce=(_.share > TIGHT).ifelse(_.qty, 0.0).sum(),
        loose=(_.share <= TIGHT).ifelse(_.qty, 0.0).sum(),
    )
    book = _beside(_banded(facts, span), days, "retailer_id", "day")
    book = _beside(book, _usual_hits(facts, span), "bureau", "band", "week_start")
    return book.mutate(excess=(_.met - _.due) / (_.spread + 0.5).sqrt())


def _supply_so_far(facts: Facts, span: Span) -> ir.Table:
    columns = ("bureau", "band", "sku_id", "week_start", "lines", "hits")
    return so_far(supply.of(facts, span), span.past.get("supply"), *columns)


def _shares_at_limit(facts: Facts, span: Span) -> ir.Table:
    """bureau, sku_id, week_start: the `share` of lines that met the limit in the 8 weeks before."""
    weekly = _supply_so_far(facts, span).group_by("bureau", "sku_id", "week_start")
    known = _later_weeks(weekly.agg(lines=_.lines.sum(), hits=_.hits.sum()), 8)
    return known.group_by("bureau", "sku_id", "week_start").agg(
        share=_.hits.sum() / _.lines.sum().nullif(0)
    )


def _later_weeks(weekly: ir.Table, weeks: int) -> ir.Table:
    """Each row once for every one of the weeks that follow it: what those look back on."""
    steps = ibis.memtable(pa.table({"step": range(1, weeks + 1)}))
    moved = weekly.cross_join(steps)
    later = moved.week_start + moved.step * ibis.interval(days=7)
    return moved.mutate(week_start=later).drop("step")


def _usual_hits(facts: Facts, span: Span) -> ir.Table:
    """bureau, band, week_start: due and spread, from the four weeks before."""
    key = ["bureau", "band", "week_start"]
    book = so_far(
        order_days.of(facts, span), span.past.get("order_days"), "bureau", "tier", "week_start"
    )
    book = book.mutate(band=_.tier.fill_null(0) // BAND)
    weekly = _supply_so_far(facts, span).group_by(*key, "sku_id")
    hits = _later_weeks(weekly.agg(hits=_.hits.sum()), 4)
    orders = _later_weeks(book.group_by(*key).agg(orders=_.count()), 4)
    orders = orders.group_by(*key).agg(orders=_.orders.sum())
    rates = hits.group_by(*key, "sku_id").agg(hits=_.hits.sum()).join(orders, key)
    rates = rates.mutate(rate=ibis.least(_.hits / _.orders, 1.0))  # a day may have two orders
    return rates.group_by(*key).agg(due=_.rate.sum(), spread=(_.rate * (1 - _.rate)).sum())


@panel(*ORDER_COLUMNS, *LIMIT_COLUMNS)
def pressure(facts: Facts, span: Span) -> ir.Table:
    """`limits_met` with `excess`, the limits met beyond the tier band's, told apart (z1 to z8)."""
    past = span.past.get("pressure")
    net = statistics.net_of_market(limits_met.of(facts, span).mutate(x=_.excess), past)
    return statistics.with_departures(net, WINDOWS, past)


@panel(*ORDER_COLUMNS, *LIMIT_COLUMNS)
def fullness(facts: Facts, span: Span) -> ir.Table:
    """`limits_met` with how fully an order takes its limits, told apart, and l4 and l8 of `excess`.

    The series rises with the share of the order's brands at the limit and with their number: arc
    sine of the share's root, times the root of the number, whose noise is about the same for orders
    of five brands and of thirty. What the tier band usually meets is not taken off: it is known from
    four weeks before only, and what the day's cohort has in common goes out anyway.
    """
    past = span.past.get("fullness")
    share = (_.met + 0.375) / (_.brands + 0.75)
    series = (_.brands + 0.5).sqrt() * share.sqrt().asin()
    net = statistics.net_of_market(limits_met.of(facts, span).mutate(x=series), past)
    moved = statistics.with_departures(net, WINDOWS, past)
    return statistics.with_levels(moved, "excess", {"l4": 4, "l8": 8}, past)


@panel(*ORDER_COLUMNS, *LIMIT_COLUMNS)
def scarcity(facts: Facts, span: Span) -> ir.Table:
    """`limits_met` with ln(scarce / loose), both with a carton added, told apart (z1 to z8)."""
    past = span.past.get("scarcity")
    series = ((_.scarce + 1) / (_.loose + 1)).ln()
    net = statistics.net_of_market(limits_met.of(facts, span).mutate(x=series), past)
    return statistics.with_departures(net, WINDOWS, past)


@panel(*ORDER_COLUMNS, *LINE_COLUMNS)
def repeats(facts: Facts, span: Span) -> ir.Table:
    """`order_days` with how much of an order repeats the one before, among brands below the limit.

    `same` of `either` brands (in this order or the last) have the same quantity; `stale` is that
    share, `stale_z` against orders of as many brands, and l3 and l6 its means over orders. Null
    where the order before is older than 13 weeks.
    """
    past = span.past.get("repeats")
    near = _.day.delta(_.last_day, unit="day") <= 7 * ONE_BEFORE
    book = order_days.of(facts, span).mutate(last_day=near.ifelse(_.last_day, ibis.null("date")))
    free = _order_lines(facts, span.back(ONE_BEFORE))
    free = free.filter(_.limit_qty.isnull() | (_.qty < _.limit_qty))
    if past is not None:  # of all those weeks two days of each shop
        book = past.put(book)
        two = ibis.union(
            book.select("retailer_id", "day"), book.select("retailer_id", day="last_day")
        )
        free = free.semi_join(two, ["retailer_id", "day"])
    free = free.group_by("retailer_id", "day", "sku_id").agg(qty=_.qty.sum())
    now = span.of(free).join(book.select("retailer_id", "day", "last_day"), ["retailer_id", "day"])
    before = free.select("retailer_id", "sku_id", last_day="day", last_qty="qty")
    now = now.left_join(before, ["retailer_id", "sku_id", "last_day"])
    days = now.group_by("retailer_id", "day").agg(
        brands=_.count(),
        both=_.last_qty.count(),
        same=(_.qty == _.last_qty).fill_null(False).cast("int64").sum(),  # noqa: FBT003
    )
    last = before.group_by("retailer_id", "last_day").agg(brands_before=_.count())
    book = _beside(book, days, "retailer_id", "day")
    book = _beside(book, last, "retailer_id", "last_day")
    earlier = _.last_day.isnull().ifelse(None, _.brands_before.fill_null(0))
    book = book.mutate(either=_.brands.fill_null(0) + earlier - _.both.fill_null(0))
    book = book.drop("brands_before").mutate(
        stale=(_.same.fill_null(0) + 0.5) / (_.either + 1),
        size=ibis.least(_.either // 3, 8),
    )
    book = statistics.against_peers(book, "stale", "size", past)
    return statistics.with_levels(book, "stale_z", {"l3": 3, "l6": 6}, past)


@panel(*ORDER_COLUMNS, *LIMIT_COLUMNS)
def choices(facts: Facts, span: Span) -> ir.Table:
    """`limits_met` with how much an order picks scarce brands only: l3 and l6, means over orders.

    The mean of three z against the tier band: `share` of scarce cartons, few brands, `excess`.
    """
    past = span.past.get("choices")
    book = limits_met.of(facts, span).mutate(
        share=_.scarce / (_.scarce + _.loose).nullif(0), few=-_.brands.cast("float64")
    )
    book = statistics.against_peers(book, "share", "band", past)
    book = statistics.against_peers(book, "few", "band", past)
    book = book.mutate(picky=(_.share_z + _.few_z + _.excess) / 3)
    return statistics.with_levels(book, "picky", {"l3": 3, "l6": 6}, past)


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
