"""The pages of one monthly report: what it says, its figures' lists, its papers, its submissions."""

import datetime as dt
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import StaffRequest
from accounts.models import User
from reports.annexes import ROW_TITLES, brief_of
from reports.completeness import checks_of, missing_of
from reports.content import figures_in, kept_content, live_content
from reports.differences import differences
from reports.models import Assessment, MonthlyReport, Remark, Submission
from reports.models.report import Content
from reports.papers import paper_of
from reports.parts import NOTE, SELF
from reports.records import records_of
from reports.sections import BY_KEY, PLAN, shown
from reports.sheet import CURRENT, SHEETS
from reports.summaries import MEASURES, RATES, meaning_of, title_of
from reports.timeline import timeline_of
from reports.views.finding import report_or_404
from reports.workbook import workbook_of

LEAST_ROWS = 3  # of the plan, shown from the start
_KNOWN = {*MEASURES, *RATES}


@require_safe
def report(request: StaffRequest, month: str, county: str) -> HttpResponse:
    """The report: its text to be written, or what was submitted."""
    found = report_or_404(request, month, county, "read_report")
    submissions = list(found.submissions.newest())
    newest, now = submissions[0] if submissions else None, timezone.now()
    content = _content(found, newest, now=now)
    remarks = list(newest.remarks.select_related("by").order_by("pk")) if newest else []
    codes = [found.code, *(f"{found.code}-{one.number}" for one in submissions)]
    context = {
        "report": found,
        "content": content,
        "sections": _sections(found, content, remarks),
        "submission": newest,
        "submissions": submissions,
        "brief": brief_of(content),
        "timeline": timeline_of(*codes),
        "other_remarks": [_remark(one) for one in remarks if one.target not in BY_KEY],
        "now": now,
        **_parts(found, content),
        **_standing(found, content, request.user, now=now),
    }
    return render(request, "reports/report.html", context)


@require_safe
def checks(request: StaffRequest, month: str, county: str) -> HttpResponse:
    """The list of what is still missing, after a part was saved."""
    found = report_or_404(request, month, county, "read_report")
    newest = found.submissions.newest().first()
    now = timezone.now()
    content = _content(found, newest, now=now)
    context = {
        "report": found,
        "content": content,
        "swapped": True,
        **_standing(found, content, request.user, now=now),
    }
    return render(request, "reports/_checks.html", context)


def _content(found: MonthlyReport, newest: Submission | None, *, now: dt.datetime) -> Content:
    if found.is_final and newest is not None:
        return kept_content(newest)
    return live_content(found, now=now)


def _sections(
    found: MonthlyReport, content: Content, remarks: list[Remark]
) -> list[dict[str, Any]]:
    return [
        {
            **one,
            "hint": BY_KEY[one["key"]].hint,
            "least": BY_KEY[one["key"]].least,
            "version": found.version_of(one["key"]),
            "remarks": [mark for mark in remarks if mark.target == one["key"]],
        }
        for one in content["sections"]
    ]


def _parts(found: MonthlyReport, content: Content) -> dict[str, Any]:
    """The plan, the note and the self-scores."""
    own = content["self_scores"]
    return {
        "plan": {
            "rows": content["plan"],
            "version": found.version_of(PLAN.key),
            "hint": PLAN.hint,
            "spare": range(len(content["plan"]) + 1, max(len(content["plan"]) + 1, LEAST_ROWS) + 1),
        },
        "note": {"text": content["note"], "version": found.version_of(NOTE)},
        "own": {
            "items": [
                {"item": item, "points": own.get(str(item.number), "")}
                for item in SHEETS[CURRENT].items
            ],
            "version": found.version_of(SELF),
        },
    }


def _remark(mark: Remark) -> dict[str, Any]:
    row, _, measure = mark.target.partition(".")
    where = f"{ROW_TITLES.get(row, row)}·{title_of(measure)}" if measure in _KNOWN else "全文"
    return {"where": where, "text": mark.text, "by": mark.by, "at": mark.at}


def _standing(
    found: MonthlyReport, content: Content, user: User, *, now: dt.datetime
) -> dict[str, Any]:
    """What is still missing, and what this reader may do next."""
    checks = checks_of(content)
    missing = missing_of(checks)
    required = sum(one.is_required for one in checks)
    state, at = MonthlyReport.State, found.bureau
    may = {
        "write": found.is_open and user.may_at("write_report", at),
        "approve": found.state == state.REVIEWING and user.may_at("review_report", at),
        "sign": found.state == state.SIGNING and user.may_at("sign_report", at),
        "receive": found.state == state.SUBMITTED and user.may_at("receive_report", at),
        "return": found.is_final and user.may_at("receive_report", at),
        "score": found.state == state.RECEIVED and user.may_at("score_report", at),
    }
    return {
        "checks": checks,
        "missing": missing,
        "done": required - len(missing),
        "required": required,
        "percent": 100 * (required - len(missing)) // required,
        "open_parts": {one.part for one in missing},
        "may": may,
        "is_late": found.is_late(now=now),
        "has_score": Assessment.objects.visible_to(user, "read_score")
        .filter(report=found)
        .exists(),
    }


@require_safe
def figure(request: StaffRequest, month: str, county: str, row: str, measure: str) -> HttpResponse:
    """The list behind a figure: of what was submitted, or of now."""
    found = report_or_404(request, month, county, "read_report")
    if row not in ROW_TITLES or measure not in _KNOWN:
        raise Http404
    newest = found.submissions.newest().first()
    content = _content(found, newest, now=timezone.now())
    kept = figures_in(content).get(f"{row}.{measure}")
    if kept is None:
        raise Http404
    rate = RATES.get(measure)
    context = {
        "report": found,
        "row_title": ROW_TITLES[row],
        "title": title_of(measure),
        "meaning": meaning_of(measure),
        "shown": shown(kept, measure),
        "listed": title_of(rate.over) if rate else title_of(measure),
        "is_rate": rate is not None,
        "records": records_of(list(kept.codes), request.user),
        "as_of": dt.datetime.fromisoformat(content["as_of"]),
    }
    return render(request, "reports/figure.html", context)


@require_safe
def pdf(request: StaffRequest, month: str, county: str) -> HttpResponse:
    """The report on paper: a draft until it is submitted."""
    found = report_or_404(request, month, county, "read_report")
    newest = found.submissions.newest().first()
    now = timezone.now()
    made = paper_of(_content(found, newest, now=now), newest if found.is_final else None, now=now)
    answer = HttpResponse(made, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{found.code}.pdf"'
    return answer


@require_safe
def annexes(request: StaffRequest, month: str, county: str) -> HttpResponse:
    """The annexes as a workbook, with the records behind each number."""
    found = report_or_404(request, month, county, "read_report")
    newest = found.submissions.newest().first()
    made = workbook_of(_content(found, newest, now=timezone.now()))
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    answer = HttpResponse(made, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{found.code}.xlsx"'
    return answer


@require_safe
def submission(request: StaffRequest, month: str, county: str, number: int) -> HttpResponse:
    """One submission as it was handed in, and how it differs from the one before."""
    found = report_or_404(request, month, county, "read_report")
    kept = get_object_or_404(found.submissions.select_related("by", "report"), number=number)
    former = found.submissions.filter(number=number - 1).first()
    content = kept_content(kept)
    context = {
        "report": found,
        "submission": kept,
        "content": content,
        "differences": differences(kept_content(former), content) if former else None,
        "remarks": [_remark_of(one) for one in kept.remarks.select_related("by").order_by("pk")],
        "numbers": range(1, found.submissions.count() + 1),
    }
    return render(request, "reports/submission.html", context)


def _remark_of(mark: Remark) -> dict[str, Any]:
    if mark.target in BY_KEY:
        return {"where": BY_KEY[mark.target].title, "text": mark.text, "by": mark.by, "at": mark.at}
    return _remark(mark)
