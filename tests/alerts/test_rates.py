import datetime as dt
import math

import ibis
import pyarrow as pa
import pytest
from ibis import _
from scipy import stats

from alerts import rates
from sources.facts import rows

ON = dt.date(2026, 3, 30)


@pytest.mark.parametrize(("count", "trials", "rate"), [(0, 4, 0.1), (1, 1, 0.03), (3, 8, 0.05)])
def test_the_tail_is_that_of_the_beta_binomial(count, trials, rate):
    known = stats.betabinom(trials, 25 * rate, 25 * (1 - rate)).sf(count - 1)

    assert rates.beta_binomial_tail(count, trials, rate) == pytest.approx(known)


def test_counts_are_looked_up_at_the_nearest_rate():
    counts = pa.table({"trials": [4, 8], "count": [4, 0], "rate": [0.1, 0.9]})

    told = {
        row["trials"]: row["log_tail"] for row in rows(rates.count_surprise(ibis.memtable(counts)))
    }
    exact = -math.log10(rates.beta_binomial_tail(4, 4, 0.1))
    assert told == {4: pytest.approx(exact, abs=0.01), 8: pytest.approx(0)}


@pytest.mark.parametrize(
    ("others", "seen", "weight"),
    [(1, None, None), (3, None, None), (2, 0.0, 12.0), (9, 40.0, 12.0)],
)
def test_a_burst_is_never_taken_as_rarer_than_it_is(others, seen, weight):
    known = {"key": ["k"], "others": [others], "seen": [seen], "weight": [weight]}
    types = pa.schema({"key": "string", "others": "int64", "seen": "float64", "weight": "float64"})
    counts = ibis.memtable(pa.table(known, schema=types))

    (row,) = rows(rates.burst_surprise(counts, prior=0.15))

    shape, scale = 0.15 + (seen or 0), 1 + (weight or 0)
    exact = -math.log10(stats.nbinom(shape, scale / (scale + 1)).sf(others - 1))
    assert exact - 0.1 <= row["surprise"] <= exact


def test_no_more_than_usual_is_no_surprise():
    counts = ibis.memtable(
        pa.table({"key": ["k"], "others": [3], "seen": [60.0], "weight": [10.0]})
    )

    (row,) = rows(rates.burst_surprise(counts, prior=0.15))
    assert (row["surprise"], row["expected"]) == (0, 6)


def events(hits: dict[str, list[bool]]) -> ibis.expr.types.Table:
    """A week between a shop's events; the last is on the day, and new."""
    told = [
        {
            "bureau": "451423",
            "retailer_id": shop,
            "day": ON - dt.timedelta(weeks=len(row) - 1 - place),
            "order_id": f"{shop}{place}",
            "hit": hit,
            "is_new": place == len(row) - 1,
        }
        for shop, row in hits.items()
        for place, hit in enumerate(row)
    ]
    return ibis.memtable(pa.Table.from_pylist(told))


def test_a_shop_is_told_when_the_last_event_is_a_hit_and_its_best_window_counts():
    others = {f"R{n}": [False] * 10 for n in range(20)}
    told = rows(rates.bursts(events(others | {"A": [True] * 3, "B": [True, False]}), ON))

    (row,) = told
    assert (row["retailer_id"], row["trials"], row["count"]) == ("A", 3, 3)
    best = -math.log10(rates.beta_binomial_tail(3, 3, row["rate"])) - math.log10(2)
    assert row["surprise"] == pytest.approx(best, abs=0.1)


def test_where_it_happens_to_everybody_it_is_no_surprise():
    told = rows(rates.bursts(events({f"R{n}": [True] * 8 for n in range(20)}), ON))

    assert all(row["surprise"] < 1.2 for row in told)


def test_ranks_are_shares_of_all_and_ties_share_them():
    table = ibis.memtable(pa.table({"x": [5.0, 5.0, 1.0]}))

    told = rows(table.mutate(surprise=rates.rank_surprise(_.x)))
    assert [round(row["surprise"], 4) for row in told] == [0.301, 0.301, 0.1249]


def test_a_rank_may_be_taken_within_each_county():
    table = ibis.memtable(pa.table({"bureau": ["A", "A", "B"], "x": [5.0, 1.0, 1.0]}))

    told = rows(table.mutate(surprise=rates.rank_surprise(_.x, by="bureau")).order_by("bureau"))
    assert [round(row["surprise"], 4) for row in told[-1:]] == [0.301]
