import datetime as dt

import pytest

from alerts.detectors.vol_month import VolMonth
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 24)
RETAILERS = """
    retailer_id  open_date
    R1           2020-01-01
    R2           2020-01-01
"""
PAST = """
    order_id  retailer_id  day         qty
    p1        R1           2026-02-03  10
    p2        R1           2026-02-10  20
    p3        R1           2026-03-17  50
    q1        R2           2026-02-03  30
    q2        R2           2026-03-24  30
"""


def guilty():
    return book("n1 R1 2026-03-24 40")


def book(orders, past=PAST, retailers=RETAILERS):
    return facts(orders=past + orders, retailers=retailers)


def found(tables, **params):
    return rows(VolMonth(**params).find(tables, ON))


def test_it_says_how_often_and_how_much_each_time():
    (row,) = found(guilty())

    assert row["subject_id"] == "R1"
    assert VolMonth().sentence(row) == (
        "本月订货2次，累计90条；上月2次30条，累计为上月的3.00倍，平均每次为上月的3.00倍。"
    )


@pytest.mark.parametrize(("qty", "hits"), [(10, 0), (10.5, 1), (11, 1)])
def test_exactly_double_is_not_more_than_double(qty, hits):
    assert len(found(book(f"n1 R1 2026-03-24 {qty}"))) == hits


@pytest.mark.parametrize(("qty", "hits"), [(15, 0), (15.5, 1), (16, 1)])
def test_twenty_cartons_a_month_are_still_exempt(qty, hits):
    past = PAST.replace(" 10\n", " 1\n").replace(" 20\n", " 1\n").replace(" 50\n", " 5\n")

    assert len(found(book(f"n1 R1 2026-03-24 {qty}", past))) == hits


def test_it_is_told_on_the_day_that_crosses_the_line_and_not_again():
    over = PAST.replace(" 50\n", " 61\n")

    assert not found(book("n1 R1 2026-03-24 40", over))


def test_a_province_may_set_another_ratio():
    assert found(guilty(), ratio=2.9)
    assert not found(guilty(), ratio=3)


def test_a_month_without_orders_is_doubled_by_anything_above_the_exemption():
    idle = "\n".join(line for line in PAST.splitlines() if " R1 " not in line) + "\n"

    (row,) = found(book("n1 R1 2026-03-24 21", idle))
    assert VolMonth().sentence(row) == "本月订货1次，累计21条；上月全月没有订货。"
    assert not found(book("n1 R1 2026-03-24 20", idle))


@pytest.mark.parametrize(("opened", "hits"), [("2026-02-01", 1), ("2026-02-02", 0)])
def test_a_shop_that_joined_during_last_month_has_no_whole_month_to_compare(opened, hits):
    retailers = RETAILERS.replace("R1           2020-01-01", f"R1 {opened}")

    assert len(found(book("n1 R1 2026-03-24 40", retailers=retailers))) == hits


def test_a_book_that_does_not_hold_the_whole_of_last_month_says_nothing():
    late = PAST.replace("2026-02-03", "2026-02-08")

    assert not found(book("n1 R1 2026-03-24 40", late))


def test_january_is_compared_with_december():
    orders = """
        order_id  retailer_id  day         qty
        p1        R1           2025-12-02  20
        n1        R1           2026-01-06  41
    """
    tables = facts(orders=orders, retailers=RETAILERS)

    assert len(rows(VolMonth().find(tables, dt.date(2026, 1, 6)))) == 1
