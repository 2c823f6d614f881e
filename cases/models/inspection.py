"""实地核查: what two officers found at a shop; doubts answered, stock counted, signed and sealed."""

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from accounts.models import Scoped, ScopedQuerySet, User
from alerts.models import Alert
from documents.models import StoredFile

FORM_ACTIONS = ("read_case", "write_case", "write_above")  # what an assisting officer shares


class InspectionQuerySet(ScopedQuerySet["Inspection"]):
    def visible_to(self, user: User, action: str) -> Self:
        """Those of the user's bureaus, and the forms on which the user is the second officer."""
        seen = super().visible_to(user, action)
        if action not in FORM_ACTIONS:
            return seen
        return self.filter(Q(pk__in=seen.values("pk")) | Q(second_officer=user))

    def for_list(self) -> Self:
        return self.select_related("alert", "bureau", "first_officer", "second_officer").order_by(
            "planned_at", "pk"
        )

    def open(self) -> Self:
        return self.filter(state__in=[Inspection.State.PLANNED, Inspection.State.ON_SITE])

    def sealed_between(self, since: dt.datetime, until: dt.datetime) -> Self:
        return self.filter(state=Inspection.State.SEALED, ended_at__gte=since, ended_at__lt=until)

    def open_at(self, moment: dt.datetime) -> Self:
        """Those that were planned and had not ended at a moment; cancelled ones are not counted."""
        unended = Q(ended_at=None) | Q(ended_at__gte=moment)
        return self.filter(unended, created_at__lt=moment).exclude(state=Inspection.State.CANCELLED)


class Inspection(Scoped):
    """The record of one visit. `content` has the sections of cases.sections; sealed, it is final."""

    class State(models.TextChoices):
        PLANNED = "planned", "待核查"
        ON_SITE = "on_site", "核查中"
        SEALED = "sealed", "已封存"
        CANCELLED = "cancelled", "已取消"

    class Signed(models.TextChoices):
        SIGNED = "signed", "已签字"
        REFUSED = "refused", "拒绝签字"
        UNABLE = "unable", "无法签字"
        ABSENT = "absent", "当事人不在场"

    code = models.CharField(max_length=40, unique=True)  # SDHC-450099-202611-0001
    alert = models.ForeignKey(Alert, models.PROTECT, related_name="inspections")
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    reason = models.CharField(max_length=300)
    planned_at = models.DateTimeField()
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")  # red only
    first_officer = models.ForeignKey(User, models.PROTECT, related_name="+")
    second_officer = models.ForeignKey(User, models.PROTECT, related_name="+")
    first_certificate = models.CharField(max_length=30)  # as it was when the visit was planned
    second_certificate = models.CharField(max_length=30)
    shop = models.JSONField(default=dict)  # name, licence_no, address ... of the masters that day
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    lat = models.FloatField(null=True, blank=True)
    lon = models.FloatField(null=True, blank=True)
    accuracy_m = models.FloatField(null=True, blank=True)
    content = models.JSONField(default=dict)  # section -> field -> value
    signed = models.CharField(max_length=10, choices=Signed, blank=True)
    unsigned_reason = models.CharField(max_length=300, blank=True)
    witness = models.CharField(max_length=100, blank=True)
    version = models.PositiveIntegerField(default=1)
    objects = InspectionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["alert"],
                condition=Q(state__in=["planned", "on_site"]),
                name="one_open_inspection_an_alert",
            ),
            models.CheckConstraint(
                condition=~Q(first_officer=F("second_officer"))
                & ~Q(first_certificate=F("second_certificate")),
                name="two_different_officers",
            ),
            models.CheckConstraint(
                condition=~Q(state="sealed")
                | (Q(started_at__isnull=False, ended_at__gte=F("started_at")) & ~Q(signed="")),
                name="sealed_inspection_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(signed__in=["", "signed"]) | ~Q(unsigned_reason=""),
                name="unsigned_for_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["bureau", "ended_at"], name="inspection_of_bureau")]

    def __str__(self) -> str:
        return self.code

    def get_absolute_url(self) -> str:
        return reverse("cases:inspection", args=[self.code])


class StockLine(models.Model):
    """One product counted against the books, in cartons (ten packs are one)."""

    inspection = models.ForeignKey(Inspection, models.PROTECT, related_name="stock")
    sku_id = models.CharField(max_length=40)
    sku_name = models.CharField(max_length=100)
    opening = models.FloatField(default=0)  # 期初, of the last count or as stated
    bought = models.FloatField(default=0)  # 购进, of the lake
    returned = models.FloatField(default=0)
    sold = models.FloatField(default=0)  # 销售, as stated or scanned
    counter = models.FloatField(null=True, blank=True)  # 柜台实存
    store = models.FloatField(null=True, blank=True)  # 库房实存
    codes_checked = models.PositiveIntegerField(default=0)  # 32-character codes looked at
    codes_foreign = models.PositiveIntegerField(default=0)  # of another shop
    codes_missing = models.PositiveIntegerField(default=0)
    suspect = models.BooleanField(default=False)  # perhaps not genuine
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["inspection", "sku_id"], name="one_line_a_product"),
            models.CheckConstraint(
                condition=Q(codes_foreign__lte=F("codes_checked"))
                & Q(codes_missing__lte=F("codes_checked")),
                name="codes_within_those_checked",
            ),
        ]

    def __str__(self) -> str:
        return self.sku_name

    @property
    def expected(self) -> float:
        """应存: opening + bought - returned - sold."""
        return self.opening + self.bought - self.returned - self.sold

    @property
    def counted(self) -> float | None:
        """实存: counter and store together; None before anything was counted."""
        if self.counter is None and self.store is None:
            return None
        return (self.counter or 0) + (self.store or 0)

    @property
    def difference(self) -> float | None:
        """差异: counted less expected."""
        return None if self.counted is None else round(self.counted - self.expected, 1)


class Photo(models.Model):
    """A photograph, recording, screenshot or scan taken at the visit; the original is kept."""

    class Kind(models.TextChoices):
        FRONT = "front", "门头招牌"
        LICENCE = "licence", "许可证"
        COUNTER = "counter", "柜台陈列"
        STOCK = "stock", "库存"
        CODES = "codes", "条码特写"
        ORDERING = "ordering", "订货设备与页面"
        PERSON = "person", "当事人与记录"
        CLOSED = "closed", "关门现场"
        RECORDING = "recording", "订货通话录音"
        VIDEO = "video", "见证录音录像"
        PAPER = "paper", "纸质签字件"
        OTHER = "other", "其他"

    inspection = models.ForeignKey(Inspection, models.PROTECT, related_name="photos")
    number = models.PositiveSmallIntegerField()
    uuid = models.UUIDField(unique=True)  # the device's: the same upload twice is one
    kind = models.CharField(max_length=10, choices=Kind)
    caption = models.CharField(max_length=200, blank=True)
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    taken_at = models.DateTimeField()
    taken_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    lat = models.FloatField(null=True, blank=True)
    lon = models.FloatField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["inspection", "number"], name="one_photo_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"


class Doubt(models.Model):
    """疑点: something about an alert to be explained; it travels to the visit and the conclusion."""

    alert = models.ForeignKey(Alert, models.PROTECT, related_name="doubts")
    number = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=300)
    source = models.CharField(max_length=60)  # a detector's key, an interview's code, a username
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["alert", "number"], name="one_doubt_a_number"),
            models.UniqueConstraint(fields=["alert", "source", "text"], name="one_doubt_once"),
        ]

    def __str__(self) -> str:
        return self.text


class DoubtAnswer(models.Model):
    """What was said and seen about a doubt at a visit."""

    class Finding(models.TextChoices):
        EXPLAINED = "explained", "已解释"
        UNEXPLAINED = "unexplained", "未解释"

    inspection = models.ForeignKey(Inspection, models.PROTECT, related_name="answers")
    doubt = models.ForeignKey(Doubt, models.PROTECT, related_name="answers")
    statement = models.CharField(max_length=500, blank=True)
    seen = models.CharField(max_length=500, blank=True)
    evidence = models.CharField(max_length=100, blank=True)  # photo numbers and the like
    finding = models.CharField(max_length=12, choices=Finding, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["inspection", "doubt"], name="one_answer_a_doubt")
        ]

    def __str__(self) -> str:
        return f"{self.doubt}：{self.get_finding_display()}"


class Signature(models.Model):
    """A hand drawn over the digest of the record that was read; void once the record changes."""

    class Who(models.TextChoices):
        RETAILER = "retailer", "当事人"
        FIRST = "first", "核查人一"
        SECOND = "second", "核查人二"
        WITNESS = "witness", "见证人"

    class Method(models.TextChoices):
        DRAWN = "drawn", "手写签名"
        PAPER = "paper", "纸质签名"
        TYPED = "typed", "键入姓名"

    inspection = models.ForeignKey(Inspection, models.PROTECT, related_name="signatures")
    who = models.CharField(max_length=10, choices=Who)
    name = models.TextField()  # encrypted
    method = models.CharField(max_length=10, choices=Method)
    digest = models.CharField(max_length=64)  # SHA-256 of the record's text as it was shown
    strokes = models.JSONField(default=list)  # signature_pad's points with times
    picture = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")  # whose session it was

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["inspection", "who"], name="one_signature_each")
        ]

    def __str__(self) -> str:
        return f"{self.inspection} {self.get_who_display()}"
