"""What comes by itself: drafts on the 1st, reminders before the deadline; and what verify sees."""

import datetime as dt

import pytest
from django.db import connections

from accounts.permissions import Role
from audit.verification import verify
from jobs.models import Timetable
from reports.actions.drafting import draft_reports
from reports.actions.reminding import remind_of_reports
from reports.models import MonthlyReport
from tests import make
from tests.reports.conftest import OCTOBER, at


@pytest.mark.django_db
def test_drafts_are_made_once_and_only_of_counties_at_work(county):
    make.night(at=county, on=dt.date(2026, 9, 1))
    make.bureau("451424")  # no night yet

    made = [draft_reports(now=at(1, 0, 30, month=11)) for _ in range(2)]

    assert made == [2, 0]
    months = MonthlyReport.objects.order_by("month").values_list("bureau__code", "month")
    assert list(months) == [("451423", OCTOBER), ("451423", dt.date(2026, 11, 1))]
    assert Timetable.objects.filter(kind__in=["reports.draft", "reports.remind"]).count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (at(1, 8, 30, month=4), None),
        (at(2, 8, 30, month=4), "明日"),
        (at(3, 8, 30, month=4), "今日"),
        (at(5, 8, 30, month=4), "逾期 2 天"),
    ],
    ids=["two days before", "the day before", "the day", "late"],
)
def test_who_owes_a_report_is_reminded(county, moment, words):
    supervisor = make.user(Role.COUNTY_SUPERVISOR)
    make.report()  # of March

    for _ in range(2):
        remind_of_reports(now=moment)

    texts = list(supervisor.notices.filter(key__contains=":remind:").values_list("text", flat=True))
    assert len(texts) == (1 if words else 0)
    assert all(words in text for text in texts)


ATTACKS = {
    "text": ("UPDATE reports_submission SET text = text || ' '", "内容与报送时的摘要不符"),
    "text and digest": (
        "UPDATE reports_submission SET text = '{}', "
        "sha256 = encode(sha256(convert_to('{}', 'UTF8')), 'hex')", "登记的摘要被改动",
    ),
    "gone": ("DELETE FROM reports_submission", "报送的内容已不存在"),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_an_owner_forces_on_a_submission_shows(fresh_database, attack):
    sql, words = ATTACKS[attack]
    make.submitted()
    assert [fault for result in verify() for fault in result.faults] == []

    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE reports_submission DISABLE TRIGGER USER")
        cursor.execute(sql)
        cursor.execute("ALTER TABLE reports_submission ENABLE TRIGGER USER")

    faults = [fault.what for result in verify() for fault in result.faults]
    assert words in faults


def test_a_wall_that_was_taken_down_shows(fresh_database):
    with connections["owner"].cursor() as cursor:
        cursor.execute("DROP TRIGGER reports_submission_told ON reports_submission")
        cursor.execute("GRANT UPDATE ON reports_remark TO neiguan_web")
        cursor.execute(
            "CREATE OR REPLACE FUNCTION reports_stays() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN RETURN NEW; END'"
        )

    faults = {(one.where, one.what) for result in verify() for one in result.faults}

    assert faults == {
        ("触发器 reports_submission_told", "缺失或已停用"),
        ("函数 reports_stays", "已被替换"),
        ("授权", "网页角色不应有 reports_remark UPDATE"),
    }
