"""月度考核: the city's score of a county's month, item by item, with the ground of every point."""

from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from accounts.models import Scoped, ScopedQuerySet, User, scope
from reports import months
from reports.models.report import MonthlyReport

SCORING = ("score_report", "confirm_score")  # rights of those who see scores that are not out yet


class AssessmentQuerySet(ScopedQuerySet["Assessment"]):
    def visible_to(self, user: User, action: str) -> Self:
        """Those of the user's bureaus; before they are published, only the city's scorers see them."""
        seen = super().visible_to(user, action)
        if action != "read_score":
            return seen
        at_work = scope(user, SCORING[0]) | scope(user, SCORING[1])
        return seen.filter(Q(state=Assessment.State.PUBLISHED) | Q(bureau__in=at_work))

    def for_list(self) -> Self:
        return self.select_related("bureau", "scorer", "confirmer").order_by(
            "-month", "bureau__code", "pk"
        )

    def published(self) -> Self:
        return self.filter(state=Assessment.State.PUBLISHED)


class Assessment(Scoped):
    """One county's month on the score sheet. Published, it is final."""

    class State(models.TextChoices):
        DRAFT = "draft", "评分中"
        SCORED = "scored", "待确认"
        CONFIRMED = "confirmed", "已确认"
        PUBLISHED = "published", "已公布"

    code = models.CharField(max_length=40, unique=True)  # YDKH-451423-202611
    month = models.DateField()  # its first day
    report = models.OneToOneField(MonthlyReport, models.PROTECT, related_name="assessment")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    sheet_version = models.PositiveSmallIntegerField()  # of reports.sheet, as it was at the start
    scorer = models.ForeignKey(User, models.PROTECT, related_name="+")
    confirmer = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    bonus = models.DecimalField(max_digits=4, decimal_places=1, default=Decimal(0))
    bonus_reason = models.CharField(max_length=300, blank=True)
    veto_reason = models.CharField(max_length=300, blank=True)  # 一票否决: the month counts 0
    comment = models.TextField(blank=True)  # 总评
    return_reason = models.CharField(max_length=300, blank=True)  # of the second person's return
    total = models.DecimalField(max_digits=5, decimal_places=1, null=True)
    created_at = models.DateTimeField()
    scored_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    objects = AssessmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bureau", "month"], name="one_assessment_a_month"),
            models.CheckConstraint(
                condition=Q(confirmer=None) | ~Q(confirmer=F("scorer")),
                name="a_second_person_confirms",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "scored"])
                | (Q(confirmer__isnull=False, total__isnull=False)),
                name="confirmed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(bonus=0) | ~Q(bonus_reason=""), name="bonus_has_a_reason"
            ),
            models.CheckConstraint(condition=Q(bonus__gte=0), name="bonus_adds"),
        ]

    def __str__(self) -> str:
        return self.code

    def get_absolute_url(self) -> str:
        return reverse("reports:score", args=[months.written(self.month), self.bureau.code])

    @property
    def month_text(self) -> str:
        """The month as addresses have it: 2026-11."""
        return months.written(self.month)

    @property
    def is_vetoed(self) -> bool:
        return bool(self.veto_reason)


class AssessmentItem(models.Model):
    """One row of the sheet: 标准分, 自评, 系统建议分, 市局评分, 理由, 终评."""

    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="items")
    number = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=50)
    standard = models.DecimalField(max_digits=4, decimal_places=1)
    self_score = models.DecimalField(max_digits=4, decimal_places=1, null=True)
    suggested = models.DecimalField(max_digits=4, decimal_places=1)
    basis = models.TextField()  # why the suggestion is what it is
    codes = models.JSONField(default=list)  # records that the basis speaks of
    score = models.DecimalField(max_digits=4, decimal_places=1, null=True)
    reason = models.CharField(max_length=300, blank=True)
    final = models.DecimalField(max_digits=4, decimal_places=1, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assessment", "number"], name="one_item_a_number"),
            models.CheckConstraint(
                condition=Q(score=None) | Q(score__gte=0, score__lte=F("standard")),
                name="score_within_the_standard",
            ),
            models.CheckConstraint(
                condition=Q(score=None) | Q(score=F("suggested")) | ~Q(reason=""),
                name="another_score_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(suggested__gte=0, suggested__lte=F("standard")),
                name="suggested_within_the_standard",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assessment} {self.number}"
