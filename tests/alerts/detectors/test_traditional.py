import datetime as dt

import pytest

from alerts.detectors.traditional import Traditional
from alerts.grading import Policy
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
PAST = """
    order_id  retailer_id  day         qty
    p1        R1           2026-03-02  40
    p2        R1           2026-03-09  40
    p3        R1           2026-03-16  40
    p4        R1           2026-03-23  40
"""


def guilty():
    return book("n1 R1 2026-03-30 61")


def book(orders, past=PAST):
    return facts(orders=past + orders)


def found(tables, **params):
    return rows(Traditional(**params).find(tables, ON))


def test_it_says_how_much_it_was_and_that_it_is_for_comparison():
    (row,) = found(guilty())

    assert Traditional().sentence(row) == (
        "本次订购61条，前4周平均每单40条，为其152%（传统规则，仅作对照）。"
    )


@pytest.mark.parametrize(("qty", "hits"), [(60, 0), (61, 1), (20, 0), (19, 1)])
def test_exactly_one_and_a_half_or_one_half_is_in_order(qty, hits):
    assert len(found(book(f"n1 R1 2026-03-30 {qty}"))) == hits


@pytest.mark.parametrize(("day", "mean"), [("2026-03-02", 32.5), ("2026-03-01", 40)])
def test_it_looks_back_four_weeks(day, mean):
    past = PAST.replace("2026-03-02  40", f"{day}  10")

    (row,) = found(book("n1 R1 2026-03-30 90", past))

    assert row["mean"] == mean


def test_a_shop_without_a_past_is_not_compared():
    assert not found(book("n1 R2 2026-03-30 90"))


def test_it_never_reaches_a_list():
    assert 50 + Traditional.weight > Policy().blue  # so it is the fixed surprise that keeps it off
    (row,) = found(guilty())
    assert row["surprise"] + Traditional.weight < Policy().audit_floor


def test_it_judges_its_stored_rows():
    (row,) = found(guilty())

    assert Traditional(most=1.5).holds(row)
    assert not Traditional(most=1.6).holds(row)
