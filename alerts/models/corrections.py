"""What data that came after a night changed: the night looked at again, and old against new."""

from django.db import models

from alerts.models.nights import Night
from alerts.models.reasons import Reason


class Recheck(models.Model):
    """A night's detectors run again over data that came later. The night itself stays as it was."""

    night = models.ForeignKey(Night, models.CASCADE, related_name="rechecks")
    arrived_at = models.DateTimeField()  # when the first of the data came
    at = models.DateTimeField()
    corrected = models.PositiveIntegerField(default=0)  # alerts that got a note
    late = models.PositiveIntegerField(default=0)  # alerts raised, or folded into open ones
    hits = models.PositiveIntegerField(default=0)  # further entries of the ledger

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["night", "arrived_at"], name="one_recheck_an_arrival")
        ]

    def __str__(self) -> str:
        return f"{self.night} {self.at}"


class Correction(models.Model):
    """What became of a reason's rows after it was given, and what its rule says of them now.

    The reason and its alert keep what they saw; only the note is added.
    """

    class Verdict(models.TextChoices):
        HOLDS = "holds", "仍构成预警"
        GONE = "gone", "不再构成预警"
        UNKNOWN = "unknown", "未能重算"

    reason = models.ForeignKey(Reason, models.CASCADE, related_name="corrections")
    recheck = models.ForeignKey(Recheck, models.PROTECT, related_name="corrections")
    verdict = models.CharField(max_length=10, choices=Verdict)
    sentence = models.CharField(max_length=300, blank=True)  # what the rule says now
    rows = models.JSONField(default=list)  # see alerts.actions.correcting.changed_cells

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reason", "recheck"], name="one_correction_a_recheck")
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.verdict}"
