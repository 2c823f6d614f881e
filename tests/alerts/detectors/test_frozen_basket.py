import datetime as dt

import pytest

from alerts.detectors.frozen_basket import FrozenBasket
from sources.facts import rows
from tests.alerts.books import LIMITS, ON, baskets, picked

__all__ = ["ON"]


def copied(shops, weeks=6):
    """These shops repeat the order they gave before the last weeks."""

    def quantity(shop, week, brand):
        return picked(shop, max(week, weeks) if shop in shops else week, brand)

    return quantity


def guilty():
    return baskets(copied({3}))


def found(tables, **params):
    return {row["subject_id"]: row for row in rows(FrozenBasket(**params).find(tables, ON))}


def test_it_flags_the_shop_that_repeats_its_order():
    row = found(guilty())["R03"]

    assert row["surprise"] > 2
    assert row["same"] == row["either"]
    assert f"{row['same']}个数量完全相同" in FrozenBasket().sentence(row)


def test_brands_at_the_limit_are_no_repetition():
    def full(shop, week, brand):
        return LIMITS[brand] if shop == 3 and week < 7 else picked(shop, week, brand)

    assert "R03" not in found(baskets(full))


def test_one_repetition_is_a_smaller_surprise():
    once = found(baskets(copied({3}, weeks=1))).get("R03", {"surprise": 0})

    assert once["surprise"] < found(guilty())["R03"]["surprise"]


@pytest.mark.parametrize(("weeks", "seen"), [(16, True), (15, False)])
def test_a_new_shop_is_left_out(weeks, seen):
    opened = {3: ON - dt.timedelta(weeks=weeks)}

    assert ("R03" in found(baskets(copied({3}), opened=opened))) is seen


def test_small_baskets_repeat_by_chance():
    either = found(guilty())["R03"]["either"]

    assert "R03" in found(guilty(), fewest=either)
    assert "R03" not in found(guilty(), fewest=either + 1)
