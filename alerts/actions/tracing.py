"""A registered seizure becomes alerts at once, for the counties whose shops its codes name."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import Bureau
from alerts.actions.finding import as_json
from alerts.actions.nights import DRAWN, made_at_once
from alerts.actions.picture import draw
from alerts.actions.raising import Suspicion, raise_alert
from alerts.actions.rules import detectors_in, parameters_of, version_in_force
from alerts.detectors.seized_code import SeizedCode
from alerts.models import Alert, Origin, Reason
from alerts.panels import HISTORY
from alerts.trails import Span
from sources import lake
from sources.cartons import by_licence
from sources.facts import Facts, rows
from sources.lake.seized import homes_of
from sources.models import Retailer, Seizure


@dataclass(frozen=True, kw_only=True)
class Traced:
    """What one shop's county is told: the rule's numbers and words, source rows, and a picture."""

    row: dict[str, Any]
    sentence: str
    grade: str
    parameters: dict[str, Any]
    evidence: list[dict[str, Any]]
    picture: dict[str, Any]


@transaction.atomic
def trace_seizure(*, number: int, now: dt.datetime) -> list[Alert]:
    """Raise or join an alert about each shop whose licence is on the cartons. Harmless done twice."""
    seizure = Seizure.objects.standing().filter(pk=number).select_related("registered_by").first()
    if seizure is None:
        return []
    licences = by_licence(seizure.cartons())
    codes = {code for code, _path in homes_of(licences).values()}
    counties = Bureau.objects.filter(code__in=codes).select_related("parent").order_by("code")
    raised = [
        _raise(county, seizure, one, now=now)
        for county in counties
        for one in _traced_in(county, seizure, set(licences), now=now)
    ]
    return [alert for alert in raised if alert is not None]


def _traced_in(
    county: Bureau, seizure: Seizure, licences: set[str], *, now: dt.datetime
) -> list[Traced]:
    """What this case, and no other, says of the county's shops."""
    on = timezone.localdate(seizure.registered_at)
    version = version_in_force(city=county.city, on=on, now=now)
    kind = next(one for one in detectors_in(version) if isinstance(one, SeizedCode))
    span = Span(on - dt.timedelta(weeks=HISTORY), on)
    with lake.open_facts(on=on, bureaus=[county.code]) as known:
        facts = made_at_once(known.until(on), span, DRAWN)
        found = kind.of_case(facts, on, seizure.case_no)
        mine = [row for row in rows(found) if row["licence_no"] in licences]
        proof = rows(kind.evidence(facts, on, found)) if mine else []
        return [
            Traced(
                row=row,
                sentence=kind.sentence(row),
                grade=kind.floor(row) or "黄",
                parameters=parameters_of(kind),
                evidence=_shown(proof, row["subject_id"]),
                picture=_picture(facts, on, row),
            )
            for row in mine
        ]


def _shown(proof: list[dict[str, Any]], shop: str) -> list[dict[str, Any]]:
    return [
        {name: as_json(cell) for name, cell in row.items() if name != "subject_id"}
        for row in proof
        if row["subject_id"] == shop
    ]


def _picture(facts: Facts, on: dt.date, row: dict[str, Any]) -> dict[str, Any]:
    """The shop's weeks as they are now, with the order that the cartons came from."""
    shop = row["subject_id"]
    picture = draw(facts, on, [shop]).get(shop, {})
    if row["ordered_on"] is not None:
        then = draw(facts, row["ordered_on"], [shop]).get(shop, {})
        picture |= {name: then.get(name) for name in ("peers", "order", "order_lines")}
    return picture


def _raise(county: Bureau, seizure: Seizure, told: Traced, *, now: dt.datetime) -> Alert | None:
    shop = Retailer.objects.get(code=told.row["subject_id"])
    suspicion = Suspicion(
        origin=Origin.SEIZURE,
        family=SeizedCode.family,
        grade=told.grade,
        sentence=told.sentence,
        subject_kind="retailer",
        subject_id=shop.code,
        subject_name=shop.name,
        licence_no=told.row["licence_no"],
        route=shop.route,
        reference=f"登记{seizure.pk}/{shop.code}",
    )
    try:
        alert, _is_new = raise_alert(
            suspicion=suspicion, bureau=county, by=seizure.registered_by, now=now
        )
    except ValidationError:  # this registration was traced before
        return None
    _show(alert, suspicion.reference, told)
    return alert


def _show(alert: Alert, reference: str, told: Traced) -> None:
    reason = Reason.objects.get(alert=alert, numbers__reference=reference)
    numbers = {name: as_json(cell) for name, cell in told.row.items() if name != "subject_id"}
    reason.numbers |= numbers
    reason.parameters, reason.evidence = told.parameters, told.evidence
    reason.save(update_fields=["numbers", "parameters", "evidence"])
    if not alert.picture and told.picture:
        alert.picture = told.picture
        alert.save(update_fields=["picture"])
