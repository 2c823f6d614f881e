"""What detectors find in a day, over one bureau or many counties at once, and how it is kept."""

import dataclasses
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
        unknown = facts.orders.anti_join(facts.retailers, "retailer_id")
        for row in rows(unknown.select("bureau", "retailer_id").distinct()):
            self._of["retailer", row["retailer_id"]] = Place(row["bureau"])
        for row in rows(facts.staff.select("bureau", "staff_id", "role")):
            name = f"{row['role'] or '人员'}{row['staff_id']}"
            self._of["staff", row["staff_id"]] = Place(row["bureau"], name)
        for row in rows(facts.skus.select("sku_id", "sku_name")):
            self._of["sku", row["sku_id"]] = Place("", row["sku_name"] or "")

    def of(self, kind: str, code: str) -> Place:
        """The place of a subject; one without bureau belongs to whoever's night found it."""
        return self._of.get((kind, code), Place(code if kind == "bureau" else ""))


def within(facts: Facts, bureaus: Iterable[str]) -> Facts:
    """The facts of some counties; what a city's bureaus have in common stays."""
    codes = list(bureaus)
    tables: dict[str, ir.Table] = {
        name: table if name in SHARED else table.filter(_.bureau.isin(codes))
        for name, table in facts.tables.items()
    }
    return dataclasses.replace(facts, tables=tables, prepared=None)


@dataclass(frozen=True)
class Search:
    """What detectors found and what they lacked: rows not yet written."""

    steps: list[Step]
    surprises: list[Surprise]


def search(
    *,
    nights: Mapping[str, Night],
    facts: Facts,
    detectors: Iterable[Detector],
    places: Places,
    bureaus: Mapping[str, Bureau],
) -> Search:
    """Run each detector once over facts that hold all these nights' bureaus; writes nothing.

    nights: by code of bureau. What a county's detector (`scope = "bureau"`) finds belongs to the
    night of its county; what it finds in other counties is left out. All that others find belongs
    to the only night, the city's. bureaus: the city's by code, for subjects' own bureaus. A detector
    that breaks fails its own steps only; a county to which no import brought what it needs has no
    finding.
    """
    searcher = _Searcher(nights=nights, facts=facts, places=places, bureaus=bureaus)
    for detector in detectors:
        searcher.run(detector)
    return Search(searcher.steps, searcher.surprises)


def keep_found(found: Search, *, nights: Iterable[Night]) -> None:
    """Replace the steps and surprises of these nights."""
    mine = [night.pk for night in nights]
    Step.objects.filter(night__in=mine).delete()
    Surprise.objects.filter(night__in=mine).delete()
    Step.objects.bulk_create(found.steps, batch_size=2000)
    Surprise.objects.bulk_create(found.surprises, batch_size=2000)


@dataclass
class _Searcher:
    nights: Mapping[str, Night]
    facts: Facts
    places: Places
    bureaus: Mapping[str, Bureau]
    steps: list[Step] = dataclasses.field(default_factory=list)
    surprises: list[Surprise] = dataclasses.field(default_factory=list)

    def run(self, detector: Detector) -> None:
        steps = {
            code: Step(night=night, detector=detector.key) for code, night in self.nights.items()
        }
        self.steps += steps.values()
        able = {code: step for code, step in steps.items() if not self._waits(detector, code, step)}
        if not able:
            return
        begun = time.perf_counter()
        try:
            found = self._found(detector, able)
        except Exception as error:  # one detector's fault must not take the night along
            log.exception("detector failed", detector=detector.key, nights=list(able))
            for step in able.values():
                step.error = f"{type(error).__name__}: {error}"[:500]
        else:
            self.surprises += found
            for step in able.values():
                own = [one.is_hit for one in found if one.night is step.night]
                step.found, step.hits = len(own), sum(own)
        _share(time.perf_counter() - begun, list(able.values()))

    def _waits(self, detector: Detector, code: str, step: Step) -> bool:
        lacking = detector.waits_for(self.facts.brought_to(code))
        if lacking:
            step.missing = f"未能计算：缺 {in_words(lacking)}"[:300]
        return bool(lacking)

    def _found(self, detector: Detector, able: Mapping[str, Step]) -> list[Surprise]:
        on = next(iter(able.values())).night.on
        told = self.facts.answer(detector.find, on, key=(type(detector), detector))
        made = [self._surprise(detector, row, able) for row in told]
        return [one for one in made if one is not None]

    def _surprise(
        self, detector: Detector, row: dict[str, Any], able: Mapping[str, Step]
    ) -> Surprise | None:
        value = row["surprise"]
        if value is None or math.isnan(value):
            return None
        floor, is_hit = detector.floor(row) or "", detector.hit(row)
        if value < LEAST_SURPRISE and not is_hit and not floor:
            return None
        code = self._bureau(detector, row)
        if detector.scope == "bureau" and code not in able:
            return None
        night = able[code].night if detector.scope == "bureau" else next(iter(able.values())).night
        return Surprise(
            night=night,
            detector=detector.key,
            subject_kind=detector.subject,
            subject_id=row["subject_id"],
            bureau=self.bureaus.get(code, night.bureau),
            surprise=min(value, MOST_SURPRISE),
            link=str(row.get("link") or "")[:80],
            sentence=detector.sentence(row)[:300],
            floor=floor,
            staff_concerned=detector.staff_concerned(row),
            is_hit=is_hit,
            numbers={name: as_json(cell) for name, cell in row.items()},
        )

    def _bureau(self, detector: Detector, row: Mapping[str, Any]) -> str:
        """The row's bureau: a shop's own, else the one that the detector names."""
        place = self.places.of(detector.subject, row["subject_id"]).bureau
        named: str = row.get("bureau") or ""
        return place or named if detector.subject == "retailer" else named or place


def _share(seconds: float, steps: list[Step]) -> None:
    """What a detector took, shared by the counties' orders."""
    whole = sum(step.night.orders for step in steps)
    for step in steps:
        part = step.night.orders / whole if whole else 1 / len(steps)
        step.seconds = round(seconds * part, 3)


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


def count_orders(nights: Mapping[str, Night], facts: Facts) -> None:
    """Note how much of the day each county's night has seen: orders, lines, shops that ordered.

    A city's night, alone, has seen all of it.
    """
    on = next(iter(nights.values())).on
    orders = facts.orders.filter(_.day == on).group_by("bureau")
    lines = facts.lines.filter(_.day == on).group_by("bureau").agg(lines=_.count())
    counted = orders.agg(orders=_.order_id.nunique(), shops=_.retailer_id.nunique())
    told = rows(counted.left_join(lines, "bureau").drop("bureau_right"))
    for code, night in nights.items():
        is_county = night.bureau.level == Bureau.Level.COUNTY
        mine = [row for row in told if row["bureau"] == code or not is_county]
        night.orders = sum(row["orders"] for row in mine)
        night.retailers = sum(row["shops"] for row in mine)
        night.order_lines = sum(row["lines"] or 0 for row in mine)


def finish(night: Night, state: Night.State) -> None:
    """Set where the night stands and when it came there."""
    night.state, night.finished_at = state, timezone.now()
