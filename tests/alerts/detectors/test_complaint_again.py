import datetime as dt

import pytest

from alerts.detectors.complaint_again import ComplaintAgain
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
STAFF = "staff_id role name\nG14001 客户经理 韦某宝"
ORDERS = "order_id day\no1 2026-03-27"


def told(*lines):
    header = "ticket_no day subject"
    return facts(staff=STAFF, orders=ORDERS, complaints="\n".join([header, *lines]))


def guilty():
    return told("T1 2026-01-10 韦某宝", "T2 2026-03-28 G14001")


def found(tables, **params):
    return rows(ComplaintAgain(**params).find(tables, ON))


def test_a_second_complaint_within_ninety_days_is_red():
    (row,) = found(guilty())

    assert (row["subject_id"], row["tickets"]) == ("G14001", 2)
    assert ComplaintAgain().floor(row) == "红"
    assert ComplaintAgain().staff_concerned(row)
    assert ComplaintAgain().sentence(row) == "客户经理近90天被投诉举报2次。"


@pytest.mark.parametrize(("day", "hits"), [("2025-12-31", 1), ("2025-12-30", 0)])
def test_ninety_days_are_the_line(day, hits):
    assert len(found(told(f"T1 {day} 韦某宝", "T2 2026-03-30 韦某宝"))) == hits


def test_one_ticket_is_one_complaint_and_old_ones_are_no_news():
    assert not found(told("T1 2026-03-28 韦某宝", "T1 2026-03-30 韦某宝"))
    assert not found(told("T1 2026-03-20 韦某宝", "T2 2026-03-27 韦某宝"))


def test_it_waits_for_complaints():
    missing = frozenset({"complaints.ticket_no"})

    assert ComplaintAgain.waits_for(facts(missing=missing)) == ["complaints.ticket_no"]
