"""Nights: one city's detection for one order day, at once or shared out as jobs."""

import contextlib
import dataclasses
import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence

import ibis
import ibis.expr.types as ir
import pandas as pd
import structlog
from django.db import transaction
from django.db.models import Count, Sum

from accounts.models import Bureau
from alerts import grading, panels
from alerts.actions.evidence import show_evidence
from alerts.actions.excusing import excuse
from alerts.actions.finding import (
    Places,
    Search,
    count_orders,
    finish,
    keep_found,
    search,
    within,
)
from alerts.actions.ground import Ground
from alerts.actions.listing import Listing, key_of
from alerts.actions.picture import draw
from alerts.actions.picture_sku import trace
from alerts.actions.remembering import remember
from alerts.actions.rules import detectors_in, policy_in, version_in_force, weight_of
from alerts.actions.shadow import run_shadows
from alerts.detection import Detector
from alerts.models import Night, Sighting, Step, Surprise
from alerts.trails import REACH, Span
from sources import lake
from sources.facts import Facts
from sources.models import Completeness, Retailer

log = structlog.get_logger()

SUBJECTS = [*grading.SUBJECT, "detector", "family", "weight", "surprise", "floor", "link"]
LISTINGS = [*grading.SUBJECT, "on", "score", "families"]
DRAWN = ("order_days", "volume")  # panels that pictures show
TOGETHER = 25_000  # shops whose counties are searched at once: what bounds the memory of a share


@transaction.atomic
def run_night(*, on: dt.date, city: Bureau, now: dt.datetime, known: Facts | None = None) -> Night:
    """Find and grade one order day of a city, all of it or nothing.

    Run again, it replaces what the detectors found and changes nothing else: alerts, sightings and
    ledger entries of the night stay, new ones are added. `known`: the day's facts, where a replay
    has opened them. Returns the city's own night.
    """
    ground = start_night(on=on, city=city, now=now)
    given = contextlib.nullcontext(known) if known else opened(ground, shares(ground)[:-1])
    with given as facts:
        places = Places(facts)
        for codes in shares(ground):
            _find(ground, codes, facts, places)
        _grade(ground, facts, places)
    return ground.nights[city.code]


def shares(ground: Ground) -> list[list[str]]:
    """The bureaus that are searched together, by code: counties, and the city for what spans them.

    As many counties as have `TOGETHER` shops, one at least.
    """
    counties = [code for code in ground.bureaus if code != ground.city.code]
    known = Retailer.objects.filter(bureau__code__in=counties).values_list("bureau__code")
    sizes = dict(known.annotate(Count("pk")))
    found: list[list[str]] = []
    room = 0
    for code in counties:
        size = max(sizes.get(code, 0), 1)
        if size > room:
            found.append([])
            room = max(TOGETHER, size)
        room -= size
        found[-1].append(code)
    return [*found, [ground.city.code]]


@contextlib.contextmanager
def replay(*, city: Bureau, first: dt.date, last: dt.date) -> Iterator[Callable[[dt.date], Facts]]:
    """Opens the lake once for many nights: gives the facts of any day of the span."""
    since = first - dt.timedelta(weeks=panels.HISTORY)
    with lake.session(bureaus=[city.code], since=since, until=last) as session:
        shared = made_at_once(session.facts(last), Span(since, last)).tables

        def facts_of(on: dt.date) -> Facts:
            known = session.facts(on)
            return dataclasses.replace(known, tables={**shared, **known.tables}).until(on)

        yield lambda on: session.replaying(on, facts_of)


@transaction.atomic
def find_share(*, on: dt.date, city: Bureau, codes: Sequence[str], now: dt.datetime) -> None:
    """One share of a night: some counties' own detectors, or those that span the city."""
    ground = ground_of(on=on, city=city, now=now)
    is_citys = city.code in codes
    shared = [] if is_citys else [codes]
    with opened(ground, shared, bureaus=() if is_citys else codes) as facts:
        _find(ground, codes, facts, Places(facts))


@transaction.atomic
def grade_city(*, on: dt.date, city: Bureau, now: dt.datetime) -> None:
    """Grade what a city's bureaus have found. Harmless when it was done before."""
    ground = ground_of(on=on, city=city, now=now)
    with opened(ground, shares(ground)[:-1]) as facts:
        _grade(ground, facts, Places(facts))


def start_night(*, on: dt.date, city: Bureau, now: dt.datetime) -> Ground:
    """Begin a new round of a city's night: its rows, the rules in force, nothing found yet."""
    version = version_in_force(city=city, on=on, now=now)
    complete = set(
        Completeness.objects.filter(day=on, is_complete=False).values_list("bureau_id", flat=True)
    )
    for bureau in [city, *city.children.counties()]:
        night, _ = Night.objects.get_or_create(bureau=bureau, on=on)
        night.round += 1
        night.state, night.rule_version = Night.State.WAITING, version
        night.started_at, night.finished_at, night.error = now, None, ""
        night.is_complete = bureau.pk not in complete
        night.save()
    return ground_of(on=on, city=city, now=now)


def ground_of(*, on: dt.date, city: Bureau, now: dt.datetime) -> Ground:
    """What a started night stands on."""
    counties = city.children.counties()
    bureaus = {one.code: one for one in [city, *counties.select_related("parent")]}
    pks = [one.pk for one in bureaus.values()]
    nights = Night.objects.filter(on=on, bureau__in=pks).select_related("bureau", "rule_version")
    by_code = {night.bureau.code: night for night in nights}
    version = by_code[city.code].rule_version
    if version is None:
        raise RuntimeError(f"the night {city.code} {on} was not started")
    return Ground(
        city=city,
        bureaus=bureaus,
        nights=by_code,
        version=version,
        detectors={one.key: one for one in detectors_in(version)},
        policy=policy_in(version),
        on=on,
        now=now,
    )


@contextlib.contextmanager
def opened(
    ground: Ground, together: Sequence[Sequence[str]], *, bureaus: Sequence[str] = ()
) -> Iterator[Facts]:
    """The facts of a city, or some bureaus of it, up to a night's day.

    together: the shares of counties whose panels are wanted as well.
    """
    wanted = list(bureaus or ground.bureaus)
    since = ground.on - REACH
    with lake.open_facts(on=ground.on, bureaus=wanted, since=since) as known:
        yield _with_panels(known.until(ground.on), ground, together)


def _with_panels(facts: Facts, ground: Ground, together: Sequence[Sequence[str]]) -> Facts:
    """Facts with what the nights remember: the panels of each of these shares below one another."""
    if not together:
        return facts
    if facts.shelf is None:
        return made_at_once(facts, Span(ground.on - dt.timedelta(weeks=panels.HISTORY), ground.on))
    parts: dict[str, list[ir.Table]] = {}
    try:
        for codes in together:
            seen = facts if len(together) == 1 else within(facts, codes)
            known = remember(
                facts=seen, on=ground.on, city=ground.city, codes=codes, now=ground.now
            )
            for name, table in known.items():
                parts.setdefault(name, []).append(table)
    except Exception:  # whatever an engine raises
        log.exception("shared tables", on=ground.on.isoformat())
        return facts
    return panels.with_tables(
        facts,
        {name: ibis.union(*tables) if tables[1:] else tables[0] for name, tables in parts.items()},
    )


def made_at_once(facts: Facts, span: Span, names: Iterable[str] | None = None) -> Facts:
    """Facts with panels (all, or these) of a span. One that cannot be made is left to the detectors
    that want it: they fail alone."""

    def keep(_name: str, table: ir.Table) -> ir.Table:
        return lake.put_away(table) if facts.shelf is None else facts.shelf.store(table)

    try:
        return panels.kept(facts, span, keep, names)
    except Exception:  # whatever an engine raises
        log.exception("shared tables", on=span.on.isoformat())
        return facts


def look(ground: Ground, codes: Sequence[str], facts: Facts, places: Places) -> Search:
    """What the detectors of one share find, not written: counties', or with the city's code those
    that span it. facts: at least those of these bureaus, as `opened` or `replay` gives them."""
    is_citys = ground.city.code in codes
    seen = facts if is_citys or len(codes) == len(ground.bureaus) - 1 else within(facts, codes)
    nights = {code: ground.nights[code] for code in codes}
    count_orders(nights, seen)
    scope = "all" if is_citys else "bureau"
    return search(
        nights={code: one for code, one in nights.items() if one.orders},  # they speak of orders
        facts=seen,
        detectors=[one for one in ground.detectors.values() if one.scope == scope],
        places=places,
        bureaus=ground.bureaus,
    )


def _find(ground: Ground, codes: Sequence[str], facts: Facts, places: Places) -> None:
    nights = [ground.nights[code] for code in codes]
    keep_found(look(ground, codes, facts, places), nights=nights)
    for night in nights:
        finish(night, Night.State.FOUND)
        night.save()


def _grade(ground: Ground, facts: Facts, places: Places) -> None:
    surprises = list(
        Surprise.objects.filter(night__in=[night.pk for night in ground.nights.values()])
        .select_related("bureau", "night__bureau")
        .order_by("pk")
    )
    listing = Listing(
        ground=ground,
        places=places,
        show=lambda chosen: show_evidence(
            chosen,
            detectors=dict(ground.detectors),
            facts=facts,
            on=ground.on,
        ),
        draw=lambda codes: draw(facts, ground.on, codes),
        trace=lambda *what: trace(facts, ground.on, *what),
    )
    fates, said = excuse(surprises, ground=ground)
    counting = [one for one in surprises if one.pk not in fates]
    listing.list_all(_decided(ground, counting), surprises, fates)
    listing.events += said
    _count(ground, listing, surprises)
    run_shadows(ground)
    listing.tell()


def _decided(ground: Ground, surprises: list[Surprise]) -> pd.DataFrame:
    found = pd.DataFrame([_row(one, ground) for one in surprises], columns=SUBJECTS)
    if found.empty:
        return found
    counties = [night for code, night in ground.nights.items() if code != ground.city.code]
    return grading.decide(
        grading.combine(found, ground.policy),
        _listings(ground),
        ordered=sum(night.retailers for night in counties),
        on=ground.on,
        policy=ground.policy,
        seed=ground.city.code,
    )


def _row(one: Surprise, ground: Ground) -> tuple[str | float, ...]:
    kind: type[Detector] = type(ground.detectors[one.detector])
    weight = weight_of(kind, ground.policy)
    return (*key_of(one), kind.key, kind.family, weight, one.surprise, one.floor, one.link)


def _listings(ground: Ground) -> pd.DataFrame:
    """The nights before this one that put subjects of the city on the list, within the cool-down."""
    since = ground.on - dt.timedelta(days=ground.policy.cooldown_days)
    rows = Sighting.objects.listed_by_nights().filter(
        on__gt=since,
        on__lt=ground.on,
        alert__bureau__in=[one.pk for one in ground.bureaus.values()],
    ).values_list(
        "alert__bureau__code", "alert__subject_kind", "alert__subject_id", "alert__audience",
        "on", "score", "families",
    )  # fmt: skip
    return pd.DataFrame(list(rows), columns=LISTINGS)


def _count(ground: Ground, listing: Listing, surprises: list[Surprise]) -> None:
    """Write the figures of the run page."""
    hits = pd.Series([one.bureau.code for one in surprises if one.is_hit], dtype=str).value_counts()
    for code, night in ground.nights.items():
        night.pushed = listing.pushed[code]
        night.repeated = listing.repeated[code]
        night.suppressed = listing.suppressed[code]
        night.hits = int(hits.get(code, 0))
        if night.state != Night.State.FAILED:
            finish(night, Night.State.DONE)
        night.save()
    steps = list(Step.objects.filter(night__in=[one.pk for one in ground.nights.values()]))
    for step in steps:
        step.pushed = listing.led[step.night_id, step.detector]
    Step.objects.bulk_update(steps, ["pushed"], batch_size=500)


def figures(night: Night) -> dict[str, int]:
    """A city night's figures with those of its counties."""
    names = ("orders", "order_lines", "retailers", "pushed", "repeated", "suppressed", "hits")
    counties = Night.objects.filter(on=night.on, bureau__parent=night.bureau)
    seen = counties.aggregate(**{name: Sum(name, default=0) for name in names})
    listed = ("pushed", "repeated", "suppressed", "hits")
    return {name: seen[name] + (getattr(night, name) if name in listed else 0) for name in names}
