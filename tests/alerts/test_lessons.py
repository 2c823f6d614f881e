"""What closed alerts teach: the table, and a person who adopts it."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from alerts.actions.lessons import adopt_lesson, make_due_lessons, make_lesson
from alerts.actions.replaying import kinds
from alerts.learning import LEAST, LEAST_VOLUME, MOST, learn, missed
from alerts.models import Lesson, Night, RuleChange, Surprise
from tests import make

NOW = make.NOW
WEEK = dt.timedelta(weeks=1)
KINDS = kinds()


def verdicts(**given):
    """detector=(confirmed, closed)"""
    return [(key, n < yes) for key, (yes, closed) in given.items() for n in range(closed)]


def table(old=0.0, **given):
    rows = learn(verdicts(**given), dict.fromkeys(KINDS, old), KINDS)
    return {row.detector: row for row in rows}


def test_what_is_proven_more_often_than_the_rest_gains():
    found = table(dev_share=(9, 10), cycle_off=(1, 10), pay_amount=(5, 10))

    assert found["dev_share"].new > 0.2
    assert found["cycle_off"].new < -0.2
    assert abs(found["pay_amount"].new) < 0.1
    assert found["dev_share"].low < found["dev_share"].precision < found["dev_share"].high


def test_the_formula_of_the_posterior():
    row = table(dev_share=(9, 10), cycle_off=(1, 10))["dev_share"]

    base = (10 + 2) / (20 + 4)
    assert row.precision == pytest.approx((9 + 8 * base) / (10 + 8))
    assert row.new == pytest.approx(0.7 * 0.415, abs=0.005)  # log10(0.7222 / 0.2778)


def test_few_closed_alerts_move_nothing():
    assert table(dev_share=(2, 2), cycle_off=(0, 20))["dev_share"].new == 0


@pytest.mark.parametrize(
    ("old", "key", "limit"), [(-1.1, "cycle_off", LEAST), (-0.4, "vol_robust", LEAST_VOLUME)]
)
def test_no_weight_falls_below_its_limit(old, key, limit):
    found = table(old, **{key: (0, 60), "dev_share": (40, 40)})

    assert found[key].new == limit


def test_no_weight_rises_above_its_limit_and_none_set_beyond_is_pulled_back():
    assert table(1.4, dev_share=(60, 60), cycle_off=(0, 60))["dev_share"].new == MOST
    assert table(-3.0, dev_share=(60, 60), cycle_off=(0, 60))["cycle_off"].new == -3.0


def estimate(pool, checked, doubtful):
    found = missed(pool, checked, doubtful)
    assert found
    return found


def test_the_estimate_of_what_was_missed():
    middle, low, high = estimate(1000, 50, 2)

    assert middle == 40
    assert 5 < low < middle < high < 120
    assert estimate(1000, 50, 0)[0] == 0


@pytest.mark.parametrize("checked", [20, 21, 57, 130])
def test_the_estimate_lies_within_its_interval(checked):
    for doubtful in range(checked + 1):
        middle, low, high = estimate(1070, checked, doubtful)
        assert 0 <= low <= middle <= high <= 1070


def test_too_few_visits_say_nothing():
    assert missed(1070, 19, 1) is None


@pytest.fixture
def city(db):
    return make.bureau("4514")


def close(outcome="", state="closed", **given):
    return make.alert(
        detector="dev_share", family="LINK", state=state, outcome=outcome,
        closed_at=NOW - dt.timedelta(days=3), **given,
    )  # fmt: skip


def test_it_counts_what_was_checked_and_nothing_else(city):
    close("X")
    close("N", causes=["N16"])
    close(state="invalid", causes=["N16"])  # dismissed at the desk: nobody has checked it
    close(state="invalid", causes=["N21"])
    make.alert(detector="dev_share")  # still open
    close("X", origin="tip")
    make.alert(
        detector="dev_share", state="monitoring", outcome="Z", watch_until=make.DAY, closed_at=NOW
    )
    close("X", at=make.bureau("460101"))

    (row,) = make_lesson(city=city, now=NOW).rows

    assert (row["detector"], row["closed"], row["confirmed"]) == ("dev_share", 2, 1)


def test_it_says_how_many_alerts_a_week_a_rule_led_and_would_lead(client, city):
    for _ in range(3):
        close("N", causes=["N16"])
        make.alert(detector="cycle_off", state="closed", outcome="X", closed_at=NOW - WEEK)
    night = make.night()
    make.night(at=city)
    for number in range(6):
        Surprise.objects.create(
            night=night, bureau=night.bureau, detector="dev_share", subject_kind="retailer",
            subject_id=f"R{number}", surprise=2.6 if number else 4.0, sentence="", numbers={},
        )  # fmt: skip
    Night.objects.update(retailers=1000)

    lesson = make_lesson(city=city, now=NOW)

    rows = {row["detector"]: row for row in lesson.rows}
    assert rows["dev_share"]["new"] < rows["dev_share"]["old"]
    assert rows["dev_share"]["before"] > rows["dev_share"]["after"] > 0
    client.force_login_now(make.user("city_supervisor", at=city))
    assert "每周预警" in client.get("/lessons/").content.decode()


def test_once_a_day_and_every_four_weeks(city):
    make_due_lessons(now=NOW)
    make_due_lessons(now=NOW + dt.timedelta(days=27))
    assert Lesson.objects.count() == 1

    make_due_lessons(now=NOW + dt.timedelta(days=28))
    assert Lesson.objects.count() == 2


def test_adopting_hands_in_a_change_for_a_second_person(city):
    lesson = make.lesson(at=city)
    by = make.user("city_supervisor", at=city)

    change = adopt_lesson(lesson=lesson, by=by, now=NOW)

    assert change.state == RuleChange.State.WAITING
    assert change.policy["weights"]["vol_order"] == -0.8
    with pytest.raises(ValidationError, match="未重复提交"):
        adopt_lesson(lesson=lesson, by=by, now=NOW)


def test_adopting_tests_first_where_there_are_nights(city):
    make.night(at=city)
    by = make.user("city_supervisor", at=city)

    change = adopt_lesson(lesson=make.lesson(at=city), by=by, now=NOW)

    assert change.state == RuleChange.State.WAITING
    assert change.test
    assert (change.test.state, change.test.policy) == ("done", change.policy)


def test_adopting_waits_for_a_long_test(city, monkeypatch):
    monkeypatch.setattr("alerts.actions.backtests.AT_ONCE", -1)
    make.night(at=city)

    change = adopt_lesson(
        lesson=make.lesson(at=city), by=make.user("city_supervisor", at=city), now=NOW
    )

    assert change.test
    assert (change.state, change.test.state) == ("draft", "waiting")


def test_an_empty_table_offers_nothing(client, city):
    make.lesson(at=city, rows=[])
    client.force_login_now(make.user("city_supervisor", at=city))

    assert "采用并送审" not in client.get("/lessons/").content.decode()


def test_an_older_table_and_one_without_changes_are_refused(city):
    by = make.user("city_supervisor", at=city)
    older = make.lesson(at=city)
    newest = make.lesson(at=city, until=make.DAY + dt.timedelta(days=28), rows=[])

    with pytest.raises(ValidationError, match="更新的权重建议"):
        adopt_lesson(lesson=older, by=by, now=NOW)
    with pytest.raises(ValidationError, match="没有改动"):
        adopt_lesson(lesson=newest, by=by, now=NOW)


def test_the_page_shows_counts_and_adopts(client, city):
    lesson = make.lesson(at=city)
    client.force_login_now(make.user("city_supervisor", at=city))

    page = client.get("/lessons/").content.decode()
    assert "-0.80" in page
    response = client.post(f"/lessons/{lesson.pk}/adopt/")

    assert response.url == f"/rules/changes/{RuleChange.objects.get().pk}/"


def test_without_any_the_page_says_so_and_one_can_be_made(client, city):
    client.force_login_now(make.user("city_supervisor", at=city))
    assert "还没有权重建议" in client.get("/lessons/").content.decode()

    assert "没有可以计入" in client.post("/lessons/make/", follow=True).content.decode()
