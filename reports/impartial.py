"""Who may judge a county's month: nobody who wrote the report or worked on the county's alerts."""

from django.core.exceptions import ValidationError
from django.db.models import Q

from accounts.models import User
from alerts.models import Alert
from cases.models import Conclusion, Inspection, Interview
from reports import months
from reports.models import MonthlyReport


def refuse_partial(user: User, report: MonthlyReport) -> None:
    """Raise ValidationError for somebody who had a part in what is to be judged (domain 2.3, 1)."""
    if wrote(user, report):
        raise ValidationError("您参与过这份报告的起草或签发，不能评分或确认。")
    if handled(user, report):
        raise ValidationError("您本月经办过该县的预警、询访或核查，不能评分或确认，请由他人办理。")


def wrote(user: User, report: MonthlyReport) -> bool:
    """Whether the user wrote, sent, approved or signed the report."""
    return (
        user in (report.sent_by, report.approved_by)
        or report.writers.filter(pk=user.pk).exists()
        or report.submissions.filter(by=user).exists()
    )


def handled(user: User, report: MonthlyReport) -> bool:
    """Whether the user held an alert of the county in that month, hidden ones included, or called,
    visited or concluded in it."""
    since, until = months.begin_of(report.month), months.end_of(report.month)
    held = Alert.objects.filter(bureau=report.bureau, holder=user)
    during = Q(ended_at=None) | Q(ended_at__gte=since)
    officer = Q(first_officer=user) | Q(second_officer=user)
    records = (
        held.open_at(since),
        held.listed_between(since, until),
        Interview.objects.filter(
            during, bureau=report.bureau, interviewer=user, created_at__lt=until
        ),
        Inspection.objects.filter(during, officer, bureau=report.bureau, created_at__lt=until),
        Conclusion.objects.filter(
            bureau=report.bureau, drafted_by=user, created_at__gte=since, created_at__lt=until
        ),
    )
    return any(one.exists() for one in records)
