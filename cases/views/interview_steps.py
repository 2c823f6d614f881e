"""What the interviewer does on the page of an interview: each step a POST, an action, a redirect."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import StaffRequest
from alerts.models import Alert
from cases.actions import interviews as calling
from cases.actions import interviews_record as writing
from cases.forms.interviews import (
    CallForm,
    EndForm,
    ReasonForm,
    RecordingForm,
    ResultForm,
    StatementForm,
    SupplementForm,
    at_hour,
)
from cases.models import Interview
from cases.views.interview import answers_form, found_interview, page
from cases.views.interviews import may_write, queue_of

WRITING = ("write_case", "write_above")


@require_POST
def plan_interview(request: StaffRequest, code: str) -> HttpResponse:
    """Begin the interview about an alert, or go on with the one that was begun."""
    alerts = Alert.objects.visible_to(request.user, WRITING[0]) | Alert.objects.visible_to(
        request.user, WRITING[1]
    )
    alert = get_object_or_404(alerts, code=code)
    try:
        made = calling.plan_interview(alert=alert, by=request.user, now=timezone.now())
    except ValidationError as error:
        messages.error(request, _words(error))
        return redirect(alert)
    return redirect(made)


@require_POST
def reveal(request: StaffRequest, code: str) -> HttpResponse:
    """The number in full, for the interviewer; htmx puts it in place of the button."""
    found = _mine(request, code)
    try:
        number = calling.reveal_number(interview=found, by=request.user, now=timezone.now())
    except ValidationError as error:
        return _refused(request, found, error)
    if request.htmx:
        return render(request, "cases/_interview_number.html", {"number": number})
    return page(request, found, number=number)


@require_POST
def attempt(request: StaffRequest, code: str) -> HttpResponse:
    found = _mine(request, code)
    form = CallForm(request.POST)
    if form.is_valid():
        try:
            made = calling.note_attempt(
                interview=found, call=form.call, by=request.user, now=timezone.now()
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"已登记第 {made.number} 次拨打。")
            return redirect(found)
    return page(request, found, call_form=form)


@require_POST
def hang_up(request: StaffRequest, code: str) -> HttpResponse:
    found = _mine(request, code)
    form, now, talk = EndForm(request.POST), timezone.now(), calling.talk_of(found)
    at = at_hour(talk.dialled_at, form.cleaned_data["at"]) if talk and form.is_valid() else None
    try:
        calling.end_call(interview=found, at=at or now, by=request.user, now=now)
    except ValidationError as error:
        return _refused(request, found, error)
    return redirect(found)


@require_POST
def statement(request: StaffRequest, code: str) -> HttpResponse:
    found = _mine(request, code)
    form = StatementForm(request.POST)
    if form.is_valid():
        try:
            writing.save_statement(
                interview=found, statement=form.said, by=request.user, now=timezone.now()
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect(f"{found.get_absolute_url()}#answers")
    return page(request, found, statement_form=form)


@require_POST
def answers(request: StaffRequest, code: str) -> HttpResponse:
    """Keep the draft: by button, or by the script every ten seconds (X-Autosave)."""
    found = _mine(request, code)
    form = answers_form(found, list(found.items.order_by("pk")), request.POST)
    is_auto, status = bool(request.headers.get("X-Autosave")), 400
    if form.is_valid():
        try:
            saved = writing.save_answers(
                interview=found, draft=form.draft, by=request.user,
                version=form.cleaned_data["version"],
            )  # fmt: skip
        except ValidationError as error:
            form.add_error(None, error)
            status = 409  # nothing that is typed would help
        else:
            if is_auto:
                return _kept(saved)
            messages.success(request, "草稿已保存。")
            return redirect(found)
    if is_auto:
        return HttpResponse(_words(form.errors), status=status, content_type="text/plain")
    return page(request, found, answers_form=form)


def _kept(saved: Interview) -> HttpResponse:
    headers = {
        "X-Saved": f"{timezone.localtime():%H:%M:%S}",
        "X-Version": str(saved.version),
    }
    return HttpResponse(status=204, headers=headers)


@require_POST
def complete(request: StaffRequest, code: str) -> HttpResponse:
    """Finish the record, and go on to the next in the queue if so asked."""
    found = _mine(request, code)
    form = answers_form(found, list(found.items.order_by("pk")), request.POST)
    result = ResultForm(request.POST)
    if form.is_valid() and result.is_valid():
        try:
            done = writing.complete_interview(
                interview=found, draft=form.draft, ending=result.ending, by=request.user,
                now=timezone.now(), version=form.cleaned_data["version"],
            )  # fmt: skip
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"{done.alert.subject_name}的询访已完成。")
            return redirect(_next(request) or done if "next" in request.POST else done)
    return page(request, found, answers_form=form, result_form=result)


def _next(request: StaffRequest) -> Interview | None:
    return next((one for one in queue_of(request.user) if one.ended_at is None), None)


@require_POST
def unreached(request: StaffRequest, code: str) -> HttpResponse:
    found = _mine(request, code)
    try:
        done = calling.end_unreached(interview=found, by=request.user, now=timezone.now())
    except ValidationError as error:
        return _refused(request, found, error)
    messages.success(request, f"{done.alert.subject_name}记为联系不上，已转实地核查。")
    return redirect(done)


@require_POST
def upload(request: StaffRequest, code: str) -> HttpResponse:
    found = _mine(request, code)
    form = RecordingForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["recording"]
        try:
            writing.attach_recording(
                interview=found, stream=file, name=file.name, by=request.user, now=timezone.now()
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "录音已保存。")
            return redirect(f"{found.get_absolute_url()}#recording")
    return page(request, found_interview(request.user, code), recording_form=form)


@require_POST
def supplement(request: StaffRequest, code: str) -> HttpResponse:
    if not may_write(request.user):
        raise Http404
    found = found_interview(request.user, code)
    form = SupplementForm(request.POST)
    if form.is_valid():
        text = form.cleaned_data["text"]
        try:
            writing.supplement_interview(
                interview=found, text=text, by=request.user, at=timezone.now()
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "补充记录已保存。")
            return redirect(f"{found.get_absolute_url()}#addenda")
    return page(request, found, supplement_form=form)


@require_http_methods(["GET", "POST"])
def correct(request: StaffRequest, code: str) -> HttpResponse:
    """One's own completed record, once more as a form, for a day."""
    found = _mine(request, code)
    try:
        writing.refuse_correction(found, request.user, now=timezone.now())
    except ValidationError as error:
        messages.error(request, _words(error))
        return redirect(found)
    items = list(found.items.order_by("pk"))
    data = request.POST or None
    said = StatementForm(data, initial=StatementForm.initial_of(writing.statement_of(found)))
    form, reason = answers_form(found, items, data), ReasonForm(data)
    if data and said.is_valid() and form.is_valid() and reason.is_valid():
        correction = writing.Correction(said.said, form.draft, reason.cleaned_data["reason"])
        try:
            writing.correct_interview(
                interview=found, correction=correction, by=request.user, now=timezone.now(),
                version=form.cleaned_data["version"],
            )  # fmt: skip
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "更正已保存。")
            return redirect(found)
    context = {
        "interview": found, "alert": found.alert, "statement_form": said, "answers_form": form,
        "asked": form.asked(), "reason_form": reason,
    }  # fmt: skip
    return render(request, "cases/interview_correct.html", context)


def _mine(request: StaffRequest, code: str) -> Interview:
    """The interview, for somebody who may write such; whose it is, the action says."""
    if not may_write(request.user):
        raise Http404
    return found_interview(request.user, code)


def _refused(request: StaffRequest, found: Interview, error: ValidationError) -> HttpResponse:
    """Why a button did nothing: at the top of the page, or in place of the button."""
    if request.htmx:
        return render(request, "cases/_interview_number.html", {"refusal": _words(error)})
    messages.error(request, _words(error))
    return redirect(found)


def _words(error: Any) -> str:
    """All that was wrong, in one line."""
    if isinstance(error, ValidationError):
        return "".join(error.messages)
    return "".join(str(one) for found in error.values() for one in found)
