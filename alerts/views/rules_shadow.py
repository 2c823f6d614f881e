"""A change in trial beside the rules in force: night by night, what it would add and leave out."""

import datetime as dt
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.http import StaffRequest
from alerts.actions.shadow import nights_in_shadow
from alerts.models import RuleChange, ShadowListing, Sighting
from alerts.views.rules_changes import seen_change

SAMPLES = 10


@require_safe
def shadow(request: StaffRequest, pk: int) -> HttpResponse:
    """Both lists of every night since the trial began."""
    change = seen_change(request, pk)
    nights = nights_in_shadow(change) if change.shadow_since else []
    rows = [_night(change, on) for on in reversed(nights[-60:])]
    context = {
        "change": change,
        "nights": rows,
        "total": {
            name: sum(len(row[name]) for row in rows) for name in ("both", "new", "gone")
        },
        "new": [one for row in rows for one in row["new"]][:SAMPLES],
        "gone": [one for row in rows for one in row["gone"]][:SAMPLES],
    }  # fmt: skip
    return render(request, "alerts/shadow.html", context)


def _night(change: RuleChange, on: dt.date) -> dict[str, Any]:
    trial = {
        (one.bureau.code, one.subject_kind, one.subject_id, one.audience): one
        for one in _listed(change).filter(on=on)
    }
    seen = (
        Sighting.objects.listed_by_nights()
        .filter(on=on, alert__bureau__path__startswith=change.bureau.path)
        .select_related("alert__bureau")
    )
    real = {
        (
            one.alert.bureau.code,
            one.alert.subject_kind,
            one.alert.subject_id,
            one.alert.audience,
        ): one
        for one in seen.defer("alert__picture").order_by("-score", "pk")
    }
    return {
        "on": on,
        "both": [key for key in trial if key in real],
        "new": [one for key, one in trial.items() if key not in real],
        "gone": [one for key, one in real.items() if key not in trial],
    }


def _listed(change: RuleChange) -> QuerySet[ShadowListing]:
    return change.listings.select_related("bureau").order_by("-score", "pk")
