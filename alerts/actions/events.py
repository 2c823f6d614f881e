"""The calendar of what lets orders rise or fall innocently."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

import audit.actions
from accounts.models import Bureau, User
from alerts.models import MarketEvent

LONGEST = dt.timedelta(days=366)
FARTHEST = dt.timedelta(days=3 * 366)  # from today: beyond is a mistyped year


@dataclass(frozen=True, kw_only=True)
class Happening:
    """An event as somebody describes it; no towns or products: all of them."""

    kind: str
    name: str
    first: dt.date
    last: dt.date
    every_days: int | None = None
    towns: tuple[str, ...] = ()
    sku_ids: tuple[str, ...] = ()
    note: str = ""


@transaction.atomic
def add_event(
    *, happening: Happening, bureaus: Iterable[Bureau], by: User, now: dt.datetime
) -> list[MarketEvent]:
    """Enter it for one county, or for several at once: each county has its own row."""
    if happening.kind not in MarketEvent.Kind.values or not happening.name.strip():
        raise ValidationError("请选择类型并填写名称。")
    if happening.last < happening.first:
        raise ValidationError("结束日不能早于开始日。")
    if happening.last - happening.first > LONGEST:
        raise ValidationError("一项事件最长一年，请分年登记。")
    if abs(happening.first - timezone.localdate(now)) > FARTHEST:
        raise ValidationError("开始日离今天超过三年，请核对年份。")
    given = {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(happening).items()}
    wanted = list(bureaus)
    if not wanted:
        raise ValidationError("请选择单位。")
    made = [
        MarketEvent.objects.create(bureau=bureau, made_by=by, made_at=now, **given)
        for bureau in wanted
        if not MarketEvent.objects.filter(bureau=bureau, removed_at=None, **given).exists()
    ]
    if not made:
        raise ValidationError("同样的事件已经登记过，没有重复登记。")
    for event in made:
        _tell("event.added", event, by)
    return made


@transaction.atomic
def remove_event(*, event: MarketEvent, by: User, now: dt.datetime) -> None:
    """Take it out of the calendar; alerts that were closed with it keep their causes."""
    event = (
        MarketEvent.objects.select_for_update(of=("self",))
        .select_related("bureau")
        .get(pk=event.pk)
    )
    if event.removed_at is not None:
        return
    event.removed_at = now
    event.save()
    _tell("event.removed", event, by)


def _tell(kind: str, event: MarketEvent, by: User) -> None:
    audit.actions.record(
        kind, subject=str(event.pk), bureau=event.bureau.code, by=by.code, name=event.name,
        first=event.first.isoformat(), last=event.last.isoformat(),
    )  # fmt: skip
