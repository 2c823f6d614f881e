"""Which nights are due, and their sharing out as jobs: counties together, one that spans the city."""

import datetime as dt
from collections.abc import Iterator, Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

import audit.actions
import jobs.actions
from accounts.models import Bureau, User
from alerts.actions import nights
from alerts.models import Night
from jobs.models import Job
from sources.models import Completeness

AT_THE_LATEST = dt.time(2)  # of the day after the order day, complete or not
CATCH_UP = dt.timedelta(days=14)  # older days are run by the command
USUAL = dt.timedelta(days=35)  # a county that ordered within them is waited for
OVER = (Night.State.FOUND, Night.State.FAILED)


@transaction.atomic
def start_due_nights(*, now: dt.datetime) -> int:
    """Start every city night that has its data, or that can wait no longer. Returns how many."""
    _give_up_lost_shares(now=now)
    due = [
        (city, on) for city in cities() for on in _days(city, now=now) if _is_due(city, on, now=now)
    ]
    for city, on in due:
        share_out(on=on, city=city, now=now, by="system")
    return len(due)


def cities() -> list[Bureau]:
    """The cities that have counties."""
    below = Bureau.objects.counties().filter(parent=OuterRef("pk"))
    found = Bureau.objects.filter(Exists(below), level=Bureau.Level.CITY)
    return list(found.order_by("code"))


@transaction.atomic
def ask_for_night(*, on: dt.date, city: Bureau, by: User) -> Job:
    """Somebody wants a day's detection, for the first time or again; it runs in the background."""
    return jobs.actions.enqueue(
        "alerts.start_night",
        bureau=city.code,
        asked_by=by.code,
        on=on.isoformat(),
        code=city.code,
        by=by.code,
    )


@transaction.atomic
def share_out(*, on: dt.date, city: Bureau, now: dt.datetime, by: str) -> None:
    """Begin a round of a city's night and ask for its shares; the last one asks for the grading."""
    ground = nights.start_night(on=on, city=city, now=now)
    for codes in nights.shares(ground):
        jobs.actions.enqueue(
            "alerts.find",
            key=f"alerts.find:{codes[0]}:{on}:{ground.nights[codes[0]].round}",
            bureau=codes[0],
            asked_by=by,
            on=on.isoformat(),
            code=city.code,
            codes=codes,
        )
    audit.actions.record(
        "night.started", subject=f"{city.code}:{on}", bureau=city.code, by=by,
        round=ground.nights[city.code].round,
    )  # fmt: skip


@transaction.atomic
def find_share(*, on: dt.date, city: Bureau, codes: Sequence[str], now: dt.datetime) -> None:
    """Do one share; whoever finds all shares of the city done asks for the grading."""
    nights.find_share(on=on, city=city, codes=codes, now=now)
    _ask_for_grading(on=on, city=city)


def _ask_for_grading(*, on: dt.date, city: Bureau) -> None:
    """The city's own night is the lock: the shares are counted by one at a time."""
    mine = Night.objects.select_for_update().get(bureau=city, on=on)
    shares = Night.objects.filter(bureau__path__startswith=city.path, on=on)
    if shares.exclude(state__in=OVER).exists():
        return
    jobs.actions.enqueue(
        "alerts.grade",
        key=f"alerts.grade:{city.code}:{on}:{mine.round}",
        bureau=city.code,
        on=on.isoformat(),
        code=city.code,
    )


def _days(city: Bureau, *, now: dt.datetime) -> list[dt.date]:
    """The last days for which any county of the city has data, oldest first."""
    since = timezone.localtime(now).date() - CATCH_UP
    known = Completeness.objects.filter(bureau__parent=city, day__gte=since)
    return list(known.values_list("day", flat=True).distinct().order_by("day"))


def _is_due(city: Bureau, on: dt.date, *, now: dt.datetime) -> bool:
    night = Night.objects.filter(bureau=city, on=on).first()
    is_complete = _is_complete(city, on)
    if night is not None:  # what ran on incomplete data runs again when the rest has come
        was_partial = Night.objects.filter(bureau__parent=city, on=on, is_complete=False).exists()
        return night.state == Night.State.DONE and was_partial and is_complete
    latest = timezone.make_aware(dt.datetime.combine(on + dt.timedelta(days=1), AT_THE_LATEST))
    return is_complete or now >= latest


def _is_complete(city: Bureau, on: dt.date) -> bool:
    """Whether every county that usually orders has all required files of the day."""
    rows = Completeness.objects.filter(bureau__parent=city)
    usual = rows.filter(day__gt=on - USUAL, day__lte=on).values_list("bureau", flat=True)
    ready = rows.filter(day=on, is_complete=True).values_list("bureau", flat=True)
    return set(usual) <= set(ready)


def _give_up_lost_shares(*, now: dt.datetime) -> None:
    """A share whose job was given up fails; the rest of the city is graded without it."""
    for job, night in _lost_shares():
        night.state, night.error, night.finished_at = Night.State.FAILED, job.last_error, now
        night.save()
        _ask_for_grading(on=night.on, city=night.bureau.city)


def _lost_shares() -> Iterator[tuple[Job, Night]]:
    waiting = Night.objects.filter(state=Night.State.WAITING).select_related("bureau__parent")
    parked = Job.objects.filter(kind="alerts.find", parked_at__isnull=False)
    for night in waiting:
        mine = parked.filter(
            args__on=night.on.isoformat(),
            args__codes__contains=[night.bureau.code],
            key__endswith=f":{night.round}",
        )
        job = mine.first()
        if job is not None:
            yield job, night
