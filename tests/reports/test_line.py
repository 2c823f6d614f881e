"""From draft to published score: each step by the right person, refused to the wrong one, and final."""

import dataclasses
import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction

from accounts.actions import set_holiday
from accounts.models import Bureau
from accounts.permissions import Role
from audit.verification import Result
from reports.actions import drafting, handing, receiving, scoring
from reports.checks import submissions
from reports.clocks import due_of
from reports.models import Assessment, Submission
from tests import make
from tests.reports.conftest import alert, at

pytestmark = pytest.mark.django_db
MARCH = dt.date(2026, 3, 1)
DUE = at(4, 0, month=4)  # the 3rd, 24:00


def test_three_people_hand_a_report_in_and_it_is_frozen(county):
    report = make.submitted()

    kept = report.submissions.get()
    assert (report.state, kept.number, kept.is_late) == ("submitted", 1, False)
    result = Result("reports.submissions")
    submissions(result)
    assert (result.looked_at, result.faults) == (1, [])


def test_nobody_approves_or_signs_what_passed_his_hands(county):
    report = make.report()
    lead = make.user(Role.COUNTY_LEAD)
    report = handing.send_for_review(report=report, by=lead, now=DUE, version=report.version)

    with pytest.raises(ValidationError, match="送审人不能审核"):
        handing.approve_report(report=report, by=lead, version=report.version)
    other = make.user(Role.COUNTY_LEAD)
    report = handing.approve_report(report=report, by=other, version=report.version)
    with pytest.raises(ValidationError, match="三个不同的人"):
        handing.submit_report(report=report, by=other, now=DUE, version=report.version)


@pytest.mark.parametrize(
    ("seconds", "late", "days"), [(0, False, 0), (1, True, 1), (86401, True, 2)]
)
def test_the_third_counts_to_its_last_moment(county, seconds, late, days):
    kept = make.submitted(now=DUE + dt.timedelta(seconds=seconds)).submissions.get()

    assert (kept.is_late, kept.late_days) == (late, days)


@pytest.mark.parametrize(("policy", "day"), [("advance", 2), ("postpone", 7)])
def test_a_due_day_off_moves_by_the_bureaus_policy(county, policy, day):
    for off in (3, 4, 5, 6):
        set_holiday(
            on=dt.date(2026, 4, off), is_working=False, name="清明", bureau=None,
            by=make.user(Role.SYSADMIN),
        )  # fmt: skip
    Bureau.objects.filter(pk=county.pk).update(report_policy=policy)
    county.refresh_from_db()

    assert due_of(MARCH, bureau=county) == at(day + 1, 0, month=4)


def test_an_incomplete_report_stays(county):
    report = make.report()
    report.parts.pop("causes")
    report.save()

    with pytest.raises(ValidationError, match="还差 1 项"):
        handing.send_for_review(report=report, by=make.user(), now=DUE, version=report.version)


def test_a_stale_page_overwrites_nothing(county):
    report, by = make.report(), make.user()
    given = {"report": report, "key": "work", "by": by, "now": DUE}

    assert drafting.save_part(value="新的文字", version=1, **given) == 2
    with pytest.raises(drafting.StaleError):
        drafting.save_part(value="旧页面上的文字", version=1, **given)
    report.refresh_from_db()
    assert report.text_of("work") == "新的文字"


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE reports_submission SET text = ''",
        "DELETE FROM reports_submission",
        "TRUNCATE reports_submission CASCADE",
    ],
)
def test_the_database_refuses_to_change_a_submission(county, sql):
    make.submitted()

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_a_return_keeps_both_submissions(county):
    report = make.submitted()
    city = make.user(Role.CITY_SUPERVISOR, at=county.city)
    report = receiving.return_report(
        report=report, reason="原因写得太简单", marks=[("causes", "请写到人")], by=city,
        now=DUE, version=report.version,
    )  # fmt: skip

    drafting.save_part(
        report=report, key="causes", value="成因" * 40, version=1, by=make.user(), now=DUE
    )
    people = [make.user(), make.user(Role.COUNTY_LEAD), make.user(Role.COUNTY_DEPUTY_HEAD)]
    report = handing.send_for_review(report=report, by=people[0], now=DUE, version=report.version)
    report = handing.approve_report(report=report, by=people[1], version=report.version)
    handing.submit_report(report=report, by=people[2], now=DUE, version=report.version)

    one, two = Submission.objects.order_by("number")
    assert one.remarks.get().text == "请写到人"
    assert one.sha256 != two.sha256


def test_another_score_needs_a_reason(county):
    made = make.assessment(until="draft")
    wanted = {1: scoring.Score(made.items.get(number=1).suggested - 1)}

    with pytest.raises(ValidationError, match="请写明理由"):
        scoring.score_items(assessment=made, scores=wanted, by=made.scorer)
    told = {1: dataclasses.replace(wanted[1], reason="漏报一期")}
    assert scoring.score_items(assessment=made, scores=told, by=made.scorer)
    with pytest.raises(ValidationError, match="还有 9 项"):
        scoring.finish_scoring(assessment=made, by=made.scorer, now=DUE, version=made.version)


def test_the_scorer_does_not_confirm(county):
    made = make.assessment(until="scored")

    with pytest.raises(ValidationError, match="请由另一人确认"):
        scoring.confirm_assessment(assessment=made, by=made.scorer, now=DUE, version=made.version)


def test_whoever_worked_on_the_countys_alerts_does_not_score_it(county):
    report = make.received()
    busy = make.user(Role.CITY_SUPERVISOR, at=county.city)
    alert(pushed_at=at(5, month=3), state="claimed", holder=busy, audience="above")

    with pytest.raises(ValidationError, match="经办过"):
        scoring.start_assessment(report=report, by=busy, now=DUE)


def test_unrecorded_items_say_so(county):
    made = make.assessment(until="draft")

    items = made.items.filter(number__in=[2, 7, 8, 9, 10])
    assert {item.basis for item in items} == {"本月系统无记录，请人工核定"}
    assert all(item.suggested == item.standard for item in items)


@pytest.mark.parametrize(("until", "status"), [("confirmed", 404), ("published", 200)])
def test_the_county_sees_its_score_once_it_is_published(client, county, until, status):
    made = make.assessment(until=until)
    client.force_login_now(make.user())

    assert client.get(made.get_absolute_url()).status_code == status


def test_a_published_score_is_final(county):
    made = make.assessment()

    for rows in (Assessment.objects.filter(pk=made.pk), made.items.all()):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.delete()
