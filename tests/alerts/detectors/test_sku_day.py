import datetime as dt

import pytest

from alerts.detectors.sku_day import SkuDay
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 24)
EARLY = dt.date(2026, 3, 4)
SKUS = """
    sku_id  sku_name
    K1      真龙（起源）
"""
HEADER = "order_id retailer_id day sku_id qty\n"


def guilty():
    return book(month("2026-03-10", 80) + sold(ON, 20))


def month(day, qty):
    return f"p1 R1 {day} K1 {qty}\n"


def sold(day, qty):
    return f"n1 R2 {day} K1 {qty}\n"


def book(lines):
    return facts(lines=HEADER + lines, skus=SKUS)


def long_book(today, day_qty=10, days=21, last="2026-02-01"):
    """A line on each of the days before EARLY, and today's."""
    start = EARLY - dt.timedelta(days=days)
    lines = "".join(f"p{i} R1 {start + dt.timedelta(days=i)} K1 {day_qty}\n" for i in range(days))
    return book(lines + f"l0 R1 {last} K2 1\n" + sold(EARLY, today))


def found(tables, on=ON, **params):
    return rows(SkuDay(**params).find(tables, on))


def test_it_says_the_share_of_the_month():
    (row,) = found(guilty())

    assert row["subject_id"] == "K1"
    assert SkuDay().sentence(row) == "真龙（起源）当日售出20条（1户），占本月累计100条的20.0%。"


@pytest.mark.parametrize(("qty", "hits"), [(14, 0), (15, 1), (16, 1)])
def test_fifteen_per_cent_are_included(qty, hits):
    assert len(found(book(month("2026-03-10", 100 - qty) + sold(ON, qty)))) == hits


@pytest.mark.parametrize(("qty", "hits"), [(19, 0), (20, 1)])
def test_a_province_may_allow_more(qty, hits):
    tables = book(month("2026-03-10", 100 - qty) + sold(ON, qty))

    assert len(found(tables, share=0.2)) == hits


@pytest.mark.parametrize(("day", "months_own"), [(14, False), (15, True)])
def test_from_the_fifteenth_the_month_itself_counts(day, months_own):
    on = dt.date(2026, 3, day)
    tables = book("p1 R1 2026-02-03 K1 1000\n" + month("2026-03-03", 50) + sold(on, 50))

    assert bool(found(tables, on)) is months_own  # half of March so far, a twentieth of February


@pytest.mark.parametrize(("qty", "hits"), [(37, 0), (38, 1)])
def test_early_in_the_month_22_order_days_stand_for_it(qty, hits):
    """21 days of ten cartons: 37 of 247 are 14.98 %, 38 of 248 are 15.3 %."""
    assert len(found(long_book(qty), EARLY)) == hits


def test_it_shows_both_denominators_early_in_the_month():
    (row,) = found(long_book(90), EARLY)

    assert SkuDay().sentence(row) == (
        "真龙（起源）当日售出90条（1户），占近22个订货日300条的30.0%，占上月180条的50.0%。"
    )


def test_with_too_few_order_days_last_month_stands_for_it():
    lines = "p1 R1 2026-02-03 K1 100\n"

    assert len(found(book(lines + sold(EARLY, 15)), EARLY)) == 1
    assert not found(book(lines + sold(EARLY, 14)), EARLY)


def test_a_book_that_only_just_began_says_nothing_early_in_the_month():
    lines = "p1 R1 2026-02-20 K1 100\n"

    assert not found(book(lines + sold(EARLY, 90)), EARLY)


def test_a_product_that_was_not_sold_today_is_not_named():
    assert not found(book(month("2026-03-10", 80) + f"n1 R2 {ON} K2 5\n" + month("2026-03-02", 9)))[
        1:
    ]
