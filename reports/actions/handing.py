"""Inside the county: sent for review, approved, signed and submitted; or sent back to be mended."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction

import audit.actions
from accounts.models import User
from cases.actions.sealing import canonical, digest
from reports import months
from reports.actions.telling import CITY, REVIEWERS, SIGNERS, WRITERS, tell
from reports.clocks import due_of, submit_from
from reports.completeness import checks_of, missing_of
from reports.content import live_content
from reports.models import MonthlyReport, Submission
from reports.models.report import Content

State = MonthlyReport.State


@transaction.atomic
def send_for_review(
    *, report: MonthlyReport, by: User, now: dt.datetime, version: int
) -> MonthlyReport:
    """起草人送审: a complete draft goes to the section's lead."""
    report = locked(report, version, State.DRAFT, State.RETURNED)
    _refuse_incomplete(live_content(report, now=now))
    report.sent_by, report.approved_by = by, None
    _go(report, State.REVIEWING)
    tell(report, REVIEWERS, "review", f"{report.title}待您审核。")
    audit.actions.record("report.sent", subject=report.code, bureau=report.bureau.code, by=by.code)
    return report


@transaction.atomic
def approve_report(*, report: MonthlyReport, by: User, version: int) -> MonthlyReport:
    """股长审核通过; nobody approves what he sent himself."""
    report = locked(report, version, State.REVIEWING)
    if by == report.sent_by:
        raise ValidationError("送审人不能审核自己送审的报告，请由另一位股长审核。")
    report.approved_by = by
    _go(report, State.SIGNING)
    tell(report, SIGNERS, "sign", f"{report.title}待您签发。")
    audit.actions.record(
        "report.approved", subject=report.code, bureau=report.bureau.code, by=by.code
    )
    return report


@transaction.atomic
def send_back(*, report: MonthlyReport, reason: str, by: User, version: int) -> MonthlyReport:
    """股长或分管领导退回修改, with the reason."""
    report = locked(report, version, State.REVIEWING, State.SIGNING)
    if not reason.strip():
        raise ValidationError("请写明退回的理由。")
    was_returned = report.submissions.exists()
    report.return_reason, report.approved_by = reason.strip()[:500], None
    _go(report, State.RETURNED if was_returned else State.DRAFT)
    tell(report, WRITERS, "back", f"{report.title}被{by.name}退回修改：{reason.strip()[:80]}")
    audit.actions.record(
        "report.sent_back", subject=report.code, bureau=report.bureau.code, by=by.code,
        reason=report.return_reason,
    )  # fmt: skip
    return report


@transaction.atomic
def submit_report(*, report: MonthlyReport, by: User, now: dt.datetime, version: int) -> Submission:
    """分管领导签发并报市局: the report is frozen as it is now, with every figure and its records."""
    report = locked(report, version, State.SIGNING)
    if by in (report.sent_by, report.approved_by):
        raise ValidationError("送审、审核、签发须由三个不同的人办理。")
    due_at = due_of(report.month, bureau=report.bureau)
    opens_at = submit_from(report.month, due_at=due_at)
    if now < opens_at:
        day = months.local(opens_at)
        raise ValidationError(
            f"本月还没有结束，{day.month} 月 {day.day} 日起可以报送。草稿已经留存，不受影响。"
        )
    content = live_content(report, now=now)
    _refuse_incomplete(content)
    submission = _frozen(report, content, by=by, now=now, due_at=due_at)
    report.due_at = due_at
    _go(report, State.SUBMITTED)
    late = f"，逾期 {submission.late_days} 天" if submission.is_late else ""
    tell(report, CITY, "receive", f"{report.title}已报来{late}，请签收。")
    audit.actions.record(
        "report.submitted", subject=submission.code, bureau=report.bureau.code, by=by.code,
        sha256=submission.sha256, is_late=submission.is_late,
    )  # fmt: skip
    return submission


def locked(report: MonthlyReport, version: int, *states: str) -> MonthlyReport:
    """The row as nobody else changes it now. Raises ValidationError where it has moved on."""
    row = MonthlyReport.objects.select_for_update(of=("self",)).select_related(
        "bureau__parent", "sent_by", "approved_by"
    )
    found = row.get(pk=report.pk)
    if found.state not in states or found.version != version:
        state = found.get_state_display()
        raise ValidationError(f"报告刚有变动，现为“{state}”。什么都没有改，请刷新页面再办理。")
    return found


def _go(report: MonthlyReport, state: str) -> None:
    report.state = state
    report.version += 1
    report.save()


def _refuse_incomplete(content: Content) -> None:
    missing = missing_of(checks_of(content))
    if missing:
        words = "；".join(one.text for one in missing)
        raise ValidationError(f"还差 {len(missing)} 项：{words}。")


def _frozen(
    report: MonthlyReport,
    content: Content,
    *,
    by: User,
    now: dt.datetime,
    due_at: dt.datetime | None,
) -> Submission:
    number = report.submissions.count() + 1
    content["number"] = number
    content["submitted_at"], content["due_at"] = now.isoformat(), due_at and due_at.isoformat()
    content["people"]["signed_by"] = {"code": by.code, "name": by.name}
    text = canonical(content)
    return Submission.objects.create(
        report=report, bureau=report.bureau, number=number, text=text, sha256=digest(text),
        due_at=due_at, submitted_at=now, by=by, is_late=due_at is not None and now > due_at,
    )  # fmt: skip
