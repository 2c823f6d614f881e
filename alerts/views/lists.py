import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import StaffRequest
from accounts.models import Bureau
from alerts.forms import AlertFilter
from alerts.models import OPEN_STATES, Alert, AlertQuerySet, State
from alerts.views.filtering import (
    address,
    chips_of,
    export_title,
    exported,
    seen_bureaus,
)

A_PAGE = 25
TABS = {
    "open": "未办结",
    "mine": "我经办的",
    "pushed": "待领取",
    "overdue": "已逾期",
    "closed": "已办结",
    "all": "全部",
}


@dataclass(frozen=True)
class Found:
    """What a request asks of the list: its tab, its order, its filters, and the rows they leave."""

    tab: str
    sort: str
    form: forms.Form
    rows: AlertQuerySet


def listing(request: StaffRequest, bureaus: Sequence[Bureau], *, now: dt.datetime) -> Found:
    """The alerts that the address asks for, of the bureaus whose alerts the reader sees."""
    seen = Alert.objects.visible_to(request.user, "read_alert")
    tab = request.GET.get("view", "open")
    tab = tab if tab in TABS else "open"
    sort = request.GET.get("sort", "due")
    filtered = AlertFilter(request.GET, seen, bureaus=bureaus)
    rows = filtered.qs.filter(_tabs(request, now=now)[tab]).select_related("bureau", "holder")
    return Found(tab, sort, filtered.form, rows.by(sort))


@require_safe
def alerts(request: StaffRequest) -> HttpResponse:
    """The list: tab, filters, order and page stand in the address."""
    seen = Alert.objects.visible_to(request.user, "read_alert")
    bureaus = list(seen_bureaus(request.user))
    if not bureaus:
        raise Http404
    now = timezone.now()
    found = listing(request, bureaus, now=now)
    tab, sort, form = found.tab, found.sort, found.form
    page = Paginator(found.rows, A_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "page": page,
        "chips": chips_of(request, form),
        "clear_url": f"{request.path}?view={tab}",
        "sort": {"key": sort, "desc": sort == "score"},
        "q": request.GET.get("q", ""),
        "export_url": exported(request, "alerts:export_alerts"),
        "export_title": export_title(page.paginator.count),
        "may_claim": request.user.may("claim_alert") or request.user.may("claim_above"),
        "may_raise": request.user.may("raise_alert") or request.user.may("raise_above"),
    }
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "alerts/_rows.html", context)
    counts = _counts(seen, _tabs(request, now=now))
    context |= {
        "views": [
            {
                "key": key,
                "title": title,
                "count": counts[key],
                "url": f"{request.path}?view={key}",
                "active": key == tab,
            }
            for key, title in TABS.items()
        ],
        "form": form,
        "summary": {"open": counts["open"], "due_today": counts["due_today"],
                    "overdue": counts["overdue"]},
        "sorts": {key: address(request, sort=key) for key in ("due", "grade", "score")},
    }  # fmt: skip
    return render(request, "alerts/alerts.html", context)


def _tabs(request: StaffRequest, *, now: dt.datetime) -> dict[str, Q]:
    is_open = Q(state__in=OPEN_STATES)
    return {
        "open": is_open,
        "mine": is_open & Q(holder=request.user),
        "pushed": Q(state=State.PUSHED),
        "overdue": is_open & Q(due_at__lt=now),
        "closed": ~is_open,
        "all": Q(),
    }


def _counts(seen: AlertQuerySet, tabs: dict[str, Q]) -> dict[str, int]:
    tomorrow = timezone.make_aware(
        dt.datetime.combine(timezone.localdate() + dt.timedelta(days=1), dt.time())
    )
    today = tabs["open"] & ~tabs["overdue"] & Q(due_at__lte=tomorrow)
    wanted = {**tabs, "due_today": today}
    return seen.aggregate(
        **{key: Count("pk", filter=one) if one else Count("pk") for key, one in wanted.items()}
    )
