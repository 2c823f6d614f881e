"""What cases add to an alert's page: the next step's buttons, and the records there are."""

from typing import Any

from django import template

from alerts.models import HELD_STATES, Alert, State
from alerts.states import Step, may_go
from cases.models import Conclusion, Inspection, Interview

register = template.Library()
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
    records = [
        *Interview.objects.visible_to(user, "read_case").filter(alert=alert).order_by("pk"),
        *Inspection.objects.visible_to(user, "read_case").filter(alert=alert).order_by("pk"),
        *Conclusion.objects.visible_to(user, "read_case").filter(alert=alert).order_by("pk"),
    ]
    return {"records": [_record(one) for one in records]}


def _record(one: Interview | Inspection | Conclusion) -> dict[str, Any]:
    titles = {Interview: "电话询访", Inspection: "实地核查", Conclusion: "处置报告"}
    done = {"completed", "unreached", "sealed", "approved", "cancelled"}
    return {
        "title": titles[type(one)],
        "code": one.code,
        "url": one.get_absolute_url(),
        "state": one.get_state_display(),
        "is_done": one.state in done,
    }
