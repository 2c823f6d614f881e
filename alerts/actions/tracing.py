"""A registered seizure becomes alerts at once, for the counties whose shops its codes name."""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import Bureau
from alerts.actions.finding import as_json, until
from alerts.actions.raising import Suspicion, raise_alert
from alerts.actions.rules import detectors_in, version_in_force
from alerts.detectors.seized_code import SeizedCode
from alerts.models import Alert, Origin, Reason
from sources import lake
from sources.cartons import by_licence
from sources.facts import rows
from sources.lake.seized import homes_of
from sources.models import Retailer, Seizure


@transaction.atomic
def trace_seizure(*, number: int, now: dt.datetime) -> list[Alert]:
    """Raise or join an alert about each shop whose licence is on the cartons. Harmless done twice."""
    seizure = Seizure.objects.standing().filter(pk=number).select_related("registered_by").first()
    if seizure is None:
        return []
    licences = by_licence(seizure.cartons())
    codes = {code for code, _path in homes_of(licences).values()}
    counties = Bureau.objects.filter(code__in=codes).select_related("parent").order_by("code")
    raised = [_trace_in(county, seizure, set(licences), now=now) for county in counties]
    return [alert for alerts in raised for alert in alerts]


def _trace_in(
    county: Bureau, seizure: Seizure, licences: set[str], *, now: dt.datetime
) -> list[Alert]:
    on = timezone.localdate(seizure.registered_at)
    version = version_in_force(city=county.city, on=on, now=now)
    kind = next(one for one in detectors_in(version) if one.key == SeizedCode.key)
    with lake.open_facts(on=on, bureaus=[county.code]) as known:
        facts = until(known, on)
        found = kind.find(facts, on)
        mine = [row for row in rows(found) if row["licence_no"] in licences]
        proof = rows(kind.evidence(facts, on, found)) if mine else []
    shown: dict[str, list[dict[str, Any]]] = {}
    for row in proof:
        cells = {name: as_json(cell) for name, cell in row.items() if name != "subject_id"}
        shown.setdefault(row["subject_id"], []).append(cells)
    told = [(row, kind.sentence(row), kind.floor(row) or "黄") for row in mine]
    alerts = [
        _raise(county, seizure, row, sentence, grade, now=now) for row, sentence, grade in told
    ]
    for row, alert in zip(mine, alerts, strict=True):
        if alert is not None:
            _show(alert, shown.get(row["subject_id"], []))
    return [alert for alert in alerts if alert is not None]


def _raise(
    county: Bureau,
    seizure: Seizure,
    row: dict[str, Any],
    sentence: str,
    grade: str,
    *,
    now: dt.datetime,
) -> Alert | None:
    shop = Retailer.objects.get(code=row["subject_id"])
    suspicion = Suspicion(
        origin=Origin.SEIZURE,
        family=SeizedCode.family,
        grade=grade,
        sentence=sentence,
        subject_kind="retailer",
        subject_id=shop.code,
        subject_name=shop.name,
        licence_no=row["licence_no"],
        route=shop.route,
        reference=f"登记{seizure.pk}/{shop.code}",
    )
    try:
        return raise_alert(suspicion=suspicion, bureau=county, by=seizure.registered_by, now=now)[0]
    except ValidationError:  # this registration was traced before
        return None


def _show(alert: Alert, evidence: list[dict[str, Any]]) -> None:
    reason = Reason.objects.filter(alert=alert).order_by("-pk").first()
    if reason is not None and not reason.evidence:
        reason.evidence = evidence
        reason.save(update_fields=["evidence"])
