import datetime as dt

import pytest

from alerts.detectors.closed_month import ClosedMonth
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 31)


def guilty():
    return book("2026-02-28 false", "2026-03-31 false")


def book(*visits, status="有效", sent="2026-03-20 -"):
    return facts(
        visits="retailer_id day shop_open\n" + "\n".join(f"A {visit}" for visit in visits),
        deliveries=f"retailer_id day exception\nA {sent}",
        retailers="retailer_id licence_no\nA L1",
        licences=f"licence_no retailer_id status\nL1 A {status}",
        orders="retailer_id day\nB 2026-03-30\nB 2026-03-31",
    )


def found(tables, **params):
    return rows(ClosedMonth(**params).find(tables, ON))


def test_it_says_from_when_to_when():
    (row,) = found(guilty())

    assert row["subject_id"] == "A"
    assert ClosedMonth().sentence(row) == (
        "2月28日至3月31日检查和送货2天见到店门关着，其间没有见到开门，许可证没有停业登记。"
    )


def test_a_courier_before_a_closed_door_counts():
    (row,) = found(book("2026-02-20 false", sent="2026-03-31 未营业"))

    assert row["times"] == 2


@pytest.mark.parametrize(
    "visits",
    [
        ("2026-03-01 false", "2026-03-31 false"),
        ("2026-02-01 false", "2026-03-10 true", "2026-03-31 false"),
        ("2026-02-01 false", "2026-03-10 false", "2026-03-31 true"),
        ("2026-02-01 false", "2026-03-30 false"),
        ("2026-02-01 false", "2026-03-31 -"),
        ("2026-03-31 false",),
    ],
    ids=["thirty days", "open in between", "open now", "told before", "not noted", "once"],
)
def test_it_accepts(visits):
    assert not found(book(*visits))


def test_who_has_reported_the_closing_is_left_alone():
    assert not found(book("2026-02-01 false", "2026-03-31 false", status="歇业"))


def test_it_is_always_listed_as_blue():
    (row,) = found(guilty())

    assert ClosedMonth().floor(row) == "蓝"
