from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import StaffRequest
from accounts.models import Bureau, scope
from alerts.actions import lessons as actions
from alerts.models import Lesson, RuleChange

A_PAGE = 1


@require_safe
def lessons(request: StaffRequest) -> HttpResponse:
    """The tables of proposed weights, the newest first."""
    if not any(request.user.may(right) for right in ("draft_rules", "approve_rules")):
        raise Http404
    seen = Lesson.objects.visible_to(request.user, "read_rules").select_related(
        "bureau", "change__decided_by", "made_by"
    )
    page = Paginator(seen.order_by("-until", "bureau__code"), A_PAGE).get_page(
        request.GET.get("page")
    )
    newest = page.object_list[0] if page.object_list else None
    cities = scope(request.user, "draft_rules").filter(level=Bureau.Level.CITY)
    context = {
        "page": page,
        "lesson": newest,
        "may_draft": cities.exists(),
        "closed": sum(row["closed"] for row in newest.rows) if newest else 0,
    }
    return render(request, "alerts/lessons.html", context)


@require_POST
def make_lesson(request: StaffRequest) -> HttpResponse:
    """Count anew, today."""
    cities = scope(request.user, "draft_rules").filter(level=Bureau.Level.CITY)
    city = cities.order_by("code").first()
    if city is None:
        raise Http404
    made = actions.make_lesson(city=city, now=timezone.now(), by=request.user)
    messages.success(request, f"已按截至 {made.until} 的办结结果计算。")
    return redirect("alerts:lessons")


@require_POST
def adopt_lesson(request: StaffRequest, number: int) -> HttpResponse:
    mine = Lesson.objects.visible_to(request.user, "draft_rules")
    lesson = get_object_or_404(mine, pk=number)
    try:
        change = actions.adopt_lesson(lesson=lesson, by=request.user, now=timezone.now())
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
        return redirect("alerts:lessons")
    if change.state == RuleChange.State.WAITING:
        messages.success(request, "已回测并送审，待另一人审批后次日生效。")
    else:
        messages.success(request, "已起草并开始回测，回测完成后请在本页送审。")
    return redirect("alerts:change", pk=change.pk)
