"""Alerts, the ledger of statutory hits, the nights that made them, and the rules in force."""

import datetime as dt
from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse

from accounts.models import Bureau, Scoped, ScopedQuerySet, User


class Grade(models.TextChoices):
    RED = "红", "红色"
    ORANGE = "橙", "橙色"
    YELLOW = "黄", "黄色"
    BLUE = "蓝", "蓝色"


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


class RuleVersionQuerySet(models.QuerySet["RuleVersion"]):
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
    overrides = models.JSONField(default=dict)  # source and reason of each deviation
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    objects = RuleVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bureau", "number"], name="one_rule_version_a_number")
        ]

    def __str__(self) -> str:
        return f"v{self.number}" if self.number else "初始版本"


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

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["night", "detector", "subject_kind", "subject_id"], name="one_surprise"
            )
        ]

    def __str__(self) -> str:
        return f"{self.detector} {self.subject_id} {self.surprise:.1f}"


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
    night = models.ForeignKey(Night, models.PROTECT, related_name="alerts")
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

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["alert", "on", "detector"], name="one_reason_a_night")
        ]

    def __str__(self) -> str:
        return f"{self.detector} {self.on}"


class Sighting(models.Model):
    """One night that found the alert's subject: the one that raised it, and all folded into it."""

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="sightings")
    on = models.DateField()
    score = models.FloatField()
    grade = models.CharField(max_length=1, choices=Grade)
    detector = models.CharField(max_length=50)
    family = models.CharField(max_length=10)
    families = models.JSONField(default=list)  # those strong enough to end a cool-down
    sentence = models.CharField(max_length=300)
    listed = models.BooleanField()  # it put the alert on the list, for the first time or again

    class Meta:
        constraints = [models.UniqueConstraint(fields=["alert", "on"], name="one_sighting_a_night")]

    def __str__(self) -> str:
        return f"{self.alert} {self.on}"
