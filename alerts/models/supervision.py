"""Classified supervision: the policy table, the shops under closer watch, and the tasks it opens."""

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import Q

from accounts.models import Bureau, Scoped, ScopedQuerySet, User


class Measure(models.TextChoices):
    """How closely a shop is watched, the lightest first."""

    ROUTINE = "routine", "日常监管"
    KEY = "key", "重点监管"
    SPECIAL = "special", "专项检查"


class SupervisionRule(models.Model):
    """One line of a city's policy: so many of a kind within a time lead to a measure."""

    class Unit(models.TextChoices):
        DAYS_30 = "30d", "近30天"
        DAYS_90 = "90d", "近90天"
        MONTHS_6 = "6m", "近6个月"
        MONTHS_12 = "12m", "近12个月"

    bureau = models.ForeignKey(Bureau, models.PROTECT)  # the city
    what = models.CharField(
        max_length=40
    )  # "alert:LINK", "grade:红", "outcome:X", "buyer:month" ...
    number = models.PositiveIntegerField()
    unit = models.CharField(max_length=5, choices=Unit)
    measure = models.CharField(max_length=10, choices=Measure)
    review_days = models.PositiveSmallIntegerField(default=90)  # until somebody looks again
    source = models.CharField(max_length=200, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["bureau", "what", "unit", "measure"],
                condition=Q(ended_at=None),
                name="one_supervision_rule",
            )
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.number} {self.unit}"


class WatchQuerySet(ScopedQuerySet["Watch"]):
    def open(self) -> Self:
        return self.filter(released_on=None)

    def due(self, *, on: dt.date) -> Self:
        """Those that should be reviewed by a day."""
        return self.open().filter(review_on__lte=on)


class Watch(Scoped):
    """A shop on the list of key shops (重点户) or the ledger of big buyers (大户台账)."""

    class Book(models.TextChoices):
        KEY = "key", "重点户名单"
        BUYER = "buyer", "大户台账"

    book = models.CharField(max_length=10, choices=Book)
    retailer_id = models.CharField(max_length=60)
    retailer_name = models.CharField(max_length=100, blank=True)
    licence_no = models.CharField(max_length=30, blank=True)
    measure = models.CharField(max_length=10, choices=Measure)
    reason = models.CharField(max_length=300)  # one sentence with numbers
    facts = models.JSONField(default=dict)  # those numbers; alert codes where alerts led to it
    since = models.DateField()
    review_on = models.DateField()
    review_days = models.PositiveSmallIntegerField(default=90)  # from one review to the next
    reviewed_on = models.DateField(null=True, blank=True)
    released_on = models.DateField(null=True, blank=True)
    released_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=500, blank=True)
    made_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+"
    )  # null: the rules
    made_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)
    objects = WatchQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["bureau", "book", "retailer_id"],
                condition=Q(released_on=None),
                name="one_open_watch",
            )
        ]

    def __str__(self) -> str:
        return f"{self.retailer_id} {self.book}"


class Task(Scoped):
    """A check that supervision asks for: a 专项检查 of a key shop, a quarter's visit to a big buyer."""

    class State(models.TextChoices):
        OPEN = "open", "待办"
        DONE = "done", "已完成"
        DROPPED = "dropped", "已取消"

    watch = models.ForeignKey(Watch, models.PROTECT, related_name="tasks")
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    done_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    done_at = models.DateTimeField(null=True, blank=True)
    result = models.CharField(max_length=1000, blank=True)
    alert = models.ForeignKey("Alert", models.PROTECT, null=True, related_name="tasks")  # it led to
    version = models.PositiveIntegerField(default=1)
    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["watch"], condition=Q(state="open"), name="one_open_task_a_watch"
            )
        ]

    def __str__(self) -> str:
        return self.title
