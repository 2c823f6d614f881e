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
    return book("n1 R2 2026-03-24 K1 40")


def book(lines, past=PAST):
    return facts(lines=past + lines, skus=SKUS)


def found(tables, **params):
    return rows(SkuMonth(**params).find(tables, ON))


def test_it_names_the_product_and_the_growth():
    (row,) = found(guilty())

    assert row["subject_id"] == "K1"
    assert (
        SkuMonth().sentence(row) == "真龙（起源）本月已售160条（2户），上月全月100条，增长60.0%。"
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
    detector = SkuMonth()

    shown = rows(detector.evidence(tables, ON, detector.find(tables, ON)))

    assert len(shown) == 50
    assert max(row["qty"] for row in shown) == 120
    assert min(row["qty"] for row in shown) == 0.032  # 79 - 48 + 1: the two big ones take places
