"""Where an alert may go next, who may send it there, and for how long a step can be undone."""

import datetime as dt
import enum

from accounts.models import Audience, Bureau, Scoped
from alerts.models import Alert, Grade, State


class Step(enum.StrEnum):
    """What people do with an alert."""

    CLAIM = "claim"
    RELEASE = "release"
    DISMISS = "dismiss"
    REOPEN = "reopen"
    PHONE = "phone"
    CHECK = "check"
    CONCLUDE = "conclude"
    SUBMIT = "submit"
    RETURN = "return"
    CLOSE = "close"
    WATCH = "watch"
    REVIVE = "revive"


TRANSITIONS: dict[tuple[State, Step], tuple[State, ...]] = {
    (State.PUSHED, Step.CLAIM): (State.CLAIMED,),
    (State.CLAIMED, Step.RELEASE): (State.PUSHED,),
    (State.PUSHED, Step.DISMISS): (State.INVALID,),
    (State.CLAIMED, Step.DISMISS): (State.INVALID,),
    (State.INVALID, Step.REOPEN): (State.PUSHED, State.CLAIMED),  # as it was before
    (State.CLAIMED, Step.PHONE): (State.PHONING,),
    (State.CLAIMED, Step.CHECK): (State.CHECKING,),
    (State.PHONING, Step.CHECK): (State.CHECKING,),
    (State.PHONING, Step.CONCLUDE): (State.CONCLUDING,),
    (State.CHECKING, Step.CONCLUDE): (State.CONCLUDING,),
    (State.CONCLUDING, Step.CHECK): (State.CHECKING,),  # the review asked for more
    (State.CONCLUDING, Step.SUBMIT): (State.REVIEWING,),
    (State.REVIEWING, Step.RETURN): (State.CONCLUDING,),
    (State.REVIEWING, Step.CLOSE): (State.CLOSED,),
    (State.REVIEWING, Step.WATCH): (State.MONITORING,),
    (State.MONITORING, Step.REVIVE): (State.PUSHED,),
}
BY_THE_HOLDER = (Step.PHONE, Step.CHECK, Step.CONCLUDE, Step.SUBMIT)
CLOCKS = {  # which deadline runs in which state; the others have none
    State.PUSHED: "alert.claim",
    State.CLAIMED: "alert.phone",
    State.PHONING: "alert.phone",
    State.CHECKING: "alert.field",
    State.CONCLUDING: "alert.conclude",
    State.REVIEWING: "alert.conclude",
}
UNDO_WITHIN = dt.timedelta(minutes=10)


def may_go(state: str, step: Step) -> bool:
    """Whether the step leads anywhere from this state."""
    return (State(state), step) in TRANSITIONS


def is_citys(row: Scoped) -> bool:
    """Whether the city handles it: what concerns a bureau's own people, or a whole city."""
    return row.audience == Audience.ABOVE or row.bureau.level != Bureau.Level.COUNTY


def right_to(step: Step, alert: Alert) -> str:
    """The right (see accounts.permissions.MAY) that the step needs for this alert."""
    if step in (Step.CLAIM, Step.RELEASE, *BY_THE_HOLDER):
        return "claim_above" if is_citys(alert) else "claim_alert"
    if is_citys(alert) or alert.grade == Grade.RED:
        return "dismiss_red"
    return "dismiss_orange" if alert.grade == Grade.ORANGE else "dismiss_alert"
