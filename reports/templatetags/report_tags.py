"""What templates need to speak of reports and scores."""

import datetime as dt
from decimal import Decimal

from django import template
from django.urls import reverse

from accounts.templatetags.ui import moment
from reports import months

register = template.Library()

REPORT_SHAPES = {
    "draft": "new", "returned": "warn", "reviewing": "doing", "signing": "doing",
    "submitted": "doing", "received": "done",
}  # fmt: skip
SCORE_SHAPES = {"draft": "doing", "scored": "doing", "confirmed": "done", "published": "done"}
PAGES = {
    "YJ-": "alerts:alert",
    "DHXF-": "cases:interview",
    "SDHC-": "cases:inspection",
    "CZBG-": "cases:conclusion",
}


@register.filter
def report_shape(state: str) -> str:
    """The class of a report's state mark."""
    return REPORT_SHAPES.get(state, "new")


@register.filter
def score_shape(state: str) -> str:
    """The class of an assessment's state mark."""
    return SCORE_SHAPES.get(state, "new")


@register.filter
def last_day(due_at: dt.datetime | None) -> dt.date | None:
    """The day at whose end something is due."""
    if due_at is None:
        return None
    return months.local(due_at - dt.timedelta(microseconds=1)).date()


@register.filter
def as_moment(text: str) -> dt.datetime:
    """A moment that a report keeps as text."""
    return dt.datetime.fromisoformat(text)


@register.filter
def until_moment(at: dt.datetime) -> str:
    """A moment up to which something was counted: midnight is the day before at 24:00."""
    local = months.local(at)
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        day = local.date() - months.ONE_DAY
        return f"{day.month} 月 {day.day} 日 24:00"
    return str(moment(at))


@register.filter
def points(value: Decimal | None) -> str:
    """Points without a needless decimal, — for none."""
    return "—" if value is None else f"{value:.1f}".removesuffix(".0")


@register.filter
def points_value(value: Decimal | str | None) -> str:
    """Points as a field shows them: what was typed, or nothing."""
    if value is None or value == "":
        return ""
    return points(value) if isinstance(value, Decimal) else str(value)


@register.filter
def minus(whole: int, part: int) -> int:
    return whole - part


@register.filter
def record_url(code: str) -> str:
    """The page of a record, by its code."""
    for prefix, page in PAGES.items():
        if code.startswith(prefix):
            return reverse(page, args=[code])
    return ""
