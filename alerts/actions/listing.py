"""The other half of a night: what was decided becomes alerts, sightings and ledger entries."""

import datetime as dt
import functools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import pandas as pd

from accounts.calendar import deadline
from accounts.models import Audience
from alerts.actions.evidence import Shown
from alerts.actions.finding import Places
from alerts.actions.ground import Ground
from alerts.actions.grouping import propose_groups
from alerts.actions.raising import hurry
from alerts.actions.rules import parameters_of, weight_of
from alerts.actions.saying import Said, say
from alerts.actions.telling import tell_workers
from alerts.grading import LISTED, Fate, higher
from alerts.models import (
    Alert,
    Hit,
    Origin,
    Reason,
    Sighting,
    Surprise,
)

Key = tuple[str, str, str, str]  # bureau, subject_kind, subject_id, audience
Shower = Callable[[list[Surprise]], Mapping[int, Shown]]


def audience_of(surprise: Surprise) -> str:
    """Evidence about the bureau's own people goes above the county."""
    return Audience.ABOVE if surprise.staff_concerned else Audience.EVERYONE


def key_of(surprise: Surprise) -> Key:
    return (
        surprise.bureau.code,
        surprise.subject_kind,
        surprise.subject_id,
        str(audience_of(surprise)),
    )


@dataclass(kw_only=True)
class Listing:
    """Writes one city night. `list_all` once, then `tell` the audit trail as the last thing."""

    ground: Ground
    places: Places
    show: Shower
    draw: Callable[[list[str]], Mapping[str, dict[str, Any]]]
    trace: Callable[[str, str, str], dict[str, Any]]  # bureau, product, detector -> picture
    pushed: Counter[str] = field(default_factory=Counter)  # bureau code -> alerts
    led: Counter[tuple[int, str]] = field(default_factory=Counter)  # night and leading detector
    repeated: Counter[str] = field(default_factory=Counter)
    suppressed: Counter[str] = field(default_factory=Counter)
    events: list[Said] = field(default_factory=list)
    new: list[Alert] = field(default_factory=list)
    tonight: list[Alert] = field(default_factory=list)  # on the list by this night's decision

    def __post_init__(self) -> None:
        """Look up what the decisions meet: open alerts, and those of an earlier run."""
        within = Alert.objects.filter(bureau__in=[one.pk for one in self.ground.bureaus.values()])
        self.open = {self._key(one): one for one in within.open().select_related("bureau")}
        raised = within.filter(on=self.ground.on, night__isnull=False)
        tonight = raised.select_related("bureau")
        self.mine = {self._key(one): one for one in tonight}
        self.numbers = Counter(one.bureau.code for one in tonight)
        self.seen = set(
            Sighting.objects.of_nights()
            .filter(
                on=self.ground.on,
                alert__bureau__in=[one.pk for one in self.ground.bureaus.values()],
            )
            .values_list("alert_id", flat=True)
        )
        self.members: dict[str, Counter[str]] = defaultdict(Counter)  # link -> bureau code
        self._due = functools.cache(self._deadline)

    def list_all(
        self,
        decided: pd.DataFrame,
        surprises: Iterable[Surprise],
        excused: Mapping[int, Fate] = MappingProxyType({}),
    ) -> None:
        """Give every decided subject its alert or sighting, and every hit its ledger entry.

        `excused`: the surprises (by pk) that do not count for the list, and why.
        """
        surprises = list(surprises)
        by_key: dict[Key, list[Surprise]] = defaultdict(list)
        for surprise in surprises:
            if surprise.pk not in excused:
                by_key[key_of(surprise)].append(surprise)
        for code, link in zip(decided["bureau"], decided["link"], strict=True):
            self.members[link][code] += 1
        alerts: dict[Key, tuple[Alert | None, str]] = {}
        listed: list[tuple[Alert, list[Surprise]]] = []
        for row in decided.to_dict("records"):
            key = (row["bureau"], row["subject_kind"], row["subject_id"], row["audience"])
            alert, is_new = self._place(key, row, by_key[key])
            alerts[key] = alert, row["fate"]
            if alert is not None and row["fate"] in LISTED:
                self.tonight.append(alert)
            if alert is not None and is_new:
                listed.append((alert, by_key[key]))
        self._explain(listed)
        self._illustrate([alert for alert, _found in listed])
        self._keep_hits(surprises, alerts, excused)
        self.events += propose_groups(self.ground, self.tonight, surprises)

    def tell(self) -> None:
        """Tell people, then append the night's events: the chain is held from here to the commit."""
        tell_workers(pushed=self.new, on=self.ground.on, now=self.ground.now)
        graded = {
            "rules": self.ground.version.number,
            "pushed": self.pushed.total(),
            "repeated": self.repeated.total(),
            "suppressed": self.suppressed.total(),
        }
        city = self.ground.city.code
        say(events=[*self.events, Said("night.graded", f"{city}:{self.ground.on}", city, graded)])

    def _note(self, kind: str, alert: Alert) -> None:
        details = {
            "grade": alert.grade,
            "score": round(alert.score, 2),
            "detector": alert.detector,
            "night": self.ground.on.isoformat(),
        }
        self.events.append(Said(kind, alert.code, alert.bureau.code, details))

    def _place(
        self, key: Key, row: Mapping[Any, Any], surprises: list[Surprise]
    ) -> tuple[Alert | None, bool]:
        """The alert that the subject belongs to, and whether this run put it on the list."""
        listed = row["fate"] in LISTED
        alert = self.mine.get(key) or self.open.get(key)
        if alert is None and listed:
            alert = self._raise(key, row, surprises)
            self.pushed[key[0]] += 1
            self._count_lead(alert, surprises)
            return alert, True
        if alert is None:
            if row["fate"] == Fate.COOLED:
                self.suppressed[key[0]] += 1
            return None, False
        if alert.on == self.ground.on and alert.night_id:
            self.pushed[key[0]] += 1
            self._count_lead(alert, surprises)
        elif row["fate"] != Fate.BELOW:
            self.repeated[key[0]] += 1
        if row["fate"] == Fate.BELOW or alert.pk in self.seen:
            return alert, False
        self._fold(alert, row, surprises, listed=listed)
        return alert, listed

    def _count_lead(self, alert: Alert, surprises: list[Surprise]) -> None:
        night = next((one.night_id for one in surprises if one.detector == alert.detector), 0)
        self.led[night, alert.detector] += 1

    def _raise(self, key: Key, row: Mapping[Any, Any], surprises: list[Surprise]) -> Alert:
        ground, bureau = self.ground, self.ground.bureaus[key[0]]
        place = self.places.of(key[1], key[2])
        self.numbers[key[0]] += 1
        alert = Alert.objects.create(
            bureau=bureau,
            audience=key[3],
            code=f"YJ-{bureau.code}-{ground.on:%Y%m%d}-{self.numbers[key[0]]:03d}",
            subject_kind=key[1],
            subject_id=key[2],
            subject_name=(bureau.name if key[1] == "bureau" else place.name)[:100],
            licence_no=place.licence_no[:30],
            route=place.route[:40],
            on=ground.on,
            last_on=ground.on,
            staff_concerned=key[3] == Audience.ABOVE,
            link=self._link(row["link"]),
            link_elsewhere=self._elsewhere(key[0], row["link"]),
            rule_version=ground.version,
            night=ground.nights[key[0]],
            origin=Origin.AUDIT if row["fate"] == Fate.AUDIT else Origin.NIGHT,
            pushed_at=ground.now,
            due_at=self._due("alert.claim", row["grade"], key[0]),
            conclude_by=self._due("alert.conclude", row["grade"], key[0]),
            **self._headline(row, surprises),
        )
        self._sight(alert, row, surprises, listed=True)
        self.new.append(alert)
        self._note("alert.pushed", alert)
        return alert

    def _fold(
        self, alert: Alert, row: Mapping[Any, Any], surprises: list[Surprise], *, listed: bool
    ) -> None:
        """Append the night to an open alert; a listing with more to say gives the headline."""
        self._sight(alert, row, surprises, listed=listed)
        alert.last_on = max(alert.last_on, self.ground.on)
        grade = higher(row["floor"] if alert.graded_by else row["grade"], alert.grade)
        graver = grade != alert.grade
        if listed and (graver or row["score"] > alert.score):
            for name, value in {**self._headline(row, surprises), "grade": grade}.items():
                setattr(alert, name, value)
        if listed and graver:
            hurry(alert, now=self.ground.now)
            self._note("alert.raised", alert)
        alert.version += 1
        alert.save()

    def _sight(
        self, alert: Alert, row: Mapping[Any, Any], surprises: list[Surprise], *, listed: bool
    ) -> None:
        headline = self._headline(row, surprises)
        Sighting.objects.update_or_create(  # a report of that day gives way to the night
            alert=alert,
            on=self.ground.on,
            defaults={**headline, "families": row["families"], "listed": listed},
        )

    def _headline(self, row: Mapping[Any, Any], surprises: list[Surprise]) -> dict[str, Any]:
        lead = next(one for one in surprises if one.detector == row["detector"])
        return {
            "detector": row["detector"],
            "family": row["family"],
            "grade": row["grade"],
            "score": round(row["score"], 4),
            "sentence": lead.sentence,
        }

    def _elsewhere(self, bureau: str, link: str) -> int:
        """How many members of the link belong to other bureaus."""
        return self.members[link].total() - self.members[link][bureau] if link else 0

    def _link(self, link: str) -> str:
        """What the members of one proposed case share: the link and its week."""
        if not link:
            return ""
        monday = self.ground.on - dt.timedelta(days=self.ground.on.weekday())
        return f"{monday.isoformat()}|{link}"[:80]

    def _deadline(self, what: str, grade: str, bureau: str) -> dt.datetime | None:
        return deadline(
            what, grade=grade, start=self.ground.now, bureau=self.ground.bureaus[bureau]
        )

    def _explain(self, listed: list[tuple[Alert, list[Surprise]]]) -> None:
        """Give each listed alert its reasons, with parameters and copies of the source rows."""
        chosen = {
            alert.pk: [one for one in found if self._is_worth_showing(one, alert)]
            for alert, found in listed
        }
        shown = self.show([one for found in chosen.values() for one in found])
        Reason.objects.bulk_create(
            [
                self._reason(alert, one, shown.get(one.pk, Shown()))
                for alert, _ in listed
                for one in chosen[alert.pk]
            ]
        )

    def _illustrate(self, listed: list[Alert]) -> None:
        """Keep what the page draws about the shops and products, as it is tonight."""
        shops = [one for one in listed if one.subject_kind == "retailer"]
        drawn = self.draw([one.subject_id for one in shops])
        for alert in shops:
            alert.picture = drawn.get(alert.subject_id, {})
        goods = [one for one in listed if one.subject_kind == "sku"]
        for alert in goods:
            alert.picture = self.trace(alert.bureau.code, alert.subject_id, alert.detector)
        Alert.objects.bulk_update([*shops, *goods], ["picture"])

    def _is_worth_showing(self, one: Surprise, alert: Alert) -> bool:
        lead = one.detector == alert.detector
        return lead or bool(one.floor) or one.surprise >= self.ground.policy.strong

    def _reason(self, alert: Alert, one: Surprise, shown: Shown) -> Reason:
        detector = self.ground.detectors[one.detector]
        return Reason(
            alert=alert,
            on=self.ground.on,
            detector=one.detector,
            surprise=one.surprise,
            weight=weight_of(type(detector), self.ground.policy),
            sentence=one.sentence,
            numbers=one.numbers,
            parameters=parameters_of(detector),
            evidence=shown.rows,
            elsewhere=shown.elsewhere,
        )

    def _keep_hits(
        self,
        surprises: Iterable[Surprise],
        alerts: Mapping[Key, tuple[Alert | None, str]],
        excused: Mapping[int, Fate],
    ) -> None:
        hits = []
        for one in surprises:
            if not one.is_hit:
                continue
            alert, fate = alerts.get(key_of(one), (None, ""))
            why = excused.get(one.pk, fate)
            carried = None if one.pk in excused else alert
            hits.append(self._hit(one, carried, "" if why in LISTED else str(why)))
        Hit.objects.bulk_create(
            hits,
            update_conflicts=True,
            unique_fields=["bureau", "detector", "subject_kind", "subject_id", "on"],
            update_fields=["sentence", "grade", "score", "numbers", "why_not_pushed", "alert"],
            batch_size=2000,
        )

    def _hit(self, one: Surprise, alert: Alert | None, why: str) -> Hit:
        weight = weight_of(type(self.ground.detectors[one.detector]), self.ground.policy)
        score = min(one.surprise, self.ground.policy.most_surprise) + weight
        return Hit(
            bureau=one.bureau,
            audience=audience_of(one),
            on=self.ground.on,
            detector=one.detector,
            subject_kind=one.subject_kind,
            subject_id=one.subject_id,
            subject_name=self.places.of(one.subject_kind, one.subject_id).name[:100],
            sentence=one.sentence,
            grade=higher(self.ground.policy.grade(score), one.floor),
            score=round(score, 4),
            numbers=one.numbers,
            why_not_pushed=why,
            alert=alert,
        )

    @staticmethod
    def _key(alert: Alert) -> Key:
        return alert.bureau.code, alert.subject_kind, alert.subject_id, alert.audience
