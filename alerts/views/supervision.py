from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import StaffRequest
from accounts.models import Bureau, scope
from alerts.actions import supervising as actions
from alerts.forms_people import PolicyForm, ReviewForm, WatchForm, refusal
from alerts.models import SupervisionRule, Task, Watch, WatchQuerySet
from alerts.supervision import WHAT, Line
from alerts.views.filtering import export_title
from sources.models import Retailer

A_PAGE = 30


@require_http_methods(["GET", "POST"])
def watches(request: StaffRequest, book: str) -> HttpResponse:
    """The list of key shops, or the ledger of big buyers; those due for review first."""
    if not request.user.may("read_alert") or book not in Watch.Book.values:
        raise Http404
    may_add = request.user.may("supervise")
    if request.method == "POST" and not may_add:
        raise Http404
    retailers = Retailer.objects.visible_to(request.user, "supervise")
    form = WatchForm(request.POST or None, retailers=retailers, initial={"book": book})
    if form.is_valid():
        try:
            given = form.cleaned_data
            actions.add_watch(by=request.user, now=timezone.now(), **given)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "已纳入名单。")
            return redirect("alerts:watches", book=given["book"])
    found = listed(request, book)
    page = Paginator(found.rows, A_PAGE).get_page(request.GET.get("page"))
    context = {
        **_tabs(request, book), "page": page, "form": form, "may_add": may_add, "book": book,
        "gone": found.gone, "today": timezone.localdate(),
        "export_url": reverse("alerts:export_watches", args=[book])
        + ("?view=released" if found.gone else ""),
        "export_title": export_title(page.paginator.count),
    }  # fmt: skip
    return render(request, "alerts/watches.html", context)


@dataclass(frozen=True)
class Listed:
    """The shops of a list in the order of its page; `gone`: those that were released."""

    rows: WatchQuerySet
    gone: bool


def listed(request: StaffRequest, book: str) -> Listed:
    """What the page and its export show: those on the list, or those released from it."""
    seen = Watch.objects.visible_to(request.user, "read_alert").filter(book=book)
    gone = request.GET.get("view") == "released"
    rows = seen.exclude(released_on=None) if gone else seen.open()
    order = ["-released_on", "-pk"] if gone else ["review_on", "pk"]
    return Listed(rows.select_related("bureau").order_by(*order), gone)


def _tabs(request: StaffRequest, active: str) -> dict[str, Any]:
    seen = Watch.objects.visible_to(request.user, "read_alert").open()
    open_tasks = Task.objects.visible_to(request.user, "read_alert").filter(state=Task.State.OPEN)
    tabs = [
        {
            "title": book.label,
            "view": "alerts:watches",
            "book": book.value,
            "count": seen.filter(book=book).count(),
            "active": active == book.value,
        }
        for book in Watch.Book
    ]
    return {"tabs": tabs, "open_tasks": open_tasks.count(), "active": active}


@require_safe
def watch(request: StaffRequest, number: int) -> HttpResponse:
    """One shop's record: why it is there, its tasks, its review."""
    seen = Watch.objects.visible_to(request.user, "read_alert")
    found = get_object_or_404(seen.select_related("bureau", "released_by", "made_by"), pk=number)
    mine = Watch.objects.visible_to(request.user, "supervise").filter(pk=number).exists()
    context = {
        "watch": found,
        "tasks": found.tasks.select_related("done_by").order_by("-opened_at"),
        "may_review": mine and found.released_on is None,
        "may_work": mine,
        "today": timezone.localdate(),
    }
    return render(request, "alerts/watch.html", context)


@require_POST
def review_watch(request: StaffRequest, number: int) -> HttpResponse:
    found = get_object_or_404(Watch.objects.visible_to(request.user, "supervise"), pk=number)
    release = request.POST.get("answer") == "release"

    def review(given: dict[str, Any]) -> None:
        actions.review_watch(
            watch=found, release=release, by=request.user, now=timezone.now(), **given
        )

    _done(request, review, "已解除监管。" if release else "已复评，继续监管。")
    return redirect("alerts:watch", number=number)


@require_safe
def tasks(request: StaffRequest) -> HttpResponse:
    """Special checks and visits to big buyers, the open ones first."""
    if not request.user.may("read_alert"):
        raise Http404
    seen = Task.objects.visible_to(request.user, "read_alert").select_related("bureau", "watch")
    rows = seen.order_by("-state", "due_at", "pk")
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    context = {**_tabs(request, "tasks"), "page": page}
    return render(request, "alerts/tasks.html", context)


@require_POST
def finish_task(request: StaffRequest, number: int) -> HttpResponse:
    mine = Task.objects.visible_to(request.user, "supervise").select_related("watch")
    found = get_object_or_404(mine, pk=number)

    def finish(given: dict[str, Any]) -> None:
        actions.finish_task(
            task=found, result=given["note"], version=given["version"], by=request.user,
            now=timezone.now(),
        )  # fmt: skip

    _done(request, finish, "已登记检查结果。")
    return redirect("alerts:watch", number=found.watch_id)


def _done(request: StaffRequest, act: Callable[[dict[str, Any]], None], said: str) -> None:
    form = ReviewForm(request.POST)
    if not form.is_valid():
        messages.error(request, refusal(form))
        return
    try:
        act(form.cleaned_data)
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
    else:
        messages.success(request, said)


@require_http_methods(["GET", "POST"])
def policy(request: StaffRequest) -> HttpResponse:
    """The policy table of the reader's city; the city may change it."""
    if not request.user.may("read_alert"):
        raise Http404
    city = _city(request)
    may_set = scope(request.user, "set_supervision").filter(pk=city.pk).exists()
    if request.method == "POST" and not may_set:
        raise Http404
    form = PolicyForm(request.POST or None)
    if form.is_valid():
        line = Line(**form.cleaned_data)
        try:
            actions.set_rule(city=city, line=line, by=request.user, now=timezone.now())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "已设置，下次更新名单时生效。")
            return redirect("alerts:policy")
    rules = [
        {"rule": rule, "what": WHAT.get(rule.what, rule.what)}
        for rule in actions.rules_of(city=city, now=timezone.now())
    ]
    context = {
        **_tabs(request, "policy"), "city": city, "rules": rules, "form": form, "may_set": may_set
    }  # fmt: skip
    return render(request, "alerts/policy.html", context)


@require_POST
def end_policy(request: StaffRequest, number: int) -> HttpResponse:
    cities = scope(request.user, "set_supervision")
    rule = get_object_or_404(SupervisionRule, pk=number, bureau__in=cities)
    actions.end_rule(rule=rule, by=request.user, now=timezone.now())
    messages.success(request, "已停用；已在名单中的户不变，由复评决定。")
    return redirect("alerts:policy")


def _city(request: StaffRequest) -> Bureau:
    """The city whose policy the reader's first bureau follows."""
    first = scope(request.user, "read_alert").order_by("path").first()
    if first is None:
        raise Http404
    if first.level == Bureau.Level.COUNTY:
        return first.city
    below = Bureau.objects.filter(path__startswith=first.path, level=Bureau.Level.CITY)
    city = below.order_by("code").first()
    if city is None:
        raise Http404
    return city
