"""What people do with an alert: claim it, give it back, close it as in order, undo that."""

import datetime as dt
from collections.abc import Iterable, Sequence

from django.core.exceptions import ValidationError
from django.db import transaction

import audit.actions
from accounts.calendar import deadline
from accounts.models import User
from alerts.causes import CAUSES
from alerts.models import OPEN_STATES, Alert, State
from alerts.states import UNDO_WITHIN, Step, may_go, right_to
from audit.models import Event
from sources.models import Staff

LEAST_NOTE = 10  # characters
OTHER = "N99"
REFUSALS = {
    "dismiss_red": "红色预警和涉及人员的预警须经市局排除。",
    "dismiss_orange": "橙色预警须由股长排除。",
}


@transaction.atomic
def claim_alert(*, alert: Alert, by: User, now: dt.datetime, version: int | None = None) -> Alert:
    """Take an alert on. Raises ValidationError if somebody was faster, or by should not handle it.

    `version`: that of the page on which it was decided; None where the newest will do.
    """
    alert = locked_alert(alert)
    if alert.state == State.CLAIMED and alert.holder == by:
        return alert  # asked twice
    _check(Step.CLAIM, alert, by=by, version=version)
    refuse_recused(alert, by)
    alert.state, alert.holder = State.CLAIMED, by
    alert.due_at = deadline("alert.phone", grade=alert.grade, start=now, bureau=alert.bureau)
    _save(alert, "alert.claimed", by)
    return alert


@transaction.atomic
def claim_alerts(*, alerts: Iterable[Alert], by: User, now: dt.datetime) -> tuple[int, list[str]]:
    """Take on those of them that can be. Returns how many, and why the others could not."""
    claimed, refused = 0, []
    for alert in sorted(alerts, key=lambda one: one.pk):  # always locked in the same order
        try:
            claim_alert(alert=alert, by=by, now=now)
        except ValidationError as error:
            refused.append(f"{alert.code}：{''.join(error.messages)}")
        else:
            claimed += 1
    return claimed, refused


@transaction.atomic
def release_alert(*, alert: Alert, by: User, now: dt.datetime, version: int | None = None) -> Alert:
    """Give an alert back to the list."""
    alert = locked_alert(alert)
    if alert.state == State.PUSHED:
        return alert
    _check(Step.RELEASE, alert, by=by, version=version)
    if alert.holder != by:
        raise ValidationError(f"该预警由{alert.holder}领取，只能由本人退回。")
    alert.state, alert.holder = State.PUSHED, None
    alert.due_at = deadline("alert.claim", grade=alert.grade, start=now, bureau=alert.bureau)
    _save(alert, "alert.released", by)
    return alert


@transaction.atomic
def dismiss_alert(
    *,
    alert: Alert,
    causes: Sequence[str],
    note: str,
    by: User,
    now: dt.datetime,
    version: int | None = None,
) -> Alert:
    """Close an alert as in order, with causes of the dictionary and a note of ten characters."""
    alert = locked_alert(alert)
    _check(Step.DISMISS, alert, by=by, version=version)
    if alert.state == State.CLAIMED and right_to(Step.DISMISS, alert) == "dismiss_alert":
        _refuse_others(alert, by)
    refuse_recused(alert, by)
    _check_grounds(causes, note)
    alert.state, alert.closed_at = State.INVALID, now
    alert.causes, alert.note = sorted(set(causes)), note.strip()
    _save(alert, "alert.dismissed", by, causes=alert.causes, note=alert.note, grade=alert.grade)
    return alert


@transaction.atomic
def reopen_alert(*, alert: Alert, by: User, now: dt.datetime) -> Alert:
    """Undo one's own dismissal within ten minutes: the alert stands where it stood before."""
    alert = locked_alert(alert)
    _check(Step.REOPEN, alert, by=by, version=None)
    closer = _closer(alert)
    if closer != by.code or alert.closed_at is None or now - alert.closed_at > UNDO_WITHIN:
        minutes = int(UNDO_WITHIN.total_seconds() // 60)
        raise ValidationError(f"只能由排除人在{minutes}分钟内撤销。")
    same = Alert.objects.open().filter(
        bureau=alert.bureau,
        subject_kind=alert.subject_kind,
        subject_id=alert.subject_id,
        audience=alert.audience,
    )
    if same.exists():
        raise ValidationError("该对象已有新的预警，不能撤销。")
    alert.state = State.CLAIMED if alert.holder else State.PUSHED
    alert.closed_at, alert.causes, alert.note = None, [], ""
    _save(alert, "alert.reopened", by)
    return alert


def may(step: Step, alert: Alert, by: User) -> bool:
    """Whether this person may take the step with this alert, in its present state."""
    allowed = Alert.objects.visible_to(by, right_to(step, alert)).filter(pk=alert.pk)
    return may_go(alert.state, step) and allowed.exists()


def locked_alert(alert: Alert) -> Alert:
    """The row as it is once nobody else changes it; joined rows would be those of before."""
    return Alert.objects.select_for_update().get(pk=alert.pk)


def _check(step: Step, alert: Alert, *, by: User, version: int | None) -> None:
    """Refuse what the state table, the rights or a stale page do not allow."""
    if not may_go(alert.state, step) or (version is not None and version != alert.version):
        raise ValidationError(_what_happened(alert))
    right = right_to(step, alert)
    if not Alert.objects.visible_to(by, right).filter(pk=alert.pk).exists():
        raise ValidationError(REFUSALS.get(right, "您无权办理该预警。"))


def _what_happened(alert: Alert) -> str:
    """Why a step came too late."""
    if alert.state == State.CLAIMED:
        return f"该预警已由{alert.holder}领取，请刷新页面。"
    if alert.state in OPEN_STATES:
        return "该预警刚有变动，请刷新页面后再办理。"
    return "该预警已办结，请刷新页面。"


def _refuse_others(alert: Alert, by: User) -> None:
    if alert.holder != by and not Alert.objects.visible_to(by, "dismiss_orange").filter(
        pk=alert.pk
    ):
        raise ValidationError(f"该预警由{alert.holder}领取，请由本人或股长办理。")


def refuse_recused(alert: Alert, by: User) -> None:
    """A declared relative's shop, or oneself, is somebody else's to look into (回避)."""
    if not by.certificate_no:
        return
    mine = Staff.objects.filter(certificate_no=by.certificate_no)
    named = [alert.subject_id, alert.subject_name]
    for person in mine.order_by("pk"):
        declared = person.related_retailers.replace("；", ";").replace("，", ";").split(";")
        if person.staff_id == alert.subject_id or {one.strip() for one in declared} & set(named):
            raise ValidationError("您与该对象有申报的亲属或本人关系，应当回避。")


def _check_grounds(causes: Sequence[str], note: str) -> None:
    if not causes or not set(causes) <= set(CAUSES):
        raise ValidationError("请至少选择一项排除原因。")
    if len(note.strip()) < LEAST_NOTE:
        raise ValidationError(f"请写明核实情况，至少{LEAST_NOTE}个字。")


def _closer(alert: Alert) -> str:
    """Who dismissed it last, by the audit trail."""
    events = Event.objects.about(alert.code).filter(kind="alert.dismissed")
    last = events.last()
    return last.actor if last else ""


def _save(alert: Alert, kind: str, by: User, **details: str | list[str]) -> None:
    """Write the step: the version moves on, the audit trail hears of it last."""
    alert.version += 1
    alert.save(
        update_fields=["state", "holder", "due_at", "closed_at", "causes", "note", "version"]
    )
    audit.actions.record(kind, subject=alert.code, bureau=alert.bureau.code, by=by.code, **details)
