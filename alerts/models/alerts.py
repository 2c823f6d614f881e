"""Alerts."""

import datetime as dt
from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse

from accounts.models import Scoped, ScopedQuerySet, User
from alerts.models.grades import Grade
from alerts.models.nights import Night
from alerts.models.rules import RuleVersion


class State(models.TextChoices):
    """Where an alert stands; alerts/states.py says which step leads where."""

    PUSHED = "pushed", "待领取"
    CLAIMED = "claimed", "已领取"
    PHONING = "phoning", "询访中"
    CHECKING = "checking", "核查中"
    CONCLUDING = "concluding", "拟定结论"
    REVIEWING = "reviewing", "待复核"
    CLOSED = "closed", "已办结"
    MONITORING = "monitoring", "持续关注"
    INVALID = "invalid", "无效"


HELD_STATES = (
    State.CLAIMED, State.PHONING, State.CHECKING, State.CONCLUDING, State.REVIEWING
)  # fmt: skip
OPEN_STATES = (State.PUSHED, *HELD_STATES)


class Outcome(models.TextChoices):
    """What an alert turned out to be."""

    NORMAL = "N", "正常"
    REMIND = "G", "一般不规范，提醒教育"
    PROVEN = "X", "违规查实"
    MONOPOLY = "Y", "移送专卖"
    DISCIPLINE = "J", "移送纪检"
    POLICE = "S", "移送公安"
    UNPROVEN = "Z", "证据不足，持续关注"


class Origin(models.TextChoices):
    """Where an alert came from."""

    NIGHT = "night", "夜间比对"
    LATE = "late", "补报数据"
    AUDIT = "audit", "随机抽查"
    PERSON = "person", "人工新建"
    TIP = "tip", "举报线索"
    COMPLAINT = "complaint", "投诉"
    SEIZURE = "seizure", "查获反馈"


GRAVITY = models.Case(
    models.When(grade=Grade.RED, then=0),
    models.When(grade=Grade.ORANGE, then=1),
    models.When(grade=Grade.YELLOW, then=2),
    default=3,
    output_field=models.IntegerField(),
)


LISTED_AT = Coalesce("revived_at", "pushed_at")


class AlertQuerySet(ScopedQuerySet["Alert"]):
    def open(self) -> Self:
        return self.filter(state__in=OPEN_STATES)

    def for_list(self) -> Self:
        return self.select_related("bureau", "holder").order_by("due_at", "-score", "pk")

    def overdue(self, *, now: dt.datetime) -> Self:
        return self.open().filter(due_at__lt=now)

    def listed_between(self, since: dt.datetime, until: dt.datetime) -> Self:
        """Those that came on the list, or back to it after a watch, from a moment up to another."""
        return self.alias(listed_at=LISTED_AT).filter(listed_at__gte=since, listed_at__lt=until)

    def open_at(self, moment: dt.datetime) -> Self:
        """Those that stood open at a moment: for now the same as `open`."""
        unended = Q(closed_at=None) | Q(closed_at__gte=moment)
        return self.alias(listed_at=LISTED_AT).filter(unended, listed_at__lt=moment)

    def ended_between(self, since: dt.datetime, until: dt.datetime) -> Self:
        """Those that left the list from a moment up to another: closed, watched, or not valid."""
        return self.filter(closed_at__gte=since, closed_at__lt=until)

    def ended_in_time(self) -> Self:
        """Those that ended by their time limit, the last moment included, or had none."""
        return self.filter(Q(conclude_by=None) | Q(closed_at__lte=F("conclude_by")))

    def matching(self, text: str) -> Self:
        """Those whose code, licence number, subject or sentence's subject contains the text."""
        hit = Q(code__contains=text) | Q(licence_no__contains=text) | Q(subject_id__contains=text)
        return self.filter(hit | Q(subject_name__icontains=text))

    def by(self, sort: str) -> Self:
        """In the order of a list's column: due, grade or score; the gravest and soonest first."""
        orders: dict[str, list[Any]] = {
            "grade": [GRAVITY, "-score", "pk"],
            "score": ["-score", "pk"],
            "new": ["-on", GRAVITY, "-score", "pk"],
        }
        soonest = [models.F("due_at").asc(nulls_last=True), GRAVITY, "-score", "pk"]
        return self.order_by(*orders.get(sort, soonest))


class Alert(Scoped):
    """A suspicion about one subject, on somebody's list, with a copy of all that shows it."""

    code = models.CharField(max_length=30, unique=True)  # YJ-450099-20261122-003
    subject_kind = models.CharField(max_length=10)
    subject_id = models.CharField(max_length=60)  # no foreign key: a retailer, sku, route ...
    subject_name = models.CharField(max_length=100, blank=True)
    licence_no = models.CharField(max_length=30, blank=True)
    route = models.CharField(max_length=40, blank=True)
    on = models.DateField()  # the order day that first raised it
    last_on = models.DateField()  # the latest night that found it again
    detector = models.CharField(max_length=50)  # the leading one; no choices
    family = models.CharField(max_length=10)
    grade = models.CharField(max_length=1, choices=Grade)
    score = models.FloatField()
    sentence = models.CharField(max_length=300)
    staff_concerned = models.BooleanField(default=False)
    link = models.CharField(max_length=80, blank=True)  # members of one proposed case share it
    link_elsewhere = models.PositiveIntegerField(default=0)  # members in other bureaus that night
    state = models.CharField(max_length=10, choices=State, default=State.PUSHED)
    holder = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    due_at = models.DateTimeField(null=True)  # of the next step
    conclude_by = models.DateTimeField(null=True)
    rule_version = models.ForeignKey(RuleVersion, models.PROTECT)
    night = models.ForeignKey(Night, models.PROTECT, null=True, related_name="alerts")
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.NIGHT)
    reference = models.CharField(max_length=60, blank=True)  # number of the tip, complaint, case
    raised_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    group = models.ForeignKey("Group", models.PROTECT, null=True, related_name="alerts")
    graded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")  # not by rule
    pushed_at = models.DateTimeField()
    revived_at = models.DateTimeField(null=True, blank=True)  # back on the list after a watch
    closed_at = models.DateTimeField(null=True, blank=True)
    causes = models.JSONField(default=list)  # codes of the innocent-cause dictionary
    note = models.CharField(max_length=500, blank=True)
    outcome = models.CharField(max_length=1, choices=Outcome, blank=True)
    watch_until = models.DateField(null=True, blank=True)  # then it comes back to the list
    picture = models.JSONField(default=dict)  # chart, peers, order, order_lines as they were then
    version = models.PositiveIntegerField(default=1)  # guards against stale writes
    objects = AlertQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["bureau", "subject_kind", "subject_id", "audience"],
                condition=Q(state__in=OPEN_STATES),
                name="one_open_alert_a_subject",
            ),
            models.CheckConstraint(
                condition=Q(night__isnull=False) | Q(raised_by__isnull=False),
                name="raised_by_a_night_or_a_person",
            ),
            models.CheckConstraint(
                condition=Q(holder__isnull=False) | ~Q(state__in=HELD_STATES),
                name="held_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.CLOSED) | (Q(closed_at__isnull=False) & ~Q(outcome="")),
                name="closed_with_an_outcome",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.MONITORING) | Q(watch_until__isnull=False),
                name="watched_until_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(state="invalid") | (Q(closed_at__isnull=False) & ~Q(causes=[])),
                name="invalid_has_a_cause",
            ),
        ]
        indexes = [
            models.Index(fields=["bureau", "state", "due_at"], name="alert_of_bureau"),
            models.Index(fields=["subject_kind", "subject_id"], name="alert_of_subject"),
        ]

    def __str__(self) -> str:
        return self.code

    def get_absolute_url(self) -> str:
        return reverse("alerts:alert", args=[self.code])

    @property
    def spark(self) -> list[float] | None:
        """The subject's last ten weeks, for lists."""
        chart = self.picture.get("chart")
        return chart["qty"][-10:] if chart else None

    def is_overdue(self, *, now: dt.datetime) -> bool:
        return self.state in OPEN_STATES and self.due_at is not None and self.due_at < now
