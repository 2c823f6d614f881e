import datetime as dt

import ibis
import pytest

from alerts.detectors.no_orders import NoOrders
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)


def guilty():
    return book(silent=4)


def book(silent=4, *, cycle="1", status="正常", times=10, closed=(), bureau="451423"):
    """Nine shops order every week; R0 has let `silent` of its weeks pass. closed: nobody's weeks."""
    orders = ["order_id retailer_id day qty amount bureau"]
    for shop in range(10):
        first, last = (silent, silent + times) if shop == 0 else (0, 20)
        step = int(cycle) if cycle != "-" and shop == 0 else 1
        for week in range(first * step, last * step, step):
            if week not in closed:
                day = ON - dt.timedelta(weeks=week)
                orders.append(f"{shop}-{week} R{shop} {day} 12 1000 {bureau}")
    return facts(
        orders="\n".join(orders),
        retailers=f"retailer_id order_cycle_weeks status\nR0 {cycle} {status}\nR1 1 正常",
    )


def found(tables, on=ON, **params):
    return rows(NoOrders(**params).find(tables, on))


def test_it_says_since_when_and_what_was_usual():
    (row,) = found(guilty())

    assert row["subject_id"] == "R0"
    assert row["surprise"] == pytest.approx(1.041, abs=0.001)  # the longest of ten
    assert NoOrders().sentence(row) == (
        "已连续4个订货周期没有订货，上次订货是3月2日；近半年订货10次，平均每次12.0条。"
    )


@pytest.mark.parametrize(("silent", "hits"), [(3, 0), (4, 1), (5, 0)])
def test_it_is_told_with_the_fourth_cycle_and_once(silent, hits):
    assert len(found(book(silent))) == hits


@pytest.mark.parametrize(("silent", "hits"), [(5, 0), (6, 1)])
def test_the_number_of_cycles_is_a_parameter(silent, hits):
    assert len(found(book(silent), cycles=6)) == hits


@pytest.mark.parametrize(("cycle", "hits"), [("1", 1), ("2", 1), ("-", 1)])
def test_who_orders_every_other_week_has_longer_cycles(cycle, hits):
    assert len(found(book(4, cycle=cycle))) == hits


def test_four_weeks_are_but_two_cycles_of_two():
    assert not found(book(2, cycle="2"))


def test_weeks_in_which_nobody_may_order_do_not_count():
    assert not found(book(4, closed=(1,)))
    assert found(book(5, closed=(1,)))


@pytest.mark.parametrize("status", ["停业", "歇业", "注销"])
def test_it_accepts_a_shop_that_reported_its_closing(status):
    assert not found(book(status=status))


def test_a_shop_without_a_status_is_looked_at():
    assert found(book(status="-"))


@pytest.mark.parametrize(("times", "hits"), [(2, 0), (3, 1)])
def test_who_hardly_ever_ordered_is_left_out(times, hits):
    assert len(found(book(times=times))) == hits


def test_it_is_told_on_the_shops_own_order_day():
    tables = book()
    tuesday = ON + dt.timedelta(days=1)
    more = facts(orders=f"order_id retailer_id day qty amount\nx R5 {tuesday} 3 1000").orders
    orders = tables.orders.union(more)

    assert not found(type(tables)(tables={**tables.tables, "orders": orders}), tuesday)


def test_a_county_that_did_not_order_today_says_nothing():
    tables = book()
    other = tables.orders.mutate(
        bureau=ibis.literal("451424"), retailer_id="X" + tables.orders.retailer_id
    )
    other = other.filter(other.day < ON)
    both = type(tables)(tables={**tables.tables, "orders": tables.orders.union(other)})

    assert found(both) == found(tables)
