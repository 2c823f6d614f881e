import datetime as dt

import pytest

from alerts.detectors.coding_short import CodingShort
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
ORDERS = "order_id retailer_id day\no1 R1 2026-03-27"


def coded(*lines):
    text = "\n".join(["day route sku_id sorted_qty coded_qty", *lines])
    return facts(orders=ORDERS, coding=text)


def guilty():
    return coded("2026-03-28 X1 K1 500 495", "2026-03-30 X1 K1 500 495", "2026-03-30 X2 K1 300 300")


def found(tables, **params):
    return rows(CodingShort(**params).find(tables, ON))


def test_a_line_with_fewer_codes_than_cartons_is_told():
    (row,) = found(guilty())

    assert (row["subject_id"], row["short"]) == ("X1", 10)
    assert row["surprise"] == pytest.approx(4.0)
    assert CodingShort().sentence(row) == (
        "线路X1上一订货日以来分拣1000条，打码990条，少打10条（1.0%）。"
    )


@pytest.mark.parametrize(("coded_qty", "hits"), [(499, 1), (499.5, 0), (500, 0), (501, 0)])
def test_one_carton_is_the_line(coded_qty, hits):
    assert len(found(coded(f"2026-03-30 X1 K1 500 {coded_qty}"))) == hits


def test_days_before_were_told_before():
    assert not found(coded("2026-03-27 X1 K1 500 400"))


def test_what_is_missing_in_the_book_is_no_shortage():
    assert not found(coded("2026-03-30 X1 K1 500 -"))


def test_sorting_without_a_line_is_told_too():
    (row,) = found(coded("2026-03-30 - K1 500 400"))

    assert row["subject_id"] == "未分线路"


def test_it_waits_for_the_coding_book():
    missing = frozenset({"coding.coded_qty"})

    assert CodingShort.waits_for(facts(missing=missing)) == ["coding.coded_qty"]
