"""The life of an import: asked for, read, loaded or refused."""

import dataclasses
import datetime as dt
import time
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

import audit.actions
import jobs.actions
from accounts.models import Bureau, User
from documents.models import StoredFile
from jobs.actions import report_progress
from sources.actions.completeness import ORDER_KINDS, note_completeness
from sources.actions.loading import Load, load, lock_writers
from sources.crypto import masked
from sources.importing.contract import Checked, Seen, Type, Unreadable
from sources.importing.header import kind_by_name
from sources.importing.meanings import column_of
from sources.importing.reading import read
from sources.importing.totals import difference
from sources.models import Batch, ColumnProfile, Finding, Licence, RetailerVersion, Staff

CHUNK = 2000
FOLLOWED_BY = "sources.imported"  # the job of whoever has looked at days that the rows change
MOST_REJECTS = 100_000  # a list beyond that helps nobody; the count stays exact


@transaction.atomic
def request_import(
    *, file: StoredFile, origin: str, bureau: Bureau, by: User | None, at: dt.datetime
) -> Batch:
    """Ask for a stored file's import; the job does it."""
    batch = Batch.objects.create(
        file=file, origin=origin, bureau=bureau, asked_by=by, created_at=at
    )
    who = by.code if by else "system"
    batch.job = jobs.actions.enqueue(
        "sources.import_file",
        key=f"import:{batch.pk}",
        bureau=bureau.code,
        asked_by=who,
        batch_id=batch.pk,
    )
    batch.save(update_fields=["job"])
    audit.actions.record(
        "import.requested", subject=_subject(batch), bureau=bureau.code, by=who,
        name=file.name, sha256=file.sha256, origin=origin,
    )  # fmt: skip
    return batch


@transaction.atomic
def import_now(*, file: StoredFile, bureau: Bureau, by: User | None, at: dt.datetime) -> Batch:
    """Import a stored file at once, in the caller's process: what the command does."""
    batch = Batch.objects.create(
        file=file, origin=Batch.Origin.COMMAND, bureau=bureau, asked_by=by, created_at=at
    )
    import_file(batch_id=batch.pk, at=at)
    batch.refresh_from_db()
    return batch


@transaction.atomic
def import_file(*, batch_id: int, at: dt.datetime) -> None:
    """Read a batch's file and load it, or refuse it. A batch that is over stays as it is.

    Everything commits together at the end; until then nobody sees any of its rows.
    """
    began = time.monotonic()
    batch = (
        Batch.objects.select_related("file", "bureau")
        .select_for_update(of=["self"])
        .get(pk=batch_id)
    )
    if batch.is_over:
        return
    report_progress(1, total=100, note="读取文件")
    try:
        checked = read_file(batch.file, bureau=batch.bureau)
        work = _load(batch, checked, at=at)
    except Unreadable as error:
        if error.seen:  # its columns, so that the missing one can be mapped
            batch.report = {"kind": error.kind, "seen": _seen(error.seen)}
        _refuse(batch, error.message)
        return
    except ValidationError as error:
        _refuse(batch, "；".join(error.messages))
        return
    batch.state, batch.known_at, batch.kind = Batch.State.DONE, at, checked.kind.name
    batch.report = {**_report(checked, work), "seconds": round(time.monotonic() - began, 2)}
    batch.days = work.days
    _move_home(batch, work)
    batch.save(update_fields=["state", "known_at", "kind", "report", "days", "bureau"])
    note_completeness(bureaus=_to_judge(batch))
    jobs.actions.enqueue(
        FOLLOWED_BY, key=f"{FOLLOWED_BY}:{batch.pk}", bureau=batch.bureau.code, batch_id=batch.pk
    )
    audit.actions.record(
        "import.done", subject=_subject(batch), bureau=batch.bureau.code, by="system",
        **{name: batch.report[name] for name in NUMBERS},
    )  # fmt: skip


def _to_judge(batch: Batch) -> set[str]:
    """The bureaus whose order days are judged anew: those that have got rows. A file of orders
    without news may settle an earlier one's totals, wherever it could have brought rows."""
    if batch.days or batch.kind not in ORDER_KINDS:
        return set(batch.days)
    below = Bureau.objects.filter(path__startswith=batch.bureau.path)
    return set(below.values_list("code", flat=True))


def _move_home(batch: Batch, work: Load) -> None:
    """Give a city's batch whose rows are all one county's to that county, whose people may read it."""
    masters = RetailerVersion.objects.filter(batch=batch).values_list("retailer__bureau", flat=True)
    homes = {*masters, *Licence.objects.filter(batch=batch).values_list("bureau", flat=True)}
    homes |= set(Staff.objects.filter(batch=batch).values_list("bureau", flat=True))
    facts = Bureau.objects.filter(code__in={code for _, code in work.staged})
    homes |= set(facts.values_list("pk", flat=True))
    if len(homes) == 1:
        batch.bureau_id = batch.file.bureau_id = homes.pop()
        batch.file.save(update_fields=["bureau"])


NUMBERS = (
    "rows",
    "added",
    "changed",
    "unchanged",
    "rejected",
    "held",
    "duplicates",
    "cancelled",
    "returns",
)


def read_file(file: StoredFile, *, bureau: Bureau, path: Path | None = None) -> Checked:
    """The checked rows of a stored file. Raises Unreadable."""
    guessed = kind_by_name(file.name)
    return read(
        path or Path(settings.MEDIA_ROOT) / file.path,
        hash_key=settings.HASH_KEY,
        name=file.name,
        profile=profile_of(bureau, guessed.name if guessed else None),
        digest=file.sha256,
    )


def profile_of(bureau: Bureau, kind: str | None) -> dict[str, str]:
    """The headers of a bureau and of those above it; its own meaning wins."""
    found = ColumnProfile.objects.select_related("bureau").order_by("bureau__path", "pk")
    if kind:
        found = found.filter(kind=kind)
    return {
        row.header: column_of(row.column)
        for row in found
        if bureau.path.startswith(row.bureau.path)
    }


def _load(batch: Batch, checked: Checked, *, at: dt.datetime) -> Load:
    """Load the checked rows under the writer's lock."""
    root = batch.bureau.city
    lock_writers(root)
    same = Batch.objects.filter(file__sha256=checked.digest, bureau__path__startswith=root.path)
    work = Load(
        batch=batch,
        checked=checked,
        at=at,
        trust_old=same.filter(state=Batch.State.DONE).exists(),
        root=root,
    )
    load(work)
    _keep_findings(batch, checked)
    return work


def _report(checked: Checked, work: Load) -> dict[str, object]:
    counts = work.counts
    off = "、".join(map(difference, (total for total in checked.totals if not total.agrees)))
    return {
        "kind": checked.kind.name,
        "rows": checked.row_count,
        "added": counts["added"],
        "changed": counts["changed"],
        "unchanged": counts["unchanged"],
        "rejected": checked.rejected,
        "held": counts["held"],
        "duplicates": checked.duplicates,
        "cancelled": checked.cancelled,
        "returns": checked.returns,
        "encoding": checked.encoding,
        "header_row": checked.sheets[0].header_row if checked.sheets else 0,
        "columns": list(checked.columns_found),
        "unknown": list(checked.columns_unknown),
        "doubts": dict(checked.doubt_counts),
        "totals": [
            {**dataclasses.asdict(total), "held": work.held_sums.get(total.column, 0)}
            for total in checked.totals
        ],
        "subtotals": checked.subtotals,
        **({"totals_off": off} if off else {}),
        "seen": _seen(checked.seen),
    }


def _seen(columns: Iterable[Seen]) -> list[dict[str, object]]:
    return [{**dataclasses.asdict(one), "samples": list(one.samples)} for one in columns]


def _keep_findings(batch: Batch, checked: Checked) -> None:
    """Store rejects and doubts; values of personal columns only as far as a screen may show them."""
    personal = {
        column.title
        for column in checked.kind.columns
        if column.personal or column.type in {Type.HASHED, Type.PHONE}
    }
    faults = [(Finding.Weight.REJECTED, fault) for fault in checked.rejects[:MOST_REJECTS]]
    faults += [(Finding.Weight.DOUBT, fault) for fault in checked.doubts]  # type: ignore[misc]
    Finding.objects.bulk_create(
        (
            Finding(
                batch=batch,
                weight=weight,
                row_no=fault.row_no,
                column=fault.column[:60],
                value=masked(fault.value) if fault.column in personal else fault.value[:200],
                reason=fault.reason[:200],
            )
            for weight, fault in faults
        ),
        batch_size=CHUNK,
    )


def _refuse(batch: Batch, message: str) -> None:
    """Nothing of the file was loaded: say why."""
    batch.state, batch.refusal = Batch.State.REFUSED, message[:500]
    batch.save(update_fields=["state", "refusal", "report"])
    audit.actions.record(
        "import.refused", subject=_subject(batch), bureau=batch.bureau.code, by="system",
        reason=batch.refusal,
    )  # fmt: skip


def _subject(batch: Batch) -> str:
    return f"import:{batch.pk}"
