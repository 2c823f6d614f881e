"""What came to be known about an alert's rows after it was raised: old against new, for its page."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from alerts.columns import TABLES, column_title
from alerts.models import Alert, Correction, Reason
from alerts.views.cells import cell
from sources.models import Batch

Notes = dict[int, list[Correction]]  # by the reason's primary key, the newest first


def notes_on(reasons: Iterable[Reason]) -> Notes:
    """The notes on reasons (annotated with `is_corrected`); each says all that differs from then."""
    corrected = [one.pk for one in reasons if vars(one)["is_corrected"]]
    found: Notes = {}
    if corrected:
        notes = Correction.objects.filter(reason__in=corrected).select_related("recheck")
        for note in notes.order_by("-pk"):
            found.setdefault(note.reason_id, []).append(note)
    return found


def batches_of(notes: Notes) -> set[int]:
    """The imports that brought the corrected rows."""
    return {row["batch_id"] for some in notes.values() for note in some for row in note.rows}


def told(
    found: Alert, notes: Iterable[Correction], files: dict[int, Batch]
) -> list[dict[str, Any]]:
    """Notes for the page of their alert; the number of a file's row leads to it, where one may."""
    return [_note(found, one, files) for one in notes]


def _note(found: Alert, note: Correction, files: dict[int, Batch]) -> dict[str, Any]:
    at = note.recheck.at
    return {
        "at": at,
        "after_close": found.closed_at is not None and at > found.closed_at,
        "rows": [_row(row, files) for row in note.rows],
        "restored": not note.rows
        and note.verdict == Correction.Verdict.HOLDS
        and not note.sentence,
        "gone": note.verdict == Correction.Verdict.GONE,
        "unknown": note.verdict == Correction.Verdict.UNKNOWN,
        "sentence": note.sentence,
    }


def _row(row: dict[str, Any], files: dict[int, Batch]) -> dict[str, Any]:
    batch = files.get(row["batch_id"])
    return {
        "what": f"{TABLES.get(row['source'], row['source'])} {row['name']}".strip(),
        "column": column_title(row["column"]),
        "old": cell(row["column"], row["old"]),
        "new": cell(row["column"], row["new"]),
        "on": row["on"],
        "file": batch.file.name if batch else f"批次 {row['batch_id']}",
        "row_no": row["row_no"],
        "url": reverse("sources:import_batch", args=[batch.pk]) if batch else "",
    }
