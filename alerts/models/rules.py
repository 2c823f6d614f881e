"""The rules in force, the changes that two people make to them, and what a change would have done."""

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from accounts.models import Bureau, Scoped, ScopedQuerySet, User
from alerts.models.grades import Grade


class RuleVersionQuerySet(models.QuerySet["RuleVersion"]):
    def of(self, *, city: Bureau) -> Self:
        """A city's versions, the newest first; those that are still to begin too."""
        return self.filter(bureau=city).select_related("made_by", "approved_by").order_by("-number")

    def in_force(self, *, city: Bureau, on: dt.date) -> Self:
        """The city's versions that had begun by a day, the one in force first."""
        return self.filter(bureau=city, since__lte=on).order_by("-since", "-number")


class RuleVersion(models.Model):
    """The parameters, weights and budget in force from a day on: only what differs from defaults."""

    number = models.PositiveIntegerField()
    bureau = models.ForeignKey(Bureau, models.PROTECT)  # the city whose rules they are
    since = models.DateField()
    parameters = models.JSONField(default=dict)  # detector key -> {field: value}
    policy = models.JSONField(default=dict)  # fields of alerts.grading.Policy -> value
    overrides = models.JSONField(default=dict)  # line -> source, reason, version of the deviation
    title = models.CharField(max_length=100, blank=True)  # as in the change that became it
    reason = models.CharField(max_length=1000, blank=True)
    source = models.CharField(max_length=200, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decision = models.CharField(max_length=500, blank=True)
    objects = RuleVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bureau", "number"], name="one_rule_version_a_number")
        ]

    def __str__(self) -> str:
        return f"v{self.number}" if self.number else "初始版本"

    def get_absolute_url(self) -> str:
        return reverse("alerts:rule", args=[self.bureau.code, self.number])


class BackTest(Scoped):
    """Stored surprises of past nights, decided again under other rules; `bureau` is the city."""

    class State(models.TextChoices):
        WAITING = "waiting", "等待"
        DONE = "done", "已完成"
        FAILED = "failed", "失败"

    first = models.DateField()
    last = models.DateField()
    parameters = models.JSONField(default=dict)  # as in RuleVersion
    policy = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    result = models.JSONField(default=dict)  # alerts.backtesting.Result
    error = models.TextField(blank=True)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    seconds = models.FloatField(default=0)
    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.bureau} {self.first} - {self.last}"

    def get_absolute_url(self) -> str:
        return reverse("alerts:test", args=[self.pk])


class RuleChange(Scoped):
    """A proposed new content of a city's rules: drafted by one person, decided by another."""

    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        WAITING = "waiting", "待审批"
        APPROVED = "approved", "已批准"
        REFUSED = "refused", "已退回"
        WITHDRAWN = "withdrawn", "已撤回"

    title = models.CharField(max_length=100)
    reason = models.CharField(max_length=1000)
    source = models.CharField(max_length=200, blank=True)  # the document it rests on
    base = models.ForeignKey(RuleVersion, models.PROTECT, related_name="changes")
    parameters = models.JSONField(default=dict)  # the whole new content, as in RuleVersion
    policy = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    in_shadow = models.BooleanField(default=False)  # runs every night beside the rules in force
    shadow_since = models.DateField(null=True, blank=True)  # its first night
    returns_to = models.ForeignKey(RuleVersion, models.PROTECT, null=True, related_name="+")
    test = models.ForeignKey(BackTest, models.PROTECT, null=True, related_name="changes")
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(max_length=500, blank=True)  # what the second person said
    became = models.OneToOneField(RuleVersion, models.PROTECT, null=True, related_name="change")
    version = models.PositiveIntegerField(default=1)  # guards against stale writes
    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("made_by")),
                name="decided_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(became__isnull=False, decided_by__isnull=False),
                name="an_approved_change_became_a_version",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("alerts:change", args=[self.pk])

    @property
    def is_open(self) -> bool:
        """Whether it can still become a version."""
        return self.state in OPEN_CHANGES


OPEN_CHANGES = (RuleChange.State.DRAFT, RuleChange.State.WAITING)


class ShadowListing(models.Model):
    """What a change in shadow would have listed one night; compared with the night's sightings."""

    change = models.ForeignKey(RuleChange, models.CASCADE, related_name="listings")
    on = models.DateField()
    bureau = models.ForeignKey(Bureau, models.PROTECT, related_name="+")
    subject_kind = models.CharField(max_length=10)
    subject_id = models.CharField(max_length=60)
    audience = models.CharField(max_length=10)
    score = models.FloatField()
    grade = models.CharField(max_length=1, choices=Grade)
    families = models.JSONField(default=list)
    detector = models.CharField(max_length=50)
    sentence = models.CharField(max_length=300)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["change", "on", "bureau", "subject_kind", "subject_id", "audience"],
                name="one_shadow_listing",
            )
        ]

    def __str__(self) -> str:
        return f"{self.change} {self.on} {self.subject_id}"
