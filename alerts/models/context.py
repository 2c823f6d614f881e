"""What people know about the world: exemptions with proof, and events that explain a jump."""

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import F, Q

from accounts.models import Scoped, ScopedQuerySet, User
from alerts.models.grades import Grade
from documents.models import StoredFile


class ExemptionQuerySet(ScopedQuerySet["Exemption"]):
    def in_force(self, *, on: dt.date) -> Self:
        """Those approved that cover a day and have not ended before it."""
        return self.filter(
            Q(ended_on=None) | Q(ended_on__gt=on),
            state__in=("approved", "ended", "expired"),
            since__lte=on,
            until__gte=on,
        )

    def lapsed(self, *, on: dt.date) -> Self:
        """Those live whose last day is before a day."""
        return self.filter(state__in=("waiting", "approved"), until__lt=on)

    def with_counts(self) -> Self:
        """Each with `times`: how often it kept its rule's finding off the list."""
        return self.annotate(times=models.Count("kept_off"))

    def by_urgency(self, *, today: dt.date, soon: dt.date) -> Self:
        """What waits first, then what ends by `soon`, what is in force, and the rest."""
        urgency = models.Case(
            models.When(state="waiting", until__gte=today, then=0),
            models.When(state="approved", until__gte=today, until__lte=soon, then=1),
            models.When(state="approved", until__gte=today, then=2),
            default=3,
            output_field=models.IntegerField(),
        )
        return self.order_by(urgency, "until", "-pk")


class Exemption(Scoped):
    """One detector is silent about one subject until a day: with a reason and a proof."""

    class State(models.TextChoices):
        WAITING = "waiting", "待审批"
        APPROVED = "approved", "有效"
        REFUSED = "refused", "已退回"
        ENDED = "ended", "已终止"
        EXPIRED = "expired", "已到期"

    subject_kind = models.CharField(max_length=10)
    subject_id = models.CharField(max_length=60)
    subject_name = models.CharField(max_length=100, blank=True)
    detector = models.CharField(max_length=50)
    other_id = models.CharField(max_length=60, blank=True)  # of a pair: only what joins these two
    cause = models.CharField(max_length=3)  # code of alerts.causes.CAUSES
    note = models.CharField(max_length=500)
    proof = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")
    alert = models.ForeignKey("Alert", models.PROTECT, null=True, related_name="exemptions")
    size = models.FloatField()  # the deviation it was granted at; twice that ends it
    floor = models.CharField(max_length=1, choices=Grade, blank=True)  # of the facts at the grant
    since = models.DateField()
    until = models.DateField()  # its last day, at most 90 days on
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(max_length=500, blank=True)
    ended_on = models.DateField(null=True, blank=True)  # the first night it no longer counts
    ended_why = models.CharField(max_length=300, blank=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    objects = ExemptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(until__gte=F("since")), name="an_exemption_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("made_by")),
                name="exempted_by_a_second_person",
            ),
            models.UniqueConstraint(
                fields=[
                    "bureau",
                    "audience",
                    "subject_kind",
                    "subject_id",
                    "detector",
                    "other_id",
                ],
                condition=Q(state__in=("waiting", "approved")),
                name="one_live_exemption",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.detector} {self.subject_id} {self.until}"

    def state_on(self, today: dt.date) -> State:
        """Where it stands that day, also before the night has ended what lapsed."""
        live = self.state in (self.State.WAITING, self.State.APPROVED)
        return self.State.EXPIRED if live and self.until < today else self.State(self.state)


class MarketEvent(Scoped):
    """Something that lets orders rise or fall innocently: a market day, a new product, a festival."""

    class Kind(models.TextChoices):
        FAIR = "fair", "圩日、集市"
        FESTIVAL = "festival", "节日"
        PRODUCT = "product", "新品上市"
        PRICE = "price", "价格调整"
        SUPPLY = "supply", "集中到货"
        WORKS = "works", "工地、厂矿开工"
        TOURISM = "tourism", "旅游旺季、大型活动"
        OTHER = "other", "其他"

    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=100)
    first = models.DateField()
    last = models.DateField()
    every_days = models.PositiveSmallIntegerField(null=True, blank=True)  # repeats: 圩日 every 3
    towns = models.JSONField(default=list)  # none: the whole bureau
    sku_ids = models.JSONField(default=list)  # none: all products
    note = models.CharField(max_length=500, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)
    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(last__gte=F("first")), name="an_event_ends_after"),
        ]

    def __str__(self) -> str:
        return self.name
