import datetime as dt

import pytest

from alerts.detectors.found_shut import FoundShut
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
ORDERS = """
    order_id  retailer_id  day         qty
    1         A            2026-03-16  20
    2         A            2026-03-23  20
    3         A            2026-03-30  20
"""


def guilty():
    return book("A 2026-03-10 false\nA 2026-03-25 false")


def book(visits, orders=ORDERS):
    others = "".join(f"R{n} 2026-03-12 true\n" for n in range(30))
    return facts(visits="retailer_id day shop_open\n" + others + visits, orders=orders)


def found(tables, **params):
    return rows(FoundShut(**params).find(tables, ON))


def test_it_says_how_often_the_shop_was_shut_and_what_it_bought():
    (row,) = found(guilty())

    assert row["subject_id"] == "A"
    assert row["surprise"] == pytest.approx(2.2, abs=0.05)
    assert FoundShut().sentence(row) == (
        "近8周检查2次，有2次店门关着（全县平常约6.2%），其间订货3次共60条。"
    )


@pytest.mark.parametrize(("day", "hits"), [("2026-02-03", 1), ("2026-02-02", 0)])
def test_the_window_is_eight_weeks(day, hits):
    assert len(found(book(f"A {day} false"))) == hits


@pytest.mark.parametrize(("orders", "hits"), [(3, 1), (4, 0)])
def test_the_number_of_orders_is_a_limit_that_counts(orders, hits):
    assert len(found(guilty(), orders=orders)) == hits


def test_it_is_told_on_the_day_of_an_order_or_of_the_visit():
    early = ORDERS.replace("2026-03-30", "2026-03-27")

    assert not found(book("A 2026-03-10 false", early))
    assert found(book("A 2026-03-30 false", early))


def test_it_accepts_an_open_shop_and_one_that_buys_nothing():
    assert not found(book("A 2026-03-10 true\nA 2026-03-25 -"))
    assert not found(book("B 2026-03-10 false\nB 2026-03-25 false"))
