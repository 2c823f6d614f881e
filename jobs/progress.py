"""A running job's lease and progress, written from a thread of their own.

The job itself is one transaction, so what it would write of its progress nobody could see before
the end. The thread has its own connection and commits at once.
"""

import contextlib
import datetime as dt
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import structlog
from django.db import DatabaseError, connection
from django.utils import timezone

from jobs.models import Job

LEASE = dt.timedelta(seconds=40)  # so long a killed worker's job waits for the next
LONGEST_RUN = dt.timedelta(hours=3)  # past that a stuck job loses its lease
WRITE_EVERY = 1.0  # seconds

log = structlog.get_logger()


@dataclass
class Progress:
    """How far a job is; `report` is called by the job, the thread writes it."""

    done: int = 0
    total: int = 0
    note: str = ""
    changed: bool = False

    def report(self, done: int, *, total: int, note: str) -> None:
        self.done, self.total, self.note, self.changed = done, total, note[:200], True


@contextlib.contextmanager
def renewing(job: Job) -> Iterator[Progress]:
    """Keep the lease of a job and write its progress until the block ends."""
    progress, stop = Progress(), threading.Event()
    thread = threading.Thread(target=_renew, args=(job, progress, stop), daemon=True)
    thread.start()
    try:
        yield progress
    finally:
        stop.set()
        thread.join()


def _renew(job: Job, progress: Progress, stop: threading.Event) -> None:
    give_up = timezone.now() + LONGEST_RUN
    renew_at = timezone.now() + LEASE / 4
    try:
        while not stop.wait(WRITE_EVERY):
            now = timezone.now()
            if now > give_up:
                return
            if progress.changed or now >= renew_at:
                renew_at = now + LEASE / 4
                _write(job, progress, now=now)
    finally:
        connection.close()


def _write(job: Job, progress: Progress, *, now: dt.datetime) -> None:
    progress.changed = False
    try:
        Job.objects.filter(pk=job.pk, lease=job.lease, done_at=None).update(
            leased_until=now + LEASE, done=progress.done, total=progress.total, note=progress.note
        )
    except DatabaseError:
        log.warning("lease not renewed", job=str(job.pk))
        connection.close()
