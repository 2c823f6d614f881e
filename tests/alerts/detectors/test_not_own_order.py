import datetime as dt

import pytest

from alerts.detectors.not_own_order import NotOwnOrder
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
ORDERS = """
    order_id  retailer_id  day         qty
    1         A            2026-03-23  40
    2         B            2026-03-26  30
    3         B            2026-03-30  30
"""


def guilty():
    return book("客户经理")


def book(who, day="2026-03-27", order="1"):
    talks = f"record_id retailer_id day order_id ordered_by\nT1 A {day} {order} {who}"
    return facts(orders=ORDERS, interviews=talks)


def found(tables, **params):
    return rows(NotOwnOrder(**params).find(tables, ON))


def test_it_says_of_which_order_and_who_placed_it():
    (row,) = found(guilty())

    assert row["subject_id"] == "A"
    assert NotOwnOrder().sentence(row) == (
        "3月27日电话询访中，经营者说3月23日40条的订单不是本人所订，由客户经理下单。"
    )


@pytest.mark.parametrize(("who", "concerned"), [("客户经理", True), ("邻居", False)])
def test_it_concerns_staff_where_staff_is_named(who, concerned):
    (row,) = found(book(who))

    assert NotOwnOrder().staff_concerned(row) is concerned


def test_an_order_that_was_not_named_is_told_as_well():
    (row,) = found(book("邻居", order="-"))

    assert "经营者说所问的订单不是本人所订，由邻居下单。" in NotOwnOrder().sentence(row)


@pytest.mark.parametrize(
    ("who", "day"),
    [
        ("本人", "2026-03-27"),
        ("家人或店员", "2026-03-27"),
        ("-", "2026-03-27"),
        ("邻居", "2026-03-26"),
        ("邻居", "2026-03-31"),
    ],
    ids=["their own", "the family", "not asked", "told the night before", "tomorrow"],
)
def test_it_accepts(who, day):
    assert not found(book(who, day=day))
