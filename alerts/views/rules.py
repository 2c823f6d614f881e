"""The rules in force, their versions, and where each value comes from."""

import datetime as dt
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import StaffRequest
from accounts.models import Bureau, User, scope
from alerts.actions.replaying import book_of
from alerts.detection import FAMILIES
from alerts.models import RuleChange, RuleVersion
from alerts.models.rules import OPEN_CHANGES
from alerts.presets import PRESETS
from alerts.rulebook import POLICY, Book, Line, chapters, since

BEGUN = dt.date(2000, 1, 1)


def readable_cities(user: User) -> list[Bureau]:
    """The cities whose rules the user may read: those of the counties seen, too."""
    seen = scope(user, "read_rules")
    levels = [Bureau.Level.CITY, Bureau.Level.COUNTY]
    cities = {
        one.city.pk: one.city for one in seen.filter(level__in=levels).select_related("parent")
    }
    return sorted(cities.values(), key=lambda city: city.code)


def city_of(request: StaffRequest) -> Bureau:
    """The city that the address asks for, or the reader's first. Not theirs is 404."""
    cities = readable_cities(request.user)
    code = request.GET.get("city") or request.POST.get("city")
    chosen = [one for one in cities if not code or one.code == code]
    if not chosen:
        raise Http404
    return chosen[0]


def version_on(city: Bureau, on: dt.date) -> RuleVersion:
    """The version of a day; of a city without any, the defaults."""
    found = RuleVersion.objects.in_force(city=city, on=on).first()
    return found or RuleVersion(bureau=city, number=0, since=BEGUN)


@require_safe
def rules(request: StaffRequest) -> HttpResponse:
    """Every line with the default, the city's value, its source, and since when."""
    if not request.user.may("read_rules"):
        raise Http404
    city, today = city_of(request), timezone.localdate()
    versions = list(RuleVersion.objects.of(city=city))
    current = version_on(city, today)
    changes = RuleChange.objects.visible_to(request.user, "read_change").filter(bureau=city)
    open_ones = changes.filter(state__in=OPEN_CHANGES).select_related("made_by", "base")
    context = {
        "city": city,
        "cities": readable_cities(request.user),
        "current": current,
        "coming": [one for one in versions if one.since > today],
        "versions": versions,
        "changes": open_ones.order_by("-made_at", "-pk"),
        "past_changes": changes.exclude(state__in=OPEN_CHANGES)
        .select_related("made_by", "decided_by", "became")
        .order_by("-made_at", "-pk")[:20],
        "presets": PRESETS,
        "may_draft": request.user.may_at("draft_rules", city),
        "may_test": request.user.may_at("read_change", city),
        **_sheet(current, [one for one in versions if one.since <= today]),
    }
    return render(request, "alerts/rules.html", context)


@require_safe
def rule(request: StaffRequest, city: str, number: int) -> HttpResponse:
    """One version: who, when, why, and what it changed."""
    whose = next((one for one in readable_cities(request.user) if one.code == city), None)
    version = get_object_or_404(
        RuleVersion.objects.of(city=whose) if whose else _none(), number=number
    )
    before = RuleVersion.objects.of(city=version.bureau).filter(number__lt=number).first()
    seen = RuleChange.objects.visible_to(request.user, "read_change")
    newest = RuleVersion.objects.of(city=version.bureau).first()
    context = {
        "version": version,
        "before": before,
        "differences": book_of(before).differences(book_of(version)) if before else [],
        "deviations": Book().differences(book_of(version)),
        "since_today": None if newest == version else book_of(newest).differences(book_of(version)),
        "change": seen.filter(became=version).select_related("test").first(),
        "is_newest": newest == version,
        "may_draft": request.user.may_at("draft_rules", version.bureau),
        "today": timezone.localdate(),
    }
    return render(request, "alerts/rule.html", context)


def _none() -> Any:
    return RuleVersion.objects.none()


def _sheet(current: RuleVersion, begun: list[RuleVersion]) -> dict[str, Any]:
    """The policy's lines and the families' detectors, as rows of the page."""
    book = book_of(current)
    history = sorted(begun, key=lambda one: one.number)
    changed = since((one.number, book_of(one)) for one in history)
    numbers = {one.number: one for one in history}

    def row(line: Line) -> dict[str, Any]:
        value, begun_by = book.value(line), numbers.get(changed.get(line.key, 0))
        own = current.overrides.get(line.key, {})
        return {
            "line": line,
            "default": line.said(line.default),
            "value": line.said(value),
            "differs": value != line.default,
            "source": own.get("source") or line.source,
            "version": begun_by,
        }

    families: dict[str, list[dict[str, Any]]] = {}
    for chapter in chapters():
        rows = [row(line) for line in (*chapter.lines, chapter.weight)]
        families.setdefault(FAMILIES[chapter.kind.family], []).append(
            {
                "kind": chapter.kind,
                "rows": rows,
                "is_off": book.value(chapter.off),
                "differs": any(one["differs"] for one in rows) or book.value(chapter.off),
            }
        )
    return {
        "policy": [row(line) for line in POLICY],
        "families": list(families.items()),
        "deviations": Book().differences(book),
    }
