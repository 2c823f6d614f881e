"""Past nights as they are stored, ready to be decided again: for back-tests and shadow runs."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd
from django.db.models import Q

from accounts.models import Audience, Bureau
from alerts import backtesting
from alerts.backtesting import FOUND, LISTINGS, Past
from alerts.detection import Detector
from alerts.detectors import all_detectors
from alerts.grading import SUBJECT, Policy
from alerts.models import Night, RuleVersion, Sighting, Surprise
from alerts.rulebook import Book

LONGEST_COOLDOWN = dt.timedelta(days=180)


@dataclass(frozen=True)
class Stored:
    """Past nights of a city, with the version that each ran under."""

    past: Past
    versions: Mapping[dt.date, RuleVersion]
    missed: int  # findings left out: exempted or parked that night


def stored_nights(*, city: Bureau, first: dt.date, last: dt.date) -> Stored:
    """What the finished nights of a span hold."""
    finished = Night.objects.filter(
        bureau__in=list(_bureaus(city)), on__range=(first, last), state=Night.State.DONE
    )
    return stored_night(
        city=city,
        nights=finished.select_related("rule_version"),
        listings=real_listings(city=city, since=first - LONGEST_COOLDOWN, before=first),
    )


def stored_night(*, city: Bureau, nights: Iterable[Night], listings: pd.DataFrame) -> Stored:
    """What some nights of a city hold. `listings`: LISTINGS columns, those before the first."""
    by_key = {night.pk: night for night in sorted(nights, key=lambda night: night.on)}
    ordered: dict[dt.date, int] = {}
    versions = {}
    for night in by_key.values():
        shops = 0 if night.bureau_id == city.pk else night.retailers
        ordered[night.on] = ordered.get(night.on, 0) + shops
        if night.rule_version is not None:
            versions[night.on] = night.rule_version
    surprises = Surprise.objects.filter(night__in=list(by_key))
    taking_part = surprises.filter(exemption=None, parked=False).order_by("pk")
    rows = taking_part.values_list(*COLUMNS).iterator(chunk_size=20_000)
    past = Past(_frame(rows, by_key, _bureaus(city)), ordered, listings, city.code)
    missed = surprises.filter(Q(exemption__isnull=False) | Q(parked=True)).count()
    return Stored(past, versions, missed)


COLUMNS = (
    "pk", "night_id", "bureau_id", "subject_kind", "subject_id", "staff_concerned", "detector",
    "surprise", "floor", "link",
)  # fmt: skip


def _frame(
    rows: Iterable[Sequence[object]], nights: Mapping[int, Night], bureaus: Mapping[int, str]
) -> pd.DataFrame:
    """FOUND columns of rows of surprises."""
    frame = pd.DataFrame(list(rows), columns=list(COLUMNS))
    days = {pk: night.on for pk, night in nights.items()}
    audiences = {True: str(Audience.ABOVE), False: str(Audience.EVERYONE)}
    return frame.assign(
        on=frame["night_id"].map(days).astype(object),
        bureau=frame["bureau_id"].map(bureaus),
        audience=frame["staff_concerned"].map(audiences),
    )[FOUND]


def real_listings(*, city: Bureau, since: dt.date, before: dt.date) -> pd.DataFrame:
    """The nights of a span that really put subjects of the city on the list: LISTINGS columns."""
    rows = Sighting.objects.listed_by_nights().filter(
        on__gte=since, on__lt=before, alert__bureau__in=list(_bureaus(city))
    ).values_list(
        "alert__bureau__code", "alert__subject_kind", "alert__subject_id", "alert__audience",
        "on", "score", "families",
    )  # fmt: skip
    return pd.DataFrame(list(rows), columns=LISTINGS)


def book_of(rules: object) -> Book:
    """The content of a version, a change or a back-test."""
    return Book(rules.parameters, rules.policy)  # type: ignore[attr-defined]


def kinds() -> dict[str, type[Detector]]:
    """Every detector by its key."""
    return {kind.key: kind for kind in all_detectors()}


def detectors_of(book: Book) -> dict[str, Detector]:
    """Every detector with a book's parameters."""
    return {key: kind(**book.parameters.get(key, {})) for key, kind in kinds().items()}


def policy_of(book: Book) -> Policy:
    return Policy.of(book.policy)


def replay_as(stored: Stored, book: Book) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """The list of all nights under a book, and the changed parameters that it cannot tell of."""
    past, unjudged = rejudged(stored, book)
    return backtesting.replay(past, policy_of(book), kinds()), unjudged


def replay_as_recorded(stored: Stored) -> pd.DataFrame:
    """The list of all nights, each under the version it ran with: what really was listed."""
    lists: list[pd.DataFrame] = []
    listings = stored.past.listings
    for version, days in _spells(stored):
        part = replace(
            stored.past,
            found=stored.past.found[stored.past.found["on"].isin(days)],
            ordered={on: stored.past.ordered[on] for on in days},
            listings=listings,
        )
        lists.append(backtesting.replay(part, policy_of(book_of(version)), kinds()))
        told = lists[-1].assign(score=lists[-1]["score"].round(4))[LISTINGS]
        listings = pd.concat([listings, told]) if len(listings) else told
    return pd.concat(lists, ignore_index=True)


def rejudged(stored: Stored, book: Book) -> tuple[Past, list[tuple[str, str]]]:
    """The stored findings as a book's parameters would have found them, as far as numbers tell."""
    wanted, found = detectors_of(book), stored.past.found
    parts, unjudged, is_same = [], dict[tuple[str, str], None](), True
    for version, days in _spells(stored):
        mine = found[found["on"].isin(days)]
        ran = detectors_of(book_of(version))
        differing = backtesting.changed(ran, wanted)
        if differing:
            is_same = False
            judged = backtesting.judge(mine, _numbers(mine, differing), ran, wanted)
            unjudged |= dict.fromkeys(judged.unjudged)
            mine = judged.found
        parts.append(mine)
    if is_same or all(len(part) == 0 for part in parts):
        return stored.past, list(unjudged)
    return replace(stored.past, found=pd.concat(parts)), list(unjudged)


def _spells(stored: Stored) -> list[tuple[RuleVersion, list[dt.date]]]:
    """Runs of nights under one version, in their order."""
    spells: list[tuple[RuleVersion, list[dt.date]]] = []
    for on in stored.past.ordered:
        version = stored.versions[on]
        if not spells or spells[-1][0].pk != version.pk:
            spells.append((version, []))
        spells[-1][1].append(on)
    return spells


def _numbers(found: pd.DataFrame, detectors: Sequence[str]) -> dict[int, dict[str, object]]:
    """The stored rows of some detectors as `find` gave them, by pk."""
    pks = found.loc[found["detector"].isin(detectors), "pk"].tolist()
    rows = Surprise.objects.filter(pk__in=pks).values_list("pk", "numbers", "surprise")
    return {
        pk: {**backtesting.as_row(numbers), "surprise": surprise}
        for pk, numbers, surprise in rows.iterator(chunk_size=5000)
    }


def sentence_of(one: Surprise, detector: Detector) -> str:
    """The stored sentence, said again with other parameters."""
    return detector.sentence({**backtesting.as_row(one.numbers), "surprise": one.surprise})


def _bureaus(city: Bureau) -> dict[int, str]:
    """The city and its counties, code by pk."""
    return {one.pk: one.code for one in [city, *city.children.counties()]}


def same_subjects(one: pd.DataFrame, other: pd.DataFrame) -> tuple[int, int, int]:
    """How many nights and subjects both lists hold, and how many only one of them."""
    names = ["on", *SUBJECT]
    first = set(one[names].itertuples(index=False, name=None))
    second = set(other[names].itertuples(index=False, name=None))
    return len(first & second), len(first - second), len(second - first)
