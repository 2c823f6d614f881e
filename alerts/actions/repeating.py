"""CMP-02 for what people enter by hand: one more complaint about the same member of staff."""

import datetime as dt
from typing import Any

from django.db.models import Q

from accounts.models import Bureau
from accounts.walls import beyond_walls
from alerts.actions.rules import detectors_in
from alerts.detectors.complaint_again import ComplaintAgain
from alerts.models import Origin, Reason, RuleVersion
from alerts.naming import folded

TOLD = (Origin.TIP, Origin.COMPLAINT)
BY_NIGHT = ("complaint_staff", ComplaintAgain.key)


def rule_in(version: RuleVersion) -> ComplaintAgain:
    """CMP-02 with the city's limits."""
    return next(one for one in detectors_in(version) if isinstance(one, ComplaintAgain))


def complaints_about(staff_id: str, *, rule: ComplaintAgain, city: Bureau, on: dt.date) -> set[str]:
    """Numbers of the complaints and tips about somebody in the rule's time, however they came."""
    since = on - dt.timedelta(days=rule.days)
    by_hand = Q(*(Q(detector__startswith=f"{one}:") for one in TOLD), _connector=Q.OR)
    reasons = Reason.objects.filter(
        by_hand | Q(detector__in=BY_NIGHT),
        alert__bureau__path__startswith=city.path,
        alert__subject_kind="staff",
        alert__subject_id=staff_id,
        on__gt=since,
        on__lte=on,
    )
    with beyond_walls():
        known = list(reasons.values_list("detector", "on", "number", "evidence"))
    numbers: set[str] = set()
    for detector, day, number, evidence in known:
        numbers |= {number} if number else _tickets(evidence, since) or {f"{detector} {day}"}
    return numbers


def _tickets(evidence: list[dict[str, Any]], since: dt.date) -> set[str]:
    recent = (row for row in evidence if (row.get("day") or "") > since.isoformat())
    return {folded(row["ticket_no"]) for row in recent if row.get("ticket_no")}
