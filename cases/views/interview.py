"""One telephone interview: the form of whoever holds it, and the record that others read."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import StaffRequest
from accounts.models import User
from alerts.causes import CAUSES
from cases import questions as asking
from cases.actions.interviews import lacking_attempts
from cases.actions.interviews_record import statement_of
from cases.comparison import compare_statement, contradictions
from cases.forms.interviews import (
    AnswersForm,
    CallForm,
    RecordingForm,
    ResultForm,
    StatementForm,
    SupplementForm,
)
from cases.models import Addendum, Attempt, Interview, InterviewItem
from cases.rights import right_to_write
from cases.views.interviews import IN_QUEUE, OPEN, queue_of, readable
from documents.serving import serve
from sources.crypto import masked, unseal
from sources.models import RetailerVersion

FORMS = ("call_form", "statement_form", "answers_form", "result_form")


@require_safe
def interview(request: StaffRequest, code: str) -> HttpResponse:
    """The page to work on for its interviewer while it is open; for all others the record."""
    found = found_interview(request.user, code)
    if "HX-Request" in request.headers and request.GET.get("part") == "against":
        against = _against(found, list(found.items.order_by("pk")))
        return render(request, "cases/_interview_against.html", {"against": against})
    return page(request, found)


@require_safe
def recording(request: StaffRequest, code: str) -> HttpResponseBase:
    """The recording, for the player of the record's page."""
    found = get_object_or_404(
        readable(request.user).exclude(recording=None).select_related("recording"), code=code
    )
    assert found.recording is not None  # noqa: S101  asked for above
    wanted = request.headers.get("Range", "")
    return serve(found.recording, inline=True, name=found.recording.name, wanted=wanted)


def found_interview(user: User, code: str) -> Interview:
    """The interview of a code, if the user may read it; else 404."""
    seen = readable(user).select_related("alert__bureau", "bureau", "interviewer", "recording")
    found: Interview = get_object_or_404(seen.defer("alert__picture"), code=code)
    return found


def is_writer(found: Interview, user: User) -> bool:
    """Whether the user fills this record in: the interviewer, holding the alert and the right."""
    return (
        found.interviewer_id == user.pk
        and found.alert.holder_id == user.pk
        and user.may_at(right_to_write(found.alert), found.bureau)
    )


def page(request: StaffRequest, found: Interview, **given: Any) -> HttpResponse:
    """The page, with forms as they were sent where something was wrong with them."""
    items = list(found.items.order_by("pk"))
    attempts = list(found.attempts.order_by("number"))
    shop = RetailerVersion.objects.of(found.alert.subject_id, on=timezone.localdate())
    context = {
        "interview": found,
        "alert": found.alert,
        "items": items,
        "attempts": attempts,
        "talk": next((one for one in reversed(attempts) if one.connected_at), None),
        "facts": _facts(found, shop, request.user),
        "queue": _queue(request.user, found),
        "is_writer": is_writer(found, request.user),
        "masked_number": masked(unseal(shop.phone)) if shop and shop.phone else "",
        "recording_form": RecordingForm(),
        **given,
    }
    if found.state in OPEN and context["is_writer"]:
        context |= _working(found, items, request.user, given)
        return render(request, "cases/interview.html", context)
    _tell(request, given)
    return render(request, "cases/interview_record.html", context | _record(found, items, request))


def _tell(request: StaffRequest, given: dict[str, Any]) -> None:
    """What was wrong with forms that the record's page does not show."""
    for name in FORMS:
        errors = given[name].errors if name in given else {}
        for error in dict.fromkeys(str(one) for found in errors.values() for one in found):
            messages.error(request, error)


def _working(
    found: Interview, items: list[InterviewItem], user: User, given: dict[str, Any]
) -> dict[str, Any]:
    """What the form shows. Of the order nothing, as long as nothing was stated."""
    context: dict[str, Any] = {
        "script": asking.script(
            bureau=found.bureau.name, name=user.name, certificate=user.certificate_no
        ),
        "opening": asking.OPENING,
        "lacking": lacking_attempts(found) if found.stated_at is None else "",
    }
    if found.stated_at is None:
        now = timezone.localtime()
        context |= {
            "call_form": given.get("call_form") or CallForm(initial={"dialled_at": now}),
            "statement_form": given.get("statement_form") or StatementForm(),
        }
        return context
    form = given.get("answers_form") or answers_form(found, items)
    strict = bool(given.get("result_form")) and form.is_bound and form.is_valid()
    return context | {
        "answers_form": form,
        "asked": form.asked(strict=strict),
        "comparison": compare_statement(found, items),
        "against": _against(found, items),
        "result_form": given.get("result_form") or ResultForm(),
    }


def answers_form(found: Interview, items: Sequence[InterviewItem], data: Any = None) -> AnswersForm:
    """The questions of an interview, as answered so far."""
    asked = asking.questions(found.alert.family)
    return AnswersForm(data, questions=asked, items=items, interview=found)


def _against(found: Interview, items: Sequence[InterviewItem]) -> list[str]:
    return [] if found.stated_at is None else contradictions(found, items, found.answers)


def _record(found: Interview, items: list[InterviewItem], request: StaffRequest) -> dict[str, Any]:
    """What the finished record shows."""
    may_supplement = found.ended_at is not None and request.user.may_at(
        right_to_write(found.alert), found.bureau
    )
    is_locked = found.is_locked(now=timezone.now())
    is_own = found.interviewer_id == request.user.pk
    return {
        "statement": statement_of(found),
        "comparison": compare_statement(found, items) if found.stated_at else [],
        "given": _given(found),
        "addenda": list(
            Addendum.objects.filter(code=found.code).select_related("by").order_by("number")
        ),
        "may_supplement": may_supplement,
        "may_correct": is_own and not is_locked and found.state == Interview.State.COMPLETED,
        "is_locked": is_locked,
        "supplement_form": SupplementForm(),
    }


def _given(found: Interview) -> list[dict[str, Any]]:
    """Question and answer, in the order of asking."""
    rows = []
    for question in asking.questions(found.alert.family):
        given = found.answers.get(question.key, {})
        chosen = question.choice(given.get("choice", ""))
        number = given.get("number")
        rows.append(
            {
                "question": question,
                "answer": chosen.title if chosen else "" if number is None else f"{number:g} 条",
                "causes": [f"{code} {CAUSES.get(code, '')}" for code in given.get("causes", [])],
                "text": given.get("text", ""),
                "is_bad": bool(chosen and chosen.is_bad),
            }
        )
    return rows


def _facts(found: Interview, shop: RetailerVersion | None, user: User) -> list[dict[str, Any]]:
    """Whom one is talking to; personal data masked."""
    last = (
        readable(user)
        .completed()
        .filter(alert__subject_id=found.alert.subject_id)
        .exclude(pk=found.pk)
        .order_by("-ended_at")
        .first()
    )
    pairs: list[tuple[str, Any]] = [("许可证", found.alert.licence_no)]
    if shop is not None:
        pairs = [
            ("许可证", found.alert.licence_no or shop.licence_no),
            ("持证人", masked(unseal(shop.licensee))),
            ("地址", masked(unseal(shop.address))),
            ("档位", shop.tier),
            ("客户经理", shop.manager_id),
            ("送货线路", shop.route),
        ]
    if last is not None:
        ended = timezone.localtime(last.ended_at)
        pairs.append(("上次询访", f"{ended:%Y-%m-%d} · {last.get_result_display()}"))
    return [{"label": label, "value": value} for label, value in pairs if value not in (None, "")]


def _queue(user: User, found: Interview) -> dict[str, Any]:
    """The column at the left: to do, done today, and the next one."""
    mine = queue_of(user)
    waiting = [one for one in mine if one.state in OPEN]
    others = [one for one in waiting if one.pk != found.pk]
    return {
        "waiting": waiting[:IN_QUEUE],
        "total": len(waiting),
        "done": [one for one in mine if one.state not in OPEN][:IN_QUEUE],
        "next": others[0] if others else None,
        "results": dict(Attempt.Result.choices),
    }
