"""What happened: an append-only chain of events. Number, time and hash are the database's."""

from collections.abc import Iterable

from django.db import models


class EventQuerySet(models.QuerySet["Event"]):
    def about(self, *subjects: str) -> "EventQuerySet":
        """The events of these subjects, oldest first."""
        return self.filter(subject__in=subjects).order_by("number")

    def of_bureaus(self, codes: Iterable[str]) -> "EventQuerySet":
        """The events of these bureaus; what belongs to none has the code \"\"."""
        return self.filter(bureau__in=list(codes))


class Event(models.Model):
    """One thing that happened. Codes are text, so nothing that is deleted takes it along."""

    number = models.BigIntegerField(primary_key=True, editable=False)
    at = models.DateTimeField(editable=False)
    kind = models.CharField(max_length=50)  # "alert.claimed": noun, past verb
    subject = models.CharField(max_length=80)
    bureau = models.CharField(max_length=20)
    actor = models.CharField(max_length=150)
    details = models.TextField()  # canonical JSON, stored as text
    previous = models.CharField(max_length=64, editable=False)
    hash = models.CharField(max_length=64, editable=False)
    objects = EventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["subject", "number"], name="event_of_subject"),
            models.Index(fields=["bureau", "number"], name="event_of_bureau"),
            models.Index(fields=["kind", "number"], name="event_of_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.kind} {self.subject}"


class Checkpoint(models.Model):
    """The Merkle root over the first `size` events; a copy outside proves that none was changed."""

    size = models.BigIntegerField(primary_key=True)
    root = models.CharField(max_length=64)
    last_hash = models.CharField(max_length=64)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.size} {self.root[:16]}"
