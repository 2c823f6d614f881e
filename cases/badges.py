"""A person's own open interviews and visits, beside the navigation's entries."""

import datetime as dt
from typing import Any

from django.db.models import Count, Q, QuerySet, Value
from django.db.models.functions import JSONObject

from accounts.context import badges
from accounts.models import User
from cases.models import Inspection, Interview


@badges
def open_interviews(user: User, now: dt.datetime) -> QuerySet[Any, Any]:
    mine = Interview.objects.visible_to(user, "read_case").open().filter(interviewer=user)
    return _counted(mine, "cases:interviews", now)


@badges
def open_visits(user: User, now: dt.datetime) -> QuerySet[Any, Any]:
    officer = Q(first_officer=user) | Q(second_officer=user)
    mine = Inspection.objects.visible_to(user, "read_case").open().filter(officer)
    return _counted(mine, "cases:inspections", now)


def _counted(rows: QuerySet[Any, Any], view: str, now: dt.datetime) -> QuerySet[Any, Any]:
    late = Count("pk", filter=Q(alert__due_at__lt=now))
    found = JSONObject(**{view: JSONObject(count=Count("pk"), late=late)})
    counted: QuerySet[Any, Any] = (
        rows.order_by().values(all=Value(1)).annotate(found=found).values("found")
    )
    return counted
