"""The calendar's proposals for an alert's page, fetched with the alert itself: no query of their own."""

import datetime as dt
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef
from django.db.models.functions import JSONObject

from accounts.models import User
from alerts.models import Alert, MarketEvent
from alerts.proposing import AFTER, AHEAD, Proposal, propose_causes

MOST = 50
NAMES = ("id", "kind", "name", "first", "last", "every_days", "towns", "sku_ids")


def events_near(user: User) -> ArraySubquery:
    """For `annotate`: the events about each alert's order day that the reader may see."""
    seen = MarketEvent.objects.visible_to(user, "read_alert").filter(
        bureau=OuterRef("bureau"),
        removed_at=None,
        last__gte=OuterRef("on") - AFTER,
        first__lte=OuterRef("on") + AHEAD,
    )
    told = JSONObject(**{name: F(name) for name in NAMES})
    return ArraySubquery(seen.order_by("-last", "-pk").values(told=told)[:MOST])


def proposals_of(alert: Alert, events: list[dict[str, Any]], *, town: str) -> list[Proposal]:
    return propose_causes(alert, map(_event, events), town=town)


def _event(told: dict[str, Any]) -> MarketEvent:
    days = {name: dt.date.fromisoformat(told[name]) for name in ("first", "last")}
    return MarketEvent(**{**told, **days})
