"""How surprising a rank, or a count among few orders, is: -log10 p as Ibis expressions. Pure."""

import datetime as dt
import functools
import math

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import Deferred, _

MOST = 8  # orders looked back at
WINDOWS = (1, 4, MOST)
CONCENTRATION = 25.0  # how much shops differ in their own rates
LOWEST, HIGHEST = 0.002, 0.9  # rates outside are taken as these
STEPS = 20  # grid points a decade: rates are rounded by up to 6 %
MOST_OTHERS = 200
MONDAY = dt.date(1970, 1, 5)


def beta_binomial_tail(count: int, trials: int, rate: float) -> float:
    """P(at least count of trials) when shops' own rates are Beta around rate."""
    a, b = CONCENTRATION * rate, CONCENTRATION * (1 - rate)
    whole = _log_beta(a, b)
    return math.fsum(
        math.comb(trials, k) * math.exp(_log_beta(a + k, b + trials - k) - whole)
        for k in range(count, trials + 1)
    )


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


@functools.cache
def _tails() -> ir.Table:
    """trials, count, step (of the rate's grid) and log_tail, for every count up to MOST."""
    steps = range(round(math.log10(LOWEST) * STEPS), round(math.log10(HIGHEST) * STEPS) + 1)
    rows = [
        {"trials": n, "count": k, "step": step, "log_tail": _log_tail(k, n, 10 ** (step / STEPS))}
        for n in range(1, MOST + 1)
        for k in range(n + 1)
        for step in steps
    ]
    return ibis.memtable(pa.Table.from_pylist(rows))


def _log_tail(count: int, trials: int, rate: float) -> float:
    return -math.log10(min(1.0, beta_binomial_tail(count, trials, rate)))


def count_surprise(counts: ir.Table) -> ir.Table:
    """counts (trials 1 to 8, count, rate, anything else) with log_tail = -log10 of its tail."""
    rate = _.rate.clip(lower=LOWEST, upper=HIGHEST)
    grid = counts.mutate(step=(rate.log10() * STEPS).round().cast("int64"))
    return grid.join(_tails(), ["trials", "count", "step"]).drop("step")


def bursts(events: ir.Table, on: dt.date, weeks: int = 13) -> ir.Table:
    """Shops with a new hit, and how surprising their last 1, 4 and 8 events are.

    events: bureau, retailer_id, day, order_id, hit and is_new (boolean, not null), one row an order;
    those that the night of `on` answers for are new, see `cycles.with_news`.
    Returns: retailer_id, trials and count of the most telling window, rate (the usual weekly rate
    of hits among the bureau's shops, its median over `weeks`), surprise (less log10 2 for three
    windows).
    """
    recent = events.filter(_.day > on - dt.timedelta(weeks=26), _.day <= on)
    fresh = recent.filter(_.is_new, _.hit).select("retailer_id").distinct()
    order = [_.day.desc(), _.order_id.desc()]
    mine = (
        recent.semi_join(fresh, "retailer_id")
        .mutate(place=ibis.row_number().over(group_by="retailer_id", order_by=order))
        .filter(_.place < MOST)
    )
    counts = [
        mine.filter(_.place < window)
        .group_by("bureau", "retailer_id")
        .agg(trials=_.count(), count=_.hit.cast("int64").sum())
        for window in WINDOWS
    ]
    since = on - dt.timedelta(weeks=weeks)
    usual = usual_rate(recent.filter(_.day > since))
    told = count_surprise(ibis.union(*counts, distinct=True).join(usual, "bureau"))
    return told.group_by("retailer_id").agg(
        trials=_.trials.argmax(_.log_tail),
        count=_["count"].argmax(_.log_tail),
        rate=_.rate.max(),
        surprise=(_.log_tail.max() - math.log10(2)).clip(lower=0.0),
    )


def usual_rate(events: ir.Table) -> ir.Table:
    """bureau and rate: the median over weeks of the share of hits (events: bureau, day, hit).

    In a small bureau most weeks may have none; the rate is then half the share over all weeks.
    """
    week = _.day.delta(ibis.date(MONDAY), unit="day") // 7
    share = _.hit.cast("float64").mean()
    weekly = events.group_by("bureau", week=week).agg(share=share)
    middles = weekly.group_by("bureau").agg(middle=_.share.median())
    rates = middles.join(events.group_by("bureau").agg(all=share), "bureau")
    rate = ibis.greatest(_.middle, _["all"] / 2).clip(lower=LOWEST, upper=HIGHEST)
    return rates.select("bureau", rate=rate)


def rank_surprise(value: Deferred, by: str | None = None) -> Deferred:
    """-log10 of the share of rows whose value is as high: no row is proof of itself alone.

    `by`: among the rows that have this column in common.
    """
    share = ibis.cume_dist().over(group_by=by, order_by=value.desc())
    size = _.count().over(group_by=by)
    return -(share * size / (size + 1)).log10()


@functools.cache
def _counting() -> ir.Table:
    return ibis.memtable(pa.table({"i": list(range(1, MOST_OTHERS + 1))}))


def burst_surprise(counts: ir.Table, prior: float) -> ir.Table:
    """How surprising it is to meet so many others on a key, by what that key is used to.

    counts: key, others (at least 1), seen and weight (the others met on earlier days and the number
    of those days, both discounted by age; null without history). Added: expected, the history's
    mean, and surprise, -log10 of the Gamma-Poisson tail. The rate of a key has the prior
    Gamma(prior, 1): on one never seen before few are expected, and one that always serves a whole
    village accuses nobody. Above 200 others count as 200.
    """
    index = _counting()
    known = counts.mutate(
        capped=ibis.least(_.others, MOST_OTHERS),
        shape=prior + ibis.coalesce(_.seen, 0.0),
        scale=1.0 + ibis.coalesce(_.weight, 0.0),
    )
    terms = known.join(index, _.capped >= index.i)
    factors = terms.group_by("key").agg(
        log_mass=((_.shape + _.i - 1) / _.i / (_.scale + 1)).ln().sum()
    )
    rest = 1 / (_.scale + 1)  # what the ratio of neighbouring terms tends to
    ratio = (_.shape + _.capped) / (_.capped + 1) * rest
    mass = known.join(factors, "key").mutate(
        ratio=ratio,
        last=ibis.greatest((_.shape + _.capped + 1) / (_.capped + 2) * rest, rest),
        log_mass=_.log_mass + _.shape * (_.scale / (_.scale + 1)).ln(),
    )
    # first term, then at most a geometric series: the tail is never taken as rarer than it is
    tail = _.log_mass + (1 + _.ratio / (1 - ibis.least(_.last, 0.999))).ln()
    surprise = ibis.ifelse(_.last < 1, ibis.greatest(-tail / math.log(10), 0.0), 0.0)
    return mass.mutate(
        expected=ibis.coalesce(_.seen / _.weight, 0.0), surprise=ibis.least(surprise, 12.0)
    ).drop("ratio", "last", "log_mass", "shape", "scale", "capped")
