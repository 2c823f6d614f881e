"""What waits for a person's decision, besides alerts: for the navigation and the morning board."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Audience, Bureau, User
from alerts.models import Alert, Exemption, Flood, GradeChange, Group, Task, Watch


@dataclass(frozen=True)
class Decision:
    """A line of the board's card, and the page where it is decided."""

    text: str
    view: str
    icon: str


DECISIONS = {
    "alerts:floods": Decision("规则异常，等待处理", "alerts:floods", "alert-triangle"),
    "alerts:grade": Decision("红色降级，等待确认", "alerts:grade", "arrows-sort"),
    "alerts:exemptions": Decision("豁免，等待审批", "alerts:exemptions", "eye-off"),
    "alerts:groups": Decision("建议并案，等待决定", "alerts:groups", "topology-star"),
    "alerts:key_shops": Decision("分类监管，应复评", "alerts:key_shops", "flag"),
    "alerts:tasks": Decision("检查任务，已逾期", "alerts:tasks", "clipboard-check"),
    "ending": Decision("豁免，七天内到期", "alerts:exemptions", "hourglass"),
}
SOON = dt.timedelta(days=7)
CITYS = ~Q(audience=Audience.EVERYONE) | ~Q(bureau__level=Bureau.Level.COUNTY)
Rows = QuerySet[Any, Any]


def floods(user: User) -> Rows:
    return Flood.objects.visible_to(user, "decide_flood").filter(state=Flood.State.PARKED)


def exemptions(user: User) -> Rows:
    """Those asked for by others that the user may approve."""
    above = CITYS | Q(alert__grade="红")
    county = Exemption.objects.visible_to(user, "exempt").exclude(above)
    city = Exemption.objects.visible_to(user, "exempt_above").filter(above)
    asked = Q(pk__in=county.values("pk")) | Q(pk__in=city.values("pk"))
    return Exemption.objects.filter(asked, state=Exemption.State.WAITING).exclude(made_by=user)


def ending(user: User, today: dt.date) -> Rows:
    """Exemptions that end within a week."""
    seen = Exemption.objects.visible_to(user, "read_alert")
    return seen.filter(state=Exemption.State.APPROVED, until__gte=today, until__lte=today + SOON)


def grades(user: User) -> Rows:
    """Alerts of which somebody asked to lower red, for those who confirm that."""
    county = Alert.objects.visible_to(user, "review_grade").exclude(CITYS)
    city = Alert.objects.visible_to(user, "review_grade_above").filter(CITYS)
    asked = Q(alert__in=county.values("pk")) | Q(alert__in=city.values("pk"))
    return GradeChange.objects.filter(asked, is_waiting=True).exclude(by=user)


def groups(user: User) -> Rows:
    county = Group.objects.visible_to(user, "claim_alert").exclude(CITYS)
    city = Group.objects.visible_to(user, "claim_above").filter(CITYS)
    asked = Q(pk__in=county.values("pk")) | Q(pk__in=city.values("pk"))
    return Group.objects.filter(asked, state=Group.State.PROPOSED)


def watches(user: User, today: dt.date) -> Rows:
    return Watch.objects.visible_to(user, "supervise").due(on=today)


def tasks(user: User, now: dt.datetime) -> Rows:
    """Checks of classified supervision whose time is over."""
    mine = Task.objects.visible_to(user, "supervise")
    return mine.filter(state=Task.State.OPEN, due_at__lt=now)


def number(rows: Rows) -> Coalesce:
    """How many, as an expression of an enclosing query."""
    counted = rows.order_by().values(all=Value(1)).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


def first_code(rows: Rows) -> Subquery:
    """The alert of the oldest grade that waits."""
    return Subquery(rows.order_by("at", "pk").annotate(code=F("alert__code")).values("code")[:1])


def all_of(user: User, now: dt.datetime) -> dict[str, dict[str, Any]]:
    """View name (or a name of its own) -> what to count; only what the user may decide."""
    today = timezone.localdate(now)
    found: dict[str, dict[str, Any]] = {}
    if user.may("decide_flood"):
        found["alerts:floods"] = {"count": number(floods(user))}
    if user.may("exempt") or user.may("exempt_above"):
        found["alerts:exemptions"] = {"count": number(exemptions(user))}
    if user.may("review_grade") or user.may("review_grade_above"):
        waiting = grades(user)
        found["alerts:grade"] = {"count": number(waiting), "code": first_code(waiting)}
    if user.may("claim_alert") or user.may("claim_above"):
        found["alerts:groups"] = {"count": number(groups(user))}
        found["ending"] = {"count": number(ending(user, today))}
    if user.may("supervise"):
        late = number(tasks(user, now))
        found["alerts:key_shops"] = {"count": number(watches(user, today)), "late": late}
        found["alerts:tasks"] = {"count": late}
    return found
