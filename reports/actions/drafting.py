"""Reports come into being and are written: drafts on the 1st, one part saved at a time."""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

import audit.actions
from accounts.models import Bureau, User
from alerts.models import Night
from audit.models import Event
from reports import months
from reports.clocks import due_of
from reports.models import MonthlyReport
from reports.parts import TITLES, checked

ONE_SITTING = dt.timedelta(minutes=30)  # saves of one person in one part count as one edit


class StaleError(ValidationError):
    """Somebody else saved the part, or the report went on, since the page was opened."""


@transaction.atomic
def draft_reports(*, now: dt.datetime) -> int:
    """Drafts of the month that ended and of the one that runs, for every county at work since.

    Returns how many were made. Reports that the county still owes get their deadline anew, as the
    calendar may have changed.
    """
    this = months.month_of(_today(now))
    made = 0
    for county in Bureau.objects.counties().select_related("parent"):
        first = Night.objects.filter(bureau=county).order_by("on").values_list("on", flat=True)
        began = first.first()
        for month in (months.last_month(this), this):
            if began is not None and began < months.next_month(month):
                made += _ensure(county, month, by="system", now=now)[1]
    for report in MonthlyReport.objects.owed().select_related("bureau").order_by("pk"):
        _mind_the_deadline(report)
    return made


@transaction.atomic
def start_report(*, bureau: Bureau, month: dt.date, by: User, now: dt.datetime) -> MonthlyReport:
    """The draft of a month that runs or has ended; asked for again, the same one."""
    if month > months.month_of(_today(now)):
        raise ValidationError("这个月还没有开始，不能起草。")
    if month.year < _today(now).year - 1:
        raise ValidationError("只能起草今年和去年的报告。")
    if bureau.level != Bureau.Level.COUNTY:
        raise ValidationError("月度报告由县（市、区）局起草。")
    return _ensure(bureau, month, by=by.code, now=now)[0]


@transaction.atomic
def save_part(
    *, report: MonthlyReport, key: str, value: Any, version: int, by: User, now: dt.datetime
) -> int:
    """Keep one part of a report and return its new version.

    `version`: that of the part on the page it was typed on; StaleError where it is not the newest.
    """
    report = MonthlyReport.objects.select_for_update().select_related("bureau").get(pk=report.pk)
    if not report.is_open:
        state = report.get_state_display()
        raise StaleError(f"报告现为“{state}”，不能修改。您刚才的内容没有保存，请先复制留存。")
    if version != report.version_of(key):
        who = report.parts[key]["by"] if key in report.parts else ""
        raise StaleError(f"「{TITLES[key]}」已由{who}另外保存。请复制您的内容，刷新后再改。")
    kept = {"value": checked(key, value), "version": version + 1, "by": by.name}
    report.parts[key] = kept | {"at": now.isoformat()}
    report.save(update_fields=["parts"])
    report.writers.add(by)
    if not _same_sitting(report, key, by, now=now):
        audit.actions.record(
            "report.edited", subject=report.code, bureau=report.bureau.code, by=by.code,
            part=TITLES[key],
        )  # fmt: skip
    return version + 1


def _ensure(
    bureau: Bureau, month: dt.date, *, by: str, now: dt.datetime
) -> tuple[MonthlyReport, bool]:
    given = {
        "code": f"YDBG-{bureau.code}-{month:%Y%m}",
        "due_at": due_of(month, bureau=bureau),
        "created_at": now,
    }
    report, is_new = MonthlyReport.objects.get_or_create(bureau=bureau, month=month, defaults=given)
    if is_new:
        audit.actions.record("report.drafted", subject=report.code, bureau=bureau.code, by=by)
    return report, is_new


def _mind_the_deadline(report: MonthlyReport) -> None:
    due_at = due_of(report.month, bureau=report.bureau)
    if due_at != report.due_at:
        report.due_at = due_at
        report.save(update_fields=["due_at"])


def _same_sitting(report: MonthlyReport, key: str, by: User, *, now: dt.datetime) -> bool:
    """Whether the report's newest event is this person's edit of this part, not long ago."""
    last = Event.objects.about(report.code).last()
    if last is None or last.kind != "report.edited" or last.actor != by.code:
        return False
    return f'"{TITLES[key]}"' in last.details and now - last.at < ONE_SITTING


def _today(now: dt.datetime) -> dt.date:
    return months.local(now).date()
