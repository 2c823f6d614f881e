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
WIDER = ("sku", "bureau", "route")  # subjects of which INT looks at sums, not at a person
LASTING = (MarketEvent.Kind.PRODUCT, MarketEvent.Kind.PRICE, MarketEvent.Kind.SUPPLY)
AHEAD = dt.timedelta(days=7)  # people stock up before it
AFTER = dt.timedelta(days=31)  # a month's sum still shows what a lasting one did
MOST = 4


@dataclass(frozen=True)
class Proposal:
    """A cause, and the event that suggests it: its words and its number."""

    code: str
    why: str
    number: int | None = None

    @property
    def title(self) -> str:
        return CAUSES[self.code]


def may_explain(alert: Alert) -> bool:
    """Whether the market may have caused it: never where one of the bureau's own people is concerned."""
    if alert.staff_concerned or alert.subject_kind == "staff":
        return False
    of_sums = alert.subject_kind in WIDER and alert.family == "INT"
    return alert.family in RISING or alert.subject_kind == "sku" or of_sums


def propose_causes(alert: Alert, events: Iterable[MarketEvent], *, town: str) -> list[Proposal]:
    """What the calendar of the alert's bureau says about its order day: what names the product first,
    then the nearest."""
    if not may_explain(alert):
        return []
    goods = _goods(alert)
    found = []
    for event in events:
        code = CAUSE_OF.get(MarketEvent.Kind(event.kind))
        day = next(_days_near(event, alert.on, lasting=alert.subject_kind in WIDER), None)
        if code and day is not None and _fits(event, alert, goods, town):
            proposal = Proposal(code, _words(event, day), event.pk)
            found.append((not event.sku_ids, abs(day - alert.on), proposal))
    if alert.subject_kind not in WIDER:
        found = [(False, distance, proposal) for _unnamed, distance, proposal in found]
    found.sort(key=lambda one: one[:2])
    return [proposal for _unnamed, _distance, proposal in found[:MOST]]


def _goods(alert: Alert) -> set[str] | None:
    """The products in question; None: any."""
    if alert.subject_kind == "sku":
        return {alert.subject_id}
    if alert.subject_kind in WIDER:
        return None
    return {line.get("sku_id", "") for line in alert.picture.get("order_lines") or []}


def _fits(event: MarketEvent, alert: Alert, goods: set[str] | None, town: str) -> bool:
    """By product and place; what names the product may have begun in one town of a county's sum."""
    named = bool(event.sku_ids) and (goods is None or bool(goods & set(event.sku_ids)))
    wide = alert.subject_kind in WIDER
    if not named and (event.sku_ids or (wide and event.kind == MarketEvent.Kind.FAIR)):
        return False  # some market day is always near: it moves shops, not a county's sum
    return not event.towns or town in event.towns or (named and wide)


def _days_near(event: MarketEvent, on: dt.date, *, lasting: bool) -> Iterator[dt.date]:
    """Days of the event that the order may have been for: of that week, or the one after."""
    if not event.every_days:
        after = AFTER if lasting and event.kind in LASTING else dt.timedelta(0)
        if event.first - AHEAD <= on <= event.last + after:
            yield min(max(on, event.first), event.last)
        return
    step = dt.timedelta(days=event.every_days)
    nearest = event.first + step * max(0, -((event.first - on) // step))
    if nearest <= min(event.last, on + AHEAD):
        yield nearest


def _words(event: MarketEvent, day: dt.date) -> str:
    place = f"（{'、'.join(event.towns)}）" if event.towns else ""
    return f"{day.month}月{day.day}日 {event.name}{place}"
