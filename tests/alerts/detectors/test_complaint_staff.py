import datetime as dt

import pytest

from alerts.detectors.complaint_staff import ComplaintStaff
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
STAFF = "staff_id role name\nG14001 客户经理 韦某宝\nG14002 送货员 黄某\nG14003 送货员 黄某"
ORDERS = "order_id day\no1 2026-03-27"


def told(*lines):
    header = "ticket_no day channel category subject bureau"
    return facts(staff=STAFF, orders=ORDERS, complaints="\n".join([header, *lines]))


def guilty():
    return told("T1 2026-03-28 12313 客户经理服务 韦某宝经理 4514")


def found(tables, **params):
    return rows(ComplaintStaff(**params).find(tables, ON))


def test_a_complaint_about_one_of_the_staff_is_told_to_the_city():
    (row,) = found(guilty())

    assert row["subject_id"] == "G14001"
    assert ComplaintStaff().floor(row) == "橙"
    assert ComplaintStaff().staff_concerned(row)
    assert ComplaintStaff().sentence(row) == (
        "3月28日收到12313投诉举报1件，类别“客户经理服务”，被反映人是客户经理。"
    )


def test_a_number_names_one_too():
    (row,) = found(told("T1 2026-03-30 12345 - 工号G14002 451423"))

    assert row["subject_id"] == "G14002"


@pytest.mark.parametrize(
    "line",
    [
        "T1 2026-03-27 12313 客户经理服务 韦某宝 4514",
        "T1 2026-03-30 12313 客户经理服务 黄某 4514",
        "T1 2026-03-30 12313 客户经理服务 阿兰便利店 4514",
        "T1 2026-03-30 12313 客户经理服务 - 4514",
    ],
    ids=["told before", "two of that name", "a shop", "nobody"],
)
def test_it_is_about_nobody_of_the_staff(line):
    assert not found(told(line))


def test_it_waits_for_who_is_complained_of():
    missing = frozenset({"complaints.subject"})

    assert ComplaintStaff.waits_for(facts(missing=missing)) == ["complaints.subject"]
