import datetime as dt

import pytest

from alerts.detectors.staff_login import StaffLogin
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 31)
STAFF = "staff_id role device_id\nS1 客户经理 d-1\nS2 订单员 d-2"
ORDERS = """
    order_id  retailer_id  day         channel
    1         A            2026-03-31  手机
    2         A            2026-03-31  电话
    3         A            2026-03-30  手机
"""


def guilty():
    return book("2026-03-31 修改 S1 - 1")


def book(*logs):
    lines = ["retailer_id day at action account device_id order_id"]
    for log in logs:
        day, rest = log.split(" ", 1)
        lines.append(f"A {day} {day}T17:30 {rest}")
    return facts(logins="\n".join(lines), staff=STAFF, orders=ORDERS)


def found(tables, **params):
    return rows(StaffLogin(**params).find(tables, ON))


def test_an_account_of_staff_is_red_and_goes_above():
    (row,) = found(guilty())

    assert row["subject_id"] == "A"
    assert StaffLogin().floor(row) == "红"
    assert StaffLogin().staff_concerned(row)
    assert StaffLogin().sentence(row) == "3月31日网订日志：工作人员的账号替本户修改了订单。"


def test_a_device_counts_and_the_gravest_act_is_told():
    (row,) = found(book("2026-03-31 提交 x d-1 1", "2026-03-31 改密 x d-1 -"))

    assert row["surprise"] == 6.0
    assert StaffLogin().floor(row) is None
    assert StaffLogin().sentence(row) == (
        "3月31日网订日志：工作人员的设备替本户改了订货密码，同期共2次操作。"
    )


@pytest.mark.parametrize(
    "log",
    [
        "2026-03-31 修改 x - 1",
        "2026-03-31 登录 S1 - -",
        "2026-03-31 提交 S2 d-2 2",
        "2026-03-30 修改 S1 - 3",
        "2026-03-31 修改 - - 1",
    ],
    ids=["the shop itself", "a mere login", "a clerk enters a call", "told before", "not noted"],
)
def test_it_accepts(log):
    assert not found(book(log))


def test_a_clerk_who_touches_an_online_order_is_told():
    assert found(book("2026-03-31 修改 S2 - 1"))
    assert found(book("2026-03-31 提交 S1 - 2"))


@pytest.mark.parametrize(
    ("logs", "floor", "surprise"),
    [
        (["2026-03-31 提交 x d-1 1"], None, 2.0),
        (["2026-03-31 提交 x d-1 1", "2026-03-31 提交 x d-1 1"], None, 2.0),  # one order
        (["2026-03-31 提交 x d-1 1", "2026-02-04 提交 x d-1 9"], "红", 6.0),
        (["2026-03-31 提交 x d-1 1", "2026-02-03 提交 x d-1 9"], None, 2.0),  # eight weeks ago
        (["2026-03-31 提交 S1 d-1 1"], "红", 6.0),
        (["2026-03-31 修改 x d-1 1"], "红", 6.0),
    ],
    ids=["once", "logged twice", "twice", "long ago", "by account", "amended"],
)
def test_one_order_from_a_staff_device_may_be_a_lesson_the_second_is_red(logs, floor, surprise):
    (row,) = found(book(*logs))

    assert StaffLogin().floor(row) == floor
    assert row["surprise"] == surprise


def test_it_says_how_many_orders_came_from_such_devices():
    (row,) = found(book("2026-03-31 提交 x d-1 1", "2026-02-04 提交 x d-1 9"))

    assert StaffLogin().sentence(row) == (
        "3月31日网订日志：工作人员的设备替本户提交了订单，近8周从这类设备共提交2单。"
    )


def test_the_evidence_says_who_it_was():
    detector = StaffLogin()

    (row,) = rows(detector.evidence(guilty(), ON, detector.find(guilty(), ON)))

    assert row["staff_id"] == "S1"
