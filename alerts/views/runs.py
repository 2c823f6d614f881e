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
from accounts.models import scope
from alerts.actions import starting
from alerts.forms import StartForm
from alerts.models import Night

A_PAGE = 50
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
    }
    template = "alerts/_run.html" if request.htmx else "alerts/run.html"
    return render(request, template, context)


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
