"""Working days, office hours and deadlines, on both sides of every limit."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from accounts import actions
from accounts.calendar import WorkingTime, deadline
from accounts.models import Bureau, DeadlineRule, Holiday
from tests import make

pytestmark = pytest.mark.django_db
CHINA = ZoneInfo("Asia/Shanghai")


def at(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=CHINA)


def due(what, start, grade="", bureau=None):
    found = deadline(what, grade=grade, start=at(start), bureau=bureau or make.bureau())
    return found and f"{found.astimezone(CHINA):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2026-03-02 09:00", "2026-03-02 11:00"),
        ("2026-03-02 11:00", "2026-03-02 15:30"),  # over the noon break
        ("2026-03-02 17:00", "2026-03-03 10:00"),  # into the next morning
        ("2026-03-06 17:30", "2026-03-09 10:30"),  # Friday evening: Monday
        ("2026-02-14 16:30", "2026-02-24 09:30"),  # a make-up Saturday, then Spring Festival
        ("2026-03-02 02:00", "2026-03-02 10:30"),
    ],
)
def test_a_red_alert_is_claimed_within_two_office_hours(start, expected):
    assert due("alert.claim", start, "红") == expected


@pytest.mark.parametrize(
    ("grade", "start", "expected"),
    [
        ("橙", "2026-03-02 08:00", "2026-03-03 00:00"),  # the same day, to its end
        ("橙", "2026-03-02 17:29", "2026-03-03 00:00"),
        ("橙", "2026-03-02 17:30", "2026-03-04 00:00"),  # after hours counts as the next day
        ("橙", "2026-03-07 09:00", "2026-03-10 00:00"),  # Saturday counts as Monday
        ("黄", "2026-03-06 09:00", "2026-03-10 00:00"),  # one working day: Monday
        ("黄", "2026-09-30 09:00", "2026-10-09 00:00"),  # over National Day, to the 8th
        ("蓝", "2026-03-02 09:00", "2026-03-07 00:00"),  # the week's Friday
        ("蓝", "2026-03-07 09:00", "2026-03-14 00:00"),
    ],
)
def test_claims_of_other_grades(grade, start, expected):
    assert due("alert.claim", start, grade) == expected


@pytest.mark.parametrize(
    ("start", "advance", "postpone"),
    [
        ("2026-03-02 09:00", "2026-03-04 00:00", "2026-03-04 00:00"),
        ("2026-10-01 09:00", "2026-10-01 00:00", "2026-10-09 00:00"),  # National Day
        ("2026-01-02 09:00", "2026-01-01 00:00", "2026-01-05 00:00"),  # 4 January works
    ],
)
def test_the_monthly_report_moves_off_a_holiday_by_policy(start, advance, postpone):
    bureau = make.bureau()
    assert due("report.monthly", start, bureau=bureau) == advance
    bureau.report_policy = Bureau.ReportPolicy.POSTPONE
    assert due("report.monthly", start, bureau=bureau) == postpone


@pytest.mark.parametrize(
    ("start", "expected"),
    [("2026-01-31 09:00", "2026-01-31 00:00"), ("2028-02-10 09:00", "2028-03-01 00:00")],
)
def test_the_end_of_the_month_is_its_last_working_day(start, expected):
    assert due("alert.conclude", start, "蓝") == expected


def test_flash_reports_run_round_the_clock():
    assert due("flash.written", "2026-10-01 23:30") == "2026-10-02 23:30"


def test_what_has_no_rule_has_no_deadline():
    assert due("alert.field", "2026-03-02 09:00", "蓝") is None


def test_the_nearest_bureaus_rule_and_holiday_count():
    county, user = make.bureau(), make.user("sysadmin")
    other = make.bureau("451424")
    actions.set_deadline(
        what="alert.claim", grade="黄", unit=DeadlineRule.Unit.WORKING_DAYS, amount=2,
        bureau=county.parent, by=user,
    )  # fmt: skip
    actions.set_deadline(
        what="alert.claim", grade="黄", unit=DeadlineRule.Unit.WORKING_DAYS, amount=3,
        bureau=county, by=user,
    )  # fmt: skip
    actions.set_holiday(
        on=dt.date(2026, 3, 3), is_working=False, name="三月三", bureau=county, by=user
    )

    assert due("alert.claim", "2026-03-02 09:00", "黄", county) == "2026-03-07 00:00"
    assert due("alert.claim", "2026-03-02 09:00", "黄", other) == "2026-03-05 00:00"


def test_a_cleared_day_is_what_its_weekday_says():
    day, user = dt.date(2026, 2, 14), make.user("sysadmin")
    assert WorkingTime(make.bureau()).is_working_day(day)

    actions.clear_holiday(on=day, bureau=None, by=user)

    assert not Holiday.objects.filter(on=day).exists()
    assert not WorkingTime(make.bureau()).is_working_day(day)
