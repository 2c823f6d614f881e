"""What cases add to an alert's page: the next step's buttons, and the records there are."""

from typing import Any

from django import template
from django.db.models import Value
from django.urls import reverse

from alerts.models import HELD_STATES, Alert, State
from alerts.states import Step, may_go
from cases.models import Conclusion, Inspection, Interview

register = template.Library()
RECORDS: dict[str, tuple[Any, str]] = {  # by the name of their page, in the order of the work
    "interview": (Interview, "电话询访"),
    "inspection": (Inspection, "实地核查"),
    "conclusion": (Conclusion, "处置报告"),
}
ORDER = {kind: place for place, kind in enumerate(RECORDS)}
DONE = {"completed", "unreached", "sealed", "approved", "cancelled"}
WITH_REPORT = (State.REVIEWING, State.CLOSED, State.MONITORING)


@register.inclusion_tag("cases/_steps.html", takes_context=True)
def case_steps(context: dict[str, Any], alert: Alert) -> dict[str, Any]:
    """The buttons of whoever handles the alert; to others, the way to its report."""
    is_mine = alert.holder_id == context["request"].user.pk and alert.state in HELD_STATES
    state = State(alert.state)
    return {
        "alert": alert,
        "csrf_token": context.get("csrf_token"),
        "may_phone": is_mine and (may_go(state, Step.PHONE) or state == State.PHONING),
        "may_check": is_mine and (may_go(state, Step.CHECK) or state == State.CHECKING),
        "may_conclude": is_mine and state == State.CONCLUDING,
        "has_report": state in WITH_REPORT,
        "is_checking": state == State.CHECKING,
        "is_phoning": state == State.PHONING,
    }


@register.inclusion_tag("cases/_records.html", takes_context=True)
def case_records(context: dict[str, Any], alert: Alert) -> dict[str, Any]:
    """The alert's interviews, inspections and conclusions, and its doubts; only what one may read."""
    user = context["request"].user
    found = [
        model.objects.visible_to(user, "read_case")
        .filter(alert=alert)
        .order_by()
        .annotate(kind=Value(kind))
        .values_list("kind", "code", "state")
        for kind, (model, _title) in RECORDS.items()
    ]
    rows = sorted(found[0].union(*found[1:], all=True), key=lambda row: (ORDER[row[0]], row[1]))
    return {"records": [_record(*row) for row in rows]}


def _record(kind: str, code: str, state: str) -> dict[str, Any]:
    model, title = RECORDS[kind]
    return {
        "title": title,
        "code": code,
        "url": reverse(f"cases:{kind}", args=[code]),
        "state": model.State(state).label,
        "is_done": state in DONE,
    }
