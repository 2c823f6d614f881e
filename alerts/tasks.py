"""What the jobs of this app do: fetch, read the clock, call one action. All may run twice."""

import datetime as dt
from collections.abc import Sequence

from django.utils import timezone

from accounts.models import Bureau
from alerts.actions import (
    backtests,
    exempting,
    handling,
    late,
    lessons,
    nights,
    sampling,
    starting,
    supervising,
    tracing,
)
from alerts.models import BackTest
from jobs.kinds import job
from sources.models import Batch


@job("alerts.start_nights")
def start_nights() -> None:
    starting.start_due_nights(now=timezone.now())


@job("alerts.start_night")
def start_night(*, on: str, code: str, by: str) -> None:
    city = Bureau.objects.get(code=code)
    starting.share_out(on=dt.date.fromisoformat(on), city=city, now=timezone.now(), by=by)


@job("alerts.find")
def find(*, on: str, code: str, codes: Sequence[str] = ()) -> None:
    """`code`: the city's; a job that was asked for before shares had several counties names its one."""
    bureau = Bureau.objects.select_related("parent").get(code=code)
    starting.find_share(
        on=dt.date.fromisoformat(on),
        city=bureau.city,
        codes=codes or [code],
        now=timezone.now(),
    )


@job("alerts.grade")
def grade(*, on: str, code: str) -> None:
    city = Bureau.objects.get(code=code)
    nights.grade_city(on=dt.date.fromisoformat(on), city=city, now=timezone.now())


@job("alerts.revive_watched")
def revive_watched() -> None:
    handling.revive_watched(today=timezone.localdate(), now=timezone.now())


@job("sources.imported")
def look_back(*, batch_id: int) -> None:
    batch = Batch.objects.select_related("bureau__parent").get(pk=batch_id)
    late.look_back(batch=batch, now=timezone.now())


@job("alerts.recheck")
def recheck(*, on: str, code: str, arrived: str) -> None:
    late.recheck_night(
        on=dt.date.fromisoformat(on),
        city=Bureau.objects.get(code=code),
        arrived_at=dt.datetime.fromisoformat(arrived),
        now=timezone.now(),
    )


@job("alerts.trace_seizure")
def trace_seizure(*, number: int) -> None:
    tracing.trace_seizure(number=number, now=timezone.now())


@job("alerts.back_test")
def back_test(*, test: int) -> None:
    backtests.run_test(
        test=BackTest.objects.select_related("bureau").get(pk=test), now=timezone.now()
    )


@job("alerts.weekly")
def weekly() -> None:
    """Asked for every day; each county's draw and each city's lesson is made once in its time."""
    exempting.end_lapsed(today=timezone.localdate())
    sampling.draw_all(now=timezone.now())
    lessons.make_due_lessons(now=timezone.now())


@job("alerts.supervise")
def supervise() -> None:
    for city in Bureau.objects.filter(level=Bureau.Level.CITY).order_by("code"):
        supervising.supervise(city=city, now=timezone.now())
