import datetime as dt

import pytest

from alerts.detectors.sku_month import SkuMonth
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 24)
SKUS = """
    sku_id  sku_name
    K1      真龙（起源）
    K2      云霞（软）
"""
PAST = """
    order_id  retailer_id  day         sku_id  qty
    p1        R1           2026-02-03  K1      60
    p2        R2           2026-02-10  K1      40
    p3        R1           2026-03-17  K1      120
    q1        R1           2026-02-03  K2      50
    q2        R1           2026-03-24  K2      50
"""


def guilty():
    small = "".join(f"s{shop} R{shop} 2026-02-04 K1 0\n" for shop in range(8))  # ten orders
    return book(small + "n1 R2 2026-03-24 K1 40")


def book(lines, past=PAST):
    return facts(lines=past + lines, skus=SKUS)


def found(tables, **params):
    """Found under the document's own rule: small and rare products count too."""
    return rows(SkuMonth(**{"least": 0, "orders": 0, **params}).find(tables, ON))


def test_it_names_the_product_and_the_growth():
    (row,) = found(guilty())

    assert row["subject_id"] == "K1"
    assert SkuMonth().sentence(row) == (
        "真龙（起源）本月已售160条（2户），上月全月100条，增长60.0%；同一时候全县总量为上月的140%。"
    )


@pytest.mark.parametrize(("qty", "hits"), [(29, 0), (29.5, 0), (30, 1), (31, 1)])
def test_half_as_much_again_is_included(qty, hits):
    assert len(found(book(f"n1 R2 2026-03-24 K1 {qty}"))) == hits


@pytest.mark.parametrize(("qty", "hits"), [(54, 0), (55, 1)])
def test_a_province_may_allow_more(qty, hits):
    assert len(found(book(f"n1 R2 2026-03-24 K1 {qty}"), growth=0.75)) == hits


def test_it_is_told_on_the_day_that_gets_there_and_not_again():
    assert not found(book("n1 R2 2026-03-24 K1 40", PAST.replace(" 120\n", " 150\n")))


def test_a_product_that_was_not_sold_last_month_is_new():
    assert not found(book("n1 R2 2026-03-24 K3 400"))


def test_a_book_that_does_not_hold_the_whole_of_last_month_says_nothing():
    assert not found(book("n1 R2 2026-03-24 K1 40", PAST.replace("2026-02-03", "2026-02-08")))


def test_its_evidence_are_the_largest_lines_of_the_month():
    lines = "\n".join(f"m{i} R{i} 2026-03-16 K1 {i / 1000}" for i in range(1, 80))
    tables = book("n1 R2 2026-03-24 K1 40\n" + lines)
    detector = SkuMonth(orders=0)

    shown = rows(detector.evidence(tables, ON, detector.find(tables, ON)))

    assert len(shown) == 50
    assert max(row["qty"] for row in shown) == 120
    assert min(row["qty"] for row in shown) == 0.032  # 79 - 48 + 1: the two big ones take places


@pytest.mark.parametrize(("least", "hits"), [(160, 1), (161, 0)])
def test_little_is_no_growth(least, hits):
    assert len(found(guilty(), least=least)) == hits


@pytest.mark.parametrize(("orders", "hits"), [(10, 1), (11, 0)])
def test_what_hardly_anybody_ordered_last_month_is_no_growth(orders, hits):
    assert len(found(guilty(), orders=orders)) == hits


@pytest.mark.parametrize(
    ("changed", "floor"),
    [
        ({}, "黄"),
        ({"market": 0.81}, None),  # the county's own month runs as fast
        ({"this": 99.0, "last": 50.0}, None),  # too little to push
        ({"is_focus": True}, "橙"),
    ],
)
def test_it_is_pushed_when_it_runs_far_ahead_of_the_county(changed, floor):
    row = {"this": 160.0, "last": 100.0, "market": 0.8, "is_focus": False}

    assert SkuMonth().floor(row | changed) == floor


@pytest.mark.parametrize(
    ("launched", "floor"), [("2025-12-24", "黄"), ("2025-12-25", None), ("-", "黄")]
)
def test_a_new_product_that_is_laid_in_is_not_pushed(launched, floor):
    skus = f"sku_id sku_name launch_date\nK1 真龙（起源） {launched}"
    lines = PAST.replace(" 120\n", " 0\n") + "n1 R2 2026-03-24 K1 400\nn2 R2 2026-02-03 K9 4000"
    (row,) = found(facts(lines=lines, skus=skus))

    assert SkuMonth().floor(row) == floor
