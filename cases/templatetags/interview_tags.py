"""What templates need to speak of telephone interviews."""

import datetime as dt

from django import template
from django.utils.html import format_html

from accounts.templatetags.ui import moment
from cases.models import Attempt, Interview

register = template.Library()
SHAPES = {
    Interview.State.PLANNED: "new",
    Interview.State.TALKING: "doing",
    Interview.State.COMPLETED: "done",
    Interview.State.UNREACHED: "warn",
}
RESULTS = dict(Attempt.Result.choices)


@register.filter
def interview_shape(state: str) -> str:
    """The class of a state's mark: dashed ring, half or filled."""
    return SHAPES.get(Interview.State(state), "") if state in Interview.State.values else ""


@register.filter
def last_call(interview: Interview) -> str:
    """How often and when it was tried, of a row with `calls`, `last_at` and `last_result`."""
    calls: int = getattr(interview, "calls", 0)
    if not calls:
        return "还没有拨打"
    result = RESULTS.get(getattr(interview, "last_result", ""), "")
    return f"第 {calls} 次 {result} · {moment(getattr(interview, 'last_at', None))}"


@register.filter
def lasted(call: Attempt | None) -> str:
    """How long a talk took."""
    if call is None or call.connected_at is None or call.ended_at is None:
        return "—"
    return spell(call.ended_at - call.connected_at)


def spell(time: dt.timedelta) -> str:
    minutes, seconds = divmod(int(time.total_seconds()), 60)
    return f"{minutes} 分 {seconds:02} 秒" if minutes else f"{seconds} 秒"


@register.filter
def difference(cartons: float | None) -> str:
    """A difference of cartons in words, as static/js/interview.js says it."""
    if cartons is None:
        return ""
    if cartons == 0:
        return "一致"
    return format_html("{} {} 条", "少" if cartons < 0 else "多", f"{abs(cartons):g}")
