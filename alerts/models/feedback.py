"""What closed alerts teach: proposed weights, and shops drawn at random to see what is missed."""

from django.db import models

from accounts.models import Scoped, ScopedQuerySet, User
from alerts.models.rules import RuleChange


class Lesson(Scoped):
    """A table of new weights from a city's closed alerts, adopted by a person or left."""

    until = models.DateField()  # closed before this day
    rows = models.JSONField()  # detector, closed, confirmed, posterior, interval, old, new ...
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    change = models.OneToOneField(RuleChange, models.PROTECT, null=True, related_name="lesson")
    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bureau", "until"], name="one_lesson_a_day")]

    def __str__(self) -> str:
        return f"{self.bureau} {self.until}"


class Draw(Scoped):
    """Shops of a county without alerts, drawn for a week so that anybody can draw them again."""

    week_start = models.DateField()
    seed = models.CharField(max_length=80)
    pool = models.PositiveIntegerField()  # shops that could have been drawn
    pool_sha256 = models.CharField(max_length=64)  # of their sorted codes
    codes = models.JSONField(default=list)  # these codes; none of draws before they were kept
    made_at = models.DateTimeField()
    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bureau", "week_start"], name="one_draw_a_week")
        ]

    def __str__(self) -> str:
        return f"{self.bureau} {self.week_start}"


class DrawnShop(models.Model):
    """One of them, and what somebody found there."""

    class Result(models.TextChoices):
        NORMAL = "normal", "未见异常"
        DOUBT = "doubt", "有疑点，已新建预警"
        UNREACHED = "unreached", "未联系上"

    draw = models.ForeignKey(Draw, models.CASCADE, related_name="shops")
    place = models.PositiveSmallIntegerField()
    retailer_id = models.CharField(max_length=60)
    retailer_name = models.CharField(max_length=100, blank=True)
    result = models.CharField(max_length=10, choices=Result, blank=True)
    note = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(null=True, blank=True)
    alert = models.ForeignKey("Alert", models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["draw", "place"], name="one_shop_a_place"),
            models.UniqueConstraint(fields=["draw", "retailer_id"], name="one_draw_of_a_shop"),
        ]

    def __str__(self) -> str:
        return self.retailer_id
