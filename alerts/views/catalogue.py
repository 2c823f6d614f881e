import datetime as dt
from collections import Counter, defaultdict
from typing import Any

from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import StaffRequest
from alerts.causes import CAUSES
from alerts.columns import in_words
from alerts.detection import FAMILIES, Detector
from alerts.elsewhere import TYPES
from alerts.models import Alert, AlertQuerySet, Hit, Outcome, State
from alerts.rulebook import Chapter, chapters
from alerts.views.filtering import seen_bureaus

YEAR = dt.timedelta(days=365)
PROVEN = [one for one in Outcome if one not in (Outcome.NORMAL, Outcome.UNPROVEN)]
CAUSES_SHOWN = 3


@require_safe
def catalogue(request: StaffRequest) -> HttpResponse:
    """Every rule in words, with what it has brought in the reader's bureaus in twelve months."""
    if not seen_bureaus(request.user).exists():
        raise Http404
    since = timezone.localdate() - YEAR
    seen = Alert.objects.visible_to(request.user, "read_alert").filter(on__gt=since)
    hits = Hit.objects.visible_to(request.user, "read_alert").filter(on__gt=since)
    figures, causes = _figures(seen), _causes(seen)
    counted = dict(hits.order_by().values_list("detector").annotate(Count("pk")))
    families: dict[str, list[dict[str, Any]]] = {name: [] for name in FAMILIES}
    for chapter in chapters():
        key = chapter.kind.key
        families[chapter.kind.family].append(
            {
                **_entry(chapter),
                "year": figures.get(key),
                "hits": counted.get(key, 0),
                "causes": causes.get(key, []),
            }
        )
    context = {
        "families": [(key, FAMILIES[key], rules) for key, rules in families.items() if rules],
        "total": sum(len(rules) for rules in families.values()),
        "since": since,
        "elsewhere": TYPES,
    }
    return render(request, "alerts/catalogue.html", context)


def _entry(chapter: Chapter) -> dict[str, Any]:
    kind: type[Detector] = chapter.kind
    return {
        "kind": kind,
        "lines": chapter.lines,
        "needs": in_words(sorted(set(kind.inputs) - set(kind.optional))),
        "across": kind.scope == "all",
    }


def _figures(seen: AlertQuerySet) -> dict[str, dict[str, Any]]:
    """Detector -> pushed, open, proven, normal: alerts that it led."""
    normal = Q(state=State.INVALID) | Q(state=State.CLOSED, outcome=Outcome.NORMAL)
    rows = (
        seen.order_by()
        .values("detector")
        .annotate(
            pushed=Count("pk"),
            proven=Count("pk", filter=Q(state=State.CLOSED, outcome__in=PROVEN)),
            normal=Count("pk", filter=normal),
        )
    )
    return {row["detector"]: dict(row) for row in rows}


def _causes(seen: AlertQuerySet) -> dict[str, list[tuple[str, int]]]:
    """Detector -> the innocent causes that closed its alerts most often."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    closed = seen.exclude(causes=[]).order_by()
    for detector, codes in closed.values_list("detector", "causes").iterator():
        found[detector].update(code for code in codes if code in CAUSES)
    return {
        detector: [(CAUSES[code], times) for code, times in counted.most_common(CAUSES_SHOWN)]
        for detector, counted in found.items()
    }
