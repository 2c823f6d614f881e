import datetime as dt

import pytest

from alerts.detectors.licence_idle import LicenceIdle
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 31)  # a Tuesday


def guilty():
    return book("2026-03-19")


def book(*issued, status="有效", retailers="R1 2026-03-19", orders="", calendar=""):
    """Licences of R1; the county ordered on Monday and on Tuesday."""
    lines = ["licence_no retailer_id valid_from status"]
    lines += [f"L{n} R1 {day} {status}" for n, day in enumerate(issued)]
    return facts(
        licences="\n".join(lines),
        retailers="retailer_id open_date\nR2 2020-01-01\n" + retailers,
        orders="retailer_id day\nR2 2026-03-30\nR2 2026-03-31\n" + orders,
        calendar="week_start is_holiday_week orders_suspended\n" + calendar,
    )


def found(tables, **params):
    return rows(LicenceIdle(**params).find(tables, ON))


def test_it_says_since_when_and_what_is_lacking():
    (row,) = found(guilty())

    assert row["subject_id"] == "R1"
    assert LicenceIdle().sentence(row) == (
        "许可证自3月19日起有效，到3月31日已过7个工作日，已有客户档案，但没有订过货。"
    )


def test_a_holder_whom_the_sales_system_does_not_know_is_told_too():
    (row,) = found(book("2026-03-19", retailers=""))

    assert "营销系统还没有这一户" in LicenceIdle().sentence(row)


@pytest.mark.parametrize(
    ("issued", "told"),
    [("2026-03-18", 0), ("2026-03-19", 1), ("2026-03-20", 0)],
    ids=["told on Monday", "the 30th was the seventh day", "today is the seventh day"],
)
def test_seven_working_days_are_allowed(issued, told):
    assert len(found(book(issued))) == told


@pytest.mark.parametrize(
    "week", ["2026-03-23 true false", "2026-03-23 false true", "2026-03-16 true false"]
)
def test_weeks_of_holidays_and_without_ordering_do_not_count(week):
    assert not found(book("2026-03-19", calendar=week))
    assert len(found(book("2026-03-12", calendar=week))) == 1


@pytest.mark.parametrize(
    "given",
    [
        {"orders": "R1 2026-03-25"},
        {"status": "停业"},
        {"retailers": "R1 2020-01-01"},
    ],
    ids=["it has ordered", "suspended", "an old shop with a new licence"],
)
def test_it_accepts(given):
    assert not found(book("2026-03-19", **given))


def test_a_renewal_is_no_new_licence():
    assert not found(book("2021-03-19", "2026-03-19"))


def test_it_is_on_the_work_list_of_the_ledger():
    (row, *_others) = found(guilty())

    assert LicenceIdle().hit(row)
    assert LicenceIdle().floor(row) is None
    assert not LicenceIdle.statutory
