"""A change of the rules, from its draft to the second person's word."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import StaffRequest
from accounts.models import Bureau
from alerts.actions import backtests, changing
from alerts.actions.changing import Words
from alerts.actions.replaying import book_of
from alerts.models import BackTest, RuleChange, RuleVersion
from alerts.presets import PRESETS
from alerts.rule_forms import ChangeForm, DecisionForm, DraftForm, SpanForm, StepForm, usual_span
from alerts.rulebook import Book
from alerts.views.rules import city_of, version_on

State = RuleChange.State


@require_POST
def draft_change(request: StaffRequest) -> HttpResponse:
    """Begin a draft from what the form names."""
    if not request.user.may("draft_rules"):
        raise Http404
    city, form = city_of(request), DraftForm(request.POST)
    if not request.user.may_at("draft_rules", city):
        raise Http404
    if not form.is_valid():
        messages.error(request, "请从规则页面起草。")
        return redirect("alerts:rules")
    begun = _beginning(request, city, form.cleaned_data)
    try:
        change = changing.draft_change(city=city, by=request.user, now=timezone.now(), **begun)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("alerts:rules")
    messages.success(request, "草稿已建立。改好后先回测，再送审。")
    return redirect(change)


def _beginning(request: StaffRequest, city: Bureau, given: dict[str, Any]) -> dict[str, Any]:
    """Words and content that a draft begins with."""
    newest = book_of(version_on(city, changing.tomorrow(timezone.now())))
    if given["back_to"] is not None:
        old = get_object_or_404(RuleVersion.objects.of(city=city), number=given["back_to"])
        words = Words(f"恢复到{old}", f"恢复{old}的内容。", old.source)
        return {"words": words, "book": book_of(old), "begun_from": old}
    if given["test"] is not None:
        tests = BackTest.objects.visible_to(request.user, "read_change").filter(bureau=city)
        test = get_object_or_404(tests, pk=given["test"])
        words = Words(f"按回测第 {test.pk} 号调整")
        return {"words": words, "book": book_of(test), "begun_from": test}
    preset = next((one for one in PRESETS if one.key == given["preset"]), None)
    if preset is not None:
        words = Words(f"采用{preset.title}", preset.about, preset.source)
        return {"words": words, "book": newest.with_values(preset.values)}
    return {"words": Words(f"规则变更 {timezone.localdate():%m-%d}"), "book": newest}


def seen_change(request: StaffRequest, pk: int, action: str = "read_change") -> RuleChange:
    """A change that the user may do this with; else 404."""
    seen = RuleChange.objects.visible_to(request.user, action)
    related = seen.select_related("bureau", "base", "made_by", "decided_by", "became", "test")
    return get_object_or_404(related, pk=pk)


@require_http_methods(["GET", "POST"])
def change(request: StaffRequest, pk: int) -> HttpResponse:
    """The change; its author edits it here while it is a draft."""
    one = seen_change(request, pk)
    is_mine = one.made_by_id == request.user.pk and one.state == State.DRAFT
    if request.method == "POST" and not request.user.may_at("draft_rules", one.bureau):
        raise Http404
    start = {"version": one.version, "title": one.title, "reason": one.reason, "source": one.source}
    form = ChangeForm(
        request.POST if request.method == "POST" else None,
        base=book_of(one.base), start=book_of(one), initial=start,
    )  # fmt: skip
    if form.is_valid():
        given = form.cleaned_data
        words = Words(given["title"], given["reason"], given["source"])
        try:
            changing.edit_change(
                change=one, words=words, book=form.book, by=request.user, version=given["version"]
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "草稿已保存。")
            return redirect(one)
    return render(request, "alerts/change.html", _page(request, one, form, is_mine=is_mine))


def _page(
    request: StaffRequest, one: RuleChange, form: ChangeForm, *, is_mine: bool
) -> dict[str, Any]:
    today = timezone.localdate()
    newest = version_on(one.bureau, changing.tomorrow(timezone.now()))
    may_draft = request.user.may_at("draft_rules", one.bureau)
    may_decide = request.user.may_at("approve_rules", one.bureau)
    return {
        "change": one,
        "form": form,
        "is_mine": is_mine,
        "is_author": one.made_by_id == request.user.pk and may_draft,
        "may_draft": may_draft,
        "may_decide": may_decide and one.state == State.WAITING,
        "is_second": one.made_by_id != request.user.pk,
        "differences": book_of(one.base).differences(book_of(one)),
        "is_stale": one.is_open and newest.pk != one.base_id,
        "newest": newest,
        "span": SpanForm(initial=_span(one, today)),
        "is_tested": changing.is_tested(one),
        "decision": DecisionForm(initial={"version": one.version}),
        "tomorrow": changing.tomorrow(timezone.now()),
        "timeline": _timeline(one),
    }


def _span(one: RuleChange, today: dt.date) -> dict[str, dt.date]:
    """What the next test looks at unless somebody wants other weeks."""
    span = changing.last_weeks(city=one.bureau)
    return usual_span(today) if span is None else dict(zip(("first", "last"), span, strict=True))


def _timeline(one: RuleChange) -> list[dict[str, Any]]:
    told = [{"at": one.made_at, "who": one.made_by.name, "text": "起草"}]
    if one.submitted_at:
        told.append({"at": one.submitted_at, "who": one.made_by.name, "text": "送审"})
    if one.decided_at and one.decided_by:
        text = f"{one.get_state_display()}：{one.decision}"
        told.append({"at": one.decided_at, "who": one.decided_by.name, "text": text, "now": True})
    return told


def _step(request: StaffRequest, pk: int, action: str, done: str, go: Any) -> HttpResponse:
    """One button of a change: the action, a word about it, and the page again."""
    one, form = seen_change(request, pk, action), StepForm(request.POST)
    given = form.cleaned_data if form.is_valid() else {"version": 0, "on": False}
    try:
        go(one, given)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, done)
    return redirect(one)


@require_POST
def submit_change(request: StaffRequest, pk: int) -> HttpResponse:
    def go(one: RuleChange, given: dict[str, Any]) -> None:
        changing.submit_change(
            change=one, by=request.user, version=given["version"], now=timezone.now(),
        )  # fmt: skip

    return _step(request, pk, "draft_rules", "已送审，已通知审批人。", go)


@require_POST
def withdraw_change(request: StaffRequest, pk: int) -> HttpResponse:
    def go(one: RuleChange, given: dict[str, Any]) -> None:
        changing.withdraw_change(change=one, by=request.user, version=given["version"])

    return _step(request, pk, "draft_rules", "已撤回。", go)


@require_POST
def rebase_change(request: StaffRequest, pk: int) -> HttpResponse:
    def go(one: RuleChange, given: dict[str, Any]) -> None:
        changing.rebase_change(
            change=one, by=request.user, version=given["version"], now=timezone.now(),
        )  # fmt: skip

    return _step(request, pk, "draft_rules", "已以最新版本为底稿，请核对后送审。", go)


@require_POST
def switch_shadow(request: StaffRequest, pk: int) -> HttpResponse:
    def go(one: RuleChange, given: dict[str, Any]) -> None:
        changing.switch_shadow(
            change=one, on=given["on"], by=request.user, now=timezone.now(),
            version=given["version"],
        )  # fmt: skip

    done = (
        "已开始试运行：今晚起随夜间检测一并计算。" if request.POST.get("on") else "已停止试运行。"
    )
    return _step(request, pk, "draft_rules", done, go)


@require_POST
def decide_change(request: StaffRequest, pk: int) -> HttpResponse:
    """The second person's word."""
    one, form = seen_change(request, pk, "approve_rules"), DecisionForm(request.POST)
    if not form.is_valid():
        texts = [str(text) for errors in form.errors.values() for text in errors]
        messages.error(request, " ".join(dict.fromkeys(texts)))
        return redirect(one)
    given = form.cleaned_data
    word = {"decision": given["decision"], "by": request.user, "version": given["version"]}
    try:
        if given["verdict"] == "approve":
            made = changing.approve_change(change=one, now=timezone.now(), **word)
            messages.success(request, f"已批准为 {made}，{made.since} 的订单起生效。")
        else:
            changing.refuse_change(change=one, now=timezone.now(), **word)
            messages.success(request, "已退回，已通知起草人。")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect(one)


@require_POST
def test_change(request: StaffRequest, pk: int) -> HttpResponse:
    """Back-test a change over a span; the author may hand it in at once where the test is done."""
    one, form = seen_change(request, pk, "draft_rules"), SpanForm(request.POST)
    if not form.is_valid():
        messages.error(request, "请填写起止日期。")
        return redirect(one)
    try:
        test = backtests.ask_for_test(
            city=one.bureau, book=Book(one.parameters, one.policy), span=form.span,
            by=request.user, now=timezone.now(), change=one,
        )  # fmt: skip
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(one)
    if "submit" not in request.POST:
        return redirect(test)
    if test.state != BackTest.State.DONE:
        messages.success(request, "回测已开始，还没有送审。完成后请在本页送审。")
        return redirect(one)
    return submit_change(request, pk)
