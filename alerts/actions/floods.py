"""What people decide about a rule that found far too many: let its findings count, or not."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction

import audit.actions
import jobs.actions
from accounts.models import User
from alerts.models import Flood


@transaction.atomic
def decide_flood(*, flood: Flood, release: bool, note: str, by: User, now: dt.datetime) -> None:
    """Release a parked rule (the night is graded again), or record that rule or data were wrong."""
    flood = Flood.objects.select_for_update(of=("self",)).select_related("bureau").get(pk=flood.pk)
    if flood.state != Flood.State.PARKED:
        raise ValidationError(f"已由{flood.decided_by}处理，请刷新页面。")
    if not Flood.objects.visible_to(by, "decide_flood").filter(pk=flood.pk).exists():
        raise ValidationError("您无权处理规则异常。")
    if not note.strip():
        raise ValidationError("请写明判断依据。")
    flood.state = Flood.State.RELEASED if release else Flood.State.REJECTED
    flood.note, flood.decided_by, flood.decided_at = note.strip()[:500], by, now
    flood.save()
    if release:
        jobs.actions.enqueue(
            "alerts.grade",
            key=f"alerts.grade:flood:{flood.pk}",
            bureau=flood.bureau.code,
            asked_by=by.code,
            on=flood.on.isoformat(),
            code=flood.bureau.code,
        )
    audit.actions.record(
        "flood.released" if release else "flood.rejected", subject=flood.detector,
        bureau=flood.bureau.code, by=by.code, night=flood.on.isoformat(), note=flood.note,
    )  # fmt: skip
