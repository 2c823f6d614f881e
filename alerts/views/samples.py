from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import StaffRequest
from accounts.models import ScopedQuerySet
from alerts.actions import sampling as actions
from alerts.forms_people import SampleForm, refusal
from alerts.learning import ENOUGH_VISITS, missed
from alerts.models import Draw, DrawnShop

A_PAGE = 8
WEEKS = 26


def _seen(request: StaffRequest) -> ScopedQuerySet[Draw]:
    return Draw.objects.visible_to(request.user, "read_alert")


@require_safe
def samples(request: StaffRequest) -> HttpResponse:
    """The weekly draws with their results, and what they say about all shops without alerts."""
    if not request.user.may("read_alert"):
        raise Http404
    rows = _seen(request).select_related("bureau").prefetch_related("shops__by", "shops__alert")
    page = Paginator(rows.order_by("-week_start", "bureau__code"), A_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "page": page,
        "draws": [(draw, actions.is_reproduced(draw)) for draw in page.object_list],
        "estimate": _estimate(request),
        "may_note": request.user.may("claim_alert"),
        "form": SampleForm(),
    }
    return render(request, "alerts/samples.html", context)


def _estimate(request: StaffRequest) -> dict[str, Any] | None:
    """How many shops are likely to have been missed, from the checked ones of half a year; without
    middle, low and high while these are too few."""
    draws = _seen(request).order_by("-week_start")[:WEEKS]
    pks = list(draws.values_list("pk", flat=True))
    checked = Q(result__in=[DrawnShop.Result.NORMAL, DrawnShop.Result.DOUBT])
    found = DrawnShop.objects.filter(draw__in=pks).aggregate(
        checked=Count("pk", filter=checked),
        doubtful=Count("pk", filter=Q(result=DrawnShop.Result.DOUBT)),
    )
    if not found["checked"]:
        return None
    newest = dict(_seen(request).order_by("week_start").values_list("bureau", "pool"))
    pool = sum(newest.values())
    estimate = missed(pool, found["checked"], found["doubtful"])
    told = dict(zip(("middle", "low", "high"), estimate, strict=True)) if estimate else {}
    return {**found, "pool": pool, "enough": ENOUGH_VISITS, **told}


@require_POST
def note_sample(request: StaffRequest, number: int) -> HttpResponse:
    """What was found at a drawn shop; a doubt becomes an alert."""
    if not request.user.may("claim_alert"):
        raise Http404
    draws = Draw.objects.visible_to(request.user, "claim_alert")
    shop = get_object_or_404(
        DrawnShop.objects.select_related("draw__bureau__parent"), pk=number, draw__in=draws
    )
    form = SampleForm(request.POST)
    if not form.is_valid():
        messages.error(request, refusal(form))
        return redirect("alerts:samples")
    try:
        actions.note_result(shop=shop, by=request.user, now=timezone.now(), **form.cleaned_data)
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
    else:
        messages.success(request, f"已登记{shop.retailer_name}的核实结果。")
    return redirect("alerts:samples")
