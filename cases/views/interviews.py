"""The list of telephone interviews, and the queue beside the one at hand."""

import datetime as dt
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import StaffRequest
from accounts.models import User, scope
from alerts.models import Alert, State
from alerts.views.filtering import chips_of
from cases.forms.interviews import InterviewFilter
from cases.models import Interview
from cases.models.interview import InterviewQuerySet

A_PAGE = 25
IN_QUEUE = 8
TO_BEGIN = 10
OPEN = (Interview.State.PLANNED, Interview.State.TALKING)
TABS = {"mine": "我的待询访", "open": "全部待询访", "today": "今日已完成", "all": "全部记录"}


@require_safe
def interviews(request: StaffRequest) -> HttpResponse:
    """The list: tab, filters and page stand in the address; first what is claimed but not begun."""
    bureaus = list(readable_bureaus(request.user))
    if not bureaus:
        raise Http404
    seen = readable(request.user)
    tabs = _tabs(request.user)
    tab = request.GET.get("view", "mine" if may_write(request.user) else "open")
    tab = tab if tab in TABS else "mine"
    filtered = InterviewFilter(request.GET, seen, bureaus=bureaus)
    rows = filtered.qs.filter(tabs[tab]).with_calls().for_list()
    if tab in {"today", "all"}:
        rows = rows.order_by("-created_at", "-pk")
    paginator = Paginator(rows, A_PAGE)
    chips = chips_of(request, filtered.form)
    whole = not (request.htmx and not request.htmx.history_restore_request)
    counts = seen.aggregate(**_counted(tabs)) if whole else {}
    if whole and not chips:
        paginator.count = counts[tab]  # counted already
    context: dict[str, Any] = {
        "page": paginator.get_page(request.GET.get("page")),
        "chips": chips,
        "clear_url": f"{request.path}?view={tab}",
        "view": tab,
    }
    if not whole:
        return render(request, "cases/_interview_rows.html", context)
    context |= {
        "views": [
            {
                "title": title,
                "count": counts[key],
                "url": f"{request.path}?view={key}",
                "active": key == tab,
            }
            for key, title in TABS.items()
        ],
        "form": filtered.form,
        "counts": counts,
        "to_begin": to_begin(request.user),
    }
    return render(request, "cases/interviews.html", context)


def _counted(tabs: dict[str, Q]) -> dict[str, Count]:
    return {key: Count("pk", filter=one) if one else Count("pk") for key, one in tabs.items()}


def readable(user: User) -> InterviewQuerySet:
    """The interviews that somebody may read, those hidden from the county included."""
    found: InterviewQuerySet = Interview.objects.visible_to(user, "read_case")
    return found


def readable_bureaus(user: User) -> Any:
    """The bureaus of whose interviews the user may see any."""
    return (scope(user, "read_case") | scope(user, "see_hidden")).order_by("code")


def may_write(user: User) -> bool:
    return user.may("write_case") or user.may("write_above")


def _tabs(user: User) -> dict[str, Q]:
    is_open = Q(state__in=OPEN)
    return {
        "mine": is_open & Q(interviewer=user),
        "open": is_open,
        "today": Q(ended_at__gte=start_of_today()),
        "all": Q(),
    }


def start_of_today() -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(timezone.localdate(), dt.time()))


def to_begin(user: User) -> list[Alert]:
    """Claimed alerts about shops that the user has not called yet, the soonest due first."""
    if not may_write(user):
        return []
    mine = Alert.objects.visible_to(user, "read_alert").filter(
        holder=user, state=State.CLAIMED, subject_kind="retailer"
    )
    return list(mine.for_list().defer("picture")[:TO_BEGIN])


def queue_of(user: User) -> list[Interview]:
    """What the user has yet to do, and has done today: for the column beside the form."""
    mine = readable(user).filter(interviewer=user)
    wanted = mine.filter(Q(state__in=OPEN) | Q(ended_at__gte=start_of_today()))
    return list(wanted.with_calls().for_list().defer("alert__picture", "answers")[: 4 * IN_QUEUE])
