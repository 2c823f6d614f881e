"""One bureau's half of a night: run the detectors, keep what they found and what they lacked."""

import datetime as dt
import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis.expr.types as ir
import structlog
from django.utils import timezone
from ibis import _

from accounts.models import Bureau
from alerts.columns import in_words
from alerts.detection import Detector
from alerts.models import Night, Step, Surprise
from sources.facts import Facts, rows

log = structlog.get_logger()

LEAST_SURPRISE = 1.0  # kept from here on
MOST_SURPRISE = 50.0
SHARED = {"skus", "limits", "calendar", "staff"}  # masters that a city's bureaus have in common


@dataclass(frozen=True)
class Place:
    """Where a subject belongs, and what people call it."""

    bureau: str
    name: str = ""
    route: str = ""
    licence_no: str = ""


class Places:
    """Bureau, name and route of the night's subjects, looked up by kind and code."""

    def __init__(self, facts: Facts) -> None:
        self._of: dict[tuple[str, str], Place] = {}
        shops = facts.retailers.select("bureau", "retailer_id", "name", "route", "licence_no")
        for row in rows(shops):
            route = row["route"] or ""
            self._of["retailer", row["retailer_id"]] = Place(
                row["bureau"], row["name"] or "", route, row["licence_no"] or ""
            )
            if route:
                self._of.setdefault(("route", route), Place(row["bureau"], route, route))
        for row in rows(facts.staff.select("bureau", "staff_id", "role")):
            name = f"{row['role'] or '人员'}{row['staff_id']}"
            self._of["staff", row["staff_id"]] = Place(row["bureau"], name)
        for row in rows(facts.skus.select("sku_id", "sku_name")):
            self._of["sku", row["sku_id"]] = Place("", row["sku_name"] or "")

    def of(self, kind: str, code: str) -> Place:
        """The place of a subject; one without bureau belongs to whoever's night found it."""
        return self._of.get((kind, code), Place(code if kind == "bureau" else ""))


def within(facts: Facts, bureau: str) -> Facts:
    """The facts of one county: what a detector with `scope = "bureau"` sees."""
    tables: dict[str, ir.Table] = {
        name: table if name in SHARED else table.filter(_.bureau == bureau)
        for name, table in facts.tables.items()
    }
    return Facts(tables=tables, missing=facts.missing)


def until(facts: Facts, on: dt.date) -> Facts:
    """The facts up to the end of a day; shared tables of a later day are cut as well."""
    tables: dict[str, ir.Table] = {
        name: table.filter(_.day <= on) if "day" in table.columns else table
        for name, table in facts.tables.items()
    }
    return Facts(tables=tables, missing=facts.missing)


def find_night(
    *,
    night: Night,
    facts: Facts,
    detectors: Iterable[Detector],
    places: Places,
    bureaus: Mapping[str, Bureau],
) -> None:
    """Run detectors over facts and replace the night's steps and surprises.

    `bureaus`: the city's by code, for subjects that belong elsewhere. A detector that breaks
    fails its own step only.
    """
    night.steps.all().delete()
    night.surprises.all().delete()
    finder = _Finder(night=night, facts=facts, places=places, bureaus=bureaus)
    steps = [finder.run(detector) for detector in detectors]
    Step.objects.bulk_create(steps)
    Surprise.objects.bulk_create(finder.surprises, batch_size=2000)


@dataclass
class _Finder:
    night: Night
    facts: Facts
    places: Places
    bureaus: Mapping[str, Bureau]

    def __post_init__(self) -> None:
        self.surprises: list[Surprise] = []

    def run(self, detector: Detector) -> Step:
        step = Step(night=self.night, detector=detector.key)
        lacking = detector.waits_for(self.facts)
        if lacking:
            step.missing = f"未能计算：缺 {in_words(lacking)}"[:300]
            return step
        begun = time.perf_counter()
        try:
            found = self._surprises(detector)
        except Exception as error:  # one detector's fault must not take the night along
            log.exception("detector failed", detector=detector.key, night=str(self.night))
            step.error = f"{type(error).__name__}: {error}"[:500]
        else:
            step.found, step.hits = len(found), sum(one.is_hit for one in found)
            self.surprises += found
        step.seconds = round(time.perf_counter() - begun, 3)
        return step

    def _surprises(self, detector: Detector) -> list[Surprise]:
        found = rows(detector.find(self.facts, self.night.on))
        made = [self._surprise(detector, row) for row in found]
        return [one for one in made if one is not None]

    def _surprise(self, detector: Detector, row: dict[str, Any]) -> Surprise | None:
        value = row["surprise"]
        if value is None or math.isnan(value):
            return None
        floor, is_hit = detector.floor(row) or "", detector.hit(row)
        if value < LEAST_SURPRISE and not is_hit and not floor:
            return None
        place = self.places.of(detector.subject, row["subject_id"])
        return Surprise(
            night=self.night,
            detector=detector.key,
            subject_kind=detector.subject,
            subject_id=row["subject_id"],
            bureau=self.bureaus.get(place.bureau, self.night.bureau),
            surprise=min(value, MOST_SURPRISE),
            link=str(row.get("link") or "")[:80],
            sentence=detector.sentence(row)[:300],
            floor=floor,
            staff_concerned=detector.staff_concerned(row),
            is_hit=is_hit,
            numbers={name: as_json(cell) for name, cell in row.items()},
        )


def as_json(cell: Any) -> Any:
    """A cell as JSON keeps it: dates as ISO text, no NaN."""
    if isinstance(cell, (dt.date, dt.datetime)):
        return cell.isoformat()
    if isinstance(cell, float) and not math.isfinite(cell):
        return None
    if isinstance(cell, Decimal):
        return float(cell)
    if isinstance(cell, list):
        return [as_json(one) for one in cell]
    return cell


def count_orders(night: Night, facts: Facts) -> None:
    """Note how much of the day the night has seen: orders, lines, shops that ordered."""
    orders = facts.orders.filter(_.day == night.on)
    counted = orders.agg(orders=_.order_id.nunique(), shops=_.retailer_id.nunique())
    (row,) = rows(counted)
    night.orders, night.retailers = row["orders"], row["shops"]
    night.order_lines = int(facts.lines.filter(_.day == night.on).count().to_pyarrow().as_py())


def finish(night: Night, state: Night.State) -> None:
    """Set where the night stands and when it came there."""
    night.state, night.finished_at = state, timezone.now()
