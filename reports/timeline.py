"""What happened to a report or an assessment, from the audit trail, with people by name."""

import json
from typing import Any

from accounts.models import User
from accounts.wording import EVENTS
from audit.models import Event

SHOWN = 14


def timeline_of(*codes: str) -> list[dict[str, Any]]:
    """The newest events about these codes, oldest of them first."""
    events = list(Event.objects.about(*codes).order_by("-number")[:SHOWN])[::-1]
    actors = {one.actor for one in events}
    people = User.objects.filter(username__in=actors).values_list("username", "name")
    names = dict(people) if actors - {"system"} else {}
    return [
        {
            "at": event.at,
            "who": names.get(event.actor, "系统"),
            "text": _said(event),
            "now": event is events[-1],
            "hot": event.kind in ("report.returned", "report.sent_back", "score.returned"),
        }
        for event in events
    ]


def _said(event: Event) -> str:
    details = json.loads(event.details)
    words = EVENTS.get(event.kind, event.kind)
    if event.kind == "report.edited":
        return f"编辑「{details['part']}」"
    if event.kind == "score.given":
        return f"{details['item']}：{details['score'] or '未评'}"
    if details.get("is_late"):
        return f"{words}（逾期）"
    return f"{words}：{details['reason']}" if details.get("reason") else words
