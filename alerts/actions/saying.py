"""What a night will tell the audit trail, once all is written."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

import audit.actions


@dataclass(frozen=True)
class Said:
    """One event to come: appending it holds the chain until the commit, so it waits for the end."""

    kind: str
    subject: str
    bureau: str
    details: dict[str, Any] = field(default_factory=dict)


@transaction.atomic
def say(*, events: Iterable[Said]) -> None:
    for one in events:
        audit.actions.record(
            one.kind, subject=one.subject, bureau=one.bureau, by="system", **one.details
        )
