"""The list of visits; planning one; its overview with approval, start and cancellation."""

import datetime as dt
import functools
import operator
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import StaffRequest
from accounts.models import Bureau, scope
from accounts.permissions import MAY
from alerts.models import Alert, Grade
from alerts.views.filtering import chips_of
from cases.actions import inspections as visiting
from cases.actions import inspections_planning as planning
from cases.forms.inspections import InspectionFilter, PlanForm, ReasonForm, StartForm
from cases.models import Inspection
from cases.models.inspection import InspectionQuerySet
from cases.rights import right_to_approve
from cases.views.inspection_access import (
    APPROVING,
    WRITING,
    alert_of,
    found_inspection,
    frame,
    say,
    seen_inspections,
)
from cases.views.inspection_signing import record_page

A_PAGE = 25
State = Inspection.State
TABS = {
    "mine": "我参加的",
    "planned": "待核查",
    "on_site": "核查中",
    "sealed": "已封存",
    "cancelled": "已取消",
    "all": "全部",
}
OPEN_TABS = ("mine", "planned", "on_site")  # what waits longest comes first


@require_safe
def inspections(request: StaffRequest) -> HttpResponse:
    """Visits the user may read, and those on which the user assists; tab, filters and page in the URL."""
    seen = seen_inspections(request.user)
    if not request.user.may("read_case") and not seen.exists():
        raise Http404
    tabs = _tabs(request)
    tab = request.GET.get("view", "mine")
    tab = tab if tab in TABS else "mine"
    filtered = InspectionFilter(request.GET, seen, bureaus=_bureaus(request))
    rows = filtered.qs.filter(tabs[tab]).select_related("bureau", "first_officer", "second_officer")
    order = ["planned_at", "pk"] if tab in OPEN_TABS else ["-planned_at", "-pk"]
    page = Paginator(rows.order_by(*order), A_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "page": page,
        "grades": _grades(request, page.object_list),
        "chips": chips_of(request, filtered.form),
        "clear_url": f"{request.path}?view={tab}",
        "tab": tab,
        "now": timezone.now(),
    }
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "cases/_inspection_rows.html", context)
    counts = _counts(seen, tabs)
    context |= {
        "form": filtered.form,
        "counts": counts,
        "views": [
            {"title": title, "count": counts[key], "active": key == tab,
             "url": f"{request.path}?view={key}"}
            for key, title in TABS.items()
        ],
    }  # fmt: skip
    return render(request, "cases/inspections.html", context)


def _tabs(request: StaffRequest) -> dict[str, Q]:
    officer = Q(first_officer=request.user) | Q(second_officer=request.user)
    return {
        "mine": officer & Q(state__in=[State.PLANNED, State.ON_SITE]),
        **{state: Q(state=state) for state in ("planned", "on_site", "sealed", "cancelled")},
        "all": Q(),
    }


def _counts(seen: InspectionQuerySet, tabs: dict[str, Q]) -> dict[str, int]:
    asked = {key: Count("pk", filter=one) if one else Count("pk") for key, one in tabs.items()}
    counts: dict[str, int] = seen.aggregate(**asked)
    return counts


def _bureaus(request: StaffRequest) -> list[Bureau]:
    """The counties that the filter offers; people of one county cause no question to the database."""
    roles = MAY["read_case"].roles
    places = [post.bureau for post in request.user.posts if post.role in roles]
    if all(place.level == Bureau.Level.COUNTY for place in places):
        return places
    seen = scope(request.user, "read_case").filter(level=Bureau.Level.COUNTY)
    return list(seen.order_by("code"))


def _grades(request: StaffRequest, rows: Any) -> dict[int, str]:
    """The grades of those alerts that the user may read; an assistant sees the form only."""
    seen = Alert.objects.visible_to(request.user, "read_alert")
    found = seen.filter(pk__in=[row.alert_id for row in rows])
    return dict(found.values_list("pk", "grade"))


@require_http_methods(["GET", "POST"])
def plan(request: StaffRequest, code: str) -> HttpResponse:
    """Plan a visit for an alert; where one is under way, the way to it."""
    allowed = [Alert.objects.visible_to(request.user, right) for right in WRITING]
    seen = functools.reduce(operator.or_, allowed).select_related("bureau__parent", "holder")
    alert: Alert = get_object_or_404(seen.defer("picture"), code=code)
    under_way = alert.inspections.filter(state__in=[State.PLANNED, State.ON_SITE]).first()
    if under_way is not None and request.method == "GET":
        return redirect(under_way)
    officers = planning.second_officers(alert, besides=request.user)
    form = PlanForm(request.POST or None, officers=officers, initial=_proposed(alert))
    refusal = planning.refusal_to_plan(alert, request.user)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = planning.plan_inspection(
                alert=alert, by=request.user, now=timezone.now(), **given
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(
                request, f"已安排实地核查 {made.code}，并已通知{made.second_officer}。"
            )
            return redirect(made)
    context = {
        "alert": alert,
        "form": form,
        "refusal": refusal,
        "is_red": alert.grade == Grade.RED,
        "me": request.user,
    }
    return render(request, "cases/plan_inspection.html", context)


def _proposed(alert: Alert) -> dict[str, Any]:
    """The next full hour, but not the night's."""
    at = timezone.localtime() + dt.timedelta(hours=1)
    at = at.replace(minute=0, second=0, microsecond=0)
    if not 8 <= at.hour <= 18:
        at = (at + dt.timedelta(days=at.hour > 18)).replace(hour=9)
    return {"planned_at": at, "reason": f"核实订货异常：{alert.sentence}"[:300]}


@require_safe
def inspection(request: StaffRequest, code: str) -> HttpResponse:
    """One visit: what is to be done next; sealed, its record."""
    found = found_inspection(request, code)
    if found.state == State.SEALED:
        return record_page(request, found)
    alert = alert_of(request.user, found)
    is_officer = request.user in (found.first_officer, found.second_officer)
    is_red = (alert or found.alert).grade == Grade.RED
    context = {
        **frame(request, found, None),
        "alert": alert,
        "doubts": found.answers.all(),
        "stock_count": len(found.stock.all()),
        "is_officer": is_officer,
        "needs_approval": is_red and found.approved_by is None,
        "may_approve": is_red and _may_approve(request, found),
        "may_cancel": request.user == found.first_officer
        and found.state in (State.PLANNED, State.ON_SITE),
        "far": request.GET.get("far", ""),
    }
    return render(request, "cases/inspection.html", context)


def _may_approve(request: StaffRequest, found: Inspection) -> bool:
    if found.state != State.PLANNED or found.approved_by:
        return False
    officers = (found.first_officer, found.second_officer)
    right = right_to_approve(found)
    return request.user not in officers and request.user.may_at(right, found.bureau)


@require_POST
def approve(request: StaffRequest, code: str) -> HttpResponse:
    found = found_inspection(request, code, APPROVING)
    try:
        planning.approve_inspection(inspection=found, by=request.user)
    except ValidationError as error:
        say(request, error)
    else:
        messages.success(request, "已批准，核查人可以按时开始。")
    return redirect(found)


@require_POST
def cancel(request: StaffRequest, code: str) -> HttpResponse:
    found = found_inspection(request, code, WRITING)
    form = ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        planning.cancel_inspection(inspection=found, reason=reason, by=request.user)
    except ValidationError as error:
        say(request, error)
    else:
        messages.success(request, "已取消这次核查；预警仍在核查中，可以另行安排。")
    return redirect(found)


@require_POST
def start(request: StaffRequest, code: str) -> HttpResponse:
    found = found_inspection(request, code, WRITING)
    form = StartForm(request.POST)
    place = form.place() if form.is_valid() else None
    why_far = form.cleaned_data.get("why_far", "")
    try:
        visiting.start_inspection(
            inspection=found, place=place, why_far=why_far, by=request.user, now=timezone.now()
        )
    except ValidationError as error:
        say(request, error)
        far = "?far=1" if getattr(error, "code", "") == "far" else ""
        return redirect(f"{found.get_absolute_url()}{far}")
    return redirect(reverse("cases:inspection_section", args=[found.code, "premises"]))
