"""Scoring a county's month: begun, item by item, finished, confirmed by another person, published."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.http import StaffRequest
from reports.actions import scoring
from reports.forms import ReasonForm, ScoreForm, VerdictForm, VersionForm
from reports.models import Assessment
from reports.views.finding import assessment_or_404, report_or_404
from reports.views.scores import sheet_page, standing


@require_POST
def start(request: StaffRequest, month: str, county: str) -> HttpResponse:
    report = report_or_404(request, month, county, "score_report")
    try:
        assessment = scoring.start_assessment(report=report, by=request.user, now=timezone.now())
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
        return redirect(report)
    return redirect(assessment)


@require_POST
def item(request: StaffRequest, month: str, county: str, number: int) -> HttpResponse:
    """One row of the sheet, kept when the cursor leaves it; htmx gets the row and the ring back."""
    found = assessment_or_404(request, month, county, "score_report")
    form = ScoreForm(request.POST, prefix=f"item-{number}")
    try:
        with transaction.atomic():
            _keep_scores(request, found, {number: form})
        error = ""
    except ValidationError as refused:
        error = "".join(refused.messages)
    if not request.htmx:
        if error:
            messages.error(request, error)
        return redirect(found)
    context = {"assessment": found, **standing(found, {number: form} if error else {})}
    context["row"] = next((row for row in context["rows"] if row["item"].number == number), None)
    context |= {"error": error, "may": {"score": True}, "swapped": True}
    return render(request, "reports/_item.html", context)


@require_POST
def save(request: StaffRequest, month: str, county: str) -> HttpResponse:
    """The whole sheet as it stands."""
    return _kept(request, month, county, None, "评分已保存。")


@require_POST
def finish(request: StaffRequest, month: str, county: str) -> HttpResponse:
    """The whole sheet, and on to the second person."""
    return _kept(request, month, county, scoring.finish_scoring, "已提交，待第二人确认。")


def _kept(
    request: StaffRequest, month: str, county: str, go: Callable[..., Any] | None, said: str
) -> HttpResponse:
    """Keep everything or nothing; what was typed is never lost."""
    found = assessment_or_404(request, month, county, "score_report")
    numbers = found.items.order_by("number").values_list("number", flat=True)
    typed = {n: ScoreForm(request.POST, prefix=f"item-{n}") for n in numbers}
    try:
        with transaction.atomic():
            _keep_scores(request, found, typed)
            verdict = _verdict(request)
            scoring.save_verdict(assessment=found, verdict=verdict, by=request.user)
            if go is not None:
                go(assessment=found, by=request.user, now=timezone.now(), version=_version(request))
    except ValidationError as error:
        return sheet_page(request, found, typed=typed, error="".join(error.messages))
    messages.success(request, said)
    return redirect(found)


def _keep_scores(request: StaffRequest, found: Assessment, typed: dict[int, ScoreForm]) -> None:
    for form in typed.values():
        if not form.is_valid():
            raise ValidationError("".join(str(words[0]) for words in form.errors.values()))
    scores = {number: form.score() for number, form in typed.items()}
    scoring.score_items(assessment=found, scores=scores, by=request.user)


def _verdict(request: StaffRequest) -> scoring.Verdict:
    form = VerdictForm(request.POST)
    if not form.is_valid():
        raise ValidationError("加分请填数字，说明不要超过 300 字。没有保存。")
    return form.verdict()


def _version(request: StaffRequest) -> int:
    form = VersionForm(request.POST)
    return form.cleaned_data["version"] if form.is_valid() else -1


@require_POST
def give_back(request: StaffRequest, month: str, county: str) -> HttpResponse:
    found = assessment_or_404(request, month, county, "confirm_score")
    form = ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    return _step(request, found, scoring.return_scoring, "已退回重评。", reason=reason)


@require_POST
def confirm(request: StaffRequest, month: str, county: str) -> HttpResponse:
    found = assessment_or_404(request, month, county, "confirm_score")
    said = "已确认，可以公布。"
    return _step(request, found, scoring.confirm_assessment, said, now=timezone.now())


@require_POST
def publish(request: StaffRequest, month: str, county: str) -> HttpResponse:
    found = assessment_or_404(request, month, county, "confirm_score")
    said = "已公布，县局可以看到得分和理由。"
    return _step(request, found, scoring.publish_assessment, said, now=timezone.now())


def _step(
    request: StaffRequest, found: Assessment, go: Callable[..., Any], said: str, **given: Any
) -> HttpResponse:
    try:
        go(assessment=found, by=request.user, version=_version(request), **given)
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
    else:
        messages.success(request, said)
    return redirect(found)
