import datetime as dt

import ibis
import pytest

from alerts.detectors.revived import Revived
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)


def guilty():
    return book()


def book(pause=8, qty=30, *, others=20, cycle="1", tier="10", closed=(), bureau="451423"):
    """Nine shops order weekly; R0 ordered until it let `pause` order days pass, and orders today."""
    orders = ["order_id retailer_id day tier qty amount bureau"]
    for week in range(40):
        if week not in closed:
            orders += [_order(shop, week, tier, others, bureau) for shop in range(1, 10)]
        if week > pause:
            orders.append(_order(0, week, tier, 10, bureau))
    orders.append(_order(0, 0, tier, qty, bureau))
    retailers = f"retailer_id order_cycle_weeks\nR0 {cycle}\n"
    return facts(orders="\n".join(orders), retailers=retailers)


def _order(shop, week, tier, qty, bureau):
    return f"{shop}-{week} R{shop} {ON - dt.timedelta(weeks=week)} {tier} {qty} 1000 {bureau}"


def found(tables, on=ON, **params):
    return rows(Revived(**params).find(tables, on))


def test_it_says_how_long_the_pause_was():
    (row,) = found(guilty())

    assert row["subject_id"] == "R0"
    assert row["surprise"] == pytest.approx(2.4, abs=0.1)  # none of 242 orders followed a pause
    assert Revived().sentence(row) == (
        "自2026年1月26日后错过8个订货日，本次恢复订货即订30条；同县同档位户近四周一般每单20条。"
    )


@pytest.mark.parametrize(("pause", "hits"), [(7, 0), (8, 1), (9, 1)])
def test_eight_cycles_are_included(pause, hits):
    assert len(found(book(pause))) == hits


@pytest.mark.parametrize(("cycle", "hits"), [("2", 0), ("-", 1)])
def test_who_orders_every_other_week_needs_a_longer_pause(cycle, hits):
    assert len(found(book(15, cycle=cycle))) == hits


def test_weeks_in_which_nobody_ordered_do_not_count():
    assert not found(book(8, closed=(3,)))


@pytest.mark.parametrize(("qty", "hits"), [(19, 0), (20, 1)])
def test_twenty_cartons_are_included(qty, hits):
    assert len(found(book(qty=qty, others=5))) == hits


@pytest.mark.parametrize(("qty", "hits"), [(49, 0), (50, 1)])
def test_the_middle_of_the_tier_is_included(qty, hits):
    assert len(found(book(qty=qty, others=50))) == hits


def test_where_no_tier_is_known_the_county_is_the_measure():
    assert found(book(tier="-"))
    assert not found(book(tier="-", others=50))


def test_a_shop_that_orders_for_the_first_time_is_new_not_revived():
    assert not found(book(pause=40))


def test_another_county_changes_nothing():
    tables = book()
    other = tables.orders.mutate(
        bureau=ibis.literal("451424"),
        retailer_id="X" + tables.orders.retailer_id,
        qty=tables.orders.qty * 9,
    )
    other = other.filter(other.retailer_id != "XR0")
    both = type(tables)(tables={**tables.tables, "orders": tables.orders.union(other)})

    assert found(both) == found(tables)
