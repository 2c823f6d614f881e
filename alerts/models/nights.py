"""Nights: what ran, what each detector found, and floods that somebody must look at."""

from typing import Self

from django.db import models
from django.urls import reverse

from accounts.models import Bureau, Scoped, ScopedQuerySet, User
from alerts.models.grades import Grade
from alerts.models.rules import RuleVersion


class NightQuerySet(ScopedQuerySet["Night"]):
    def newest(self) -> Self:
        return self.select_related("bureau", "rule_version").order_by("-on", "bureau__code")


class Night(Scoped):
    """One bureau's detection for one order day; a city's own night holds what spans counties."""

    class State(models.TextChoices):
        WAITING = "waiting", "等待"
        RUNNING = "running", "运行中"
        FOUND = "found", "待分级"
        DONE = "done", "已完成"
        FAILED = "failed", "失败"

    on = models.DateField()
    round = models.PositiveIntegerField(default=0)  # how often it was started
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    rule_version = models.ForeignKey(RuleVersion, models.PROTECT, null=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    orders = models.IntegerField(default=0)
    order_lines = models.IntegerField(default=0)
    retailers = models.IntegerField(default=0)  # that ordered
    is_complete = models.BooleanField(default=True)
    pushed = models.IntegerField(default=0)
    repeated = models.IntegerField(default=0)
    suppressed = models.IntegerField(default=0)  # within the cool-down, no open alert to fold into
    hits = models.IntegerField(default=0)
    exempted = models.IntegerField(default=0)  # findings that an exemption kept off the list
    parked = models.IntegerField(default=0)  # findings of a detector that found far too many
    error = models.TextField(blank=True)
    objects = NightQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bureau", "on"], name="one_night_a_bureau_and_day")
        ]

    def __str__(self) -> str:
        return f"{self.bureau} {self.on}"

    def get_absolute_url(self) -> str:
        return reverse("alerts:run", args=[self.on.isoformat(), self.bureau.code])

    @property
    def seconds(self) -> float | None:
        """How long it took, or None while it has not finished."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


class Step(models.Model):
    """One detector in one night: what it found, how long it took, or what it lacked."""

    night = models.ForeignKey(Night, models.CASCADE, related_name="steps")
    detector = models.CharField(max_length=50)
    found = models.IntegerField(default=0)
    hits = models.IntegerField(default=0)
    pushed = models.IntegerField(default=0)
    seconds = models.FloatField(default=0)
    missing = models.CharField(max_length=300, blank=True)  # 「未能计算：缺 …」
    error = models.CharField(max_length=500, blank=True)  # it broke; the other steps went on

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["night", "detector"], name="one_step_a_detector")
        ]

    def __str__(self) -> str:
        return self.detector


class Surprise(models.Model):
    """What a detector found that night: s >= 1, and every hit. Grading and back-tests read these."""

    night = models.ForeignKey(Night, models.CASCADE, related_name="surprises")
    detector = models.CharField(max_length=50)
    subject_kind = models.CharField(max_length=10)
    subject_id = models.CharField(max_length=60)
    bureau = models.ForeignKey(Bureau, models.PROTECT, related_name="+")  # the subject's
    surprise = models.FloatField()
    link = models.CharField(max_length=80, blank=True)
    sentence = models.CharField(max_length=300)
    floor = models.CharField(max_length=1, choices=Grade, blank=True)
    staff_concerned = models.BooleanField(default=False)
    is_hit = models.BooleanField(default=False)  # it breaks a statutory rule
    numbers = models.JSONField()  # the row of find(), dates as text
    exemption = models.ForeignKey("Exemption", models.PROTECT, null=True, related_name="kept_off")
    parked = models.BooleanField(default=False)  # its detector found far too many that night

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["night", "detector", "subject_kind", "subject_id"], name="one_surprise"
            )
        ]

    def __str__(self) -> str:
        return f"{self.detector} {self.subject_id} {self.surprise:.1f}"


class Flood(Scoped):
    """A detector that found far more than usual in a city's night: parked until somebody decides."""

    class State(models.TextChoices):
        PARKED = "parked", "已搁置，待处理"
        RELEASED = "released", "已放行"
        REJECTED = "rejected", "确认为规则或数据异常"

    on = models.DateField()
    detector = models.CharField(max_length=50)
    found = models.IntegerField()  # that would have counted for the list
    usual = models.FloatField()  # the median of the nights before
    state = models.CharField(max_length=10, choices=State, default=State.PARKED)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)
    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bureau", "on", "detector"], name="one_flood_a_night")
        ]

    def __str__(self) -> str:
        return f"{self.detector} {self.on}"
