"""The steps of an alert that records of other apps cause: interview, inspection, conclusion, review."""

import datetime as dt
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction

import audit.actions
from accounts.calendar import deadline
from accounts.models import User
from alerts.actions.alerts import locked_alert, refuse_recused
from alerts.models import Alert, Outcome, State
from alerts.states import BY_THE_HOLDER, CLOCKS, TRANSITIONS, Step, may_go

SAID = {
    Step.PHONE: "alert.phoning",
    Step.CHECK: "alert.checking",
    Step.CONCLUDE: "alert.concluding",
    Step.SUBMIT: "alert.submitted",
    Step.RETURN: "alert.returned",
    Step.CLOSE: "alert.closed",
    Step.WATCH: "alert.watched",
}


@transaction.atomic
def advance_alert(*, alert: Alert, step: Step, by: User, now: dt.datetime) -> Alert:
    """Take an alert one step on. The holder's steps are the holder's; the others the caller's to check.

    Raises ValidationError where the state table has no such step or `by` should not handle it.
    """
    alert = _ready(alert, step, by)
    (alert.state,) = TRANSITIONS[State(alert.state), step]
    alert.due_at = _due(alert, now=now)
    return _saved(alert, step, by)


@dataclass(frozen=True)
class Ending:
    """What an alert turned out to be: codes of alerts.causes; Z is watched until a day."""

    outcome: Outcome
    causes: list[str]
    note: str
    watch_until: dt.date | None = None


@transaction.atomic
def close_alert(*, alert: Alert, ending: Ending, by: User, now: dt.datetime) -> Alert:
    """End an alert with what it turned out to be; what could not be proven is watched until a day."""
    step = Step.WATCH if ending.outcome == Outcome.UNPROVEN else Step.CLOSE
    alert = _ready(alert, step, by)
    (alert.state,) = TRANSITIONS[State(alert.state), step]
    alert.outcome, alert.causes = ending.outcome, sorted(set(ending.causes))
    alert.note, alert.watch_until, alert.closed_at = ending.note[:500], ending.watch_until, now
    return _saved(alert, step, by)


@transaction.atomic
def revive_watched(*, today: dt.date, now: dt.datetime) -> int:
    """Put alerts whose watching has ended back on the list. Returns how many.

    Where a newer open alert speaks of the same subject, that one is enough: the old one is closed.
    """
    watched = Alert.objects.select_for_update(of=("self",)).select_related("bureau")
    ended = watched.filter(state=State.MONITORING, watch_until__lte=today).order_by("pk")
    revived = 0
    for alert in ended:
        newer = Alert.objects.open().filter(
            bureau=alert.bureau,
            subject_kind=alert.subject_kind,
            subject_id=alert.subject_id,
            audience=alert.audience,
        )
        if newer.exists():
            alert.state, alert.watch_until = State.CLOSED, None
        else:
            alert.state, alert.holder, alert.outcome = State.PUSHED, None, ""
            alert.closed_at = alert.watch_until = None
            alert.revived_at = now
            alert.due_at = _due(alert, now=now)
            alert.conclude_by = deadline(
                "alert.conclude", grade=alert.grade, start=now, bureau=alert.bureau
            )
            revived += 1
        alert.version += 1
        alert.save()
        kind = "alert.revived" if alert.state == State.PUSHED else "alert.replaced"
        audit.actions.record(kind, subject=alert.code, bureau=alert.bureau.code, by="system")
    return revived


def _ready(alert: Alert, step: Step, by: User) -> Alert:
    alert = locked_alert(alert)
    if not may_go(alert.state, step):
        words = alert.get_state_display()
        raise ValidationError(f"该预警现为“{words}”，不能办理这一步。请刷新页面。")
    if step in BY_THE_HOLDER and alert.holder != by:
        raise ValidationError(f"该预警由{alert.holder}办理，只能由本人继续。")
    refuse_recused(alert, by)
    return alert


def _due(alert: Alert, *, now: dt.datetime) -> dt.datetime | None:
    """When the state the alert is in must be left: its own clock, never after the conclusion's."""
    what = CLOCKS.get(State(alert.state), "")
    own = deadline(what, grade=alert.grade, start=now, bureau=alert.bureau)
    if what == "alert.conclude" or own is None:
        return alert.conclude_by or own
    return own


def _saved(alert: Alert, step: Step, by: User) -> Alert:
    alert.version += 1
    alert.save()
    details = {"outcome": alert.outcome, "causes": alert.causes} if alert.outcome else {}
    audit.actions.record(
        SAID[step], subject=alert.code, bureau=alert.bureau.code, by=by.code, **details
    )
    return alert
