"""Asking for work and doing it. What is lost on the broker's way is found again in the rows."""

import contextvars
import datetime as dt
import uuid
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

import audit.actions
from accounts.walls import ALL, open_walls
from jobs.kinds import worker_of
from jobs.models import MOST_ATTEMPTS, Heartbeat, Job, Timetable
from jobs.progress import LEASE, Progress, renewing

log = structlog.get_logger()

_running: contextvars.ContextVar[Progress | None] = contextvars.ContextVar("running", default=None)


class LeaseLostError(Exception):
    """Somebody else took the job over: what this run did is rolled back."""


def enqueue(
    kind: str,
    *,
    due_at: dt.datetime | None = None,
    key: str | None = None,
    bureau: str = "",
    asked_by: str = "system",
    **args: str | int | list[str],
) -> Job:
    """Ask for work in the caller's transaction. Nothing is published: the sweeper finds it.

    With a key, asking again gives the job that was asked for first.
    """
    given: dict[str, Any] = {"kind": kind, "args": args, "bureau": bureau, "asked_by": asked_by}
    if due_at is not None:
        given["due_at"] = due_at
    if key is None:
        return Job.objects.create(**given)
    return Job.objects.get_or_create(key=key, defaults=given)[0]


def report_progress(done: int, *, total: int, note: str = "") -> None:
    """Say how far the running job is; outside a job it says nothing."""
    progress = _running.get()
    if progress is not None:
        progress.report(done, total=total, note=note)


def run_next(*, now: dt.datetime) -> bool:
    """Do the next due job. False when there is none.

    Its effect and `done_at` commit together, or not at all; a failure waits longer each time and
    is given up after MOST_ATTEMPTS, for a person to look at.
    """
    job = _take(now=now)
    if job is None:
        return False
    try:
        with renewing(job) as progress, transaction.atomic():
            open_walls(ALL)
            token = _running.set(progress)
            try:
                worker_of(job.kind)(**job.args)
            finally:
                _running.reset(token)
            _finish(job, now=timezone.now())
    except Exception as error:  # whatever a job raises must not stop the others
        log.exception("job failed", kind=job.kind, job=str(job.pk), attempt=job.attempts)
        _put_back(job, error=error, now=timezone.now())
    return True


@transaction.atomic
def _take(*, now: dt.datetime) -> Job | None:
    """Lease the next due job. The attempt counts at once: a job that kills its worker counts too."""
    job = Job.objects.due(now=now).select_for_update(skip_locked=True).first()
    if job is None:
        return None
    if job.attempts >= MOST_ATTEMPTS:
        _park(job, now=now)
        return _take(now=now)
    job.attempts += 1
    job.lease, job.leased_until = uuid.uuid4(), now + LEASE
    job.save(update_fields=["attempts", "lease", "leased_until"])
    return job


def _finish(job: Job, *, now: dt.datetime) -> None:
    mine = Job.objects.filter(pk=job.pk, lease=job.lease, done_at=None)
    if not mine.update(done_at=now, leased_until=None, last_error=""):
        raise LeaseLostError(job.pk)


@transaction.atomic
def _put_back(job: Job, *, error: Exception, now: dt.datetime) -> None:
    """Let a failed job wait before its next attempt, or give it up."""
    text = f"{type(error).__name__}: {error}"[:2000]
    job.last_error = text
    if job.attempts >= MOST_ATTEMPTS:
        _park(job, now=now)
        return
    wait = dt.timedelta(seconds=5 * 2**job.attempts)
    Job.objects.filter(pk=job.pk, lease=job.lease, done_at=None).update(
        lease=None, leased_until=now + wait, last_error=text
    )


def _park(job: Job, *, now: dt.datetime) -> None:
    parked = Job.objects.filter(pk=job.pk, lease=job.lease, done_at=None, parked_at=None)
    if parked.update(parked_at=now, lease=None, leased_until=None, last_error=job.last_error):
        audit.actions.record(
            "job.parked", subject=str(job.pk), bureau=job.bureau, by="system", work=job.kind
        )


@transaction.atomic
def revive_job(*, job: Job, by: str) -> None:
    """Try a given-up job again from its first attempt."""
    revived = Job.objects.filter(pk=job.pk, parked_at__isnull=False)
    if revived.update(parked_at=None, attempts=0, leased_until=None, last_error=""):
        audit.actions.record(
            "job.revived", subject=str(job.pk), bureau=job.bureau, by=by, work=job.kind
        )


@transaction.atomic
def ask_by_timetable(*, now: dt.datetime) -> None:
    """Ask for every regular job whose time has come; a missed time is made up for once."""
    local = timezone.localtime(now)
    for row in Timetable.objects.select_for_update(skip_locked=True).order_by("kind"):
        if row.at is not None:
            if local.time() >= row.at and row.asked_on != local.date():
                enqueue(row.kind, key=f"{row.kind}:{local.date()}")
                row.asked_on = local.date()
                row.save(update_fields=["asked_on"])
        elif row.asked_at is None or now >= row.asked_at + dt.timedelta(
            seconds=row.every_seconds or 0
        ):
            _ask_again(row.kind, now=now)
            row.asked_at = now
            row.save(update_fields=["asked_at"])


def _ask_again(kind: str, *, now: dt.datetime) -> None:
    """One row serves all periods of what happens every so many seconds."""
    job = enqueue(kind, key=f"{kind}:again")
    over = Q(done_at__isnull=False) | Q(parked_at__isnull=False)
    Job.objects.filter(over, pk=job.pk).update(
        done_at=None, parked_at=None, attempts=0, due_at=now, leased_until=None
    )


def beat_heart(name: str, *, now: dt.datetime) -> None:
    """Show that a part of the program lives."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": now})
