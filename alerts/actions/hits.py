"""The ledger of hits: closing entries that were not pushed, in weekly batches, with causes."""

import datetime as dt
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction

import audit.actions
from accounts.models import Bureau, User
from alerts.causes import CAUSES
from alerts.models import Hit


@transaction.atomic
def close_hits(*, hits: Sequence[Hit], causes: Sequence[str], by: User, now: dt.datetime) -> int:
    """Close ledger entries that no alert carries. Returns how many were still open."""
    if not causes or not set(causes) <= set(CAUSES):
        raise ValidationError("请至少选择一项排除原因。")
    wanted = Hit.objects.select_for_update().filter(
        pk__in=[one.pk for one in hits], alert=None, closed_at=None
    )
    by_bureau: dict[int, list[int]] = {}
    for pk, bureau in wanted.order_by("pk").values_list("pk", "bureau_id"):
        by_bureau.setdefault(bureau, []).append(pk)
    codes = dict(Bureau.objects.filter(pk__in=by_bureau).values_list("pk", "code"))
    for bureau, keys in by_bureau.items():
        Hit.objects.filter(pk__in=keys).update(
            closed_at=now, closed_by=by, causes=sorted(set(causes))
        )
        audit.actions.record(
            "hits.closed", subject=f"hits:{codes[bureau]}", bureau=codes[bureau], by=by.code,
            causes=sorted(set(causes)), count=len(keys), entries=[str(key) for key in keys],
        )  # fmt: skip
    return sum(len(keys) for keys in by_bureau.values())
