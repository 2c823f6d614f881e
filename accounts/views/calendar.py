import calendar as months
import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts import actions
from accounts.calendar import WorkingTime
from accounts.clocks import CLOCKS
from accounts.forms import DeadlineForm, HolidayForm
from accounts.http import StaffRequest
from accounts.models import Bureau, DeadlineRule, Holiday, scope

ACTION = "manage_calendar"


def _bureau(request: StaffRequest) -> Bureau:
    """The highest bureau whose calendar the user keeps, or sees."""
    kept = scope(request.user, ACTION).order_by("path").first()
    if kept is None:
        held = request.user.assignments.current().select_related("bureau").first()
        if held is None:
            raise Http404
        return held.bureau
    return kept


@require_http_methods(["GET", "POST"])
def calendar(request: StaffRequest) -> HttpResponse:
    """The year's working days and the clocks; keepers change them for their subtree."""
    bureau, may_edit = _bureau(request), request.user.may(ACTION)
    form = HolidayForm(request.POST or None)
    if request.method == "POST" and not may_edit:
        raise Http404
    if form.is_valid():
        _change_day(request, bureau, **form.cleaned_data)
        return redirect("accounts:calendar")
    today = timezone.localdate()
    year = _year(request.GET.get("year"), today)
    context = {
        "bureau": bureau,
        "year": year,
        "years": range(today.year - 2, today.year + 3),
        "months": [_month(bureau, year, month, today) for month in range(1, 13)],
        "is_known": Holiday.objects.filter(on__year=year, bureau=None).exists(),
        "form": form,
        "rules": _rules(bureau),
        "may_edit": may_edit,
    }
    return render(request, "accounts/calendar.html", context)


def _change_day(
    request: StaffRequest, bureau: Bureau, *, on: dt.date, kind: str, name: str
) -> None:
    whose = None if bureau.parent is None else bureau
    if kind == "clear":
        actions.clear_holiday(on=on, bureau=whose, by=request.user)
    else:
        actions.set_holiday(
            on=on, is_working=kind == "work", name=name, bureau=whose, by=request.user
        )
    messages.success(request, f"{on} 已更新；已在办事项的时限不变。")


def _year(text: str | None, today: dt.date) -> int:
    year = int(text) if text and text.isdecimal() else today.year
    return min(max(year, today.year - 2), today.year + 2)


def _month(bureau: Bureau, year: int, month: int, today: dt.date) -> dict[str, Any]:
    working = WorkingTime(bureau)
    names = {row.on: row.name for row in Holiday.objects.filter(on__year=year, on__month=month)}
    weeks = [
        [_day(day, month, working, names, today) for day in week]
        for week in months.Calendar().monthdatescalendar(year, month)
    ]
    return {"title": f"{month} 月", "weeks": weeks}


def _day(
    day: dt.date, month: int, working: WorkingTime, names: dict[dt.date, str], today: dt.date
) -> dict[str, Any]:
    if day.month != month:
        return {"day": 0}
    works, usual = working.is_working_day(day), day.weekday() < 5
    kinds = {(True, True): "work", (False, False): "off", (True, False): "makeup"}
    return {
        "day": day.day,
        "date": day,
        "kind": kinds.get((works, usual), "holiday"),
        "note": names.get(day, ""),
        "is_today": day == today,
    }


def _rules(bureau: Bureau) -> list[DeadlineRule]:
    """Every clock as it runs for this bureau: the nearest rule of each kind and grade."""
    codes = ["", *bureau.path.strip("/").split("/")]
    nearest: dict[tuple[str, str], DeadlineRule] = {}
    for rule in DeadlineRule.objects.select_related("bureau").order_by("pk"):
        code = rule.bureau.code if rule.bureau else ""
        key = rule.what, rule.grade
        if code not in codes:
            continue
        other = nearest.get(key)
        if other is None or codes.index(code) > codes.index(
            other.bureau.code if other.bureau else ""
        ):
            nearest[key] = rule
    for rule in nearest.values():
        rule.what_title = CLOCKS.get(rule.what, rule.what)  # type: ignore[attr-defined]
    return sorted(nearest.values(), key=lambda rule: rule.pk)


@require_http_methods(["GET", "POST"])
def deadline(request: StaffRequest, number: int) -> HttpResponse:
    """Change one clock for the keeper's subtree; what already runs keeps its deadline."""
    if not request.user.may(ACTION):
        raise Http404
    bureau = _bureau(request)
    rule = get_object_or_404(DeadlineRule, pk=number)
    form = DeadlineForm(request.POST or {"unit": rule.unit, "amount": rule.amount})
    if request.method == "POST" and form.is_valid():
        actions.set_deadline(
            what=rule.what,
            grade=rule.grade,
            bureau=None if bureau.parent is None else bureau,
            by=request.user,
            **form.cleaned_data,
        )
        messages.success(request, "时限已更新，对新产生的事项生效。")
        return redirect("accounts:calendar")
    context = {"form": form, "title": CLOCKS.get(rule.what, rule.what), "grade": rule.grade}
    return render(request, "accounts/deadline.html", context)
