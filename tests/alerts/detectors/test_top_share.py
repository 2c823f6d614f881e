import datetime as dt

import pytest

from alerts.detectors.top_share import TopShare
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 3)


def guilty():
    return book(30)


def book(top, *, rest=20, others=2, price=50000, tiers="10", last=ON):
    """R00 ordered `top` cartons of a dear product and `rest` of a cheap one; 39 others `others`."""
    orders, lines = (
        ["order_id retailer_id day tier"],
        ["order_id retailer_id day sku_id qty amount"],
    )
    for shop in range(40):
        orders.append(f"{shop} R{shop:02} {last} {tiers}")
        dear, cheap = (top, rest) if shop == 0 else (others, 48)
        lines += [
            f"{shop} R{shop:02} {last} {sku} {qty} 100"
            for sku, qty in (("D", dear), ("C", cheap))
            if qty
        ]
    return facts(
        orders="\n".join(orders),
        lines="\n".join(lines),
        skus=f"sku_id wholesale_price\nD {price}\nC 10000",
    )


def found(tables, on=ON, **params):
    return rows(TopShare(**params).find(tables, on))


def test_it_says_the_share_and_that_of_the_others():
    (row,) = found(guilty())

    assert row["subject_id"] == "R00"
    assert row["surprise"] == pytest.approx(1.613, abs=0.001)  # the first of 40
    assert TopShare().sentence(row) == (
        "近四周订货50条，其中每条500元以上的30条，占60.0%；"
        "同县10档上下的40户一般4.0%；比同档户高出这样多的，本县订货户中约百分之2。"
    )


@pytest.mark.parametrize(("top", "rest", "hits"), [(16, 84, 0), (17, 83, 1)])
def test_three_sigmas_are_not_more_than_three(top, rest, hits):
    assert len(found(book(top, rest=rest))) == hits


@pytest.mark.parametrize(("price", "hits"), [(49999, 0), (50000, 1)])
def test_five_hundred_yuan_are_included(price, hits):
    assert len(found(book(30, price=price))) == hits


@pytest.mark.parametrize(("top", "hits"), [(9, 0), (10, 1)])
def test_a_few_cartons_are_nothing(top, hits):
    assert len(found(book(top, rest=5))) == hits


def test_it_accepts_a_county_in_which_all_buy_dear():
    assert not found(book(30, others=72))


def test_little_is_no_finding():
    assert not found(book(0, others=30))


@pytest.mark.parametrize(("least", "hits"), [(40, 1), (41, 0)])
def test_a_small_group_is_no_measure(least, hits):
    assert len(found(guilty(), least=least)) == hits


def test_each_shop_is_looked_at_with_its_first_order_of_the_month():
    assert not found(guilty(), ON + dt.timedelta(days=1))


def test_a_shop_without_a_tier_has_peers_too():
    (row,) = found(book(30, tiers="-"))

    assert "档位相近的40户" in TopShare().sentence(row)


@pytest.mark.parametrize(("sigmas", "floor"), [(4.0, None), (4.01, "蓝"), (-9.0, None)])
def test_far_above_its_like_it_is_always_listed(sigmas, floor):
    assert TopShare().floor({"sigmas": sigmas}) == floor
    assert TopShare(pushed=5).floor({"sigmas": sigmas}) is None
