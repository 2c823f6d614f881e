import datetime as dt

import pytest

from alerts.detectors.remote_top import RemoteTop
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)


def guilty():
    return book()


def book(top=3, *, gap=None, price=60000, market="X", tier=20, weeks=20, cycle="1", before=0):
    """Twelve shops order weekly; R0 takes `top` dear cartons today, and took some `gap` weeks ago."""
    orders, lines = ["retailer_id day tier"], ["order_id retailer_id day sku_id qty"]
    for week in range(weeks):
        day = ON - dt.timedelta(weeks=week)
        for shop in range(12):
            orders.append(f"R{shop} {day} {tier if shop == 0 else 20 + shop}")
            lines.append(f"{shop}-{week} R{shop} {day} C 10")
        if week in {0, gap}:
            lines.append(f"0-{week} R0 {day} D {top if week == 0 else 1}")
    lines += [f"z{n} R{n} {ON - dt.timedelta(weeks=1)} D 3" for n in range(1, before + 1)]
    markets = "\n".join(f"R{n} {market if n == 0 else 'C'} {cycle}" for n in range(12))
    return facts(
        orders="\n".join(orders),
        lines="\n".join(lines),
        skus=f"sku_id wholesale_price\nD {price}\nC 10000",
        retailers=f"retailer_id market_type order_cycle_weeks\n{markets}",
    )


def found(tables, **params):
    return rows(RemoteTop(**params).find(tables, ON))


def test_it_says_how_many_and_since_when_none():
    (row,) = found(guilty())

    assert row["subject_id"] == "R0"
    assert row["surprise"] == pytest.approx(2.0, abs=0.1)  # no such order among some 100
    assert RemoteTop().sentence(row) == (
        "乡村户（20档）本次订每条600元以上的高端烟3条，此前至少19周没有订过。"
    )


@pytest.mark.parametrize(("top", "hits"), [(2, 0), (3, 1)])
def test_three_cartons_are_included(top, hits):
    assert len(found(book(top))) == hits


@pytest.mark.parametrize(("price", "hits"), [(59999, 0), (60000, 1)])
def test_six_hundred_yuan_are_included(price, hits):
    assert len(found(book(price=price))) == hits


@pytest.mark.parametrize(("gap", "hits"), [(12, 0), (13, 1)])
def test_twelve_cycles_without_any_are_needed(gap, hits):
    assert len(found(book(gap=gap))) == hits


@pytest.mark.parametrize(("weeks", "hits"), [(13, 0), (14, 1)])
def test_a_shop_must_have_been_there_all_the_time(weeks, hits):
    assert len(found(book(weeks=weeks))) == hits


def test_longer_cycles_take_longer():
    assert not found(book(cycle="2"))
    assert found(book(cycle="2", weeks=26))


def test_it_accepts_a_shop_in_town_of_a_high_tier():
    assert not found(book(market="C", tier=40))


def test_a_low_tier_in_town_counts_too():
    (row,) = found(book(market="C", tier=1))

    assert RemoteTop().sentence(row).startswith("低档位户（1档）")


def test_where_it_happens_often_it_is_less_of_a_surprise():
    rare, often = (found(book(before=n))[0]["surprise"] for n in (0, 3))

    assert often < rare
