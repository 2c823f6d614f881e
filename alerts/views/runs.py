import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import StaffRequest
from accounts.models import Audience, User, scope
from alerts.actions import starting
from alerts.forms import StartForm
from alerts.models import Night
from sources.models import Retailer

A_PAGE = 50
LISTED = 200  # findings that were kept off the list
RUNNING = (Night.State.WAITING, Night.State.RUNNING, Night.State.FOUND)


@require_safe
def runs(request: StaffRequest) -> HttpResponse:
    if not request.user.may("read_run"):
        raise Http404
    missing = Count("steps", filter=~Q(steps__missing="") | ~Q(steps__error=""))
    seen = Night.objects.visible_to(request.user, "read_run").annotate(missing=missing)
    page = Paginator(seen.newest(), A_PAGE).get_page(request.GET.get("page"))
    may_start = request.user.may("start_run")
    context: dict[str, Any] = {"page": page, "may_start": may_start}
    if may_start:
        context["form"] = _form(request)
    return render(request, "alerts/runs.html", context)


@require_safe
def run(request: StaffRequest, on: str, bureau: str) -> HttpResponse:
    try:
        day = dt.date.fromisoformat(on)
    except ValueError as error:
        raise Http404 from error
    seen = Night.objects.visible_to(request.user, "read_run").newest()
    night = get_object_or_404(seen, on=day, bureau__code=bureau)
    running = night.state in RUNNING
    context = {
        "night": night,
        "running": running,
        "steps": list(night.steps.order_by("-pushed", "-found", "detector")),
        "seconds": night.seconds,
        "rechecks": list(night.rechecks.order_by("at")),
        "tables": [
            {"title": "订单", "rows": night.orders},
            {"title": "订单明细", "rows": night.order_lines},
        ],
        "alerts_url": f"{reverse('alerts:alerts')}?view=all&since={day}&until={day}",
        **({} if running else _kept_off(night, request.user)),
    }
    template = "alerts/_run.html" if request.htmx else "alerts/run.html"
    return render(request, template, context)


def _kept_off(night: Night, user: User) -> dict[str, Any]:
    """What exemptions and floods kept off the list, for those who read alerts."""
    if not user.may_at("read_alert", night.bureau):
        return {}
    rows = night.surprises.filter(Q(exemption__isnull=False) | Q(parked=True))
    if not user.may_at("see_hidden", night.bureau):
        rows = rows.filter(Q(exemption=None) | Q(exemption__audience=Audience.EVERYONE))
        rows = rows.filter(staff_concerned=False)
    counted = rows.aggregate(
        exempted=Count("pk", filter=Q(exemption__isnull=False)),
        parked=Count("pk", filter=Q(exemption=None)),
    )
    shown = list(rows.order_by("detector", "-surprise", "pk")[:LISTED])
    shops = Retailer.objects.visible_to(user, "read_retailer").filter(
        code__in={one.subject_id for one in shown if one.subject_kind == "retailer"}
    )
    names = dict(shops.values_list("code", "name")) if shown else {}
    kept_off = [
        {
            "detector": one.detector,
            "subject_id": one.subject_id,
            "name": names.get(one.subject_id),
            "url": reverse("sources:retailer", args=[one.subject_id])
            if one.subject_id in names
            else "",
            "sentence": one.sentence,
            "exemption_id": one.exemption_id,
        }
        for one in shown
    ]
    return {**counted, "kept_off": kept_off, "listed": LISTED}


@require_POST
def start_run(request: StaffRequest) -> HttpResponse:
    if not request.user.may("start_run"):
        raise Http404
    form = _form(request)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, " ".join(str(one) for one in errors))
        return redirect("alerts:runs")
    on, bureau = form.cleaned_data["on"], form.cleaned_data["bureau"]
    starting.ask_for_night(on=on, city=bureau.city, by=request.user)
    messages.success(request, f"已安排检测 {on} 的订单，可离开此页。")
    return redirect("alerts:runs")


def _form(request: StaffRequest) -> StartForm:
    bureaus = scope(request.user, "start_run").filter(level__in=["city", "county"])
    return StartForm(
        request.POST or None,
        bureaus=bureaus.select_related("parent"),
        today=timezone.localdate(),
    )
