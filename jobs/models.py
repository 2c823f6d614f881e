"""Long work that must not be lost: a job is a row, written in the transaction that asks for it."""

import datetime as dt
import uuid
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

MOST_ATTEMPTS = 5


class JobQuerySet(models.QuerySet["Job"]):
    def due(self, *, now: dt.datetime) -> Self:
        """Undone jobs that may be taken now: due, not parked, and nobody holds a lease on them."""
        free = Q(leased_until=None) | Q(leased_until__lte=now)
        return self.filter(free, done_at=None, parked_at=None, due_at__lte=now).order_by(
            "due_at", "pk"
        )

    def in_state(self, state: str, *, now: dt.datetime) -> Self:
        """Those that are waiting, running, done or parked."""
        leased = Q(lease__isnull=False, leased_until__gt=now)
        undone = Q(done_at=None, parked_at=None)
        return self.filter(
            {
                "waiting": undone & ~leased,
                "running": undone & leased,
                "done": Q(done_at__isnull=False),
                "parked": Q(parked_at__isnull=False),
            }[state]
        )


class Job(models.Model):
    """One piece of work. Whoever runs it may run it twice; `key` makes asking twice harmless."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=50)  # "sources.import_file": app, verb; no choices
    args = models.JSONField(default=dict)  # codes, numbers and ISO dates only
    key = models.CharField(max_length=120, null=True, unique=True)  # noqa: DJ001  null: no key
    bureau = models.CharField(max_length=20, blank=True)
    asked_by = models.CharField(max_length=50, default="system")
    created_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    lease = models.UUIDField(null=True, blank=True)  # the token of whoever runs it now
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    note = models.CharField(max_length=200, blank=True)  # what it is doing, in Chinese
    done_at = models.DateTimeField(null=True, blank=True)
    parked_at = models.DateTimeField(null=True, blank=True)  # given up; a person must look
    last_error = models.TextField(blank=True)
    objects = JobQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"], name="job_waiting", condition=Q(done_at=None, parked_at=None)
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at=None) | Q(parked_at=None), name="done_or_parked_not_both"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.args}"

    def state(self, *, now: dt.datetime) -> str:
        """waiting, running, done or parked."""
        if self.done_at or self.parked_at:
            return "done" if self.done_at else "parked"
        leased = self.lease and self.leased_until and self.leased_until > now
        return "running" if leased else "waiting"

    @property
    def percent(self) -> int:
        """How far it is, 0 to 100."""
        if self.done_at:
            return 100
        return 100 * self.done // self.total if self.total else 0


class Timetable(models.Model):
    """What happens regularly: at a time of day, or every so many seconds. Rows, so data."""

    kind = models.CharField(max_length=50, unique=True)
    at = models.TimeField(null=True, blank=True)  # China time, every day
    every_seconds = models.PositiveIntegerField(null=True, blank=True)
    asked_on = models.DateField(null=True, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(at=None, every_seconds__isnull=False)
                | Q(at__isnull=False, every_seconds=None),
                name="daily_or_every_so_often",
            )
        ]

    def __str__(self) -> str:
        return self.kind


class Heartbeat(models.Model):
    """When a part of the program last showed that it lives."""

    name = models.CharField(max_length=50, primary_key=True)
    at = models.DateTimeField()
    beats = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.name
