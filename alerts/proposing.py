"""Innocent causes that the calendar suggests for an alert: proposals, never a reason to hide it."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from alerts.causes import CAUSES
from alerts.models import Alert, MarketEvent

CAUSE_OF = {  # kind of event -> code of alerts.causes
    MarketEvent.Kind.FAIR: "N09",
    MarketEvent.Kind.FESTIVAL: "N03",
    MarketEvent.Kind.PRODUCT: "N01",
    MarketEvent.Kind.PRICE: "N23",
    MarketEvent.Kind.SUPPLY: "N02",
    MarketEvent.Kind.WORKS: "N09",
    MarketEvent.Kind.TOURISM: "N09",
}
RISING = {"VOL", "STRUCT", "LIMIT", "PATTERN", "CYCLE"}  # families that such events may explain
AHEAD = dt.timedelta(days=7)  # people stock up before it
MOST = 4


@dataclass(frozen=True)
class Proposal:
    """A cause, and the event that suggests it."""

    code: str
    why: str

    @property
    def title(self) -> str:
        return CAUSES[self.code]


def propose_causes(alert: Alert, events: Iterable[MarketEvent], *, town: str) -> list[Proposal]:
    """What the calendar of the alert's bureau says about its order day, nearest first."""
    if alert.family not in RISING:
        return []
    lines = alert.picture.get("order_lines") or []
    skus = {line.get("sku_id") for line in lines}
    found = []
    for event in events:
        code = CAUSE_OF.get(MarketEvent.Kind(event.kind))
        place = not event.towns or town in event.towns
        goods = not event.sku_ids or bool(skus & set(event.sku_ids))
        day = next(_days_near(event, alert.on), None)
        if code and place and goods and day is not None:
            found.append((abs(day - alert.on), Proposal(code, _words(event, day))))
    found.sort(key=lambda pair: pair[0])
    return [proposal for _distance, proposal in found[:MOST]]


def _days_near(event: MarketEvent, on: dt.date) -> Iterator[dt.date]:
    """Days of the event that the order may have been for: of that week, or the one after."""
    if not event.every_days:
        if event.first - AHEAD <= on <= event.last:
            yield max(on, event.first)
        return
    step = dt.timedelta(days=event.every_days)
    nearest = event.first + step * max(0, -((event.first - on) // step))
    if nearest <= min(event.last, on + AHEAD):
        yield nearest


def _words(event: MarketEvent, day: dt.date) -> str:
    place = f"（{'、'.join(event.towns)}）" if event.towns else ""
    return f"{day.month}月{day.day}日 {event.name}{place}"
