"""Statistics that several detectors share, as expressions: own normal, peer index, scale, tail.

A *book* is a table of one row per shop and order day: bureau, retailer_id, day, week_start, lapse
(0, 1 or 2: order chances skipped just before) and the series' value. Everything computed here for a
row uses that row's day and earlier days only, so the history of a night is part of the history of
every later night: a table computed once serves a whole replay, and a night adds one day to what the
nights before kept (`past`, see `alerts.trails`).
"""

import datetime as dt
import itertools
import math
from collections.abc import Callable, Iterable, Sequence

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.trails import (
    MEMORY,
    Past,
    Trail,
    at_hand,
    count,
    mean,
    so_far,
    weeks_before,
    with_trails,
)
from sources.facts import Facts

LEAST = 8  # orders without which a shop has no normal yet
PRIOR_SHOPS = 3.0  # a cohort's index is shrunk to none by this many shops
PRIOR_ORDERS = 12.0  # own variance is shrunk to that of shops of the same size by this many orders
MOST_OF_ONE = 3.0  # standard deviations that one order counts at most in a window of several
CLIP = 3.0  # mean absolute deviations (2.4 standard ones) beyond which one order no longer counts

# Where the tail is read off the trailing values, and what it is where there are hardly any:
# the share of rows beyond, and a heavy-tailed default in standard deviations.
LEVELS = {"q900": 0.1, "q920": 0.08, "q950": 0.05, "q980": 0.02, "q995": 0.005, "q9988": 0.00125}
DEFAULTS = {"q900": 1.4, "q920": 1.55, "q950": 1.85, "q980": 2.5, "q995": 3.5, "q9988": 4.8}
FAR = ("q900", "q950", "q980", "q995", "q9988")
# For what goes on for months: the outermost 1 in 1,000 are then a few shops' weeks of the very thing
# that is looked for, which would hide itself and the next.
NEAR = ("q920", "q980", "q995")
DEFAULT_ROWS = 150.0
HEAVIEST = 0.35  # Pareto shape

# One order alone is never rarer than this: about as often an honest shop supplies a wedding or a
# funeral that more than doubles its order, and a county that has seen none yet cannot know it.
ONE_OFF = 1 / 2000


def within(column: ir.Value, bound: ir.Value) -> ir.Value:
    """The column, cut to ±bound."""
    return ibis.greatest(ibis.least(column, bound), -bound)


def cohort_index(book: ir.Table, deviation: str) -> ir.Table:
    """bureau, day, market: what happened to everyone of the county who ordered on that day.

    The median of the shops' own deviations, shrunk towards none where few of them ordered.
    """
    known = book.filter(_[deviation].notnull())
    cohort = known.group_by("bureau", "day").agg(middle=_[deviation].median(), shops=_.count())
    return cohort.select(
        "bureau", "day", market=_.middle * _.shops / (_.shops + PRIOR_SHOPS), cohort="shops"
    )


def net_of_market(book: ir.Table, past: Past | None) -> ir.Table:
    """A book with its series `x` (null: not evaluated), told apart into shop, market and noise.

    Adds `market` (index of the day's cohort, with what a skipped order chance usually brings),
    `own` (the shop's normal, at least 8 orders or null), `level` (x - market), `clean` (level with
    single outliers cut) and `sigma` (noise of one order, empirical Bayes); and what later orders
    will ask of this one: `flat`, `jump`, `tidy`, `moved`, `size`, `square`.
    """
    rough = with_trails(book, past, known=count(_.x), before=mean(_.x))
    rough = rough.mutate(raw=_.x - _.before)
    rough = _with_index(rough, "raw").mutate(flat=_.x - _.market)
    rough = with_trails(rough, past, usual=mean(_.flat)).mutate(jump=_.flat - _.usual)
    rough = with_trails(rough, past, bound=mean(_.jump.abs())).mutate(bound=_.bound * CLIP)
    rough = rough.mutate(tidy=_cleaned(_.flat, _.usual, _.jump, _.bound))

    fine = with_trails(rough.drop("market", "cohort", "usual"), past, usual=mean(_.tidy))
    fine = fine.mutate(raw=_.x - _.usual)
    fine = _with_index(fine, "raw").mutate(moved=within(_.raw - _.market, _.bound))
    fine = _with_lapses(fine, past).mutate(level=_.x - _.market)
    fine = fine.mutate(error=within(_.level - _.usual, _.bound))
    fine = fine.mutate(clean=_cleaned(_.level, _.usual, _.error, _.bound))
    fine = with_trails(fine, past, own=mean(_.clean))
    fine = fine.mutate(own=(_.known >= LEAST).ifelse(_.own, ibis.null("float64")))
    return _with_sigma(fine, past).drop("before", "raw", "usual", "error", "bound")


def _cleaned(value: ir.Value, usual: ir.Value, error: ir.Value, bound: ir.Value) -> ir.Value:
    return ibis.coalesce(usual + within(error, bound), value)


def _with_index(book: ir.Table, deviation: str) -> ir.Table:
    joined = book.left_join(cohort_index(book, deviation), ["bureau", "day"])
    return joined.drop("bureau_right", "day_right").mutate(market=_.market.fill_null(0.0))


def _with_lapses(book: ir.Table, past: Past | None) -> ir.Table:
    """Add to `market` what an order after skipped chances has usually brought in the county."""
    book = at_hand(book, past)
    rows = so_far(book, past, "bureau", "lapse", "week_start", "moved")
    sums = weeks_before(rows, ["bureau", "lapse"], total=_.moved.sum(), orders=_.moved.count())
    usual = sums.select(
        "bureau", "lapse", "week_start", effect=(_.total / (_.orders + 20.0)).fill_null(0.0)
    )
    joined = book.left_join(usual, ["bureau", "lapse", "week_start"])
    return joined.mutate(market=_.market + _.effect.fill_null(0.0)).select(
        *(column for column in book.columns if column != "market"), "market"
    )


def _fewness(weeks: int, orders: ir.Value) -> ir.Value:
    """How much less the mean of `weeks` orders departs from a normal of 26 than from this one."""
    return (1 + weeks / MEMORY) / (1 + weeks / orders.nullif(0))


def _with_sigma(book: ir.Table, past: Past | None) -> ir.Table:
    """Own variance, shrunk to that of the county's orders of about the same size."""
    book = book.mutate(
        size=(_.usual * 2).floor(),
        square=(_.known >= LEAST).ifelse(_.error**2 * _fewness(1, _.known), None),
    )
    book = at_hand(book, past)
    rows = so_far(book, past, "bureau", "size", "week_start", "square")
    sums = weeks_before(rows, ["bureau", "size"], total=_.square.sum(), orders=_.square.count())
    usual = sums.select("bureau", "size", "week_start", peers=_.total / _.orders.nullif(0))
    joined = book.left_join(usual, ["bureau", "size", "week_start"]).select(*book.columns, "peers")
    joined = with_trails(joined, past, own_square=mean(_.square), n=count(_.square))
    peers = ibis.coalesce(_.peers, _.own_square)
    own = ibis.least(ibis.coalesce(_.own_square, _.peers), peers * 9)
    variance = (peers * PRIOR_ORDERS + own * _.n) / (_.n + PRIOR_ORDERS)
    return joined.mutate(sigma=(variance * 1.15 + 1e-4).sqrt()).drop("peers", "own_square", "n")


def with_departures(
    book: ir.Table, windows: dict[str, tuple[int, int]], past: Past | None
) -> ir.Table:
    """Add the z of the last `weeks` orders against the 26 before them (and before `lag` more).

    `windows` names each column by its (weeks, lag); the table was made by `net_of_market`. In a
    window of several orders no single one counts more than `MOST_OF_ONE`: that it lasts is what
    these windows are for. What the day's cohort has in common is taken out of each once more:
    normals lag behind slow common moves. Null where fewer than 8 orders went before. Also adds
    `even`, the level with what one order counts for at most.
    """
    most = _.own + within(_.level - _.own, _.sigma * MOST_OF_ONE)
    book = book.mutate(even=ibis.coalesce(most, _.level))
    columns = book.columns
    trails = {f"{name}_now": mean(_.even, weeks - 1, 0) for name, (weeks, _lag) in windows.items()}
    for name, window in windows.items():
        trails |= {f"{name}_before": _before(*window), f"{name}_orders": _before(*window, count)}
    book = with_trails(book, past, **trails)
    book = book.mutate(**{name: _change(name, weeks) for name, (weeks, _lag) in windows.items()})
    book = at_hand(book.select(*columns, *windows), past)
    known = book.filter(_.own.notnull())
    middles = {f"{name}_middle": known[name].median() for name in windows}
    cohort = known.group_by("bureau", "day").agg(shops=_.count(), **middles)
    book = book.left_join(cohort, ["bureau", "day"]).drop("bureau_right", "day_right")
    part = (_.shops / (_.shops + PRIOR_SHOPS)).fill_null(0.0)
    scaled = {
        name: (_[name] - _[f"{name}_middle"].fill_null(0.0) * part) * math.sqrt(weeks) / _.sigma
        for name, (weeks, _lag) in windows.items()
    }
    return book.mutate(**scaled).drop("shops", *middles)


def with_ratios(book: ir.Table, windows: dict[str, tuple[int, int]], past: Past | None) -> ir.Table:
    """Add the plain mean of the last `weeks` orders less that of the 26 before: what people read."""
    trails: dict[str, Trail] = {}
    for name, (weeks, lag) in windows.items():
        trails |= {f"{name}_now": mean(_.level, weeks - 1, 0)}
        trails |= {f"{name}_before": _before(weeks, lag)}
    told = with_trails(book, past, **trails)
    ratios = {name: _[f"{name}_now"] - _[f"{name}_before"] for name in windows}
    return told.mutate(**ratios).select(*book.columns, *windows)


def _before(weeks: int, lag: int, what: Callable[..., Trail] = mean) -> Trail:
    first = weeks + lag
    return what(_.clean, first + MEMORY - 1, first)


def _change(name: str, weeks: int) -> ir.Value:
    orders = _[f"{name}_orders"]
    now = _.level if weeks == 1 else _[f"{name}_now"]
    change = (now - _[f"{name}_before"]) * _fewness(weeks, orders).sqrt()
    return (orders >= LEAST).ifelse(change, ibis.null("float64"))


def tail_points(past: ir.Table, columns: Iterable[str], levels: Sequence[str] = FAR) -> ir.Table:
    """bureau, and for each column the values that a known share of its rows exceeded.

    `{column}_{level}` for each level. Few rows are filled up with a heavy-tailed default.
    """
    shares = [1 - LEVELS[level] for level in levels]
    measured = past.group_by("bureau").agg(
        **{f"{name}_rows": _[name].count() for name in columns},
        **{f"{name}_at": _[name].quantile(shares) for name in columns},
    )
    return measured.select(
        "bureau",
        **{
            f"{name}_{level}": _filled_up(
                measured[f"{name}_rows"], measured[f"{name}_at"][place], DEFAULTS[level]
            )
            for name in columns
            for place, level in enumerate(levels)
        },
    )


def _filled_up(rows: ir.Value, value: ir.Value, usual: float) -> ir.Value:
    return (value.fill_null(usual) * rows + usual * DEFAULT_ROWS) / (rows + DEFAULT_ROWS)


def tail_surprise(value: ir.Value, points: dict[str, ir.Value]) -> ir.Value:
    """-log10 of the share of past values beyond: straight lines between the known points.

    Beyond the last point a Pareto tail through the last three. Below the first, less than 1.
    """
    names = list(points)
    heights = {name: -math.log10(LEVELS[name]) for name in names}
    pieces = [(value.isnull() | (value < points[names[0]]), ibis.literal(0.0))]
    for low, high in itertools.pairwise(names):
        width = (points[high] - points[low]).nullif(0)
        slope = (heights[high] - heights[low]) / width
        line = heights[low] + (value - points[low]) * slope.fill_null(0.0)
        pieces.append((value < points[high], line))
    return ibis.cases(*pieces, else_=_pareto(value, points))


def _pareto(value: ir.Value, points: dict[str, ir.Value]) -> ir.Value:
    """The generalised Pareto tail; the three shares are 1 : 4 : 16, so its shape is a quotient."""
    names = list(points)[-3:]
    start, middle, end = (points[name] for name in names)
    quotient = (end - start) / (middle - start).nullif(0)
    shape = ibis.greatest(ibis.least((quotient.fill_null(2.0) - 1).log(4), HEAVIEST), 0.02)
    sixteenfold = (shape * math.log(16)).exp() - 1
    share = (value - start) / (end - start).nullif(0) * sixteenfold
    return -math.log10(LEVELS[names[0]]) + (share.fill_null(0.0) + 1).log10() / shape


def rarest(
    book: ir.Table,
    past: ir.Table,
    columns: dict[int, str],
    spread: float,
    levels: Sequence[str] = FAR,
) -> ir.Table:
    """The rows of book with `surprise`, the largest over several windows, and its `weeks`.

    `columns` names the z of each window; `past` holds the same columns for the trailing weeks;
    `spread` is how many independent looks the windows amount to. A window of one order tells no
    more than `ONE_OFF` allows.
    """
    points = tail_points(past, columns.values(), levels)
    scored = book.left_join(points, "bureau")
    told = {
        weeks: tail_surprise(
            scored[column], {level: scored[f"{column}_{level}"] for level in levels}
        ).fill_null(0.0)
        for weeks, column in columns.items()
    }
    if 1 in told:
        told[1] = ibis.least(told[1], -math.log10(ONE_OFF))
    scored = scored.mutate(**{f"s_{weeks}": surprise for weeks, surprise in told.items()}).select(
        *book.columns, *(f"s_{weeks}" for weeks in columns)
    )
    best = ibis.greatest(*(scored[f"s_{weeks}"] for weeks in columns))
    scored = scored.mutate(best=best)
    chosen = [(scored[f"s_{weeks}"] >= scored.best, ibis.literal(weeks)) for weeks in columns]
    return scored.mutate(
        surprise=ibis.greatest(scored.best - math.log10(spread), 0.0),
        weeks=ibis.cases(*chosen, else_=0).cast("int64"),
    ).drop("best", *(f"s_{weeks}" for weeks in columns))


def judged(
    book: ir.Table,
    on: dt.date,
    columns: dict[int, str],
    *,
    spread: float,
    sign: int = 1,
    lasting: bool = False,
) -> ir.Table:
    """A day's rows of a book with `surprise` and `weeks`, against the 26 weeks before the day.

    `sign` -1 judges falls; `lasting` is for patterns that go on for months. See `rarest` for the rest.
    """
    turned = book.mutate(**{name: _[name] * sign for name in columns.values()})
    since = on - dt.timedelta(weeks=MEMORY)
    past = turned.filter(_.day > since, _.day < on)
    levels = NEAR if lasting else FAR
    return rarest(turned.filter(_.day == on), past, columns, spread, levels)


def settled(book: ir.Table, facts: Facts, on: dt.date, weeks: int) -> ir.Table:
    """The rows of shops that have been open, and have ordered, for so many weeks."""
    before = on - dt.timedelta(weeks=weeks)
    young = facts.retailers.filter(_.open_date > before).select("retailer_id")
    return book.filter(_.since <= before).anti_join(young, "retailer_id")


def in_cartons(judged: ir.Table) -> ir.Table:
    """The sentence's numbers of rows whose series is ln(quantity + 1).

    subject_id, surprise, weeks, qty, normal and expected (cartons), market (index of the day's
    cohort) and ratio (over the last `weeks` orders, actual to expected).
    """
    expected = (_.x - _.z1 * _.sigma).exp() - 1
    numbers = judged.mutate(normal=_.own.exp() - 1, expected=expected)
    windows = {2: _.r2, 4: _.r4, 8: _.r8}
    lasting = ((_.weeks == weeks, ratio) for weeks, ratio in windows.items())
    numbers = numbers.mutate(lasting=ibis.cases(*lasting, else_=0.0))
    return numbers.select(
        "surprise",
        "weeks",
        "qty",
        "normal",
        "expected",
        subject_id=_.retailer_id,
        market=(_.expected + 1) / (_.normal + 1),
        ratio=(_.weeks == 1).ifelse(_.qty / ibis.greatest(_.expected, 0.5), _.lasting.exp()),
    )


def against_peers(book: ir.Table, column: str, by: str, past: Past | None) -> ir.Table:
    """Add `{column}_z`: the value against the county's orders of the same `by`, 26 weeks back.

    In standard deviations; null where fewer than 30 orders of peers are known.
    """
    book = at_hand(book, past)
    rows = so_far(book, past, "bureau", by, "week_start", column)
    sums = weeks_before(
        rows,
        ["bureau", by],
        total=_[column].sum(),
        squares=(_[column] ** 2).sum(),
        peers=_[column].count(),
    )
    number = _.peers.nullif(0)
    sums = sums.mutate(mean=_.total / number, square=_.squares / number).drop("total", "squares")
    joined = book.left_join(sums, ["bureau", by, "week_start"])
    spread = ibis.greatest(_.square - _.mean**2, 1e-4).sqrt()
    z = (_.peers >= 30).ifelse((_[column] - _.mean) / spread, ibis.null("float64"))
    return joined.mutate(z_of_peers=z).select(*book.columns, **{f"{column}_z": _.z_of_peers})


def with_levels(
    book: ir.Table, column: str, windows: dict[str, int], past: Past | None
) -> ir.Table:
    """Add the mean of the last orders' values, less the median of the day's cohort.

    `windows` names each by its number of orders; null where a value of them is missing.
    """
    columns = book.columns
    trails: dict[str, Trail] = {}
    for name, weeks in windows.items():
        trails |= {
            name: mean(_[column], weeks - 1, 0),
            f"{name}_n": count(_[column], weeks - 1, 0),
        }
    book = with_trails(book, past, **trails)
    whole = {
        name: (_[f"{name}_n"] >= weeks).ifelse(_[name], ibis.null("float64"))
        for name, weeks in windows.items()
    }
    book = at_hand(book.mutate(**whole).select(*columns, *windows), past)
    middles = {f"{name}_middle": book[name].median() for name in windows}
    cohort = book.group_by("bureau", "day").agg(**middles)
    joined = book.left_join(cohort, ["bureau", "day"]).drop("bureau_right", "day_right")
    return joined.mutate(**{name: _[name] - _[f"{name}_middle"] for name in windows}).drop(*middles)
