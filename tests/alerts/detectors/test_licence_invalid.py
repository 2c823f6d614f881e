import datetime as dt

import pytest

from alerts.detectors.licence_invalid import LicenceInvalid
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
RETAILERS = """
    retailer_id  licence_no
    R1           L1
    R2           L2
"""
LICENCES = "licence_no retailer_id valid_from valid_to status status_date\n"
OTHERS = "L2 R2 2020-01-01 2030-01-01 有效 -\n"


def guilty():
    return book("L1 R1 2021-01-01 2026-01-01 有效 -", "2 R1 2026-03-23 20\n")


def book(licences="", orders="", changes=""):
    return facts(
        retailers=RETAILERS,
        licences=LICENCES + OTHERS + licences,
        orders="order_id retailer_id day qty\n1 R1 2026-03-30 30\n9 R2 2026-03-30 5\n" + orders,
        changes="retailer_id day field new_value\n" + changes,
    )


def told(tables, **params):
    detector = LicenceInvalid(**params)
    return [
        (detector.floor(row), row, detector.sentence(row))
        for row in rows(detector.find(tables, ON))
    ]


def test_an_expired_licence_and_how_often():
    ((grade, row, sentence),) = told(guilty())

    assert (grade, row["subject_id"]) == ("红", "R1")
    assert row["surprise"] == pytest.approx(2.2 + 0.9 * 2)
    assert sentence == ("当日订购30条，许可证有效期至2026-01-01，已过88天；近6周有2周如此订货。")


@pytest.mark.parametrize(
    ("until", "grade"),
    [("2026-03-30", None), ("2026-03-29", "橙"), ("2026-02-28", "橙"), ("2026-02-27", "红")],
)
def test_the_last_day_is_valid_and_thirty_days_are_orange(until, grade):
    found = told(book(f"L1 R1 2021-01-01 {until} 有效 -"))

    assert [grade for grade, _row, _sentence in found] == ([grade] if grade else [])


@pytest.mark.parametrize("status", ["停业", "歇业", "注销", "撤销", "收回", "吊销"])
def test_a_suspended_or_cancelled_licence_is_red(status):
    ((grade, _row, sentence),) = told(book(f"L1 R1 2021-01-01 2027-01-01 {status} 2026-03-10"))

    assert grade == "红"
    assert sentence == f"当日订购30条，许可证自2026-03-10起为“{status}”状态。"


@pytest.mark.parametrize(("day", "hits"), [("2026-03-30", 1), ("2026-03-31", 0)])
def test_a_suspension_holds_from_its_day(day, hits):
    assert len(told(book(f"L1 R1 2021-01-01 2027-01-01 停业 {day}"))) == hits


@pytest.mark.parametrize(("day", "hits"), [("2026-03-30", 0), ("2026-03-31", 1)])
def test_who_has_resumed_may_order(day, hits):
    licence = "L1 R1 2021-01-01 2027-01-01 歇业 2026-03-01"

    assert len(told(book(licence, changes=f"R1 {day} licence_status 有效"))) == hits


def test_a_resumption_before_the_suspension_ends_nothing():
    licence = "L1 R1 2021-01-01 2027-01-01 歇业 2026-03-01"

    assert told(book(licence, changes="R1 2026-02-01 licence_status 有效"))


def test_no_licence_at_all_is_red():
    ((grade, _row, sentence),) = told(book())

    assert (grade, sentence) == ("红", "当日订购30条，查不到本户的许可证。")


@pytest.mark.parametrize(("start", "hits"), [("2026-03-30", 0), ("2026-03-31", 1)])
def test_a_licence_counts_from_its_first_day(start, hits):
    assert len(told(book(f"L1 R1 {start} 2030-01-01 有效 -"))) == hits


@pytest.mark.parametrize(
    "licences",
    [
        "L0 R1 2015-01-01 2020-01-01 注销 2020-01-01\nL1 R1 2020-01-01 2030-01-01 有效 -",
        "L1 - 2020-01-01 2030-01-01 有效 -",
        "L7 R1 2020-01-01 2030-01-01 有效 -",
        "L1 R1 - - - -",
    ],
    ids=["an old licence was cancelled", "known by number", "known by code", "undated"],
)
def test_it_accepts(licences):
    assert not told(book(licences))


def test_without_any_licence_book_nothing_can_be_said():
    orders = "order_id retailer_id day qty\n1 R1 2026-03-30 30"

    assert not told(facts(retailers=RETAILERS, orders=orders))


def test_only_weeks_within_six_are_counted():
    tables = book("", "2 R1 2026-02-17 5\n3 R1 2026-02-16 5\n")

    ((_grade, row, _sentence),) = told(tables)
    assert row["weeks"] == 2


def test_six_weeks_have_no_seventh():
    days = ["2026-02-17", "2026-02-24", "2026-03-03", "2026-03-10", "2026-03-17", "2026-03-24"]
    orders = "".join(f"{number} R1 {day} 5\n" for number, day in enumerate(days, start=20))

    ((_grade, row, sentence),) = told(book("", orders))

    assert row["weeks"] == 6  # seven of the calendar's
    assert sentence.endswith("近6周有6周如此订货。")
