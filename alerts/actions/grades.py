"""A person raises or lowers an alert's grade, with a reason; red is looked at by a second person."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction

import audit.actions
from accounts.models import User
from alerts.actions.alerts import locked_alert, refuse_recused
from alerts.actions.raising import LEAST_WORDS, hurry
from alerts.detection import GRADES
from alerts.grading import higher
from alerts.models import OPEN_STATES, Alert, Grade, GradeChange
from alerts.states import Step, is_citys, right_to


def right_to_grade(alert: Alert) -> str:
    """The right to change its grade."""
    return "grade_above" if is_citys(alert) else "grade_alert"


def right_to_review(alert: Alert) -> str:
    """The right to confirm what was or became red."""
    return "review_grade_above" if is_citys(alert) else "review_grade"


@transaction.atomic
def change_grade(
    *, alert: Alert, grade: str, reason: str, by: User, now: dt.datetime, version: int | None
) -> GradeChange:
    """Give an open alert another grade. Lowering a red one waits until the reviewer confirms it.

    Raises ValidationError on a stale page, a closed alert, the same grade or too few words.
    """
    alert = locked_alert(alert)
    if alert.state not in OPEN_STATES or (version is not None and version != alert.version):
        raise ValidationError("该预警刚有变动或已办结，等级未改。请刷新页面后再试。")
    if not Alert.objects.visible_to(by, right_to_grade(alert)).filter(pk=alert.pk).exists():
        raise ValidationError("您无权调整该预警的等级。")
    refuse_recused(alert, by)
    if grade not in GRADES or grade == alert.grade:
        raise ValidationError("请选择与现在不同的等级。")
    if _needs_lead(alert, grade, by):
        raise ValidationError("橙色预警降级须由股长办理。")
    if len(reason.strip()) < LEAST_WORDS:
        raise ValidationError(f"请写明理由，至少{LEAST_WORDS}个字。")
    if alert.grade_changes.filter(is_waiting=True).exists():
        raise ValidationError("该预警已有一项降级待确认，请先由确认人处理。")
    change = GradeChange.objects.create(
        alert=alert, old=alert.grade, new=grade, reason=reason.strip()[:500], by=by, at=now,
        is_waiting=alert.grade == Grade.RED,
    )  # fmt: skip
    if not change.is_waiting:
        _apply(change, alert, now=now)
    kind = "alert.grade_asked" if change.is_waiting else "alert.graded"
    _tell(kind, change, by)
    return change


@transaction.atomic
def raise_by_record(*, alert: Alert, grade: str, reason: str, by: User, now: dt.datetime) -> Alert:
    """What a record shows makes its alert graver, never lighter; nobody has to ask for it.

    Returns the alert as it then is; unchanged where it is as grave already, or closed.
    """
    alert = locked_alert(alert)
    if alert.state not in OPEN_STATES or higher(grade, alert.grade) == alert.grade:
        return alert
    change = GradeChange.objects.create(
        alert=alert, old=alert.grade, new=grade, reason=reason[:500], by=by, at=now
    )
    _apply(change, alert, now=now)
    _tell("alert.graded", change, by)
    return alert


def one_graver(grade: str) -> str:
    """The next graver grade; red stays red."""
    return GRADES[max(0, GRADES.index(grade) - 1)]


@transaction.atomic
def review_grade(*, change: GradeChange, confirm: bool, by: User, now: dt.datetime) -> None:
    """A second person looks at a change from or to red; a waiting one now counts, or never will."""
    alert = locked_alert(change.alert)
    change = GradeChange.objects.select_for_update().get(pk=change.pk)
    if change.reviewed_at is not None:
        raise ValidationError("这次调整已经有人确认过，请刷新页面。")
    if Grade.RED not in (change.old, change.new):
        raise ValidationError("只有涉及红色的调整需要确认。")
    if change.by == by:
        raise ValidationError("不能确认自己提出的调整，请由另一人确认。")
    if not Alert.objects.visible_to(by, right_to_review(alert)).filter(pk=alert.pk).exists():
        raise ValidationError("您无权确认该预警的等级。")
    refuse_recused(alert, by)
    change.reviewed_by, change.reviewed_at, change.is_confirmed = by, now, confirm
    counts = change.is_waiting and confirm and alert.state in OPEN_STATES
    undone = not change.is_waiting and not confirm and alert.grade == change.new
    change.is_waiting = False
    change.save()
    if counts:
        _apply(change, alert, now=now)
    elif undone and alert.state in OPEN_STATES:
        alert.grade, alert.version = change.old, alert.version + 1
        alert.save(update_fields=["grade", "version"])
    _tell("alert.grade_confirmed" if confirm else "alert.grade_refused", change, by)


def _needs_lead(alert: Alert, grade: str, by: User) -> bool:
    """Who may not close an orange alert may not make a yellow one of it first."""
    if alert.grade != Grade.ORANGE or higher(grade, alert.grade) == grade:
        return False
    right = right_to(Step.DISMISS, alert)
    return not Alert.objects.visible_to(by, right).filter(pk=alert.pk).exists()


def _apply(change: GradeChange, alert: Alert, *, now: dt.datetime) -> None:
    graver = higher(change.new, change.old) == change.new
    alert.grade, alert.graded_by = change.new, change.by
    if graver:
        hurry(alert, now=now)
    alert.version += 1
    alert.save()


def _tell(kind: str, change: GradeChange, by: User) -> None:
    audit.actions.record(
        kind, subject=change.alert.code, bureau=change.alert.bureau.code, by=by.code,
        old=change.old, new=change.new, reason=change.reason,
    )  # fmt: skip
