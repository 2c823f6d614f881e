import functools
import operator

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import StaffRequest
from alerts.actions import alerts as actions
from alerts.forms import BulkForm, DismissForm, StepForm
from alerts.models import Alert, AlertQuerySet

CLAIMING = ("claim_alert", "claim_above")
DISMISSING = ("dismiss_alert", "dismiss_orange", "dismiss_red")


def within_rights(request: StaffRequest, rights: tuple[str, ...]) -> AlertQuerySet:
    """Alerts for which the user has any of the rights."""
    found = [Alert.objects.visible_to(request.user, right) for right in rights]
    return functools.reduce(operator.or_, found)


@require_POST
def claim(request: StaffRequest, code: str) -> HttpResponse:
    alert = get_object_or_404(within_rights(request, CLAIMING), code=code)
    form = StepForm(request.POST)
    version = form.cleaned_data["version"] if form.is_valid() else None
    try:
        actions.claim_alert(alert=alert, by=request.user, now=timezone.now(), version=version)
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
    else:
        messages.success(request, "已领取，请在时限内电话询访。")
    return redirect(alert)


@require_POST
def bulk_claim(request: StaffRequest) -> HttpResponse:
    if not any(request.user.may(right) for right in CLAIMING):
        raise Http404
    form = BulkForm(request.POST)
    codes = form.cleaned_data["codes"] if form.is_valid() else []
    chosen = within_rights(request, CLAIMING).filter(code__in=codes)
    claimed, refused = actions.claim_alerts(alerts=chosen, by=request.user, now=timezone.now())
    if claimed:
        messages.success(request, f"已领取 {claimed} 条预警。")
    for reason in refused:
        messages.error(request, reason)
    if not claimed and not refused:
        messages.error(request, "没有可领取的预警，请重新选择。")
    return redirect("alerts:alerts")


@require_POST
def release(request: StaffRequest, code: str) -> HttpResponse:
    alert = get_object_or_404(within_rights(request, CLAIMING), code=code)
    form = StepForm(request.POST)
    version = form.cleaned_data["version"] if form.is_valid() else None
    try:
        actions.release_alert(alert=alert, by=request.user, now=timezone.now(), version=version)
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
    else:
        messages.success(request, "已退回待领取。")
    return redirect(alert)


@require_http_methods(["GET", "POST"])
def dismiss(request: StaffRequest, code: str) -> HttpResponse:
    alert = get_object_or_404(
        within_rights(request, DISMISSING).select_related("bureau", "holder"), code=code
    )
    form = DismissForm(request.POST or None)
    if form.is_valid():
        try:
            actions.dismiss_alert(
                alert=alert, by=request.user, now=timezone.now(), **form.cleaned_data
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "已排除；10 分钟内可在预警页撤销。")
            return redirect(alert)
    return render(request, "alerts/dismiss.html", {"alert": alert, "form": form})


@require_POST
def reopen(request: StaffRequest, code: str) -> HttpResponse:
    alert = get_object_or_404(within_rights(request, DISMISSING), code=code)
    try:
        actions.reopen_alert(alert=alert, by=request.user, now=timezone.now())
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
    else:
        messages.success(request, "已撤销排除。")
    return redirect(alert)
