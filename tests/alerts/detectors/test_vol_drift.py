import datetime as dt

import pytest

from alerts.detectors.vol_drift import VolDrift
from sources.facts import rows
from tests.alerts.books import ON, book, times, usual

__all__ = ["ON"]


def creeping(shop, week):
    """Shop 3 has added a fifteenth of its normal every week for 13 weeks."""
    growth = 1 + max(0, 13 - week) / 15 if shop == 3 else 1
    return round(usual(shop, week) * growth * (1.3 if shop == 3 and week < 13 else 1))


def guilty():
    return book(creeping)


def found(tables, **params):
    return {row["subject_id"]: row for row in rows(VolDrift(**params).find(tables, ON))}


def test_it_flags_the_shop_that_creeps_upwards():
    row = found(guilty())["R03"]

    assert row["surprise"] > 2
    assert row["ratio"] > 1.5
    assert "此前半年常态" in VolDrift().sentence(row)


def test_one_large_order_is_no_drift():
    assert found(book(times(4))).get("R03", {"surprise": 0})["surprise"] < 2


def test_it_accepts_growth_that_everybody_shares():
    hits = found(book(lambda shop, week: usual(shop, week) * (1 + max(0, 13 - week) / 10)))

    assert all(row["surprise"] < 2.6 for row in hits.values())


@pytest.mark.parametrize(("weeks", "seen"), [(36, True), (34, False)])
def test_a_shop_must_have_been_open_for_34_weeks(weeks, seen):
    young = book(creeping, open_date=ON - dt.timedelta(weeks=weeks, days=-7))

    assert ("R03" in found(young)) is seen


def test_shops_that_order_next_to_nothing_are_left_out():
    own = found(guilty())["R03"]["normal"]

    assert "R03" not in found(guilty(), smallest=own * 1.01)
    assert "R03" in found(guilty(), smallest=own * 0.99)


def test_its_evidence_spans_both_halves():
    detector = VolDrift()
    shown = rows(detector.evidence(guilty(), ON, detector.find(guilty(), ON)))

    mine = [row["day"] for row in shown if row["subject_id"] == "R03"]
    assert len(mine) == 40
    assert min(mine) == ON - dt.timedelta(weeks=39)
