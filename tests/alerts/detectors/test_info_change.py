import datetime as dt

import pytest

from alerts.detectors.info_change import InfoChange
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
RETAILERS = "retailer_id\n" + "\n".join(f"R{n}" for n in range(1, 10))
CHANGES = "retailer_id day field old_value new_value\n"
ORDERS = "order_id retailer_id day qty\n"


def guilty():
    return book("R1 2026-02-01 phone a b\nR1 2026-03-30 account x y", "o1 R1 2026-03-30 30")


def book(changes, orders=""):
    return facts(changes=CHANGES + changes, orders=ORDERS + orders, retailers=RETAILERS)


def found(tables, **params):
    return rows(InfoChange(**params).find(tables, ON))


def test_it_says_what_was_changed_how_often_and_what_followed():
    (row,) = found(guilty())

    assert row["subject_id"] == "R1"
    assert row["surprise"] == pytest.approx(0.699, abs=1e-3)  # one of nine
    assert InfoChange().sentence(row) == (
        "近90天内订货电话变更1次、结算账户变更1次，换电话或账户当天订购30条。"
    )


@pytest.mark.parametrize(("day", "hits"), [("2025-12-31", 1), ("2025-12-30", 0)])
def test_two_changes_within_ninety_days(day, hits):
    assert len(found(book(f"R1 {day} phone a b\nR1 2026-03-30 phone b c"))) == hits


def test_a_change_of_type_counts_but_a_large_order_after_it_is_no_sign():
    (row,) = found(book("R1 2026-02-01 type a b\nR1 2026-03-30 phone b c"))

    assert InfoChange().sentence(row) == "近90天内订货电话变更1次、客户类别变更1次。"
    assert not found(book("R1 2026-03-28 type a b", "o1 R1 2026-03-30 90"))


def test_often_is_told_on_the_day_of_the_last_change():
    assert not found(book("R1 2026-02-01 phone a b\nR1 2026-03-29 phone b c"))


@pytest.mark.parametrize(("changes", "hits"), [(2, 1), (3, 0)])
def test_a_province_may_allow_more_changes(changes, hits):
    tables = book("R1 2026-02-01 phone a b\nR1 2026-03-30 phone b c")

    assert len(found(tables, changes=changes)) == hits


@pytest.mark.parametrize(("day", "hits"), [("2026-03-27", 1), ("2026-03-26", 0)])
def test_an_order_up_to_three_days_after_a_change(day, hits):
    assert len(found(book(f"R1 {day} phone a b", "o1 R1 2026-03-30 20"))) == hits


@pytest.mark.parametrize(("qty", "hits"), [(19.9, 0), (20, 1), (21, 1)])
def test_an_order_of_twenty_cartons_or_more(qty, hits):
    assert len(found(book("R1 2026-03-28 account a b", f"o1 R1 2026-03-30 {qty}"))) == hits


@pytest.mark.parametrize(
    "changes",
    [
        "R1 2026-02-01 tier 8 9\nR1 2026-03-30 address a b",
        "R1 2026-02-01 phone a a\nR1 2026-03-30 phone a a",
        "R1 2026-02-01 phone - -\nR1 2026-03-30 phone a b",
        "R1 2026-02-01 phone a b\nR2 2026-03-30 phone a b",
    ],
    ids=["other fields", "confirmed, not changed", "masked numbers", "two shops, once each"],
)
def test_it_accepts(changes):
    assert not found(book(changes))


def test_an_order_alone_is_nothing():
    assert not found(book("", "o1 R1 2026-03-30 90"))


@pytest.mark.parametrize(
    ("by", "concerned"),
    [("S1 -", True), ("农某 农某", True), ("S1 S2", False), ("S2 -", False), ("- -", False)],
    ids=["a manager alone", "approved by himself", "approved", "a clerk", "not noted"],
)
def test_a_manager_who_changed_it_alone_goes_above(by, concerned):
    changes = f"""
        retailer_id  day         field  old_value  new_value  operator  approver
        R1           2026-02-01  phone  a          b          S2        S9
        R1           2026-03-30  phone  b          c          {by}
    """
    staff = "staff_id name role\nS1 农某 客户经理\nS2 韦某 内管员"
    tables = facts(changes=changes, orders=ORDERS, retailers=RETAILERS, staff=staff)

    (row,) = found(tables)
    assert InfoChange().staff_concerned(row) is concerned
    assert ("客户经理操作而没有他人审批" in InfoChange().sentence(row)) is concerned
