"""Which reports there are: a county's months, or a grid of counties and months."""

import datetime as dt
from typing import Any

from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import StaffRequest
from accounts.models import Bureau, User
from reports import months
from reports.models import Assessment, MonthlyReport, Submission
from reports.views.finding import counties_of

A_YEAR = 12
ACROSS = 6  # months side by side, where there are several counties


@require_safe
def reports(request: StaffRequest) -> HttpResponse:
    """A county's months, or a grid of counties and months."""
    if not request.user.may("read_report"):
        raise Http404
    counties = list(counties_of(request.user, "read_report"))
    seen = MonthlyReport.objects.visible_to(request.user, "read_report").for_list()
    first = Submission.objects.filter(report=OuterRef("pk"), number=1)
    scores = Assessment.objects.visible_to(request.user, "read_score").published()
    seen = seen.annotate(
        submitted_at=Subquery(first.values("submitted_at")[:1]),
        was_late=Subquery(first.values("is_late")[:1]),
        score=Subquery(scores.filter(report=OuterRef("pk")).values("total")[:1]),
    )
    now = timezone.now()
    this = months.month_of(timezone.localdate(now))
    since = months_back(this, A_YEAR if len(counties) == 1 else ACROSS)
    found = list(seen.filter(month__gte=since[-1], bureau__in=counties))
    context: dict[str, Any] = {
        "counties": counties,
        "rows": [_line(one, now=now) for one in found],
        "startable": _startable(request.user, counties, found, this),
        "waiting": [one for one in found if _waits_for(one, request.user)],
    }
    if len(counties) != 1:
        context["grid"] = _grid(counties, found, since, now=now)
    return render(request, "reports/reports.html", context)


def months_back(this: dt.date, number: int) -> list[dt.date]:
    """This month and those before it, newest first."""
    found = [this]
    while len(found) < number:
        found.append(months.last_month(found[-1]))
    return found


def _line(report: MonthlyReport, *, now: dt.datetime) -> dict[str, Any]:
    return {
        "report": report,
        "title": months.title(report.month),
        "is_late": report.is_late(now=now),
        "submitted_at": report.submitted_at,  # type: ignore[attr-defined]
        "was_late": report.was_late,  # type: ignore[attr-defined]
        "score": report.score,  # type: ignore[attr-defined]
    }


def _startable(
    user: User, counties: list[Bureau], found: list[MonthlyReport], this: dt.date
) -> list[dict[str, Any]]:
    """Months that one's county might begin: the running one and the one before, if missing."""
    known = {(one.bureau_id, one.month) for one in found}
    return [
        {"bureau": bureau, "month": months.written(month), "title": months.title(month)}
        for bureau in counties
        if user.may_at("write_report", bureau)
        for month in (this, months.last_month(this))
        if (bureau.pk, month) not in known
    ]


def _waits_for(report: MonthlyReport, user: User) -> bool:
    state = MonthlyReport.State
    rights = {
        state.DRAFT: "write_report",
        state.RETURNED: "write_report",
        state.REVIEWING: "review_report",
        state.SIGNING: "sign_report",
        state.SUBMITTED: "receive_report",
    }
    right = rights.get(state(report.state))
    return right is not None and user.may_at(right, report.bureau)


def _grid(
    counties: list[Bureau], found: list[MonthlyReport], columns: list[dt.date], *, now: dt.datetime
) -> dict[str, Any]:
    known = {(one.bureau_id, one.month): _line(one, now=now) for one in found}
    return {
        "months": [months.title(month) for month in columns],
        "rows": [
            {"bureau": bureau, "cells": [known.get((bureau.pk, month)) for month in columns]}
            for bureau in counties
        ],
    }
