from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Case, When
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import StaffRequest
from accounts.models import ScopedQuerySet
from alerts.actions import groups as actions
from alerts.forms_people import GroupForm, refusal
from alerts.models import Alert, Group
from alerts.views.filtering import seen_bureaus

A_PAGE = 30
WAITING_FIRST = Case(
    When(state=Group.State.PROPOSED, then=0), When(state=Group.State.ACCEPTED, then=1), default=2
)
DECIDING = ("claim_alert", "claim_above")


def _seen(request: StaffRequest) -> ScopedQuerySet[Group]:
    return Group.objects.visible_to(request.user, "read_alert").select_related("bureau")


@require_safe
def groups(request: StaffRequest) -> HttpResponse:
    """Cases that links propose, those to be decided first."""
    if not seen_bureaus(request.user).exists():
        raise Http404
    rows = _seen(request).prefetch_related("alerts").order_by(WAITING_FIRST, "-on", "-pk")
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    return render(request, "alerts/groups.html", {"page": page})


@require_safe
def group(request: StaffRequest, code: str) -> HttpResponse:
    """One proposed case: what joins its alerts, and what may be done."""
    found = get_object_or_404(_seen(request).select_related("decided_by"), code=code)
    seen = Alert.objects.visible_to(request.user, "read_alert").filter(group=found)
    members = list(seen.select_related("bureau", "holder").order_by("-score", "pk"))
    may = request.user.may(actions.right_to_decide(found))
    context: dict[str, Any] = {
        "group": found,
        "members": members,
        "hidden": found.alerts.count() - len(members),
        "may_accept": may and found.state == Group.State.PROPOSED,
        "may_undo": may and found.state != Group.State.REJECTED,
    }
    return render(request, "alerts/group.html", context)


@require_POST
def accept_group(request: StaffRequest, code: str) -> HttpResponse:
    try:
        found, form = _chosen(request, code)
        refused = actions.accept_group(
            group=found, by=request.user, now=timezone.now(), version=form["version"]
        )
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
    else:
        messages.success(request, "已并案，待领取的预警已由您领取。")
        for reason in refused:
            messages.error(request, reason)
    return redirect("alerts:group", code=code)


@require_POST
def reject_group(request: StaffRequest, code: str) -> HttpResponse:
    try:
        found, form = _chosen(request, code)
        actions.reject_group(
            group=found, note=form["note"], by=request.user, now=timezone.now(),
            version=form["version"],
        )  # fmt: skip
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
    else:
        messages.success(request, "已记为不并案，各条预警分别办理。")
    return redirect("alerts:group", code=code)


@require_POST
def split_group(request: StaffRequest, code: str) -> HttpResponse:
    mine = Alert.objects.visible_to(request.user, "read_alert")
    try:
        found, form = _chosen(request, code)
        alert = get_object_or_404(mine, code=form["code"])
        actions.split_off(group=found, alert=alert, by=request.user, version=form["version"])
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
    else:
        messages.success(request, f"已将 {alert.code} 移出，它的记录随之保留。")
    return redirect("alerts:group", code=code)


def _chosen(request: StaffRequest, code: str) -> tuple[Group, dict[str, Any]]:
    """The case of the address if the user may decide about any, and the button's form.

    Raises ValidationError, to be told to the user, where the form lacks something.
    """
    if not any(request.user.may(right) for right in DECIDING):
        raise Http404
    found = get_object_or_404(_seen(request), code=code)
    form = GroupForm(request.POST)
    if not form.is_valid():
        raise ValidationError(refusal(form))
    return found, form.cleaned_data
