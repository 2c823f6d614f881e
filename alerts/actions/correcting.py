"""Old against new: what became of the rows behind a reason, and what its rule says of them now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

import accounts.actions
from accounts.models import Audience
from alerts.actions.finding import as_json
from alerts.actions.ground import Ground
from alerts.actions.saying import Said
from alerts.models import Alert, Correction, Reason, Recheck, Surprise
from sources.lake.late import Place, Successor, successors

LINEAGE = {"source", "bureau", "batch_id", "row_no"}
FLAGS = ("is_cancelled", "is_return")  # an order may be withdrawn, whatever its evidence showed
NAMING = ("order_id", "sku_id", "case_no", "field")  # what people call a row by

Found = Mapping[tuple[str, str, str, str], Surprise]  # see `by_subject`
Cell = dict[str, Any]


@dataclass(frozen=True)
class Again:
    """What the detectors of a night find now, those that had run then.

    `broken`: (bureau code, or "" for the city, detector) that cannot run now. `shops`: how many
    ordered, by bureau code.
    """

    surprises: list[Surprise]
    broken: frozenset[tuple[str, str]]
    shops: Mapping[str, int]


def by_subject(surprises: Iterable[Surprise]) -> Found:
    """Surprises by bureau, kind and code of their subject, and detector."""
    return {
        (one.bureau.code, one.subject_kind, one.subject_id, one.detector): one for one in surprises
    }


def correct(
    *, ground: Ground, again: Again, checks: Mapping[str, Recheck]
) -> tuple[list[Correction], list[Said]]:
    """Add a note to each reason of the night whose rows or result changed; once for each change.

    Alerts and reasons stay as they are, whatever their state. Returns the notes and the events.
    """
    reasons = _reasons(ground)
    heirs = successors(
        places={place for one in reasons for place, _row in _places(one)}, path=ground.city.path
    )
    found = by_subject(again.surprises)
    made = []
    for reason in reasons:
        note = _note(reason, heirs, found, again, ground)
        if note is not None:
            note.recheck = check_of(reason.alert, checks, ground)
            made.append(note)
    Correction.objects.bulk_create(made)
    return made, _tell(made, ground)


def check_of(alert: Alert, checks: Mapping[str, Recheck], ground: Ground) -> Recheck:
    """The recheck whose figures count it: the city's, where the county must not see the alert."""
    hidden = alert.audience != Audience.EVERYONE
    return checks[ground.city.code if hidden else alert.bureau.code]


def _reasons(ground: Ground) -> list[Reason]:
    within = [one.pk for one in ground.bureaus.values()]
    reasons = Reason.objects.filter(on=ground.on, alert__bureau__in=within)
    return list(
        reasons.select_related("alert__bureau", "alert__holder")
        .prefetch_related("corrections")
        .order_by("pk")
    )


def _places(reason: Reason) -> list[tuple[Place, Cell]]:
    return [
        ((row.get("source", ""), row["batch_id"], row["row_no"]), row)
        for row in reason.evidence
        if row.get("batch_id") and row.get("row_no")
    ]


def _note(
    reason: Reason,
    heirs: Mapping[Place, Successor],
    found: Found,
    again: Again,
    ground: Ground,
) -> Correction | None:
    """What is new about a reason since its last note; None where nothing is."""
    alert = reason.alert
    rows = [
        cell
        for place, row in _places(reason)
        if place in heirs
        for cell in changed_cells(row, heirs[place])
    ]
    now = found.get((alert.bureau.code, alert.subject_kind, alert.subject_id, reason.detector))
    verdict = Correction.Verdict.HOLDS if now else Correction.Verdict.GONE
    if now is None and {(alert.bureau.code, reason.detector), ("", reason.detector)} & again.broken:
        verdict = Correction.Verdict.UNKNOWN
    grown = now is not None and now.surprise >= reason.surprise + ground.policy.escalation
    last = max(reason.corrections.all(), key=lambda one: one.pk, default=None)
    if last is None and not rows and not grown and verdict != Correction.Verdict.GONE:
        return None
    sentence = now.sentence if now and (rows or grown) else ""
    note = Correction(reason=reason, verdict=verdict, rows=rows, sentence=sentence)
    return None if last is not None and _said(last) == _said(note) else note


def _said(note: Correction) -> tuple[Any, ...]:
    return note.verdict, note.sentence, note.rows


def changed_cells(row: Cell, heir: Successor) -> list[Cell]:
    """Each cell of an evidence row that has another value now.

    source, name, column, old, new, on (the day it was corrected), batch_id and row_no of the new row.
    """
    shown = [name for name in row if name not in LINEAGE and name in heir.old]
    changed = []
    for column in [*shown, *(name for name in FLAGS if name in heir.old)]:
        old, new = as_json(heir.old[column]), as_json(heir.new[column])
        if old == new or (column in FLAGS and not (old or new)):
            continue
        changed.append(
            {
                "source": row["source"],
                "name": " ".join(str(heir.old[one]) for one in NAMING if heir.old.get(one)),
                "column": column,
                "old": old,
                "new": new,
                "on": timezone.localtime(heir.known_at).date().isoformat(),
                "batch_id": heir.batch_id,
                "row_no": heir.row_no,
            }
        )
    return changed


def _tell(made: Iterable[Correction], ground: Ground) -> list[Said]:
    """One event an alert; whoever handles an open one gets a notice."""
    by_alert: dict[int, list[Correction]] = {}
    for note in made:
        by_alert.setdefault(note.reason.alert_id, []).append(note)
    said = []
    for notes in by_alert.values():
        alert = notes[0].reason.alert
        details = {
            "night": ground.on.isoformat(),
            "detectors": sorted(one.reason.detector for one in notes),
            "gone": [
                one.reason.detector for one in notes if one.verdict == Correction.Verdict.GONE
            ],
        }
        said.append(Said("alert.corrected", alert.code, alert.bureau.code, details))
        if alert.closed_at is None and alert.holder is not None:
            accounts.actions.notify(
                users=[alert.holder],
                key=f"corrected:{alert.code}:{notes[0].recheck_id}",
                text=f"预警 {alert.subject_name or alert.subject_id} 的依据数据有更正，请查看。",
                url=alert.get_absolute_url(),
            )
    return said
