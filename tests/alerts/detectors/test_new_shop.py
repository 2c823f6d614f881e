import datetime as dt

import pytest

from alerts.detectors.new_shop import NewShop
from sources.facts import rows
from tests.alerts.books import ON, baskets, picked

__all__ = ["ON"]
LATELY = ON - dt.timedelta(weeks=8)


def narrow(shop, week, brand):
    """Shop 3 orders the scarce brands and nothing else."""
    if shop == 3:
        return 3 if brand < 3 else 0
    return picked(shop, week, brand)


def guilty():
    return baskets(narrow, opened={3: LATELY})


def found(tables, **params):
    return {row["subject_id"]: row for row in rows(NewShop(**params).find(tables, ON))}


def test_it_flags_the_new_shop_that_orders_scarce_brands_only():
    row = found(guilty())["R03"]

    assert row["surprise"] > 2
    assert (row["age"], row["brands"], row["met"], row["share"]) == (8, 3, 3, 1)
    assert NewShop().sentence(row).startswith("开户8周；本日订3个品牌，其中3个订到限量")


def test_a_new_shop_that_orders_like_others_is_left_alone():
    assert "R03" not in found(baskets(opened={3: LATELY}))


@pytest.mark.parametrize(("weeks", "seen"), [(25, True), (26, False)])
def test_new_means_less_than_26_weeks(weeks, seen):
    opened = {3: ON - dt.timedelta(weeks=weeks)}

    assert ("R03" in found(baskets(narrow, opened=opened))) is seen


@pytest.mark.parametrize(("orders", "seen"), [(3, True), (2, False)])
def test_two_orders_tell_nothing(orders, seen):
    opened = {3: ON - dt.timedelta(weeks=orders - 1)}

    assert ("R03" in found(baskets(narrow, opened=opened))) is seen


@pytest.mark.parametrize(("fewest", "seen"), [(3, True), (4, False)])
def test_few_brands_at_the_limit_are_no_matter(fewest, seen):
    assert ("R03" in found(guilty(), fewest=fewest)) is seen
