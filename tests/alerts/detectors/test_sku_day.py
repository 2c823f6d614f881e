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
    """Thirty orders of the half year: two cartons each of ten days of February, 80 of March."""
    return book(orders(29) + month("2026-03-10", 80) + sold(ON, 20))


def orders(count, qty=2):
    """So many orders on ten days of last October."""
    days = (dt.date(2025, 10, 6) + dt.timedelta(days=number % 10) for number in range(count))
    return "".join(f"h{number} R{number} {day} K1 {qty}\n" for number, day in enumerate(days))


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
    """Found under the document's own rule: small and rare products count too."""
    return rows(SkuDay(**{"least": 0, "orders": 0, **params}).find(tables, on))


def test_it_says_the_share_of_the_month():
    (row,) = found(guilty())

    assert row["subject_id"] == "K1"
    assert (
        SkuDay().sentence(row)
        == "真龙（起源）当日售出20条（1户），占本月累计100条的20.0%；此前半年最多的一天80条。"
    )


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
        "真龙（起源）当日售出90条（1户），占近22个订货日300条的30.0%，占上月180条的50.0%；此前半年最多的一天10条。"
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


@pytest.mark.parametrize(("qty", "hits"), [(19, 0), (20, 1)])
def test_little_is_no_concentration(qty, hits):
    assert len(found(book(month("2026-03-10", 20) + sold(ON, qty)), least=20)) == hits


@pytest.mark.parametrize(("count", "hits"), [(28, 0), (29, 1)])
def test_what_hardly_anybody_orders_is_no_concentration(count, hits):
    tables = book(orders(count) + month("2026-03-10", 20) + sold(ON, 20))

    assert len(found(tables, orders=30)) == hits


@pytest.mark.parametrize(
    ("best", "today", "focus", "floor"),
    [
        (40, 60, "false", "黄"),
        (40, 59, "false", None),  # half as much again as on the best day
        (10, 50, "false", "黄"),
        (10, 49, "false", None),  # too little to push
        (40, 60, "true", "橙"),
    ],
)
def test_it_is_pushed_when_no_day_of_the_half_year_saw_so_much(best, today, focus, floor):
    skus = f"sku_id sku_name is_focus\nK1 真龙（起源） {focus}"
    tables = facts(lines=HEADER + month("2026-03-10", best) + sold(ON, today), skus=skus)
    (row,) = found(tables)

    assert SkuDay().floor(row) == floor


def test_what_comes_once_a_month_is_not_pushed():
    """All of a month's cartons in a day, as in the month before."""
    tables = book(month("2026-02-24", 100) + sold(ON, 100))

    (row,) = found(tables)
    assert SkuDay().floor(row) is None


def test_a_product_without_a_past_is_not_pushed():
    (row,) = found(book(sold(ON, 500)))

    assert SkuDay().floor(row) is None


@pytest.mark.parametrize(
    ("launched", "floor"), [("2025-12-24", "黄"), ("2025-12-25", None), ("-", "黄")]
)
def test_a_new_product_that_is_laid_in_is_not_pushed(launched, floor):
    skus = f"sku_id sku_name launch_date\nK1 真龙（起源） {launched}"
    lines = HEADER + month("2026-03-10", 40) + sold(ON, 60)
    (row,) = found(facts(lines=lines, skus=skus))

    assert SkuDay().floor(row) == floor
