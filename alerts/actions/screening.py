"""The six steps by which a product's alert becomes a clue, ticked off one by one.

A tick is an event of the audit trail and nothing else: who did which step and when.
"""

import json

from django.core.exceptions import ValidationError
from django.db import transaction

import audit.actions
from accounts.models import User
from alerts.actions.alerts import locked_alert
from alerts.models import OPEN_STATES, Alert
from audit.models import Event

PRINCIPLES = (
    "排除新品引进、到货不均、节假日",
    "确认是否及时发现",
    "批零倒挂或已有外流的列为重点",
    "按品牌、区域、线路曲线定位突增",
    "从总量异常的订单中挑重点规格突增户",
    "从均价异常的订单中挑偏远、低档户",
)
DONE, UNDONE = "alert.screened", "alert.unscreened"


@transaction.atomic
def screen_alert(*, alert: Alert, step: int, done: bool, by: User) -> None:
    """Tick a step (1 to 6) of a product's alert off, or take that back. Only its holder may."""
    alert = locked_alert(alert)
    if alert.subject_kind != "sku" or not 1 <= step <= len(PRINCIPLES):
        raise ValidationError("没有这一步筛查。")
    if alert.state not in OPEN_STATES:
        raise ValidationError("该预警已办结，请刷新页面。")
    if alert.holder != by:
        raise ValidationError("请先领取预警，由领取人逐步筛查。")
    if (step in screened(alert)) == done:
        return  # asked twice
    audit.actions.record(
        DONE if done else UNDONE, subject=alert.code, bureau=alert.bureau.code, by=by.code,
        step=step, title=PRINCIPLES[step - 1],
    )  # fmt: skip


def screened(alert: Alert) -> dict[int, Event]:
    """The steps that are ticked off, each with the event that tells by whom."""
    ticks: dict[int, Event] = {}
    for event in Event.objects.about(alert.code).filter(kind__in=(DONE, UNDONE)):
        step = json.loads(event.details)["step"]
        if event.kind == DONE:
            ticks[step] = event
        else:
            ticks.pop(step, None)
    return ticks
