"""What waits, as numbers beside the navigation's entries."""

import datetime as dt
from typing import Any

from django.db.models import Count, Q, QuerySet, Value
from django.db.models.functions import JSONObject

from accounts.context import badges
from accounts.models import User
from alerts import waiting
from alerts.models import Alert


@badges
def open_alerts(user: User, now: dt.datetime) -> QuerySet[Any, Any]:
    """All open alerts that the user sees; and those held by nobody else, as the board counts them."""
    seen = Alert.objects.visible_to(user, "read_alert").open()
    waiting = Q(holder=None) | Q(holder=user)
    late = Count("pk", filter=waiting & Q(due_at__lt=now))
    found = JSONObject(
        **{
            "alerts:board": JSONObject(count=Count("pk", filter=waiting), late=late),
            "alerts:alerts": JSONObject(count=Count("pk")),
        }
    )
    return seen.order_by().values(all=Value(1)).annotate(found=found).values("found")


@badges
def decisions(user: User, now: dt.datetime) -> QuerySet[Any, Any]:
    """What waits for the user's decision: parked rules, exemptions, grades, cases, reviews."""
    asked = {name: JSONObject(**what) for name, what in waiting.all_of(user, now).items()}
    return User.objects.filter(pk=user.pk).annotate(found=JSONObject(**asked)).values("found")
