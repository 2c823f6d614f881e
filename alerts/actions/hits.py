"""The ledger of hits: closing entries that were not pushed, in weekly batches, with causes."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

import audit.actions
from accounts.models import Audience, Bureau, User
from alerts.causes import CAUSES
from alerts.models import Grade, Hit, HitQuerySet
from alerts.states import UNDO_WITHIN

_COUNTYS = Q(bureau__level=Bureau.Level.COUNTY, audience=Audience.EVERYONE)
BATCHED = (Grade.YELLOW, Grade.BLUE)  # the graver ones are closed one at a time
# Whose it is to close a hit: the same as for an alert of its grade.
OWNED = {
    "dismiss_alert": _COUNTYS & Q(grade__in=BATCHED),
    "dismiss_orange": _COUNTYS & Q(grade=Grade.ORANGE),
    "dismiss_red": ~_COUNTYS | Q(grade=Grade.RED),
}


def closable_hits(*, user: User) -> HitQuerySet:
    """The open entries that the user may close."""
    chosen = Q(pk__in=[])
    for right, condition in OWNED.items():
        if user.may(right):
            chosen |= condition & Q(pk__in=Hit.objects.visible_to(user, right).values("pk"))
    return Hit.objects.open().filter(chosen)


def may_close(user: User, hit: Hit) -> bool:
    """Whether the user may close one entry: what `closable_hits` says, without asking again."""
    if hit.alert_id is not None or hit.closed_at is not None:
        return False
    is_countys = hit.bureau.level == Bureau.Level.COUNTY and hit.audience == Audience.EVERYONE
    if not is_countys or hit.grade == Grade.RED:
        return user.may_at("dismiss_red", hit.bureau)
    right = "dismiss_orange" if hit.grade == Grade.ORANGE else "dismiss_alert"
    return user.may_at(right, hit.bureau)


@transaction.atomic
def close_hits(
    *, hits: Sequence[Hit], causes: Sequence[str], note: str, by: User, now: dt.datetime
) -> int:
    """Close ledger entries that no alert carries. Returns how many were still open."""
    if not causes or not set(causes) <= set(CAUSES):
        raise ValidationError("请至少选择一项原因。")
    wanted = closable_hits(user=by).filter(pk__in=[one.pk for one in hits])
    locked = list(wanted.select_for_update(of=("self",)).select_related("bureau").order_by("pk"))
    if len(locked) > 1 and any(one.grade not in BATCHED for one in locked):
        raise ValidationError("红色、橙色的命中请逐条核销。")
    Hit.objects.filter(pk__in=[one.pk for one in locked]).update(
        closed_at=now, closed_by=by, causes=sorted(set(causes)), note=note
    )
    for bureau, entries in _by_bureau(locked).items():
        audit.actions.record(
            "hits.closed", subject=f"hits:{bureau}", bureau=bureau, by=by.code,
            causes=sorted(set(causes)), note=note, count=len(entries), entries=entries,
        )  # fmt: skip
    return len(locked)


def undoable_hits(*, user: User, now: dt.datetime) -> HitQuerySet:
    """The batch that the user closed last, while that can be undone."""
    mine = Hit.objects.filter(closed_by=user, closed_at__gte=now - UNDO_WITHIN)
    last = mine.order_by("-closed_at").values("closed_at")[:1]
    return mine.filter(closed_at__in=last)


@transaction.atomic
def reopen_hits(*, by: User, now: dt.datetime) -> int:
    """Undo the user's last batch. Returns how many entries are open again."""
    last = undoable_hits(user=by, now=now).select_for_update(of=("self",))
    locked = list(last.select_related("bureau").order_by("pk"))
    if not locked:
        minutes = int(UNDO_WITHIN.total_seconds() // 60)
        raise ValidationError(f"没有可撤销的核销：只能由本人在 {minutes} 分钟内撤销。")
    Hit.objects.filter(pk__in=[one.pk for one in locked]).update(
        closed_at=None, closed_by=None, causes=[], note=""
    )
    for bureau, entries in _by_bureau(locked).items():
        audit.actions.record(
            "hits.reopened", subject=f"hits:{bureau}", bureau=bureau, by=by.code,
            count=len(entries), entries=entries,
        )  # fmt: skip
    return len(locked)


def _by_bureau(hits: Iterable[Hit]) -> Mapping[str, list[str]]:
    keys: dict[str, list[str]] = {}
    for one in hits:
        keys.setdefault(one.bureau.code, []).append(str(one.pk))
    return keys
