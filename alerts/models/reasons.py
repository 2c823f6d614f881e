"""Why an alert is on the list, the nights that found it, and the grades that people gave it."""

from typing import Self

from django.db import models
from django.db.models import Q

from accounts.models import Bureau, Scoped, ScopedQuerySet, User
from alerts.models.alerts import Alert, Origin
from alerts.models.grades import Grade

REPORTED = (Origin.PERSON, Origin.TIP, Origin.COMPLAINT, Origin.SEIZURE)  # what people report


class Reason(models.Model):
    """Why: one detector's finding of one night, kept with the parameters in force."""

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="reasons")
    on = models.DateField()
    detector = models.CharField(max_length=50)
    surprise = models.FloatField()
    weight = models.FloatField()
    sentence = models.CharField(max_length=300)
    numbers = models.JSONField()
    parameters = models.JSONField()
    evidence = models.JSONField(default=list)  # copies of the source rows, with batch_id and row_no
    elsewhere = models.PositiveIntegerField(
        default=0
    )  # further rows, of other bureaus: only counted
    recheck = models.ForeignKey(
        "Recheck", models.PROTECT, null=True, related_name="reasons"
    )  # late
    city = models.ForeignKey(Bureau, models.PROTECT, null=True, related_name="+")  # with a number
    number = models.CharField(max_length=60, blank=True)  # of a tip, complaint or seizure, folded

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["alert", "on", "detector"], name="one_reason_a_night"),
            models.UniqueConstraint(
                fields=["city", "number"], condition=~Q(number=""), name="one_report_a_number"
            ),
            models.CheckConstraint(
                condition=Q(number="") | Q(city__isnull=False), name="a_number_is_of_a_city"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.detector} {self.on}"


class SightingQuerySet(models.QuerySet["Sighting"]):
    def of_nights(self) -> Self:
        """Without those that people added: what somebody reports is no night's finding."""
        reported = "|".join(REPORTED)
        return self.exclude(detector__regex=f"^({reported})(:|$)")

    def listed_by_nights(self) -> Self:
        """Those by which nights put alerts on the list: what the cool-down and back-tests go by."""
        return self.of_nights().filter(listed=True)


class Sighting(models.Model):
    """One night that found the alert's subject: the one that raised it, and all folded into it.

    Also the day of a report, under its origin; the night that finds the subject that day replaces it.
    """

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="sightings")
    on = models.DateField()
    score = models.FloatField()
    grade = models.CharField(max_length=1, choices=Grade)
    detector = models.CharField(max_length=50)
    family = models.CharField(max_length=10)
    families = models.JSONField(default=list)  # those strong enough to end a cool-down
    sentence = models.CharField(max_length=300)
    listed = models.BooleanField()  # it put the alert on the list, for the first time or again
    objects = SightingQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["alert", "on"], name="one_sighting_a_night")]

    def __str__(self) -> str:
        return f"{self.alert} {self.on}"


class GradeChange(models.Model):
    """A person raised or lowered an alert's grade; what is or was red is looked at by a second one."""

    alert = models.ForeignKey(Alert, models.PROTECT, related_name="grade_changes")
    old = models.CharField(max_length=1, choices=Grade)
    new = models.CharField(max_length=1, choices=Grade)
    reason = models.CharField(max_length=500)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    is_waiting = models.BooleanField(default=False)  # lowering a red one counts once confirmed
    reviewed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True, blank=True)
    is_confirmed = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(old=models.F("new")), name="another_grade"),
            models.CheckConstraint(
                condition=Q(reviewed_by=None) | ~Q(reviewed_by=models.F("by")),
                name="grade_reviewed_by_a_second_person",
            ),
            models.UniqueConstraint(
                fields=["alert"], condition=Q(is_waiting=True), name="one_waiting_grade_change"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.alert} {self.old}→{self.new}"


class Group(Scoped):
    """Alerts that one link joins, proposed as one case; a person accepts, rejects or splits it."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "建议并案"
        ACCEPTED = "accepted", "已并案"
        REJECTED = "rejected", "不并案"

    code = models.CharField(max_length=30, unique=True)  # BA-4514-20261122-01
    link = models.CharField(max_length=80)  # the alerts' link: its week and what they share
    on = models.DateField()
    reason = models.CharField(max_length=300)  # one sentence: what they share, how many
    elsewhere = models.PositiveIntegerField(default=0)  # members that other bureaus see
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)
    version = models.PositiveIntegerField(default=1)
    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["bureau", "audience", "link", "on"], name="one_group_a_link"
            )
        ]

    def __str__(self) -> str:
        return self.code
