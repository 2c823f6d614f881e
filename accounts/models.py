"""Who, at which bureau, and who may see what."""

from collections.abc import Collection
from functools import cached_property
from typing import Self, TypeVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q
from django.db.models.functions import Now, TruncDate

from accounts.permissions import MAY, Reach, Role


class BureauQuerySet(models.QuerySet["Bureau"]):
    def counties(self) -> Self:
        return self.filter(level=Bureau.Level.COUNTY).order_by("code")


class Bureau(models.Model):
    """A bureau of the tree state > province > city > county, by administrative code."""

    class Level(models.TextChoices):
        STATE = "state", "国家局"
        PROVINCE = "province", "省局"
        CITY = "city", "市局"
        COUNTY = "county", "县局"

    class ReportPolicy(models.TextChoices):
        ADVANCE = "advance", "提前到节前最后一个工作日"
        POSTPONE = "postpone", "顺延到节后第一个工作日"

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    level = models.CharField(max_length=10, choices=Level)
    path = models.CharField(
        max_length=200, unique=True
    )  # "/45/4514/451423/": a prefix is a subtree
    office_hours = models.CharField(max_length=40, default="08:30-12:00 14:30-17:30")
    report_policy = models.CharField(
        max_length=10, choices=ReportPolicy, default=ReportPolicy.ADVANCE
    )
    objects = BureauQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(path__endswith="/"), name="path_ends_in_a_slash")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def city(self) -> "Bureau":
        """The city that the bureau belongs to, or itself above the counties."""
        if self.level == self.Level.COUNTY and self.parent is not None:
            return self.parent
        return self


class UserQuerySet(models.QuerySet["User"]):
    def managed_by(self, administrator: "User") -> Self:
        """Those assigned in the administrator's bureaus, and those assigned nowhere yet."""
        within = Assignment.objects.current().filter(
            bureau__in=scope(administrator, "manage_users")
        )
        anywhere = Assignment.objects.current()
        return self.filter(Q(pk__in=within.values("user")) | ~Q(pk__in=anywhere.values("user")))

    def posted_at(self, bureau: Bureau, roles: Collection[Role]) -> Self:
        """Those who hold one of these roles at a bureau itself, today."""
        held = Assignment.objects.current().filter(bureau=bureau, role__in=roles)
        return self.filter(pk__in=held.values("user"), is_active=True).order_by("pk")


class UserManager(BaseUserManager["User"]):
    """Django's authentication asks for it; users are made by accounts.actions."""

    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def posted_at(self, bureau: Bureau, roles: Collection[Role]) -> UserQuerySet:
        return self.get_queryset().posted_at(bureau, roles)

    def managed_by(self, administrator: "User") -> UserQuerySet:
        return self.get_queryset().managed_by(administrator)


class User(AbstractBaseUser):
    """A person who logs in. Rights come from assignments only; nobody is superuser."""

    username = models.CharField(max_length=50, unique=True)
    name = models.CharField(max_length=50)
    certificate_no = models.CharField(max_length=30, blank=True)
    certificate_until = models.DateField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)
    password_changed_at = models.DateTimeField(null=True, blank=True)
    single_keys = models.BooleanField(default=True)  # J, K, X ... on lists
    objects = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def code(self) -> str:
        """What the audit trail calls this person."""
        return self.username

    @property
    def must_change_password(self) -> bool:
        """Whether the password is still the one that somebody else gave."""
        return self.password_changed_at is None and not self.is_demo

    @cached_property
    def posts(self) -> list["Assignment"]:
        """The assignments in force, by the database's calendar: asked once, a request long."""
        held = Assignment.objects.current().filter(user_id=self.pk, user__is_active=True)
        return list(held.select_related("bureau").order_by("bureau__path", "pk"))

    def may(self, action: str) -> bool:
        """Whether the user may do it anywhere at all, today."""
        return any(post.role in MAY[action].roles for post in self.posts)

    def may_at(self, action: str, bureau: Bureau) -> bool:
        """Whether the user may do it at this bureau, today: what `scope` says, for one bureau."""
        right = MAY[action]
        return any(
            post.bureau_id == bureau.pk
            or (right.reach is Reach.DOWN and bureau.path.startswith(post.bureau.path))
            for post in self.posts
            if post.role in right.roles
        )


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def current(self) -> Self:
        """Those in force today, by the database's calendar."""
        today = TruncDate(Now())
        return self.filter(since__lte=today).exclude(until__lt=today)


class Assignment(models.Model):
    """A role of a user at a bureau, for a time."""

    user = models.ForeignKey(User, models.PROTECT, related_name="assignments")
    bureau = models.ForeignKey(Bureau, models.PROTECT)
    role = models.CharField(max_length=30, choices=Role)
    since = models.DateField()
    until = models.DateField(null=True, blank=True)
    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "bureau", "role", "since"], name="assigned_once"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")),
                name="assignment_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.get_role_display()} {self.bureau}"


def scope(user: User, action: str) -> models.QuerySet[Bureau]:
    """The bureaus where the user may do the action today, by the database's calendar.

    Reading reaches down the tree; writing stays at the bureau of the assignment.
    """
    right = MAY[action]
    held = Assignment.objects.current().filter(
        user_id=user.pk, user__is_active=True, role__in=right.roles
    )
    if right.reach is Reach.OWN:
        return Bureau.objects.filter(pk__in=held.values("bureau"))
    place = ExpressionWrapper(OuterRef("path"), output_field=models.CharField())
    above = held.annotate(place=place).filter(place__startswith=F("bureau__path"))
    return Bureau.objects.filter(Exists(above))


class Audience(models.TextChoices):
    """Who of those in scope may see a row."""

    EVERYONE = "everyone", "范围内全部人员"
    ABOVE = "above", "市局与纪检"
    NAMED = "named", "指定经办人"


class Scoped(models.Model):
    """A row that belongs to a bureau and may be hidden from some of its people."""

    bureau = models.ForeignKey(Bureau, models.PROTECT)
    audience = models.CharField(max_length=10, choices=Audience, default=Audience.EVERYONE)
    named = models.ManyToManyField(User, blank=True, related_name="+")

    class Meta:
        abstract = True


Row = TypeVar("Row", bound=Scoped)


class ScopedQuerySet(models.QuerySet[Row]):
    def visible_to(self, user: User, action: str) -> Self:
        """The one door: rows of the user's bureaus whose audience the user belongs to."""
        mine = self.model._default_manager.filter(named=user).values("pk")
        within = Q(bureau__in=scope(user, action))
        seen = within & (Q(audience=Audience.EVERYONE) | Q(pk__in=mine))
        hidden = Q(audience=Audience.ABOVE, bureau__in=scope(user, "see_hidden"))
        return self.filter(seen | (hidden if action.startswith("read_") else hidden & within))


class Holiday(models.Model):
    """A day off or a make-up working day, for all or for one bureau's subtree; else Mon-Fri work."""

    on = models.DateField()
    is_working = models.BooleanField()
    name = models.CharField(max_length=50)
    bureau = models.ForeignKey(Bureau, models.PROTECT, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["on", "bureau"], name="one_holiday_a_day", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.name}"


class DeadlineRule(models.Model):
    """How long something may take (the table of clocks); data, so a bureau may change it."""

    class Unit(models.TextChoices):
        OFFICE_HOURS = "office_hours", "工作小时"
        HOURS = "hours", "小时"
        WORKING_DAYS = "working_days", "个工作日"
        DAY_OF_MONTH = "day_of_month", "日（当月）"
        WEEKLY = "weekly", "每周批次"

    what = models.CharField(max_length=50)  # "alert.claim", "alert.phone", "report.monthly" ...
    grade = models.CharField(max_length=1, blank=True)
    unit = models.CharField(max_length=20, choices=Unit)
    amount = models.PositiveSmallIntegerField()
    bureau = models.ForeignKey(Bureau, models.PROTECT, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["what", "grade", "bureau"], name="one_deadline_rule", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.what}{self.grade}"


class NoticeQuerySet(models.QuerySet["Notice"]):
    def unread(self, user: User) -> Self:
        return self.filter(user=user, read_at=None)


class Notice(models.Model):
    """A sentence for one user with a link: shown in the top bar until read."""

    user = models.ForeignKey(User, models.CASCADE, related_name="notices")
    key = models.CharField(max_length=120)  # what it is about: sent once however often asked
    text = models.CharField(max_length=200)
    url = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True, blank=True)
    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="notified_once")]

    def __str__(self) -> str:
        return self.text
