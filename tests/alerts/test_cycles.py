import datetime as dt

import pytest

from alerts import cycles
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 4, 1)  # a Wednesday


def past(orders, retailers="retailer_id open_date order_cycle_weeks\nR1 - -"):
    tables = facts(
        orders="order_id retailer_id day week_start qty amount\n" + orders, retailers=retailers
    )
    return rows(cycles.earlier(tables.orders, tables.retailers, ON))


def weekly(*weeks, shop="R1", qty=10):
    lines = []
    for week in weeks:
        day = dt.date(2026, 3, 30) - dt.timedelta(weeks=week)
        lines.append(f"{shop}{week} {shop} {day + dt.timedelta(days=2)} {day} {qty} 1000\n")
    return "".join(lines)


def test_the_three_weeks_before_this_one_are_added():
    (row,) = past(weekly(0, 1, 2, 3, 4))

    assert row == {"retailer_id": "R1", "past_qty": 30, "past_amount": 3000, "ordered": 3}


def test_two_orders_of_a_week_are_one_cycle():
    (row,) = past(weekly(1, 2, 3) + weekly(1, shop="R1").replace("R11 ", "R11b "))

    assert (row["past_qty"], row["ordered"]) == (40, 3)


@pytest.mark.parametrize("opened", ["-", "2026-01-01"])
def test_a_shop_whose_first_order_is_too_young_is_new_unless_it_joined_before(opened):
    retailers = f"retailer_id open_date order_cycle_weeks\nR1 {opened} -\nR2 - -"
    told = past(weekly(1, 2) + weekly(1, 2, 3, shop="R2"), retailers)

    assert {row["retailer_id"] for row in told} == ({"R2"} if opened == "-" else {"R1", "R2"})


@pytest.mark.parametrize(
    ("ordered", "new"),
    [
        ("1 2026-03-27\n2 2026-04-01", ["2026-03-28", "2026-03-31", "2026-04-01"]),
        ("1 2026-03-28\n2 2026-04-01", ["2026-03-31", "2026-04-01"]),
        ("1 2026-03-31\n2 2026-04-01", ["2026-04-01"]),
        ("1 2026-04-01", ["2026-04-01"]),
    ],
    ids=["a weekend without nights", "one stray order on Saturday", "every day", "the first night"],
)
def test_a_night_answers_for_the_days_since_the_order_day_before(ordered, new):
    days = ["2026-03-27", "2026-03-28", "2026-03-31", "2026-04-01", "2026-04-02"]
    sent = "\n".join(f"{n} {day}" for n, day in enumerate(days))
    tables = facts(orders="order_id day\n" + ordered, deliveries="order_id day\n" + sent)

    told = rows(cycles.with_news(tables.deliveries, tables.orders, ON))
    assert sorted(str(row["day"]) for row in told if row["is_new"]) == new


def test_the_largest_order_of_the_day_is_one_a_shop():
    tables = facts(
        orders=f"order_id retailer_id day qty\n1 R1 {ON} 5\n2 R1 {ON} 9\n3 R2 {ON} 0\n4 R1 2026-03-01 99"
    )

    assert [row["order_id"] for row in rows(cycles.largest(tables.orders, ON))] == ["2"]
