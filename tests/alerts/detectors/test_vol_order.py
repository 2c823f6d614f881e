import datetime as dt

import pytest

from alerts.detectors.vol_order import VolOrder
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)  # a Monday
RETAILERS = """
    retailer_id  open_date   order_cycle_weeks
    R1           2020-01-01  1
    R2           2020-01-01  1
"""
PAST = """
    order_id  retailer_id  day         week_start  qty
    p1        R1           2026-03-09  2026-03-09  30
    p2        R1           2026-03-16  2026-03-16  20
    p3        R1           2026-03-23  2026-03-23  25
    q1        R2           2026-03-09  2026-03-09  30
    q2        R2           2026-03-16  2026-03-16  30
    q3        R2           2026-03-23  2026-03-23  30
    q4        R2           2026-03-30  2026-03-30  31
"""


def guilty():
    return book("n1 R1 2026-03-30 2026-03-30 68")


def book(orders, past=PAST, retailers=RETAILERS):
    return facts(orders=past + orders, retailers=retailers)


def found(tables, **params):
    return rows(VolOrder(**params).find(tables, ON))


def test_it_says_how_many_times_and_what_the_others_did():
    (row,) = found(guilty())

    assert row["subject_id"] == "R1"
    assert VolOrder().sentence(row) == (
        "本次订购68条，前3个订货周期平均25.0条，为其2.72倍；当日本县各户一般为各自平均的1.88倍。"
    )
    assert row["surprise"] == pytest.approx(0.4771, abs=1e-4)  # first of two, of three to come


@pytest.mark.parametrize(("qty", "hits"), [(50, 0), (50.1, 1), (49, 0)])
def test_exactly_double_is_not_more_than_double(qty, hits):
    assert len(found(book(f"n1 R1 2026-03-30 2026-03-30 {qty}"))) == hits


@pytest.mark.parametrize(("qty", "hits"), [(20, 0), (20.5, 1), (21, 1)])
def test_twenty_cartons_are_still_exempt(qty, hits):
    past = PAST.replace(" 31\n", " 3\n")
    for usual in ("30", "20", "25"):
        past = past.replace(f" {usual}\n", " 3\n")

    assert len(found(book(f"n1 R1 2026-03-30 2026-03-30 {qty}", past))) == hits


def test_a_province_may_set_another_ratio():
    assert found(guilty(), ratio=2.7)
    assert not found(guilty(), ratio=2.72)


def test_two_orders_of_a_day_are_judged_one_by_one():
    orders = "n1 R1 2026-03-30 2026-03-30 40\n n2 R1 2026-03-30 2026-03-30 45"

    assert not found(book(orders))


def test_an_empty_cycle_counts_unless_the_province_leaves_it_out():
    past = "\n".join(line for line in PAST.splitlines() if "p2" not in line) + "\n"
    tables = book("n1 R1 2026-03-30 2026-03-30 50", past)

    (row,) = found(tables)
    assert (
        VolOrder()
        .sentence(row)
        .startswith(
            "本次订购50条，前3个订货周期平均18.3条，为其2.73倍（其中2个周期有订货，平均27.5条）"
        )
    )
    assert not found(tables, include_empty=0)


def test_a_shop_that_had_ordered_nothing_for_three_cycles_is_more_than_double_of_nothing():
    past = "\n".join(line for line in PAST.splitlines() if " R1 " not in line) + "\n"
    tables = book("n1 R1 2026-03-30 2026-03-30 21", past)

    (row,) = found(tables)
    assert VolOrder().sentence(row) == "本次订购21条，而前3个订货周期均未订货。"
    assert not found(tables, include_empty=0)


@pytest.mark.parametrize(("opened", "hits"), [("2026-03-15", 1), ("2026-03-16", 0)])
def test_a_shop_that_joined_after_its_first_cycle_is_new(opened, hits):
    retailers = RETAILERS.replace("R1           2020-01-01", f"R1 {opened}")

    assert len(found(book("n1 R1 2026-03-30 2026-03-30 90", retailers=retailers))) == hits


def test_suspended_weeks_are_no_cycles():
    past = PAST.replace("2026-03-09", "2026-02-16")  # nobody could order for two weeks

    assert len(found(book("n1 R1 2026-03-30 2026-03-30 51", past))) == 1


def test_a_fortnightly_shop_is_compared_with_its_own_three_cycles():
    retailers = RETAILERS.replace("2020-01-01  1\n    R2", "2020-01-01  2\n    R2")
    early = """
    e1  R2  2026-02-16  2026-02-16  30
    e2  R2  2026-02-23  2026-02-23  30
    e3  R1  2026-03-02  2026-03-02  15
    """
    past = PAST.rstrip(" ") + early

    assert not found(book("n1 R1 2026-03-30 2026-03-30 60", past, retailers))
    assert len(found(book("n1 R1 2026-03-30 2026-03-30 61", past, retailers))) == 1


def test_a_book_that_starts_too_late_says_nothing():
    past = "\n".join(line for line in PAST.splitlines() if "2026-03-09" not in line) + "\n"

    assert not found(book("n1 R1 2026-03-30 2026-03-30 68", past))
