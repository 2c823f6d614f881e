"""The ledger of statutory hits."""

from typing import Self

from django.db import models

from accounts.models import Scoped, ScopedQuerySet, User
from alerts.models.grades import Grade


class HitQuerySet(ScopedQuerySet["Hit"]):
    def newest(self) -> Self:
        return self.select_related("bureau", "alert").order_by("-on", "-pk")

    def open(self) -> Self:
        """Those that no alert carries and nobody has closed."""
        return self.filter(alert=None, closed_at=None)


class Hit(Scoped):
    """One statutory rule broken by one subject on one day, pushed or not: the ledger of hits."""

    on = models.DateField()
    detector = models.CharField(max_length=50)
    subject_kind = models.CharField(max_length=10)
    subject_id = models.CharField(max_length=60)
    subject_name = models.CharField(max_length=100, blank=True)
    sentence = models.CharField(max_length=300)
    grade = models.CharField(max_length=1, choices=Grade)
    score = models.FloatField()
    numbers = models.JSONField()
    why_not_pushed = models.CharField(max_length=50, blank=True)  # alerts.grading.Fate, in Chinese
    alert = models.ForeignKey("Alert", models.PROTECT, null=True, related_name="hits")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    causes = models.JSONField(default=list)
    note = models.CharField(max_length=500, blank=True)
    objects = HitQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["bureau", "detector", "subject_kind", "subject_id", "on"],
                name="one_hit_a_day",
            )
        ]

    def __str__(self) -> str:
        return f"{self.detector} {self.subject_id} {self.on}"
