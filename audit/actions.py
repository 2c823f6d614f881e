import json

from django.db import transaction

from audit.models import Event

Detail = str | int | float | bool | None | list[str]


def record(kind: str, *, subject: str, bureau: str, by: str, **details: Detail) -> None:
    """Append one event. Only inside the transaction of the change that it tells of, and last.

    The database sets number, time and hash, and holds the chain's head until the commit.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("an audit event belongs in the transaction of its change")
    if not by:
        raise ValueError("an audit event names who did it")
    text = json.dumps(details, ensure_ascii=False, sort_keys=True)
    Event.objects.create(
        number=0, kind=kind, subject=subject, bureau=bureau, actor=by, details=text
    )
