import datetime as dt

import pytest

from alerts.detectors.complaint_shop import ComplaintShop
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
RETAILERS = """
    retailer_id  licence_no    name
    R1           451423100001  阿兰便利店
    R2           451423100002  平价店
    R3           451423100003  平价店
"""
ORDERS = "order_id day\no1 2026-03-27"


def told(*lines):
    header = "ticket_no day category subject"
    return facts(retailers=RETAILERS, orders=ORDERS, complaints="\n".join([header, *lines]))


def guilty():
    return told("T1 2026-03-28 真烟外流 阿兰便利店", "T2 2026-03-30 内部不规范 451423100003")


def found(tables, **params):
    return {row["subject_id"]: row for row in rows(ComplaintShop(**params).find(tables, ON))}


def test_a_complaint_that_names_a_shop_is_told_to_its_county():
    shops = found(guilty())

    assert set(shops) == {"R1", "R3"}
    row = shops["R1"]
    assert (row["bureau"], row["surprise"]) == ("451423", 4.5)
    assert ComplaintShop().floor(row) is None
    assert not ComplaintShop().staff_concerned(row)
    assert ComplaintShop().sentence(row) == "3月28日收到反映本户的投诉举报（类别“真烟外流”）。"


def test_in_a_category_about_the_bureaus_own_people_it_is_the_citys():
    row = found(guilty())["R3"]

    assert ComplaintShop().floor(row) == "橙"
    assert ComplaintShop().staff_concerned(row)


@pytest.mark.parametrize(("day", "surprise"), [("2025-12-31", 5.6), ("2025-12-30", 4.5)])
def test_a_second_one_within_ninety_days_weighs_more(day, surprise):
    shops = found(told(f"T1 {day} - R1", "T2 2026-03-30 - R1"))

    assert shops["R1"]["surprise"] == pytest.approx(surprise)
    assert ("共2件" in ComplaintShop().sentence(shops["R1"])) is (surprise > 5)


@pytest.mark.parametrize(
    "line",
    ["T1 2026-03-27 - R1", "T1 2026-03-30 - 平价店", "T1 2026-03-30 - 某店", "T1 2026-03-30 - -"],
    ids=["told before", "two of that name", "unknown", "nobody"],
)
def test_it_is_about_no_shop_that_can_be_told(line):
    assert not found(told(line))


def test_it_waits_for_who_is_complained_of():
    missing = frozenset({"complaints.subject"})

    assert ComplaintShop.waits_for(facts(missing=missing)) == ["complaints.subject"]
