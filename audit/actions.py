import datetime as dt
import json

from django.db import transaction

from audit.merkle import Tree
from audit.models import Checkpoint, Event

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


@transaction.atomic
def take_checkpoint(*, at: dt.datetime) -> Checkpoint | None:
    """Keep the Merkle root over all events so far; None when there is no event yet."""
    tree, last = Tree(), ""
    for last in (
        Event.objects.order_by("number").values_list("hash", flat=True).iterator(chunk_size=5000)
    ):
        tree.append(last.encode())
    if not tree.size:
        return None
    fixed = {"root": tree.root(), "last_hash": last, "at": at}
    return Checkpoint.objects.get_or_create(size=tree.size, defaults=fixed)[0]
