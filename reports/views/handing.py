"""The buttons of a report: sent, approved, sent back, submitted; received or returned by the city."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import StaffRequest
from reports.actions import handing, receiving
from reports.annexes import HANDLING, ROW_TITLES
from reports.content import kept_content
from reports.forms import ReasonForm, VersionForm, marks_of
from reports.models import MonthlyReport
from reports.sections import PLAN, TEXTS
from reports.summaries import title_of
from reports.views.finding import report_or_404

FIGURES = [
    (f"{row}.{key}", f"附表 1 {title}·{title_of(key)}")
    for row, title in ROW_TITLES.items()
    for key in HANDLING
]


def _step(
    request: StaffRequest, report: MonthlyReport, go: Callable[..., Any], said: str, **given: Any
) -> HttpResponse:
    """Take the step with the page's version, and say what happened."""
    form = VersionForm(request.POST)
    version = form.cleaned_data["version"] if form.is_valid() else -1
    try:
        go(report=report, by=request.user, version=version, **given)
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
    else:
        messages.success(request, said)
    return redirect(report)


@require_POST
def send(request: StaffRequest, month: str, county: str) -> HttpResponse:
    report = report_or_404(request, month, county, "write_report")
    said = "已送股长审核。"
    return _step(request, report, handing.send_for_review, said, now=timezone.now())


@require_POST
def approve(request: StaffRequest, month: str, county: str) -> HttpResponse:
    report = report_or_404(request, month, county, "review_report")
    return _step(request, report, handing.approve_report, "审核通过，已送分管领导签发。")


@require_POST
def submit(request: StaffRequest, month: str, county: str) -> HttpResponse:
    report = report_or_404(request, month, county, "sign_report")
    said = "已签发并报市局，内容和数字已锁定。"
    return _step(request, report, handing.submit_report, said, now=timezone.now())


@require_POST
def send_back(request: StaffRequest, month: str, county: str) -> HttpResponse:
    """The lead's or the head's return, before it goes to the city."""
    report = report_or_404(request, month, county, "read_report")
    rights = ("review_report", "sign_report")
    if not any(request.user.may_at(right, report.bureau) for right in rights):
        raise Http404
    form = ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    return _step(request, report, handing.send_back, "已退回修改。", reason=reason)


@require_POST
def receive(request: StaffRequest, month: str, county: str) -> HttpResponse:
    report = report_or_404(request, month, county, "receive_report")
    return _step(request, report, receiving.receive_report, "已签收，可以评分。")


@require_http_methods(["GET", "POST"])
def give_back(request: StaffRequest, month: str, county: str) -> HttpResponse:
    """退回: a reason, and marks on sections and figures."""
    report = report_or_404(request, month, county, "receive_report")
    newest = report.submissions.newest().first()
    if newest is None:
        messages.error(request, "报告还没有报来，不能退回。")
        return redirect(report)
    form, marks = ReasonForm(request.POST or None), marks_of(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        try:
            receiving.return_report(
                report=report, marks=marks, by=request.user, now=timezone.now(), **given
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "已退回，县局会收到通知和批注。")
            return redirect(report)
    context = {
        "report": report,
        "form": form,
        "sections": [(one.key, one.title) for one in (*TEXTS, PLAN)],
        "figures": FIGURES,
        "marks": dict(marks),
        "texts": {one["key"]: one["text"] for one in kept_content(newest)["sections"]},
        "spare": range(3),
    }
    return render(request, "reports/return.html", context)
