"""What templates need to speak of alerts: grade, state, deadline, sparkline, a retailer's alerts."""

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

from django import template
from django.urls import reverse
from django.utils import timezone

from accounts.templatetags.ui import WEEKDAYS
from alerts.causes import CAUSES, VIOLATIONS
from alerts.detection import FAMILIES
from alerts.models import Alert, Grade, MarketEvent, State, Watch
from alerts.naming import code_of, title_of
from alerts.proposing import AFTER, AHEAD, may_explain, propose_causes
from alerts.waiting import DECISIONS
from sources.models import Retailer

register = template.Library()

TONES = {Grade.RED: "red", Grade.ORANGE: "orange", Grade.YELLOW: "yellow", Grade.BLUE: "blue"}
DONE = (State.CLOSED, State.MONITORING, State.INVALID)
SHAPES = {State.PUSHED: "new", **dict.fromkeys(DONE, "done")}
WIDTH, HEIGHT, MARGIN = 84, 22, 4  # of the sparkline, px


@register.filter
def tone(grade: str) -> str:
    """The class of a grade's colour: 红 is red."""
    return TONES.get(Grade(grade), "blue") if grade in Grade.values else ""


register.filter("detector_title", title_of)
register.filter("detector_code", code_of)


@register.filter
def family_title(family: str) -> str:
    return FAMILIES.get(family, family)


@register.filter
def cause_title(code: str) -> str:
    return CAUSES.get(code, code)


@register.filter
def cause_titles(codes: Sequence[str]) -> str:
    """The innocent causes in words."""
    return "、".join((CAUSES | VIOLATIONS).get(code, code) for code in codes)


@register.filter
def points(text: str) -> list[str]:
    """The clauses of a text that counts its points: 一、…；二、… — the page numbers them itself."""
    clauses = text.strip("。").split("；")
    return [re.sub(r"^[一二三四五六七八九]、", "", clause) for clause in clauses if clause]


@register.filter
def shape(state: str) -> str:
    """The class of a state's mark: dashed ring, half or filled."""
    return SHAPES.get(State(state), "doing") if state in State.values else "doing"


def due_words(due_at: dt.datetime, *, now: dt.datetime) -> tuple[str, str]:
    """The deadline in words, and its tone: late, soon (under 24 hours) or nothing.

    A day's deadline ends at 24:00, which is stored as the next day's 00:00 and said as 24:00.
    """
    left = due_at - now
    if left < dt.timedelta(0):
        hours = int(-left.total_seconds() // 3600)
        late = f"{hours // 24} 天" if hours >= 24 else f"{max(hours, 1)} 小时"
        return f"逾期 {late}", "late"
    if left < dt.timedelta(days=1):
        minutes = int(left.total_seconds() // 60)
        return f"剩 {minutes // 60} 小时 {minutes % 60} 分", "soon"
    return moment_due(due_at, now=now), ""


def moment_due(due_at: dt.datetime, *, now: dt.datetime) -> str:
    """A deadline as day and hour: 今日, 明日, a weekday within six days, else the date."""
    local = timezone.localtime(due_at)
    hour = f"{local:%H:%M}"
    if hour == "00:00":
        local, hour = local - dt.timedelta(days=1), "24:00"
    days = (local.date() - timezone.localdate(now)).days
    if days in (0, 1):
        return f"{('今日', '明日')[days]} {hour}"
    if 1 < days < 7:
        return f"周{WEEKDAYS[local.weekday()]} {hour}"
    return f"{local.month} 月 {local.day} 日 {hour}"


@register.inclusion_tag("components/due.html")
def due(due_at: dt.datetime | None, state: str = "") -> dict[str, Any]:
    """The time left for an open alert; nothing for a closed one."""
    if due_at is None or state in DONE:
        return {}
    now = timezone.now()
    words, tone_ = due_words(due_at, now=now)
    return {"words": words, "tone": tone_, "until": moment_due(due_at, now=now)}


@register.inclusion_tag("components/spark.html")
def spark(values: Sequence[float] | None) -> dict[str, Any]:
    """A small line of the last weeks, drawn here; the last point is marked."""
    if not values or len(values) < 2:
        return {}
    top = max(max(values), 1)
    step = (WIDTH - 2 * MARGIN) / (len(values) - 1)
    points = [
        (
            round(MARGIN + i * step, 1),
            round(HEIGHT - MARGIN - value / top * (HEIGHT - 2 * MARGIN), 1),
        )
        for i, value in enumerate(values)
    ]
    line = " ".join(f"{x},{y}" for x, y in points)
    return {"points": line, "x": points[-1][0], "y": points[-1][1]}


@register.simple_tag(takes_context=True)
def retailer_alerts(context: template.Context, code: str) -> list[Alert]:
    """The alerts about one shop that the reader may see, newest first: `sources` cannot ask."""
    seen = Alert.objects.visible_to(context["request"].user, "read_alert").defer("picture")
    found = seen.filter(subject_kind="retailer", subject_id=code)
    return list(found.order_by("-on", "-pk")[:20])


@register.filter
def alert_marks(alerts: Sequence[Alert]) -> list[dict[str, str]]:
    """Where the 52-week chart of a shop carries its alerts: Monday of the week, and the tone."""
    mondays = [(alert, alert.on - dt.timedelta(days=alert.on.weekday())) for alert in alerts]
    return [{"week": f"{monday:%y-%m-%d}", "tone": tone(alert.grade)} for alert, monday in mondays]


@register.inclusion_tag("alerts/_new_link.html", takes_context=True)
def new_alert_link(context: template.Context, code: str) -> dict[str, Any]:
    """A button that raises an alert about a shop, for those who may: `sources` cannot link to it."""
    user = context["request"].user
    return {"code": code, "may": user.may("raise_alert") or user.may("raise_above")}


@register.inclusion_tag("alerts/_watch_tags.html", takes_context=True)
def watch_tags(context: template.Context, code: str) -> dict[str, Any]:
    """The lists of classified supervision that a shop stands on, each leading to its record."""
    seen = Watch.objects.visible_to(context["request"].user, "read_alert").open()
    return {"watches": seen.filter(retailer_id=code).order_by("book")}


@register.inclusion_tag("alerts/_waiting.html")
def waiting_lines(badges: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What waits for the reader's decision besides alerts: only what there is any of."""
    lines = [(DECISIONS[name], badges.get(name, {})) for name in DECISIONS]
    return {
        "lines": [
            {
                "text": one.text,
                "icon": one.icon,
                "count": asked["count"],
                "url": reverse(one.view, args=[asked["code"]] if "code" in asked else []),
            }
            for one, asked in lines
            if asked.get("count")
        ]
    }


@register.inclusion_tag("alerts/_proposals.html", takes_context=True)
def proposed_causes(context: template.Context, alert: Alert) -> dict[str, Any]:
    """What the calendar of market events suggests for an alert."""
    if not may_explain(alert):
        return {"proposals": []}
    user = context["request"].user
    shops = Retailer.objects.visible_to(user, "read_alert").filter(code=alert.subject_id)
    events = MarketEvent.objects.visible_to(user, "read_alert").filter(
        bureau=alert.bureau_id,
        removed_at=None,
        last__gte=alert.on - AFTER,
        first__lte=alert.on + AHEAD,
    )
    town = shops.values_list("town", flat=True).first() or ""
    return {"proposals": propose_causes(alert, events, town=town)}
