import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import StaffRequest
from accounts.models import Bureau, User
from alerts.actions import hits as actions
from alerts.actions.picture_sku import curves_of
from alerts.forms import CausesForm, HitFilter
from alerts.models import Hit, HitQuerySet
from alerts.views.filtering import chips_of, export_title, exported, seen_bureaus

A_PAGE = 50
AT_ONCE = 1000  # entries closed in one batch
RAISING = ("raise_alert", "raise_above")
CLOSING = tuple(actions.OWNED)  # the rights of which one is needed


def ledger(request: StaffRequest, bureaus: Sequence[Bureau]) -> HitFilter:
    """The entries that the address asks for, of the bureaus whose alerts the reader sees."""
    seen = Hit.objects.visible_to(request.user, "read_alert")
    return HitFilter(request.GET, seen, bureaus=bureaus)


@require_safe
def hits(request: StaffRequest) -> HttpResponse:
    """The ledger: every statutory hit in scope, pushed or not."""
    bureaus = list(seen_bureaus(request.user))
    if not bureaus:
        raise Http404
    filtered = ledger(request, bureaus)
    rows = filtered.qs.newest().select_related("closed_by")
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    for hit in page.object_list:
        hit.subject_url = _subject_url(hit)
        hit.may_close = actions.may_close(request.user, hit)
        hit.may_raise = hit.subject_kind == "sku" and _may_raise(request.user, hit)
    context = {
        "page": page,
        "form": filtered.form,
        "chips": chips_of(request, filtered.form),
        "clear_url": request.path,
        "total": page.paginator.count,
        "query": request.GET.urlencode(),
        "export_url": exported(request, "alerts:export_hits"),
        "export_title": export_title(page.paginator.count),
        **_closing(request, now=timezone.now()),
    }
    return render(request, "alerts/hits.html", context)


def _subject_url(hit: Hit) -> str:
    """The shop's page, or where a product's sales came from."""
    if hit.subject_kind == "retailer":
        return reverse("sources:retailer", args=[hit.subject_id])
    return reverse("alerts:hit", args=[hit.pk]) if hit.subject_kind == "sku" else ""


@require_safe
def hit(request: StaffRequest, number: int) -> HttpResponse:
    """A product's entry with its curves by town, route and brand, and the shops behind the jump."""
    seen = Hit.objects.visible_to(request.user, "read_alert").filter(subject_kind="sku")
    found = get_object_or_404(seen.newest().select_related("closed_by"), pk=number)
    context = {
        "hit": found,
        "sku": curves_of(found).get("sku"),
        "may_raise": _may_raise(request.user, found),
    }
    return render(request, "alerts/hit.html", context)


def _may_raise(user: User, hit: Hit) -> bool:
    """Whether the user may make an alert of an entry that nobody has dealt with."""
    is_open = hit.alert_id is None and hit.closed_at is None
    return is_open and any(user.may_at(right, hit.bureau) for right in RAISING)


def _closing(request: StaffRequest, *, now: dt.datetime) -> dict[str, Any]:
    """Whether the reader closes entries, and the batch that can still be undone."""
    if not any(request.user.may(right) for right in CLOSING):
        return {"may_close": False}
    last = actions.undoable_hits(user=request.user, now=now).values("closed_at")
    fates = request.GET.getlist("fate")
    return {
        "may_close": True,
        "may_close_all": not fates or "kept" in fates,
        "undoable": last.annotate(number=Count("pk")).order_by("closed_at").first(),
    }


@require_http_methods(["GET", "POST"])
def close_hits(request: StaffRequest) -> HttpResponse:
    """What is about to be closed, and why; GET offers all that a filter leaves, POST those ticked."""
    if not any(request.user.may(right) for right in CLOSING):
        raise Http404
    query = QueryDict(request.POST.get("query", "") if request.method == "POST" else "")
    query = query or request.GET
    chosen, graver = _chosen(request, query)
    if not chosen:
        messages.error(request, "没有可核销的命中：已推送、已核销的，或须由他人核销的，不在此列。")
        return redirect(_ledger(query))
    form = CausesForm(request.POST if "close" in request.POST else None)
    if form.is_valid():
        try:
            number = actions.close_hits(
                hits=chosen, by=request.user, now=timezone.now(), **form.cleaned_data
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"已核销 {number} 次命中；10 分钟内可以撤销。")
            return redirect(_ledger(query))
    context = {
        "form": form,
        "hits": chosen,
        "rules": _rules(chosen),
        "keys": ",".join(str(one.pk) for one in chosen),
        "query": query.urlencode(),
        "back": _ledger(query),
        "graver": graver,
        "at_once": AT_ONCE if len(chosen) == AT_ONCE else None,
    }
    return render(request, "alerts/close_hits.html", context)


@require_POST
def reopen_hits(request: StaffRequest) -> HttpResponse:
    """Undo the reader's last batch."""
    if not any(request.user.may(right) for right in CLOSING):
        raise Http404
    try:
        number = actions.reopen_hits(by=request.user, now=timezone.now())
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
    else:
        messages.success(request, f"已撤销 {number} 次命中的核销。")
    return redirect("alerts:hits")


def _chosen(request: StaffRequest, query: QueryDict) -> tuple[list[Hit], int]:
    """The entries meant that the user may close; and of several, how many are too grave for that."""
    within = actions.closable_hits(user=request.user).newest()
    if request.method == "POST":
        given = request.POST.getlist("codes") + request.POST.get("keys", "").split(",")
        keys = {int(key) for key in given if key.isdecimal() and len(key) < 19}
        found = list(within.filter(pk__in=keys)[:AT_ONCE])
    else:
        seen: HitQuerySet = within.filter(grade__in=actions.BATCHED)
        found = list(HitFilter(query, seen, bureaus=seen_bureaus(request.user)).qs[:AT_ONCE])
    light = [one for one in found if one.grade in actions.BATCHED]
    return (found, 0) if len(found) == 1 else (light, len(found) - len(light))


def _rules(chosen: list[Hit]) -> list[dict[str, Any]]:
    """How many entries of which rule, the most first."""
    number: dict[str, int] = {}
    for one in chosen:
        number[one.detector] = number.get(one.detector, 0) + 1
    rules = sorted(number.items(), key=lambda pair: (-pair[1], pair[0]))
    return [{"detector": detector, "count": count} for detector, count in rules]


def _ledger(query: QueryDict) -> str:
    address = reverse("alerts:hits")
    return f"{address}?{query.urlencode()}" if query else address
