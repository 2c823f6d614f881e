"""The city receives a report, or returns it with marks."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction

import audit.actions
from accounts.models import User
from reports.actions.handing import State, locked
from reports.actions.telling import COUNTY, tell
from reports.models import Assessment, MonthlyReport, Remark

Mark = tuple[str, str]  # what it is about (a section's or a figure's key, or ""), and the words


@transaction.atomic
def receive_report(*, report: MonthlyReport, by: User, version: int) -> MonthlyReport:
    """市局签收."""
    report = locked(report, version, State.SUBMITTED)
    report.state, report.return_reason = State.RECEIVED, ""
    report.version += 1
    report.save()
    tell(report, COUNTY, "received", f"{report.title}市局已签收。")
    audit.actions.record(
        "report.received", subject=report.code, bureau=report.bureau.code, by=by.code
    )
    return report


@transaction.atomic
def return_report(
    *,
    report: MonthlyReport,
    reason: str,
    marks: list[Mark],
    by: User,
    now: dt.datetime,
    version: int,
) -> MonthlyReport:
    """市局退回修改, with a reason and marks; what was submitted stays as it is."""
    report = locked(report, version, State.SUBMITTED, State.RECEIVED)
    if not reason.strip():
        raise ValidationError("请写明退回的理由。")
    if Assessment.objects.filter(report=report).exists():
        raise ValidationError("该报告已开始评分，不能退回。")
    submission = report.submissions.newest()[0]
    Remark.objects.bulk_create(
        [
            Remark(submission=submission, bureau=report.bureau, target=target, text=text.strip(),
                   by=by, at=now)
            for target, text in marks if text.strip()
        ]
    )  # fmt: skip
    report.state, report.return_reason = State.RETURNED, reason.strip()[:500]
    report.sent_by = report.approved_by = None
    report.version += 1
    report.save()
    tell(report, COUNTY, "returned", f"市局退回{report.title}：{reason.strip()[:80]}")
    audit.actions.record(
        "report.returned", subject=report.code, bureau=report.bureau.code, by=by.code,
        reason=report.return_reason, marks=len(marks), number=submission.number,
    )  # fmt: skip
    return report
