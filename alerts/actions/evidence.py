"""The source rows that prove what was listed, copied into the alert."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import structlog

from alerts.actions.finding import as_json, within
from alerts.detection import Detector
from alerts.models import Surprise
from sources.facts import Facts, rows

log = structlog.get_logger()

MOST_ROWS = 50


@dataclass
class Shown:
    """Copies of source rows, and how many more belong to bureaus that this alert is not theirs."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    elsewhere: int = 0


def show_evidence(
    surprises: Iterable[Surprise],
    *,
    detectors: dict[str, Detector],
    facts: Facts,
    on: dt.date,
) -> dict[int, Shown]:
    """The evidence of each surprise, by its primary key: one query a detector.

    Subjects that several counties may have, like products, are shown county by county. Rows of
    other bureaus are only counted, unless the surprise belongs to a whole city.
    """
    groups: dict[tuple[str, str], list[Surprise]] = defaultdict(list)
    for one in surprises:
        own = detectors[one.detector].subject == "retailer"
        is_citys = detectors[one.detector].scope == "all"
        groups[one.detector, "" if own or is_citys else one.bureau.code].append(one)
    shown: dict[int, Shown] = {}
    for (key, county), found in groups.items():
        seen = within(facts, [county]) if county else facts
        try:
            shown |= _of_detector(detectors[key], seen, on, found)
        except Exception:  # an alert without its rows is better than a night without alerts
            log.exception("no evidence", detector=key, on=on.isoformat())
    return shown


def _of_detector(
    detector: Detector, facts: Facts, on: dt.date, found: list[Surprise]
) -> dict[int, Shown]:
    table = _found_again(detector, facts, on, found)
    by_subject: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows(detector.evidence(facts, on, table)):
        by_subject[row["subject_id"]].append(row)
    return {one.pk: _shown(one, sorted(by_subject[one.subject_id], key=_newest)) for one in found}


def _newest(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Masters, which have no day, first; then by day and import, the newest first."""
    day = row.get("day") or dt.date.max
    place = [-(row.get(name) or 0) for name in ("batch_id", "row_no")]
    return -day.toordinal(), row.get("source") or "", *place


def _shown(one: Surprise, evidence: list[dict[str, Any]]) -> Shown:
    own = {one.bureau.code, None}
    is_citys = one.bureau.level != one.bureau.Level.COUNTY
    mine = [row for row in evidence if is_citys or row.get("bureau") in own]
    kept = [
        {name: as_json(cell) for name, cell in row.items() if name != "subject_id"}
        for row in mine[:MOST_ROWS]
    ]
    return Shown(rows=kept, elsewhere=len(evidence) - len(mine))


def _found_again(detector: Detector, facts: Facts, on: dt.date, found: list[Surprise]) -> ir.Table:
    """The rows of `find` for these surprises, from the numbers kept, with their first types."""
    schema = detector.find(facts, on).schema()
    table = pa.Table.from_pylist(
        [{name: _typed(one.numbers[name], kind) for name, kind in schema.items()} for one in found],
        schema=schema.to_pyarrow(),
    )
    return ibis.memtable(table, schema=schema)


def _typed(cell: Any, kind: Any) -> Any:
    if cell is None:
        return None
    if kind.is_date():
        return dt.date.fromisoformat(cell)
    if kind.is_timestamp():
        return dt.datetime.fromisoformat(cell)
    return cell
