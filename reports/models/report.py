"""月度报告: the draft that people write, what was submitted of it, and the city's marks."""

import datetime as dt
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from accounts.models import Bureau, Scoped, ScopedQuerySet, User
from reports import months


class MonthlyReportQuerySet(ScopedQuerySet["MonthlyReport"]):
    def for_list(self) -> Self:
        return self.select_related("bureau").order_by("-month", "bureau__code", "pk")

    def owed(self) -> Self:
        """Those that the county still has to hand in, or to hand in again."""
        return self.filter(state__in=WITH_THE_COUNTY)

    def waiting_for_city(self) -> Self:
        return self.filter(state=MonthlyReport.State.SUBMITTED)


class MonthlyReport(Scoped):
    """One county's report of one month while it is written. What was submitted is a Submission.

    `parts`: key of reports.parts -> {"value", "version", "by", "at"}, each saved by itself. A value
    is a text; for the plan rows of {"matter", "who", "until"}; for self-scores item -> points.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "起草中"
        RETURNED = "returned", "市局退回"
        REVIEWING = "reviewing", "待股长审核"
        SIGNING = "signing", "待分管领导签发"
        SUBMITTED = "submitted", "已报市局"
        RECEIVED = "received", "市局已签收"

    code = models.CharField(max_length=40, unique=True)  # YDBG-451423-202611
    month = models.DateField()  # its first day
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    due_at = models.DateTimeField(null=True)  # kept up to date until it is submitted
    parts = models.JSONField(default=dict)
    sent_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    writers = models.ManyToManyField(User, related_name="+")
    return_reason = models.CharField(max_length=500, blank=True)  # of the last return, by anybody
    created_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)  # counts the steps from state to state
    objects = MonthlyReportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bureau", "month"], name="one_report_a_month"),
            models.CheckConstraint(condition=Q(month__day=1), name="report_of_a_whole_month"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "returned"]) | Q(sent_by__isnull=False),
                name="report_was_sent_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=models.F("sent_by")),
                name="nobody_approves_his_own_report",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def get_absolute_url(self) -> str:
        return reverse("reports:report", args=[months.written(self.month), self.bureau.code])

    @property
    def month_text(self) -> str:
        """The month as addresses have it: 2026-11."""
        return months.written(self.month)

    @property
    def title(self) -> str:
        """What stands above it: 龙江县局 2026 年 11 月内管工作报告."""
        return f"{self.bureau.name} {months.title(self.month)}内管工作报告"

    @property
    def is_open(self) -> bool:
        """Whether its text may be changed."""
        return self.state in (self.State.DRAFT, self.State.RETURNED)

    @property
    def is_final(self) -> bool:
        """Whether what is shown is what was submitted."""
        return self.state in (self.State.SUBMITTED, self.State.RECEIVED)

    def text_of(self, key: str) -> str:
        """The narrative of a section, or the note."""
        return str(self.parts.get(key, {}).get("value", ""))

    @property
    def plan(self) -> list[dict[str, str]]:
        """Next month's work: matter, who, until."""
        return list(self.parts.get("plan", {}).get("value", []))

    @property
    def self_scores(self) -> dict[str, str]:
        """自评: the number of an item of the sheet -> points, both as text."""
        return dict(self.parts.get("self", {}).get("value", {}))

    def version_of(self, key: str) -> int:
        """How often a part was saved; 0 before the first time."""
        return int(self.parts.get(key, {}).get("version", 0))

    def is_late(self, *, now: dt.datetime) -> bool:
        """Whether it should have been submitted by now and was not."""
        owed = self.state in WITH_THE_COUNTY
        return owed and self.due_at is not None and now > self.due_at


WITH_THE_COUNTY = (
    MonthlyReport.State.DRAFT, MonthlyReport.State.RETURNED,
    MonthlyReport.State.REVIEWING, MonthlyReport.State.SIGNING,
)  # fmt: skip


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def newest(self) -> Self:
        return self.select_related("by").order_by("-number")


class Submission(models.Model):
    """A report as it was handed in: canonical JSON as text, with its digest. Only ever inserted."""

    report = models.ForeignKey(MonthlyReport, models.PROTECT, related_name="submissions")
    bureau = models.ForeignKey(Bureau, models.PROTECT, related_name="+")  # for the second wall
    number = models.PositiveSmallIntegerField()  # 1; 2 and on after a return
    text = models.TextField()
    sha256 = models.CharField(max_length=64)  # of the text in UTF-8
    due_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    is_late = models.BooleanField()
    objects = SubmissionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["report", "number"], name="one_submission_a_number"),
            models.CheckConstraint(
                condition=Q(due_at=None, is_late=False)
                | Q(is_late=False, submitted_at__lte=models.F("due_at"))
                | Q(is_late=True, submitted_at__gt=models.F("due_at")),
                name="late_is_after_the_deadline",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report} 第{self.number}次"

    @property
    def code(self) -> str:
        """What the audit trail calls it."""
        return f"{self.report.code}-{self.number}"

    @property
    def late_days(self) -> int:
        """How many days late, begun days counted whole; 0 in time."""
        if self.due_at is None or not self.is_late:
            return 0
        return -((self.due_at - self.submitted_at) // dt.timedelta(days=1))


class Remark(models.Model):
    """批注: the city's mark on a section or a figure of what was submitted. Only ever inserted."""

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="remarks")
    bureau = models.ForeignKey(Bureau, models.PROTECT, related_name="+")  # for the second wall
    target = models.CharField(max_length=60)  # a section's key, a figure's key, or "" for all
    text = models.CharField(max_length=500)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="remark_says_something")]

    def __str__(self) -> str:
        return self.text


Content = dict[str, Any]  # what reports.content makes of a report, and a submission keeps
