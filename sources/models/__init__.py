"""What upstream systems say: masters, import batches and the lake's committed versions.

Nobody edits a source record: a correction is a new row of a new batch.
"""

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from accounts.models import Bureau, Scoped, ScopedQuerySet, User
from documents.models import StoredFile
from jobs.models import Job
from sources.models.seizures import SeizedCode as SeizedCode
from sources.models.seizures import Seizure as Seizure


class BatchQuerySet(ScopedQuerySet["Batch"]):
    def newest(self) -> Self:
        return self.select_related("bureau", "file", "job", "asked_by").order_by("-pk")

    def after(self, batch: "Batch") -> Self:
        """Other files of the kind that the bureau loaded later: they may correct rows of this one."""
        later = self.filter(pk__gt=batch.pk, kind=batch.kind, bureau=batch.bureau_id)
        return later.filter(state=Batch.State.DONE).exclude(file__sha256=batch.file.sha256)


class Batch(Scoped):
    """One file's import: from upload to the committed rows, with its report."""

    class State(models.TextChoices):
        WAITING = "waiting", "等待导入"
        RUNNING = "running", "导入中"
        DONE = "done", "已导入"
        REFUSED = "refused", "未导入"

    class Origin(models.TextChoices):
        UPLOAD = "upload", "页面上传"
        COMMAND = "command", "命令行"
        FOLDER = "folder", "监控文件夹"

    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="batches")
    origin = models.CharField(max_length=10, choices=Origin)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    job = models.ForeignKey(Job, models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    kind = models.CharField(max_length=30, blank=True)
    created_at = models.DateTimeField()
    known_at = models.DateTimeField(null=True, blank=True)  # when its rows came to be known
    refusal = models.CharField(max_length=500, blank=True)  # why nothing was loaded, in Chinese
    report = models.JSONField(default=dict)  # rows, added, changed, unchanged, rejected, held, ...
    days = models.JSONField(default=dict)  # bureau code -> [first day, last day] of its facts
    objects = BatchQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="done") | Q(known_at__isnull=False), name="loaded_rows_are_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | ~Q(refusal=""), name="refusal_says_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file} {self.get_state_display()}"

    def get_absolute_url(self) -> str:
        return reverse("sources:import_batch", args=[self.pk])

    @property
    def is_given_up(self) -> bool:
        """Its job failed too often: nothing was loaded, and nobody tries again."""
        return self.job is not None and self.job.parked_at is not None

    @property
    def is_over(self) -> bool:
        return self.state in {self.State.DONE, self.State.REFUSED} or self.is_given_up


class Finding(models.Model):
    """A bad or doubtful row of a batch: where, what, why."""

    class Weight(models.TextChoices):
        REJECTED = "rejected", "未导入"
        DOUBT = "doubt", "已导入，存疑"

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="findings")
    weight = models.CharField(max_length=10, choices=Weight)
    row_no = models.PositiveBigIntegerField()
    column = models.CharField(max_length=60)
    value = models.CharField(max_length=200)
    reason = models.CharField(max_length=200)

    class Meta:
        indexes = [models.Index(fields=["batch", "weight", "row_no"], name="finding_of_batch")]

    def __str__(self) -> str:
        return f"{self.row_no} {self.reason}"


class HeldRow(models.Model):
    """A row whose parent (retailer, order, product) has not come yet; loaded when it comes."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="held_rows")
    bureau = models.ForeignKey(Bureau, models.PROTECT, related_name="+")  # where parents may be
    kind = models.CharField(max_length=30)
    parent_kind = models.CharField(max_length=30)
    parent_key = models.CharField(max_length=80)
    row_no = models.PositiveBigIntegerField()
    row_hash = models.BigIntegerField()
    row = models.JSONField()
    released_by = models.ForeignKey(Batch, models.CASCADE, null=True, related_name="released_rows")

    class Meta:
        indexes = [
            models.Index(
                fields=["parent_kind", "parent_key"],
                name="held_for_parent",
                condition=Q(released_by=None),
            ),
            models.Index(
                fields=["bureau", "kind", "row_hash"],
                name="held_already",
                condition=Q(released_by=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.row_no}"


class TableVersion(models.Model):
    """The version of a lake table that readers may open: the last step of every import."""

    table = models.CharField(max_length=30)
    bureau = models.ForeignKey(Bureau, models.PROTECT)
    version = models.BigIntegerField()
    rows = models.BigIntegerField()
    columns = models.JSONField(default=list)  # those that any import has brought
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["table", "bureau"], name="one_version_a_table")
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.bureau} v{self.version}"


class ColumnProfile(models.Model):
    """A bureau's own header for a column of a kind."""

    bureau = models.ForeignKey(Bureau, models.PROTECT, related_name="column_profiles")
    kind = models.CharField(max_length=30)
    header = models.CharField(max_length=60)
    column = models.CharField(max_length=30)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["bureau", "kind", "header"], name="one_meaning_a_header"
            )
        ]

    def __str__(self) -> str:
        return f"{self.header} = {self.column}"


class Known(models.Model):
    """What masters share: the batch and row they came from, and a hash of what it said."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+")
    row_no = models.PositiveBigIntegerField()
    row_hash = models.BigIntegerField(default=0)  # 0: not computed, so never equal

    class Meta:
        abstract = True


class RetailerQuerySet(ScopedQuerySet["Retailer"]):
    def matching(self, text: str) -> Self:
        """Those whose code, licence number or name contains the text."""
        hit = Q(code__contains=text) | Q(licence_no__contains=text) | Q(name__icontains=text)
        return self.filter(hit)


class Retailer(Scoped):
    """A licensed shop: its code and what its newest version says, for lists and search."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=100, blank=True)
    licence_no = models.CharField(max_length=30, blank=True)
    town = models.CharField(max_length=60, blank=True)
    biz_type = models.CharField(max_length=20, blank=True)
    route = models.CharField(max_length=40, blank=True)
    tier = models.IntegerField(null=True)
    status = models.CharField(max_length=20, blank=True)
    objects = RetailerQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["bureau", "code"], name="retailer_of_bureau")]

    def __str__(self) -> str:
        return self.name or self.code

    def get_absolute_url(self) -> str:
        return reverse("sources:retailer", args=[self.code])

    @property
    def retailer_id(self) -> str:
        """What the exchange format calls the code."""
        return self.code


class RetailerVersionQuerySet(models.QuerySet["RetailerVersion"]):
    def on(self, day: dt.date) -> Self:
        """The version of each retailer in force on a day (its first one for days before it)."""
        newest = RetailerVersion.objects.filter(retailer=models.OuterRef("retailer")).order_by(
            models.Case(models.When(valid_from__lte=day, then=0), default=1),
            models.Case(models.When(valid_from__lte=day, then="valid_from")).desc(),
            "valid_from",
            "-pk",
        )
        return self.filter(pk=models.Subquery(newest.values("pk")[:1]))

    def of(self, code: str, *, on: dt.date) -> "RetailerVersion | None":
        """What the sales system says of one shop on a day; None where it never named it."""
        named = self.on(on).filter(retailer__code=code)
        return named.select_related("retailer__bureau", "batch").first()


class RetailerVersion(Known):
    """What the sales system said of a retailer from a day on. Personal fields are encrypted."""

    retailer = models.ForeignKey(Retailer, models.CASCADE, related_name="versions")
    valid_from = models.DateField()
    name = models.CharField(max_length=100, blank=True)
    licence_no = models.CharField(max_length=30, blank=True)
    licensee = models.TextField(blank=True)  # encrypted
    owner_id = models.CharField(max_length=32, blank=True)  # keyed hash
    phone = models.TextField(blank=True)  # encrypted
    phone_hash = models.CharField(max_length=32, blank=True)
    phone_is_now = models.BooleanField(default=False)  # of the day of export, not of the beginning
    address = models.TextField(blank=True)  # encrypted
    town = models.CharField(max_length=60, blank=True)
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    market_type = models.CharField(max_length=20, blank=True)
    biz_type = models.CharField(max_length=20, blank=True)
    tier = models.IntegerField(null=True)
    credit_grade = models.CharField(max_length=10, blank=True)
    order_day = models.IntegerField(null=True)
    order_cycle_weeks = models.IntegerField(null=True)
    order_channel = models.CharField(max_length=20, blank=True)
    open_date = models.DateField(null=True)
    status = models.CharField(max_length=20, blank=True)
    chain_id = models.CharField(max_length=40, blank=True)
    manager_id = models.CharField(max_length=40, blank=True)
    route = models.CharField(max_length=40, blank=True)
    bound_account = models.CharField(max_length=32, blank=True)  # keyed hash
    pickup_point = models.BooleanField(null=True)
    floor_area = models.FloatField(null=True)  # square metres
    own_store = models.BooleanField(null=True)  # the company's own shop
    objects = RetailerVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["retailer", "batch", "row_no"], name="one_retailer_version_a_row"
            )
        ]

    def __str__(self) -> str:
        return f"{self.retailer} {self.valid_from}"


class Licence(Known):
    """A licence as the monopoly system has it; one a number and start of validity."""

    bureau = models.ForeignKey(Bureau, models.PROTECT)
    licence_no = models.CharField(max_length=30)
    retailer_code = models.CharField(max_length=40, db_index=True)  # may stand alone
    valid_from = models.DateField()
    valid_to = models.DateField()
    status = models.CharField(max_length=20)
    status_date = models.DateField(null=True)
    holder = models.TextField(blank=True)  # encrypted
    address = models.TextField(blank=True)  # encrypted
    known_from = models.DateField()  # the first day on which it was known so

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["licence_no", "valid_from", "batch", "row_no"],
                name="one_licence_version_a_row",
            )
        ]

    def __str__(self) -> str:
        return self.licence_no


class Sku(Known):
    """A product, one packed size. Prices in fen a carton."""

    sku_id = models.CharField(max_length=40)
    bureau = models.ForeignKey(Bureau, models.PROTECT)  # the city whose catalogue it is
    name = models.CharField(max_length=100)
    wholesale_price = models.BigIntegerField()
    price_class = models.IntegerField(null=True)
    retail_price = models.BigIntegerField(null=True)
    sticks = models.IntegerField(null=True)
    market_state = models.CharField(max_length=10, blank=True)
    is_focus = models.BooleanField(null=True)
    origin = models.CharField(max_length=20, blank=True)
    launch_date = models.DateField(null=True)
    known_from = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["bureau", "sku_id", "batch", "row_no"], name="one_sku_version_a_row"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Staff(Known):
    """A member of the industry's own staff; phone, device and account link orders to people."""

    staff_id = models.CharField(max_length=40)
    bureau = models.ForeignKey(Bureau, models.PROTECT)
    name = models.TextField(blank=True)  # encrypted
    role = models.CharField(max_length=20)
    phone = models.TextField(blank=True)  # encrypted
    phone_hash = models.CharField(max_length=32, blank=True)
    device_id = models.CharField(max_length=80, blank=True)
    account = models.CharField(max_length=32, blank=True)  # keyed hash
    certificate_no = models.CharField(max_length=40, blank=True)
    certificate_until = models.DateField(null=True)
    related_retailers = models.CharField(max_length=300, blank=True)
    known_from = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["staff_id", "batch", "row_no"], name="one_staff_version_a_row"
            )
        ]

    def __str__(self) -> str:
        return self.staff_id


class Completeness(models.Model):
    """Whether a day's required files of a bureau have come, against its last eight same weekdays."""

    bureau = models.ForeignKey(Bureau, models.PROTECT)
    day = models.DateField()
    orders = models.IntegerField()
    cartons = models.FloatField()
    usual_orders = models.FloatField(null=True)  # median of the last eight same weekdays
    usual_cartons = models.FloatField(null=True)
    is_complete = models.BooleanField()
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bureau", "day"], name="one_completeness_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.bureau} {self.day}"
