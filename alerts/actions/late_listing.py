"""What late data add to a night that is over: alerts and ledger entries that say so."""

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from django.utils import timezone

from alerts import grading
from alerts.actions import nights
from alerts.actions.correcting import Again, check_of
from alerts.actions.evidence import Shown, show_evidence
from alerts.actions.excusing import excuse
from alerts.actions.finding import Places
from alerts.actions.ground import Ground
from alerts.actions.listing import Key, Listing, key_of
from alerts.actions.picture import draw
from alerts.actions.picture_sku import trace
from alerts.actions.rules import weight_of
from alerts.actions.saying import Said
from alerts.actions.telling import tell_workers
from alerts.grading import LISTED, Fate, higher
from alerts.models import Alert, Grade, Hit, Origin, Reason, Recheck, Sighting, Surprise

SUBJECTS = [*grading.SUBJECT, "detector", "family", "weight", "surprise", "floor", "link"]
LISTINGS = [*grading.SUBJECT, "on", "score", "families"]


@dataclass(frozen=True, kw_only=True)
class Late:
    """What is found now about a past night, and the rechecks that count it, by bureau code."""

    ground: Ground
    again: Again
    checks: Mapping[str, Recheck]

    @property
    def arrived_on(self) -> dt.date:
        return timezone.localtime(self.checks[self.ground.city.code].arrived_at).date()


def list_late(late: Late) -> list[Said]:
    """Give what is newly found its ledger entries and alerts; open alerts of a subject take it in.

    Counts them in the rechecks; returns the events. Done again, it finds nothing new.
    """
    ground = late.ground
    new = _newly_found(late)
    if not new:
        return []
    keys = {key_of(one) for one in new}
    for one in new:
        one.sentence = f"{_begin(late.arrived_on)}{one.sentence}"[:300]
    mine = [one for one in late.again.surprises if key_of(one) in keys]
    fates, said = excuse(mine, ground=ground)
    counting = [one for one in mine if one.pk not in fates]
    _lock(keys, ground)
    with nights.opened(ground, nights.shares(ground)[:-1]) as facts:
        listing = LateListing(
            ground=ground,
            places=Places(facts),
            show=lambda chosen: show_evidence(
                chosen,
                detectors=dict(ground.detectors),
                facts=facts,
                on=ground.on,
            ),
            draw=lambda shops: draw(facts, ground.on, shops),
            trace=lambda *what: trace(facts, ground.on, *what),
            late={one.pk for one in new},
            checks=late.checks,
        )
        _count_members(listing, late, keys)
        listing.list_all(_decided(late, counting), mine, fates)
    for one in new:
        if one.is_hit:
            late.checks[_counted_at(one, ground)].hits += 1
    tell_workers(pushed=listing.new, on=ground.on, now=ground.now, arrived_on=late.arrived_on)
    return [*said, *listing.events]


def _count_members(listing: "LateListing", late: Late, keys: set[Key]) -> None:
    """The others of a link, whom the night has found: so that each member's number elsewhere is right."""
    others = {(one.link, key_of(one)) for one in late.again.surprises if one.link}
    for link, key in others:
        if key not in keys:
            listing.members[link][key[0]] += 1


def _begin(arrived_on: dt.date) -> str:
    return f"{arrived_on.month}月{arrived_on.day}日补报的数据显示："


def _counted_at(one: Surprise, ground: Ground) -> str:
    return ground.city.code if one.staff_concerned else one.bureau.code


def _newly_found(late: Late) -> list[Surprise]:
    """What the night did not find, or found much weaker, and is worth showing by itself; and hits
    that the ledger does not hold. Marks the others as no hits: their entries stand.

    What is a reason already has notes of its own, see alerts.actions.correcting.
    """
    ground, policy = late.ground, late.ground.policy
    told, given, ledger = _told(ground), _given(ground), _ledger(ground)
    new = []
    for one in late.again.surprises:
        place = (one.bureau.code, one.detector, one.subject_kind, one.subject_id)
        one.is_hit = one.is_hit and place not in ledger
        surprise, floor = told.get((key_of(one), one.detector), (-math.inf, ""))
        more = one.surprise >= surprise + policy.escalation or higher(one.floor, floor) != floor
        strong = bool(one.floor) or one.surprise >= policy.strong
        if one.is_hit or (strong and more and (key_of(one), one.detector) not in given):
            new.append(one)
    return new


def _told(ground: Ground) -> dict[tuple[Key, str], tuple[float, str]]:
    """Surprise and floor of what the night found."""
    found = Surprise.objects.filter(night__in=[one.pk for one in ground.nights.values()])
    return {
        (key_of(one), one.detector): (one.surprise, one.floor)
        for one in found.select_related("bureau")
    }


def _given(ground: Ground) -> set[tuple[Key, str]]:
    """What is a reason of an alert already, open or closed."""
    reasons = Reason.objects.filter(on=ground.on, alert__bureau__in=_pks(ground))
    return {
        ((code, kind, subject, audience), detector)
        for code, kind, subject, audience, detector in reasons.values_list(
            "alert__bureau__code", "alert__subject_kind", "alert__subject_id", "alert__audience",
            "detector",
        )
    }  # fmt: skip


def _ledger(ground: Ground) -> set[tuple[str, str, str, str]]:
    hits = Hit.objects.filter(on=ground.on, bureau__in=_pks(ground))
    return set(hits.values_list("bureau__code", "detector", "subject_kind", "subject_id"))


def _pks(ground: Ground) -> list[int]:
    return [one.pk for one in ground.bureaus.values()]


def _lock(keys: set[Key], ground: Ground) -> None:
    """Hold the open alerts of these subjects: people work while this runs."""
    wanted = Alert.objects.open().filter(
        bureau__in=_pks(ground), subject_id__in=[key[2] for key in keys]
    )
    list(wanted.select_for_update(of=("self",)).order_by("pk"))


def _decided(late: Late, surprises: list[Surprise]) -> pd.DataFrame:
    """The subjects with their fate: by the rules of a night, and in the places that it had left."""
    ground, policy = late.ground, late.ground.policy
    found = pd.DataFrame([_row(one, ground) for one in surprises], columns=SUBJECTS)
    if found.empty:
        return found
    decided = grading.decide(
        grading.combine(found, policy),
        _listings(ground),
        ordered=0,
        on=ground.on,
        policy=policy,
    )
    last, free = _room(late)
    waiting = decided[decided["fate"] == Fate.BUDGET].sort_values(
        ["score", "subject_id"], ascending=[False, True]
    )
    above = waiting.index[waiting["score"] > last]
    rest = waiting.index.difference(above, sort=False)[: max(0, free - len(above))]
    decided.loc[[*above, *rest], "fate"] = Fate.LISTED
    return decided


def _row(one: Surprise, ground: Ground) -> tuple[str | float, ...]:
    kind = type(ground.detectors[one.detector])
    weight = weight_of(kind, ground.policy)
    return (*key_of(one), kind.key, kind.family, weight, one.surprise, one.floor, one.link)


def _room(late: Late) -> tuple[float, int]:
    """The score of the last one that the night listed by its score, and the places left over.

    Its budget is what it was; a county that had no orders then counts with those it has now.
    """
    ground = late.ground
    ordered = sum(
        night.retailers or late.again.shops[code]
        for code, night in ground.nights.items()
        if code != ground.city.code
    )
    floors: dict[Key, str] = {}
    for (key, _detector), (_surprise, floor) in _told(ground).items():
        floors[key] = higher(floor, floors.get(key, ""))
    nights = Sighting.objects.listed_by_nights().filter(alert__bureau__in=_pks(ground))
    seen = nights.filter(on=ground.on)
    scores, taken = [], set()
    for one in seen.exclude(alert__origin=Origin.AUDIT).select_related("alert__bureau"):
        floor = floors.get(_key(one.alert), "")
        if not floor:
            scores.append(one.score)
        if floor != Grade.RED:  # red floors stand outside the budget
            taken.add(one.alert.link or one.alert.code)
    return min(scores, default=math.inf), ground.policy.budget(ordered) - len(taken)


def _key(alert: Alert) -> Key:
    return alert.bureau.code, alert.subject_kind, alert.subject_id, alert.audience


def _listings(ground: Ground) -> pd.DataFrame:
    """Every listing of a subject from the cool-down before the night until today, as if it were
    of the day before: what people have seen since counts as well."""
    since = ground.on - dt.timedelta(days=ground.policy.cooldown_days)
    nights = Sighting.objects.listed_by_nights().filter(alert__bureau__in=_pks(ground))
    seen = nights.filter(on__gt=since)
    last: dict[Key, tuple[float, set[str]]] = {}
    for code, kind, subject, audience, score, families in seen.values_list(
        "alert__bureau__code", "alert__subject_kind", "alert__subject_id", "alert__audience",
        "score", "families",
    ):  # fmt: skip
        highest, known = last.get((code, kind, subject, audience), (0.0, set()))
        last[code, kind, subject, audience] = max(highest, score), known | set(families)
    day = ground.on - dt.timedelta(days=1)
    rows = [(*key, day, score, sorted(families)) for key, (score, families) in last.items()]
    return pd.DataFrame(rows, columns=LISTINGS)


@dataclass(kw_only=True)
class LateListing(Listing):
    """A night's listing after the night: an open alert takes everything in, a closed one nothing."""

    late: set[int]  # the surprises that are new, by pk
    checks: Mapping[str, Recheck]
    raised: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.mine = {}
        self.sighted, self.seen = self.seen, set()
        reasons = Reason.objects.filter(on=self.ground.on, alert__in=list(self.open.values()))
        self.known = set(reasons.values_list("alert_id", "detector"))

    def _place(
        self, key: Key, row: Mapping[Any, Any], surprises: list[Surprise]
    ) -> tuple[Alert | None, bool]:
        if key in self.open and row["fate"] not in LISTED:
            row = {**row, "fate": Fate.LISTED}
        alert, listed = super()._place(key, row, surprises)
        if alert is not None and listed:
            check_of(alert, self.checks, self.ground).late += 1
        return alert, listed

    def _raise(self, key: Key, row: Mapping[Any, Any], surprises: list[Surprise]) -> Alert:
        alert = super()._raise(key, row, surprises)
        alert.origin = Origin.LATE
        alert.save(update_fields=["origin"])
        self.raised.add(alert.pk)
        return alert

    def _sight(
        self, alert: Alert, row: Mapping[Any, Any], surprises: list[Surprise], *, listed: bool
    ) -> None:
        if alert.pk not in self.sighted:
            super()._sight(alert, row, surprises, listed=listed)

    def _is_worth_showing(self, one: Surprise, alert: Alert) -> bool:
        if (alert.pk, one.detector) in self.known:
            return False
        return super()._is_worth_showing(one, alert)

    def _reason(self, alert: Alert, one: Surprise, shown: Shown) -> Reason:
        reason = super()._reason(alert, one, shown)
        if one.pk in self.late:
            reason.recheck = check_of(alert, self.checks, self.ground)
        return reason

    def _illustrate(self, listed: list[Alert]) -> None:
        """What an open alert shows stays; only a new one is drawn."""
        super()._illustrate([one for one in listed if one.pk in self.raised])
