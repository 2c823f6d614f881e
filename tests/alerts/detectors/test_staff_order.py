import datetime as dt

import pytest

from alerts.detectors.staff_order import StaffOrder
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
STAFF = """
    staff_id  role    device_id
    M1        客户经理  dev-m1
    C1        订单员   dev-c1
"""
HEADER = "order_id retailer_id day channel device_id placed_by amend_count last_amended_by qty\n"


def guilty():
    return book("1 R1 2026-03-30 网上 dev-1 M1 - - 40")


def book(orders):
    clean = "".join(f"c{n} X{n} 2026-03-30 网上 d{n} - 0 - 10\n" for n in range(20))
    return facts(orders=HEADER + clean + orders, staff=STAFF)


def told(tables, **params):
    detector = StaffOrder(**params)
    found = rows(detector.find(tables, ON))
    assert all(detector.staff_concerned(row) == bool(row["staff_id"]) for row in found)
    return [(detector.floor(row), row["surprise"], detector.sentence(row)) for row in found]


def test_an_order_from_a_staff_account_is_red():
    assert told(guilty()) == [("红", 6.0, "当日订单40条由工作人员的账号提交。")]


def test_an_order_amended_by_staff_is_red():
    ((grade, surprise, sentence),) = told(book("1 R1 2026-03-30 网上 dev-1 - 1 M1 40"))

    assert (grade, surprise) == ("红", 6.0)
    assert sentence == "当日订单40条提交后共修改1次，最后由工作人员修改。"


def test_the_second_order_from_a_staff_device_is_red_the_first_may_be_a_lesson():
    once = "1 R1 2026-03-30 手机 dev-m1 - - - 40\n"

    ((grade, surprise, sentence),) = told(book(once))
    assert grade is None
    assert 0.5 < surprise < 3
    assert sentence == "当日订单40条从工作人员的设备发出，近8周仅此一次。"
    ((grade, surprise, sentence),) = told(book(once + "2 R1 2026-03-23 手机 dev-m1 - - - 40"))
    assert (grade, surprise) == ("红", 6.0)
    assert sentence == "当日订单40条从工作人员的设备发出，近8周本户共2次如此订货。"


@pytest.mark.parametrize(("day", "grade"), [("2026-02-03", "红"), ("2026-02-02", None)])
def test_device_orders_are_counted_over_eight_weeks(day, grade):
    orders = f"1 R1 2026-03-30 手机 dev-m1 - - - 40\n2 R1 {day} 手机 dev-m1 - - - 40"

    assert told(book(orders))[0][0] == grade


def test_a_bureau_may_make_the_first_one_red():
    assert told(book("1 R1 2026-03-30 手机 dev-m1 - - - 40"), device_orders=1)[0][0] == "红"


@pytest.mark.parametrize(("times", "grade"), [(2, None), (3, "橙"), (4, "橙")])
def test_three_amendments_are_orange_whoever_made_them(times, grade):
    found = told(book(f"1 R1 2026-03-30 网上 dev-1 - {times} - 40"))

    assert [found_grade for found_grade, _surprise, _sentence in found] == (
        [grade] if grade else []
    )
    if found:
        assert found[0][2] == f"当日订单40条提交后修改了{times}次。"


@pytest.mark.parametrize(
    "order",
    [
        "1 R1 2026-03-30 电话 dev-c1 C1 1 C1 40",
        "1 R1 2026-03-30 网上 dev-1 R1 1 R1 40",
        "1 R1 2026-03-29 网上 dev-1 M1 - - 40",
        "1 R1 2026-03-30 网上 - - - - 40",
    ],
    ids=["an order clerk takes a call", "the shop's own account", "not today", "nobody recorded"],
)
def test_it_accepts(order):
    assert not told(book(order))


def test_an_order_clerk_outside_the_call_centre_is_staff_like_others():
    assert told(book("1 R1 2026-03-30 网上 dev-1 C1 - - 40"))[0][0] == "红"


def test_a_manager_who_enters_a_telephone_order_is_told():
    assert told(book("1 R1 2026-03-30 电话 dev-c1 M1 - - 40"))[0][0] == "红"


def test_the_evidence_says_who_sent_it():
    detector = StaffOrder()

    (row,) = rows(detector.evidence(guilty(), ON, detector.find(guilty(), ON)))

    assert row["staff_id"] == "M1"
