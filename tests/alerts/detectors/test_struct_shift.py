import datetime as dt

import pytest

from alerts.detectors.struct_shift import StructShift
from sources.facts import rows
from tests.alerts.books import ON, baskets, picked

__all__ = ["ON"]


def shifted(shops, weeks=2):
    """These shops order thrice as much of class 1, and hardly anything else."""

    def quantity(shop, week, brand):
        qty = picked(shop, week, brand)
        if shop in shops and week < weeks:
            return 9 if brand < 3 else qty // 4
        return qty

    return quantity


def guilty():
    return baskets(shifted({3}))


def found(tables, **params):
    return {row["subject_id"]: row for row in rows(StructShift(**params).find(tables, ON))}


def test_it_flags_the_shop_whose_money_went_to_class_1():
    row = found(guilty())["R03"]

    assert row["surprise"] > 2.5
    assert row["share"] > row["due"] + 0.15
    assert row["top"] == 27 * 600
    assert "一类烟16200元" in StructShift().sentence(row)


def test_it_accepts_a_week_in_which_everybody_turns_to_class_1():
    hits = found(baskets(shifted(set(range(16)))))

    assert all(row["surprise"] < 2.5 for row in hits.values())


def test_it_accepts_more_of_everything():
    def double(shop, week, brand):
        return picked(shop, week, brand) * (3 if (shop, week) == (3, 0) else 1)

    assert found(baskets(double)).get("R03", {"surprise": 0})["surprise"] < 2.5


@pytest.mark.parametrize(("weeks", "seen"), [(16, True), (15, False)])
def test_a_new_shop_has_no_normal_yet(weeks, seen):
    opened = {3: ON - dt.timedelta(weeks=weeks)}

    assert ("R03" in found(baskets(shifted({3}), opened=opened))) is seen


@pytest.mark.parametrize(("smallest", "seen"), [(16200, True), (16201, False)])
def test_little_money_is_no_matter(smallest, seen):
    assert ("R03" in found(guilty(), smallest=smallest)) is seen


def test_its_evidence_is_the_lines_of_the_last_three_orders():
    detector = StructShift()
    shown = rows(detector.evidence(guilty(), ON, detector.find(guilty(), ON)))

    mine = [row for row in shown if row["subject_id"] == "R03"]
    assert {row["day"] for row in mine} == {ON - dt.timedelta(weeks=week) for week in range(3)}
    assert {row["source"] for row in mine} == {"lines"}
