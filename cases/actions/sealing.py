"""Making a record final: its text as canonical JSON, the digest, the row and the event that tell of it."""

import datetime as dt
import hashlib
import json
import unicodedata
from dataclasses import dataclass
from typing import Any

from django.db import transaction

import audit.actions
from accounts.models import Bureau, User
from audit.models import Event
from cases.models import Addendum, SealedRecord
from jobs.actions import enqueue


def canonical(content: dict[str, Any]) -> str:
    """The one text of a content: keys sorted, NFC, no spaces; dates and moments in ISO form."""
    text = json.dumps(
        content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain
    )
    return unicodedata.normalize("NFC", text)


def digest(text: str) -> str:
    """SHA-256 of a text in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> str:
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no canonical form")


@transaction.atomic
def seal_record(
    *,
    code: str,
    kind: SealedRecord.Kind,
    content: dict[str, Any],
    bureau: Bureau,
    by: User,
    at: dt.datetime,
) -> SealedRecord:
    """Keep the final text of an inspection or a conclusion, and ask for its PDF.

    Called after the row itself was made final, in the same transaction: at the commit the database
    refuses one without the other.
    """
    text = canonical(content)
    sealed = SealedRecord.objects.create(
        code=code, kind=kind, text=text, sha256=digest(text), sealed_at=at, sealed_by=by
    )
    enqueue("cases.print_record", key=f"print:{code}", bureau=bureau.code, code=code)
    audit.actions.record(
        f"{kind.value}.sealed", subject=code, bureau=bureau.code, by=by.code, sha256=sealed.sha256
    )
    return sealed


@dataclass(frozen=True)
class Receipt:
    """What a signed paper carries: the number of the audit event and the start of its hash."""

    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}-{self.hash[:16]}"


def receipt_of(record: SealedRecord) -> Receipt:
    """The receipt of a sealed record."""
    event = Event.objects.about(record.code).get(kind=f"{record.kind}.sealed")
    return Receipt(event.number, event.hash)


@transaction.atomic
def add_addendum(*, code: str, bureau: Bureau, text: str, by: User, at: dt.datetime) -> Addendum:
    """Supplement a locked or sealed record; the caller has checked that `by` may.

    The same words of the same person twice in a row are one supplement: it was pressed twice.
    """
    last = Addendum.objects.filter(code=code).order_by("number").last()
    if last is not None and (last.text, last.by) == (text.strip(), by):
        return last
    number = last.number + 1 if last else 1
    made = Addendum.objects.create(code=code, number=number, text=text.strip(), by=by, at=at)
    audit.actions.record(
        "record.supplemented", subject=code, bureau=bureau.code, by=by.code, note=made.text
    )
    return made
