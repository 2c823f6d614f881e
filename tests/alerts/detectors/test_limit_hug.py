import datetime as dt

import pytest

from alerts.detectors.limit_hug import LimitHug
from sources.facts import rows
from tests.alerts.books import LIMITS, ON, baskets, picked

__all__ = ["ON"]


def hugging(shops, weeks=6, brands=8):
    """These shops take the limit of most brands for some weeks."""

    def quantity(shop, week, brand):
        if shop in shops and week < weeks and brand < brands:
            return LIMITS[brand]
        return picked(shop, week, brand)

    return quantity


def guilty():
    return baskets(hugging({3}))


def found(tables, **params):
    return {row["subject_id"]: row for row in rows(LimitHug(**params).find(tables, ON))}


def test_it_flags_the_shop_that_takes_the_limit_of_everything():
    row = found(guilty())["R03"]

    assert row["surprise"] > 2.5
    assert row["met"] == 8
    assert row["due"] < 3.5
    assert "8个订到限量" in LimitHug().sentence(row)


def test_it_accepts_tight_limits_that_everybody_meets():
    hits = found(baskets(hugging(set(range(16)))))

    assert all(row["surprise"] < 2.5 for row in hits.values())


def test_the_more_brands_at_the_limit_the_rarer():
    few, many = (
        found(baskets(hugging({3}, brands=brands))).get("R03", {"surprise": 0}) for brands in (4, 8)
    )

    assert few["surprise"] + 0.5 < many["surprise"]


def test_its_evidence_is_the_lines_of_the_last_three_orders():
    detector = LimitHug()
    shown = rows(detector.evidence(guilty(), ON, detector.find(guilty(), ON)))

    mine = {row["day"] for row in shown if row["subject_id"] == "R03"}
    assert mine == {ON - dt.timedelta(weeks=week) for week in range(3)}


@pytest.mark.parametrize(("weeks", "seen"), [(16, True), (15, False)])
def test_a_new_shop_has_no_normal_yet(weeks, seen):
    opened = {3: ON - dt.timedelta(weeks=weeks)}

    assert ("R03" in found(baskets(hugging({3}), opened=opened))) is seen


@pytest.mark.parametrize(("fewest", "seen"), [(8, True), (9, False)])
def test_few_brands_at_the_limit_are_no_matter(fewest, seen):
    assert ("R03" in found(guilty(), fewest=fewest)) is seen


def test_a_shop_whose_tiers_nobody_else_had_does_not_stop_the_night():
    hits = found(baskets(hugging({3, 4}), lifted={4}))

    assert "R04" not in hits
    assert LimitHug().sentence(hits["R03"])
