import datetime as dt

import pytest

from alerts.detectors.outflow import Outflow
from sources.facts import rows
from tests.alerts.books import ON, baskets, picked

__all__ = ["ON"]


def scarce_only(shops, weeks=5):
    """These shops take the limit of the scarce brands, and hardly any others."""

    def quantity(shop, week, brand):
        qty = picked(shop, week, brand)
        if brand < 3 and shop in shops:
            return 3 if week < weeks else min(qty, 1)
        return qty // 4 if shop in shops and week < weeks else qty

    return quantity


def guilty():
    return baskets(scarce_only({3}))


def found(tables, **params):
    return {row["subject_id"]: row for row in rows(Outflow(**params).find(tables, ON))}


def test_it_flags_the_shop_that_turned_to_scarce_brands_at_the_limit():
    row = found(guilty())["R03"]

    assert row["surprise"] > 2.5
    assert row["scarce"] == 9
    assert row["share"] > row["normal"] + 0.2
    assert "紧俏9条" in Outflow().sentence(row)


def test_it_accepts_a_release_of_scarce_brands_to_everybody():
    hits = found(baskets(scarce_only(set(range(16)))))

    assert all(row["surprise"] < 2.5 for row in hits.values())


@pytest.mark.parametrize(("weeks", "seen"), [(16, True), (15, False)])
def test_a_new_shop_has_no_normal_yet(weeks, seen):
    opened = {3: ON - dt.timedelta(weeks=weeks)}

    assert ("R03" in found(baskets(scarce_only({3}), opened=opened))) is seen


@pytest.mark.parametrize(("smallest", "seen"), [(9, True), (9.1, False)])
def test_few_scarce_cartons_are_no_matter(smallest, seen):
    assert ("R03" in found(guilty(), smallest=smallest)) is seen


def test_a_shop_whose_tiers_nobody_else_had_does_not_stop_the_night():
    hits = found(baskets(scarce_only({3, 4}), lifted={4}))

    assert "R04" not in hits
    assert Outflow().sentence(hits["R03"])
