import time

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from audit.actions import take_checkpoint
from jobs import actions
from jobs.kinds import job
from jobs.models import Job

ROUND = 60.0  # seconds after which a worker process lets the next ring take over


@shared_task(name="jobs.tick", ignore_result=True)  # type: ignore[untyped-decorator]  # Celery ships no types
def tick() -> None:
    """Do what is due. The only Celery task; beat rings it, and whatever ring is lost, the next does."""
    actions.beat_heart("worker", now=timezone.now())
    actions.ask_by_timetable(now=timezone.now())
    if Job.objects.due(now=timezone.now()).count() > 1:
        ring()  # another process joins in
    started = time.monotonic()
    while actions.run_next(now=timezone.now()):
        actions.beat_heart("worker", now=timezone.now())
        if time.monotonic() - started > ROUND:
            break


def ring() -> None:
    """Wake one more worker process; when the broker is away, beat's next ring does."""
    try:
        tick.apply_async(expires=30)
    except (OperationalError, OSError):
        return


@job("audit.checkpoint")
def checkpoint() -> None:
    """Nightly: fix the audit trail's Merkle root."""
    take_checkpoint(at=timezone.now())
