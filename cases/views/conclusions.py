"""The pages of the close: draft a conclusion, the queue of those to look over, the report itself."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import StaffRequest
from alerts.models import Alert, Outcome, State
from cases import reviewing
from cases.actions import conclusions as actions
from cases.actions.sealing import canonical, receipt_of
from cases.forms.conclusions import ConclusionForm, ReviewForm
from cases.models import Conclusion, Doubt, Paper, Review, SealedRecord
from cases.papers_conclusion import report_paper
from cases.story import story_of
from documents.rendering import render as render_paper
from documents.serving import serve
from sources.crypto import unseal

PAGE = 25
WRITING = ("write_case", "write_above")  # whose the alert is, the action asks
HINTS = {name: f"（提交时不少于 {least} 个字）" for name, least in actions.LEAST.items()}
REVIEWING = (*reviewing.RIGHTS.values(), *reviewing.RIGHTS_ABOVE.values())
VIEWS = {"mine": "待我办理", "waiting": "全部待复核", "done": "已办结", "drafts": "拟稿中"}


@require_http_methods(["GET", "POST"])
def conclude(request: StaffRequest, code: str) -> HttpResponse:
    """Draft the conclusion of an alert that one holds, and submit it; later, the way to the report."""
    seen = Alert.objects.visible_to(request.user, "read_alert").select_related("bureau", "holder")
    alert = get_object_or_404(seen, code=code)
    newest = alert.conclusions.exclude(state=Conclusion.State.DRAFT).order_by("pk").last()
    if alert.state != State.CONCLUDING and newest and request.method == "GET":
        return redirect(newest)
    if not _may_write(request, alert):
        raise Http404
    if alert.state != State.CONCLUDING:
        messages.error(request, f"该预警现为“{alert.get_state_display()}”，还不能拟定结论。")
        return redirect(alert)
    draft = alert.conclusions.filter(state=Conclusion.State.DRAFT).first()
    form = ConclusionForm(request.POST or None, initial=_initial(alert, draft))
    if request.method == "POST" and form.is_valid():
        content = dict(form.cleaned_data)
        version, now = content.pop("version"), timezone.now()
        try:
            draft = actions.save_conclusion(
                alert=alert, content=content, by=request.user, now=now, version=version
            )
            if "submit" in request.POST:
                actions.submit_conclusion(conclusion=draft, by=request.user, now=now)
        except ValidationError as error:
            form.add_error(None, error)
            form.data = {**_lists(form), "version": draft.version if draft else 0}
        else:
            return _saved(request, draft)
    return _draft_page(request, alert, draft, form)


def _draft_page(
    request: StaffRequest, alert: Alert, draft: Conclusion | None, form: ConclusionForm
) -> HttpResponse:
    """The form, with what was refused; the autosave hears only why."""
    if request.headers.get("X-Autosave"):
        return _not_saved(form)
    context = {
        "alert": alert,
        "draft": draft,
        "form": form,
        "story": story_of(alert),
        "doubts": _doubts(alert),
        "returned": draft.reviews.filter(is_pass=False).last() if draft else None,
        "texts": [(name, form[name], HINTS.get(name, "")) for name in actions.TEXTS],
        "signers": _signers(alert, form),
    }
    return render(request, "cases/conclude.html", context)


@require_safe
def reviews(request: StaffRequest) -> HttpResponse:
    """Conclusions by what is to be done with them: those for me first."""
    if not request.user.may("read_case"):
        raise Http404
    seen = Conclusion.objects.visible_to(request.user, "read_case").for_list()
    mine = _for_me(request)
    lists: dict[str, QuerySet[Conclusion]] = {
        "mine": seen.filter(pk__in=mine),
        "waiting": seen.waiting(),
        "done": seen.filter(state=Conclusion.State.APPROVED).order_by("-approved_at", "-pk"),
        "drafts": seen.filter(state=Conclusion.State.DRAFT),
    }
    chosen = request.GET.get("view", "mine")
    chosen = chosen if chosen in lists else "mine"
    tabs = [
        {
            "title": title,
            "count": lists[key].count(),
            "url": f"{request.path}?view={key}",
            "active": key == chosen,
        }
        for key, title in VIEWS.items()
    ]
    page = Paginator(lists[chosen], PAGE).get_page(request.GET.get("page"))
    return render(request, "cases/reviews.html", {"page": page, "tabs": tabs, "view": chosen})


@require_safe
def conclusion(request: StaffRequest, code: str) -> HttpResponse:
    """The report as it is read, with the signatures it has and lacks."""
    found = _readable(request, code)
    given = list(found.reviews.select_related("by").order_by("at", "pk"))
    record = SealedRecord.objects.filter(code=found.code).first()
    context = {
        "conclusion": found,
        "alert": found.alert,
        "people": unseal(found.people),
        "texts": [
            (ConclusionForm.base_fields[name].label, getattr(found, name)) for name in actions.TEXTS
        ],
        "story": story_of(found.alert),
        "doubts": _doubts(found.alert),
        "reviews": given,
        "steps": _steps(found, given),
        "refusal": actions.why_not_review(found, request.user),
        "may_return": not actions.why_not_return(found, request.user),
        "record": record,
        "receipt": receipt_of(record) if record else None,
        "is_printed": record is not None and Paper.objects.filter(record=record).exists(),
    }
    return render(request, "cases/conclusion.html", context)


@require_POST
def review(request: StaffRequest, code: str) -> HttpResponse:
    """Give the next signature, or return the draft."""
    if not any(request.user.may(right) for right in REVIEWING):
        raise Http404
    found = _readable(request, code)
    form = ReviewForm(request.POST)
    if not form.is_valid():
        messages.error(request, "请选择同意或退回；理由不超过500字。")
        return redirect(found)
    try:
        done = actions.review_conclusion(
            conclusion=found, by=request.user, now=timezone.now(), **form.cleaned_data
        )
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
    else:
        messages.success(request, _said(done))
    return redirect(found)


@require_safe
def note(request: StaffRequest, code: str) -> HttpResponseBase:
    """The report as PDF: the sealed one once it is there, a draft before."""
    found = _readable(request, code)
    kept = Paper.objects.filter(record__code=found.code).select_related("file").first()
    if kept is not None:
        return serve(kept.file, inline=True, name=f"处置报告{found.code}.pdf")
    paper = report_paper(canonical(actions.content_of(found)), draft=True)
    response = HttpResponse(render_paper(paper), content_type="application/pdf")
    response.headers["Content-Disposition"] = 'inline; filename="draft.pdf"'
    return response


def _readable(request: StaffRequest, code: str) -> Conclusion:
    seen = Conclusion.objects.visible_to(request.user, "read_case")
    return get_object_or_404(
        seen.select_related("alert__bureau", "alert__holder", "bureau__parent", "drafted_by"),
        code=code,
    )


def _may_write(request: StaffRequest, alert: Alert) -> bool:
    return any(
        Alert.objects.visible_to(request.user, right).filter(pk=alert.pk).exists()
        for right in WRITING
    )


def _initial(alert: Alert, draft: Conclusion | None) -> dict[str, Any]:
    if draft is None:
        facts = "\n".join(line.text for line in story_of(alert))
        return {"version": 0, "facts": facts}
    names = [*actions.TEXTS, "outcome", "causes", "violations", "watch_until", "for_library"]
    kept = {name: getattr(draft, name) for name in names}
    return {**kept, "people": unseal(draft.people), "version": draft.version}


def _lists(form: ConclusionForm) -> dict[str, Any]:
    """What was typed, so that a refused form shows it again."""
    boxes = ("causes", "violations")
    data = {name: form.data.get(name, "") for name in form.fields if name not in boxes}
    return {**data, **{name: form.cleaned_data.get(name, []) for name in boxes}}


def _not_saved(form: ConclusionForm) -> HttpResponse:
    """What the autosave is told: 400 something typed is too much, 409 nothing typed would help."""
    words = "".join(str(word) for errors in form.errors.values() for word in errors)
    status = 409 if form.non_field_errors() else 400
    return HttpResponse(words, status=status, content_type="text/plain")


def _saved(request: StaffRequest, draft: Conclusion) -> HttpResponse:
    if request.headers.get("X-Autosave"):
        at = timezone.localtime()
        headers = {"X-Saved": f"{at:%H:%M:%S}", "X-Version": str(draft.version)}
        return HttpResponse(status=204, headers=headers)
    if "submit" in request.POST:
        messages.success(request, "已提交复核。")
        return redirect(draft)
    messages.success(request, "草稿已保存。")
    return redirect("cases:conclude", draft.alert.code)


def _signers(alert: Alert, form: ConclusionForm) -> list[str]:
    """Which signatures a conclusion as it is filled in would need."""
    outcome = form["outcome"].value() or ""
    planned = Conclusion(alert=alert, outcome=outcome if outcome in Outcome.values else "")
    return [str(step.label) for step in reviewing.chain(planned)]


def _doubts(alert: Alert) -> list[Doubt]:
    return list(alert.doubts.prefetch_related("answers__inspection").order_by("number"))


def _for_me(request: StaffRequest) -> list[int]:
    """Those under review whose next signature this person may give."""
    seen = Conclusion.objects.visible_to(request.user, "read_case").waiting()
    waiting = seen.select_related("alert__bureau", "alert__holder", "bureau", "drafted_by")
    return [one.pk for one in waiting if not actions.why_not_review(one, request.user)]


def _steps(found: Conclusion, given: list[Review]) -> list[dict[str, Any]]:
    """The signatures of this submission, in order: whose, when, or that they are awaited."""
    passed = {one.step: one for one in given if one.round == found.round and one.is_pass}
    return [{"title": step.label, "review": passed.get(step)} for step in reviewing.chain(found)]


def _said(done: Conclusion) -> str:
    if done.state == Conclusion.State.APPROVED:
        return "已办结，处置报告已封存。"
    if done.state == Conclusion.State.DRAFT:
        return "已退回经办人。"
    return "已签署意见，转下一步。"
