import datetime as dt

import pytest

from alerts.detectors.vol_robust import VolRobust
from alerts.grading import Policy
from sources.facts import rows
from tests.alerts.books import ON, book, times, usual

__all__ = ["ON"]


def guilty():
    return book(times(4))


def found(tables, **params):
    return {row["subject_id"]: row for row in rows(VolRobust(**params).find(tables, ON))}


def test_it_flags_the_shop_that_ordered_four_times_its_normal():
    hits = found(guilty())

    worst = max(hits.values(), key=lambda row: row["surprise"])
    assert worst["subject_id"] == "R03"
    assert worst["surprise"] > 2.6
    assert worst["ratio"] == pytest.approx(4, rel=0.35)
    assert VolRobust().sentence(worst).startswith("本周订货")
    assert "约千分之1" in VolRobust().sentence(worst)


@pytest.mark.parametrize(("factor", "shops"), [(3, 24), (8, 24), (8, 6)])
def test_one_order_alone_is_never_enough_for_the_list(factor, shops):
    """A wedding: whatever its size, and however few shops the county has that never had one."""
    for week in (0, 1):
        order = book(lambda shop, w, week=week: usual(shop, w) * (factor if (shop, w) == (3, week) else 1), shops=shops)  # fmt: skip

        assert found(order).get("R03", {"surprise": 0})["surprise"] < Policy().blue


def test_the_same_for_a_month_is():
    assert found(book(times(4, weeks=4)))["R03"]["surprise"] >= Policy().blue


def test_it_sees_a_lasting_rise_that_no_single_week_shows():
    once, lasting = found(book(times(1.6))), found(book(times(1.6, weeks=4)))

    assert lasting["R03"]["surprise"] > 2
    assert lasting["R03"]["surprise"] > once.get("R03", {"surprise": 0})["surprise"]
    assert lasting["R03"]["weeks"] > 1
    assert VolRobust().sentence(lasting["R03"]).startswith("近")


def test_it_accepts_a_festival_in_which_everybody_rises():
    def festival(shop, week):
        return usual(shop, week) * (2 if week < 2 else 1)

    hits = found(book(festival))

    assert all(row["surprise"] < 2.6 for row in hits.values())


def test_it_still_sees_the_shop_that_rose_far_more_than_the_festival():
    def festival(shop, week):
        return times(4)(shop, week) * (2 if week < 2 else 1)

    hits = found(book(festival))

    assert hits["R03"]["surprise"] > 2.6
    assert hits["R03"]["market"] == pytest.approx(2, rel=0.25)


def test_a_banquet_is_a_smaller_surprise():
    assert found(book(times(1.4))).get("R03", {"surprise": 0})["surprise"] < 2.6


@pytest.mark.parametrize(("weeks", "seen"), [(17, True), (16, False)])
def test_a_new_shop_has_no_normal_yet(weeks, seen):
    def young(shop, week):
        return 0 if shop == 3 and week >= weeks else times(4)(shop, week)

    assert ("R03" in found(book(young))) is seen


def test_a_shop_that_opened_lately_is_new_though_the_book_says_nothing_of_it():
    tables = book(times(4), open_date=ON - dt.timedelta(weeks=15))

    assert not found(tables)
    assert "R03" in found(book(times(4), open_date=ON - dt.timedelta(weeks=16)))


@pytest.mark.parametrize(("qty", "seen"), [(20, True), (19, False)])
def test_a_few_cartons_are_not_worth_a_visit(qty, seen):
    def small(shop, week):
        return qty if (shop, week) == (3, 0) else max(1, usual(shop, week) // 10)

    assert ("R03" in found(book(small), smallest=20)) is seen


def test_who_did_not_order_on_the_day_is_not_judged():
    def absent(shop, week):
        return 0 if shop == 3 and week == 0 else times(4, weeks=3)(shop, week)

    assert "R03" not in found(book(absent))


def test_its_evidence_is_the_last_ten_weeks_of_orders():
    detector = VolRobust()
    shown = rows(detector.evidence(guilty(), ON, detector.find(guilty(), ON)))

    mine = [row for row in shown if row["subject_id"] == "R03"]
    assert len(mine) == 10
    assert max(row["day"] for row in mine) == ON
    assert {row["source"] for row in mine} == {"orders"}
