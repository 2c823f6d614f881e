"""办结: what an alert turned out to be, who says so, and who looked it over."""

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from accounts.models import Scoped, ScopedQuerySet, User
from alerts.models import Alert, Outcome


class ConclusionQuerySet(ScopedQuerySet["Conclusion"]):
    def for_list(self) -> Self:
        return self.select_related("alert", "bureau", "drafted_by").order_by("submitted_at", "pk")

    def waiting(self) -> Self:
        return self.filter(state=Conclusion.State.REVIEWING)

    def approved_between(self, since: dt.datetime, until: dt.datetime) -> Self:
        return self.filter(
            state=Conclusion.State.APPROVED, approved_at__gte=since, approved_at__lt=until
        )


class Conclusion(Scoped):
    """The disposition report of one alert; approved, it is sealed."""

    class State(models.TextChoices):
        DRAFT = "draft", "拟稿"
        REVIEWING = "reviewing", "待复核"
        APPROVED = "approved", "已办结"

    code = models.CharField(max_length=40, unique=True)  # CZBG-450099-202611-0001
    alert = models.ForeignKey(Alert, models.PROTECT, related_name="conclusions")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    outcome = models.CharField(max_length=1, choices=Outcome, blank=True)
    causes = models.JSONField(default=list)  # of alerts.causes.CAUSES
    violations = models.JSONField(default=list)  # of alerts.causes.VIOLATIONS
    people = models.TextField(blank=True)  # staff concerned; encrypted
    watch_until = models.DateField(null=True, blank=True)
    facts = models.TextField(blank=True)  # 调查核实情况
    origin = models.TextField(blank=True)  # 成因分析
    grounds = models.TextField(blank=True)  # 认定依据
    measures = models.TextField(blank=True)  # 处理意见
    effect = models.TextField(blank=True)  # 处置成效与不足
    for_library = models.BooleanField(default=False)
    drafted_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    round = models.PositiveSmallIntegerField(default=0)  # how often it was submitted
    version = models.PositiveIntegerField(default=1)
    objects = ConclusionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["alert"],
                condition=Q(state__in=["draft", "reviewing"]),
                name="one_open_conclusion_an_alert",
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | (Q(submitted_at__isnull=False) & ~Q(outcome="")),
                name="submitted_with_an_outcome",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(approved_at__isnull=False),
                name="approved_at_some_time",
            ),
        ]
        indexes = [models.Index(fields=["bureau", "approved_at"], name="conclusion_of_bureau")]

    def __str__(self) -> str:
        return self.code

    def get_absolute_url(self) -> str:
        return reverse("cases:conclusion", args=[self.code])


class Review(models.Model):
    """One signature under a conclusion, or its return. Never changed."""

    class Step(models.TextChoices):
        REVIEW = "review", "审核"
        APPROVE = "approve", "批准"
        CONFIRM = "confirm", "市局确认"

    conclusion = models.ForeignKey(Conclusion, models.PROTECT, related_name="reviews")
    round = models.PositiveSmallIntegerField()  # which submission, from 1
    step = models.CharField(max_length=10, choices=Step)
    is_pass = models.BooleanField()
    reason = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conclusion", "round", "step"], name="one_review_a_step"
            ),
            models.UniqueConstraint(
                fields=["conclusion", "round", "by"],
                condition=Q(is_pass=True),
                name="nobody_signs_twice",
            ),
            models.CheckConstraint(
                condition=Q(is_pass=True) | ~Q(reason=""), name="returned_for_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.conclusion} {self.get_step_display()}"
