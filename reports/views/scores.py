"""The pages of the monthly assessment: which there are, and one county's sheet."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import StaffRequest
from accounts.models import Bureau, User
from reports import months
from reports.clocks import due_of
from reports.forms import ScoreForm
from reports.models import Assessment, AssessmentItem, MonthlyReport, Submission
from reports.models.assessment import SCORING
from reports.sheet import SHEETS
from reports.timeline import timeline_of
from reports.views.finding import assessment_or_404, counties_of
from reports.views.lists import months_back

SHOWN_MONTHS = 6
CIRCLE = 239  # the ring's circumference, px


@require_safe
def scores(request: StaffRequest) -> HttpResponse:
    """Counties and months: how far each is; points only once they are published."""
    if not request.user.may("read_score"):
        raise Http404
    counties = list(counties_of(request.user, "read_score"))
    columns = months_back(months.month_of(timezone.localdate()), SHOWN_MONTHS)
    seen = Assessment.objects.visible_to(request.user, "read_score").for_list()
    found = {
        (one.bureau_id, one.month): one
        for one in seen.filter(month__gte=columns[-1], bureau__in=counties)
    }
    handed_in = _handed_in(request.user, counties, columns)
    at_work = any(request.user.may(right) for right in SCORING)
    context = {
        "at_work": at_work,
        "months": [months.title(month) for month in columns],
        "rows": [
            {
                "bureau": bureau,
                "cells": [
                    _cell(found, handed_in, (bureau.pk, month), at_work=at_work)
                    for month in columns
                ],
            }
            for bureau in counties
        ],
        "ranking": _ranking(counties, list(found.values())),
        "is_empty": not found and not handed_in,
    }
    return render(request, "reports/scores.html", context)


def _handed_in(
    user: User, counties: list[Bureau], columns: list[dt.date]
) -> dict[tuple[int, dt.date], MonthlyReport]:
    """Reports that the city has, or had and returned."""
    seen = MonthlyReport.objects.visible_to(user, "read_report").select_related("bureau")
    late = Submission.objects.filter(report=OuterRef("pk"), number=1).values("is_late")[:1]
    found = seen.filter(month__gte=columns[-1], bureau__in=counties).annotate(late=Subquery(late))
    return {(one.bureau_id, one.month): one for one in found}


def _cell(
    found: dict[tuple[int, dt.date], Assessment],
    reports: dict[tuple[int, dt.date], MonthlyReport],
    key: tuple[int, dt.date],
    *,
    at_work: bool,
) -> dict[str, Any]:
    report, assessment = reports.get(key), found.get(key)
    waits = report is not None and report.state == MonthlyReport.State.RECEIVED
    return {
        "assessment": assessment,
        "report": report,
        "may_start": at_work and waits and assessment is None,
        "is_late": bool(report and report.late),  # type: ignore[attr-defined]
    }


def _ranking(counties: list[Bureau], found: list[Assessment]) -> dict[str, Any] | None:
    """The newest month that is published for every county, best first; none for one county."""
    published = [one for one in found if one.state == Assessment.State.PUBLISHED]
    for month in sorted({one.month for one in published}, reverse=True):
        of_month = [one for one in published if one.month == month]
        if len(of_month) == len(counties) > 1:
            best = sorted(of_month, key=lambda one: (-(one.total or 0), one.bureau.code))
            return {"title": months.title(month), "rows": best}
    return None


@require_safe
def score(request: StaffRequest, month: str, county: str) -> HttpResponse:
    found = assessment_or_404(request, month, county, "read_score")
    return sheet_page(request, found)


def sheet_page(
    request: StaffRequest,
    found: Assessment,
    *,
    typed: dict[int, ScoreForm] | None = None,
    error: str = "",
) -> HttpResponse:
    """The sheet; what was typed and could not be kept stands in it again."""
    user, now = request.user, timezone.now()
    state = Assessment.State
    first = found.report.submissions.order_by("number").first()
    own_part = user == found.scorer
    may = {
        "score": found.state == state.DRAFT and own_part,
        "confirm": found.state == state.SCORED
        and not own_part
        and user.may_at("confirm_score", found.bureau),
        "publish": found.state == state.CONFIRMED and user.may_at("confirm_score", found.bureau),
    }
    context = {
        "assessment": found,
        "sheet": SHEETS[found.sheet_version],
        "first": first,
        "may": may,
        "error": error,
        "others": _others(user, found),
        "score_by": due_of(found.month, bureau=found.bureau, what="report.score"),
        "confirm_by": due_of(found.month, bureau=found.bureau, what="report.confirm"),
        "timeline": timeline_of(found.code) if _is_at_work(user, found) else [],
        "now": now,
        **standing(found, typed or {}),
    }
    return render(request, "reports/score.html", context)


def _is_at_work(user: User, found: Assessment) -> bool:
    return any(user.may_at(right, found.bureau) for right in SCORING)


def standing(found: Assessment, typed: dict[int, ScoreForm]) -> dict[str, Any]:
    """The rows of the sheet and the ring: what was scored so far."""
    rules = {item.number: item.rules for item in SHEETS[found.sheet_version].items}
    items = list(found.items.order_by("number"))
    rows = [
        {"item": item, "rules": rules.get(item.number, ""), **_typed(item, typed)} for item in items
    ]
    scored = [item for item in items if item.score is not None]
    points = sum((item.score for item in scored if item.score is not None), Decimal(0))
    out_of = sum((item.standard for item in scored), Decimal(0))
    own = [item.self_score for item in items if item.self_score is not None]
    return {
        "rows": rows,
        "scored": len(scored),
        "number": len(items),
        "points": points,
        "out_of": out_of,
        "arc": int(CIRCLE * points / out_of) if out_of else 0,
        "suggested": sum((item.suggested for item in items), Decimal(0)),
        "own": sum(own, Decimal(0)) if own else None,
    }


def _typed(item: AssessmentItem, typed: dict[int, ScoreForm]) -> dict[str, Any]:
    form = typed.get(item.number)
    if form is None:
        return {"points": item.score, "reason": item.reason}
    return {"points": form["points"].value(), "reason": form["reason"].value()}


def _others(user: User, found: Assessment) -> list[dict[str, Any]]:
    """How far the city's other counties are; their points stay hidden until published."""
    if not _is_at_work(user, found):
        return []
    seen = MonthlyReport.objects.visible_to(user, "read_report").select_related(
        "bureau", "assessment"
    )
    late = Submission.objects.filter(report=OuterRef("pk"), number=1).values("is_late")[:1]
    of_city = seen.filter(month=found.month, bureau__parent=found.bureau.parent_id)
    return [
        {
            "report": one,
            "assessment": getattr(one, "assessment", None),
            "is_late": one.late,  # type: ignore[attr-defined]
            "is_this": one.bureau_id == found.bureau_id,
        }
        for one in of_city.annotate(late=Subquery(late)).order_by("bureau__code")
    ]
