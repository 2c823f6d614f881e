"""Data that come after their night: the night stays as it was, what they add or correct is told.

An import that changes an order day whose night is over asks for a recheck, one a night for all that
comes within a quarter of an hour. It runs the detectors of that night, with its rules, over the facts
as now known, and compares: what is new becomes a late hit or alert that says so, what rested on
corrected rows gets a note of old against new.
"""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

import audit.actions
import jobs.actions
from accounts.models import Bureau
from alerts.actions import nights
from alerts.actions.correcting import Again, correct
from alerts.actions.ground import Ground
from alerts.actions.late_listing import Late, list_late
from alerts.actions.saying import say
from alerts.models import Night, Reason, Recheck, Step, Surprise
from sources.lake.late import Changed, Place, changed_by
from sources.models import Batch

FAR = dt.timedelta(days=60)  # older nights are not looked at again
SLOT = dt.timedelta(minutes=15)  # files that come within it make one recheck of a night
BETWEEN = dt.timedelta(minutes=5)  # between the rechecks of one slot: other work goes first
MARGIN = dt.timedelta(seconds=5)  # between the end of an import and its commit
OVER = (Night.State.DONE, Night.State.FAILED)


@transaction.atomic
def look_back(*, batch: Batch, now: dt.datetime) -> int:
    """Ask for a recheck of every past night that an import changed. Returns how many."""
    if batch.state != Batch.State.DONE or batch.known_at is None:
        return 0
    path = batch.bureau.city.path
    since = timezone.localtime(now).date() - FAR
    seconds = dt.timedelta(seconds=batch.report.get("seconds", 0))
    past = Night.objects.filter(
        bureau__level=Bureau.Level.CITY,
        bureau__path__startswith=path,
        on__gte=since,
        started_at__lte=batch.known_at + seconds + MARGIN,
    ).select_related("bureau")
    if not past.exists():
        return 0
    changed = changed_by(known_at=batch.known_at, path=path, since=since)
    touched = _nights_touched(changed, path, since)
    due = [
        one for one in past.order_by("-on", "bureau__code") if (one.bureau_id, one.on) in touched
    ]
    for place, night in enumerate(due):
        _ask(night, arrived_at=batch.known_at, now=now, wait=place * BETWEEN)
    return len(due)


def _ask(
    night: Night, *, arrived_at: dt.datetime, now: dt.datetime, wait: dt.timedelta = dt.timedelta(0)
) -> None:
    end = now + SLOT - (now - dt.datetime.min.replace(tzinfo=dt.UTC)) % SLOT
    jobs.actions.enqueue(
        "alerts.recheck",
        key=f"alerts.recheck:{night.bureau.code}:{night.on}:{end:%Y%m%d%H%M}",
        due_at=end + wait,
        bureau=night.bureau.code,
        on=night.on.isoformat(),
        code=night.bureau.code,
        arrived=arrived_at.isoformat(),
    )


def _nights_touched(changed: Changed, path: str, since: dt.date) -> set[tuple[int, dt.date]]:
    """City and day of the nights that would have seen it, or whose reasons rest on what it replaced."""
    codes = {code for code, _day in changed.days}
    found = Bureau.objects.filter(code__in=codes).select_related("parent")
    cities = {one.code: one.city.pk for one in found}
    touched = {(cities[code], day) for code, day in changed.days}
    for reason in _reasons_on(changed.replaced, path, since):
        touched.add((reason.alert.bureau.city.pk, reason.on))
    return touched


def _reasons_on(replaced: Iterable[Place], path: str, since: dt.date) -> list[Reason]:
    """The reasons whose copied rows are among the replaced ones."""
    places = set(replaced)
    of_batch = Q(pk__in=[])
    for table, batch in {(table, batch) for table, batch, _row in places}:
        of_batch |= Q(evidence__contains=[{"source": table, "batch_id": batch}])
    near = Reason.objects.filter(of_batch, on__gte=since, alert__bureau__path__startswith=path)
    return [
        one
        for one in near.select_related("alert__bureau__parent").order_by("pk")
        if any(
            (row.get("source"), row.get("batch_id"), row.get("row_no")) in places
            for row in one.evidence
        )
    ]


@transaction.atomic
def recheck_night(*, on: dt.date, city: Bureau, arrived_at: dt.datetime, now: dt.datetime) -> None:
    """Run a past night's detectors over what is known now and write what that changes.

    Done before for the same arrival, it does nothing; a night under way is waited for.
    """
    night = Night.objects.select_related("bureau").get(bureau=city, on=on)
    if night.rechecks.filter(arrived_at=arrived_at).exists() or night.rule_version is None:
        return
    if night.state not in OVER:
        _ask(night, arrived_at=arrived_at, now=now)
        return
    ground = nights.ground_of(on=on, city=city, now=now)
    again = find_again(ground)
    checks = {
        code: Recheck.objects.create(night=one, arrived_at=arrived_at, at=now)
        for code, one in ground.nights.items()
    }
    notes, said = correct(ground=ground, again=again, checks=checks)
    late = list_late(Late(ground=ground, again=again, checks=checks))
    _count(checks, notes_of=[(one.recheck_id, one.reason.alert_id) for one in notes])
    say(events=[*said, *late])
    audit.actions.record(
        "night.rechecked", subject=f"{city.code}:{on}", bureau=city.code, by="system",
        arrived=arrived_at.isoformat(),
        corrected=sum(one.corrected for one in checks.values()),
        late=sum(one.late for one in checks.values()),
        hits=sum(one.hits for one in checks.values()),
    )  # fmt: skip


def find_again(ground: Ground) -> Again:
    """What the night's detectors find now. The night's own rows come back as they were."""
    mine = Night.objects.filter(pk__in=[night.pk for night in ground.nights.values()])
    ran = set(Step.objects.filter(night__in=mine, error="").values_list("night", "detector"))
    idle = {
        one.pk for one in ground.nights.values() if one.state == Night.State.DONE and not one.orders
    }
    with transaction.atomic():
        for codes in nights.shares(ground):
            nights.find_share(on=ground.on, city=ground.city, codes=codes, now=ground.now)
        found = Surprise.objects.filter(night__in=mine).select_related(
            "bureau__parent", "night__bureau"
        )
        surprises = list(found.order_by("pk"))
        broken = Step.objects.filter(night__in=mine).exclude(missing="", error="")
        broken_at = set(broken.values_list("night__bureau__code", "detector"))
        shops = dict(mine.values_list("bureau__code", "retailers"))
        transaction.set_rollback(True)
    city = ground.city.code
    return Again(
        [one for one in surprises if one.night_id in idle or (one.night_id, one.detector) in ran],
        frozenset(("" if code == city else code, key) for code, key in broken_at),
        shops,
    )


def _count(checks: dict[str, Recheck], *, notes_of: Iterable[tuple[int, int]]) -> None:
    """Write how many alerts got notes; the listing has counted the rest."""
    alerts = set(notes_of)
    for check in checks.values():
        check.corrected = sum(pk == check.pk for pk, _alert in alerts)
        check.save(update_fields=["corrected", "late", "hits"])
