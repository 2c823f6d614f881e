"""电话询访: one talk with a retailer about an alert, with every attempt to reach them."""

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from accounts.models import Scoped, ScopedQuerySet, User
from alerts.models import Alert
from documents.models import StoredFile

LOCKED_AFTER = dt.timedelta(hours=24)  # from completion; the database refuses changes from then on


class InterviewQuerySet(ScopedQuerySet["Interview"]):
    def for_list(self) -> Self:
        return self.select_related("alert", "bureau", "interviewer").order_by(
            "alert__due_at", "created_at", "pk"
        )

    def with_calls(self) -> Self:
        """Each with `calls` (how many), and `last_at` and `last_result` of the last one."""
        last = Attempt.objects.filter(interview=models.OuterRef("pk")).order_by("-number")
        return self.annotate(
            calls=models.Count("attempts"),
            last_at=models.Subquery(last.values("dialled_at")[:1]),
            last_result=models.Subquery(last.values("result")[:1]),
        )

    def matching(self, text: str) -> Self:
        """Those whose code, or whose shop's name or licence number, contains the text."""
        hit = Q(code__contains=text) | Q(alert__subject_name__icontains=text)
        return self.filter(hit | Q(alert__licence_no__contains=text))

    def open(self) -> Self:
        return self.filter(state__in=[Interview.State.PLANNED, Interview.State.TALKING])

    def completed(self) -> Self:
        return self.filter(state=Interview.State.COMPLETED)

    def ended_between(self, since: dt.datetime, until: dt.datetime) -> Self:
        """Those that ended, talked to or not reached, from a moment up to another."""
        return self.filter(ended_at__gte=since, ended_at__lt=until)

    def open_at(self, moment: dt.datetime) -> Self:
        """Those that were asked for and had not ended at a moment."""
        return self.filter(Q(ended_at=None) | Q(ended_at__gte=moment), created_at__lt=moment)


class Interview(Scoped):
    """The record of one telephone interview. `answers` has the keys of cases.questions."""

    class State(models.TextChoices):
        PLANNED = "planned", "待询访"
        TALKING = "talking", "询访中"
        COMPLETED = "completed", "已完成"
        UNREACHED = "unreached", "联系不上"

    class Relation(models.TextChoices):
        SELF = "self", "本人"
        SPOUSE = "spouse", "配偶"
        PARENT = "parent", "父母"
        CHILD = "child", "子女"
        CLERK = "clerk", "店员"
        OTHER = "other", "其他"

    class Identity(models.TextChoices):
        NUMBER = "number", "证号后四位"
        SHOP = "shop", "店名地址"
        VOICE = "voice", "声音"

    class Credibility(models.TextChoices):
        HIGH = "high", "高"
        MIDDLE = "middle", "中"
        LOW = "low", "低"

    class Result(models.TextChoices):
        REASONABLE = "reasonable", "解释合理"
        VISIT = "visit", "需实地核查"
        CLUE = "clue", "发现违规线索"

    code = models.CharField(max_length=40, unique=True)  # DHXF-450099-202611-0001
    alert = models.ForeignKey(Alert, models.PROTECT, related_name="interviews")
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    interviewer = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    order = models.JSONField(default=dict)  # the order asked about: order_id, day
    interviewee = models.TextField(blank=True)  # encrypted
    relation = models.CharField(max_length=10, choices=Relation, blank=True)
    identity = models.CharField(max_length=10, choices=Identity, blank=True)
    told_recording = models.BooleanField(default=False)
    script_version = models.CharField(max_length=20, blank=True)  # cases.questions.VERSION
    stated_on = models.DateField(null=True, blank=True)  # the last order as they said by themselves
    stated_qty = models.FloatField(null=True, blank=True)  # cartons
    statement = models.TextField(blank=True)
    stated_at = models.DateTimeField(
        null=True, blank=True
    )  # only then are ordered quantities shown
    answers = models.JSONField(default=dict)
    contradictions = models.JSONField(default=list)  # sentences, made at completion
    doubts = models.TextField(blank=True)
    credibility = models.CharField(max_length=10, choices=Credibility, blank=True)
    result = models.CharField(max_length=10, choices=Result, blank=True)
    recording = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    objects = InterviewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["alert"],
                condition=Q(state__in=["planned", "talking"]),
                name="one_open_interview_an_alert",
            ),
            models.CheckConstraint(
                condition=~Q(state="completed")
                | (Q(ended_at__isnull=False, stated_at__isnull=False) & ~Q(result="")),
                name="completed_interview_is_whole",
            ),
        ]
        indexes = [models.Index(fields=["bureau", "ended_at"], name="interview_of_bureau")]

    def __str__(self) -> str:
        return self.code

    def get_absolute_url(self) -> str:
        return reverse("cases:interview", args=[self.code])

    def is_locked(self, *, now: dt.datetime) -> bool:
        """Whether the record may no longer be changed, only supplemented."""
        return self.ended_at is not None and now >= self.ended_at + LOCKED_AFTER


class Attempt(models.Model):
    """One call: when, to which kind of number, and what came of it."""

    class Source(models.TextChoices):
        ORDERING = "ordering", "订货电话"
        LICENCE = "licence", "证件电话"
        OTHER = "other", "其他"

    class Result(models.TextChoices):
        REACHED = "reached", "接通"
        NO_ANSWER = "no_answer", "无人接"
        OFF = "off", "关机"
        DEAD = "dead", "空号"
        SUSPENDED = "suspended", "停机"
        REFUSED = "refused", "拒绝"
        STRANGER = "stranger", "非本人"

    interview = models.ForeignKey(Interview, models.PROTECT, related_name="attempts")
    number = models.PositiveSmallIntegerField()  # 1, 2, 3 ...
    source = models.CharField(max_length=10, choices=Source)
    phone = models.CharField(max_length=20)  # masked
    dialled_at = models.DateTimeField()
    connected_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    result = models.CharField(max_length=10, choices=Result)
    is_callback = models.BooleanField(default=False)  # the retailer called; any hour will do
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["interview", "number"], name="one_attempt_a_number"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=models.F("dialled_at")),
                name="attempt_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(is_callback=False) | ~Q(note=""), name="callback_has_a_note"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.interview} {self.number}"


class InterviewItem(models.Model):
    """One product of the order asked about, and how much of it they say they received (cartons)."""

    interview = models.ForeignKey(Interview, models.PROTECT, related_name="items")
    sku_id = models.CharField(max_length=40)
    sku_name = models.CharField(max_length=100)
    ordered = models.FloatField()
    received = models.FloatField(null=True, blank=True)  # null: not asked yet

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["interview", "sku_id"], name="one_item_a_product")
        ]

    def __str__(self) -> str:
        return self.sku_name

    @property
    def difference(self) -> float | None:
        """Received less ordered, cartons."""
        return None if self.received is None else self.received - self.ordered
