import datetime as dt

import pytest

from alerts.detectors.vol_drop import VolDrop
from sources.facts import rows
from tests.alerts.books import ON, book, times, usual

__all__ = ["ON"]


def guilty():
    return book(times(0.2, weeks=4))


def silent_for(weeks, shop=3):
    return lambda one, week: 0 if one == shop and week < weeks else usual(one, week)


def found(tables, **params):
    return {row["subject_id"]: row for row in rows(VolDrop(**params).find(tables, ON))}


def test_it_flags_the_shop_that_ordered_a_fifth():
    row = found(guilty())["R03"]

    assert row["surprise"] > 2.6
    assert row["ratio"] == pytest.approx(0.2, abs=0.12)
    assert "本周" in VolDrop().sentence(row)


def test_a_rise_is_no_fall():
    assert "R03" not in found(book(times(4)))


@pytest.mark.parametrize("weeks", [2, 3, 6])
def test_a_closed_road_that_everybody_suffers_adds_nothing(weeks):
    before = found(book())
    hits = found(book(lambda shop, week: usual(shop, week) * (0.3 if week < weeks else 1)))

    assert hits.keys() <= before.keys()
    assert all(row["surprise"] < before[shop]["surprise"] + 0.1 for shop, row in hits.items())


@pytest.mark.parametrize(("weeks", "seen"), [(1, False), (2, True), (4, True)])
def test_one_small_order_is_no_fall(weeks, seen):
    row = found(book(times(0.2, weeks=weeks))).get("R03", {"surprise": 0})

    assert (row["surprise"] > 2.6) is seen


def test_it_compares_two_orders_at_least():
    assert all(row["weeks"] in {2, 4, 8} for row in found(guilty()).values())


@pytest.mark.parametrize(("gone", "seen"), [(4, True), (3, False), (12, True), (13, False)])
def test_it_reports_a_shop_silent_for_4_to_12_weeks(gone, seen):
    # a shop silent for `gone` weeks on its order day has left out `gone` orders
    hits = found(book(silent_for(gone)))

    assert ("R03" in hits) is seen
    if seen:
        assert hits["R03"]["silent"] == gone
        assert VolDrop().sentence(hits["R03"]).startswith(f"已连续{gone}周未订货")


def test_silence_alone_stays_below_the_list():
    hits = found(book(silent_for(10)))

    assert hits["R03"]["surprise"] <= 2.9


def test_silence_is_told_on_the_shops_own_order_day():
    tables = book(silent_for(5))
    tuesday = rows(VolDrop().find(tables, ON + dt.timedelta(days=1)))

    assert not [row for row in tuesday if row["subject_id"] == "R03"]


def test_weeks_without_ordering_for_all_are_no_silence():
    monday = ON - dt.timedelta(weeks=2)
    calendar = f"week_start orders_suspended\n{monday} true"

    def suspended(shop, week):
        return 0 if week == 2 else silent_for(4)(shop, week)

    assert "R03" not in found(book(suspended, calendar=calendar))
    assert "R03" in found(book(suspended))


def test_who_has_often_been_away_as_long_is_not_silent():
    def seasonal(shop, week):
        return 0 if shop == 3 and (week < 4 or 20 <= week < 24) else usual(shop, week)

    assert "R03" not in found(book(seasonal))


@pytest.mark.parametrize(("weeks", "seen"), [(17, True), (16, False)])
def test_a_new_shop_has_no_normal_yet(weeks, seen):
    def young(shop, week):
        return 0 if shop == 3 and week >= weeks else times(0.2, weeks=4)(shop, week)

    assert ("R03" in found(book(young))) is seen


def test_a_shop_that_should_order_little_is_left_out():
    expected = found(guilty())["R03"]["expected"]

    assert "R03" in found(guilty(), smallest=expected * 0.99)
    assert "R03" not in found(guilty(), smallest=expected * 1.01)


def test_its_evidence_is_half_a_year_of_orders():
    detector = VolDrop()
    shown = rows(detector.evidence(guilty(), ON, detector.find(guilty(), ON)))

    assert len([row for row in shown if row["subject_id"] == "R03"]) == 26
