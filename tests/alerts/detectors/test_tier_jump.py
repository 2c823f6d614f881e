import datetime as dt

import pytest

from alerts.detectors.tier_jump import TierJump
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)


def tiers(now, before="2026-03-16", *, others=10):
    """Orders of R1, of tier 10 before and another now, and of two shops of tier 10 and another."""
    return facts(
        orders=f"""
        order_id  retailer_id  day         tier       qty
        1         R1           {before}    10         20
        2         R1           2026-03-30  {now}      60
        3         R2           2026-03-17  10         20
        4         R2           2026-03-30  {others}   20
        5         R3           2026-03-17  10         20
        6         R3           2026-03-30  {others}   20
    """
    )


def guilty():
    return tiers(15)


def found(tables, **params):
    return {row["subject_id"]: row for row in rows(TierJump(**params).find(tables, ON))}


def test_it_flags_a_rise_of_five_tiers():
    (row,) = found(guilty()).values()

    assert row["subject_id"] == "R1"
    assert row["surprise"] == pytest.approx(2.5 + 3 * 0.45)
    assert TierJump().sentence(row) == (
        "近6周内档位由10档升到15档，升5档；全县同期没有这样的统一调档。"
    )


@pytest.mark.parametrize(("now", "hits"), [(13, 1), (12, 0), (5, 0)])
def test_it_takes_three_tiers_upwards(now, hits):
    assert len(found(tiers(now))) == hits


@pytest.mark.parametrize(("before", "hits"), [("2026-02-17", 1), ("2026-02-16", 0)])
def test_it_looks_back_six_weeks(before, hits):
    assert len(found(tiers(15, before))) == hits


def test_it_accepts_a_new_scale_for_everybody():
    assert not found(tiers(15, others=15))
    assert not found(tiers(15, others=13))


def test_its_evidence_is_the_orders_of_both_tiers():
    detector = TierJump()
    shown = rows(detector.evidence(guilty(), ON, detector.find(guilty(), ON)))

    assert sorted(row["tier"] for row in shown) == [10, 15]
