"""Reminders of reports that are due soon, to whoever has the next step."""

import datetime as dt

from django.db import transaction

from accounts.actions import notify
from reports import months
from reports.actions.telling import REVIEWERS, SIGNERS, WRITERS, posted
from reports.models import MonthlyReport

State = MonthlyReport.State
NEXT = {State.REVIEWING: (REVIEWERS, "审核"), State.SIGNING: (SIGNERS, "签发")}


@transaction.atomic
def remind_of_reports(*, now: dt.datetime) -> int:
    """A notice the day before the deadline's day, on that day, and every day after. Returns how many
    reports were spoken of."""
    today = months.local(now).date()
    spoken = 0
    for report in MonthlyReport.objects.owed().select_related("bureau").order_by("pk"):
        if report.due_at is None:
            continue
        last_day = months.local(report.due_at - dt.timedelta(microseconds=1)).date()
        if today < last_day - months.ONE_DAY:
            continue
        roles, verb = NEXT.get(State(report.state), (WRITERS, "填写并送审"))
        notify(
            users=posted(report.bureau, roles),
            key=f"{report.code}:remind:{today}",
            text=f"{report.title}{_when(today, last_day)}，请尽快{verb}。",
            url=report.get_absolute_url(),
        )
        spoken += 1
    return spoken


def _when(today: dt.date, last_day: dt.date) -> str:
    left = (last_day - today).days
    if left < 0:
        return f"已逾期 {-left} 天"
    return "今日 24:00 前须报市局" if left == 0 else "明日 24:00 前须报市局"
