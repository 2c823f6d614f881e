"""What people decide about a proposed case: take its alerts together, apart, or not at all."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction

import audit.actions
from accounts.models import User
from alerts.actions.alerts import claim_alerts
from alerts.models import Alert, Group
from alerts.states import is_citys


def right_to_decide(group: Group) -> str:
    return "claim_above" if is_citys(group) else "claim_alert"


@transaction.atomic
def accept_group(*, group: Group, by: User, now: dt.datetime, version: int) -> list[str]:
    """Handle its alerts as one case: claim those that wait. Returns why any could not be claimed."""
    group = _locked(group, by, version, Group.State.PROPOSED)
    _decide(group, Group.State.ACCEPTED, "", by, now)
    waiting = group.alerts.filter(state="pushed").select_related("bureau")
    _claimed, refused = claim_alerts(alerts=list(waiting), by=by, now=now)
    _tell("group.accepted", group, by, members=group.alerts.count())
    return refused


@transaction.atomic
def reject_group(*, group: Group, note: str, by: User, now: dt.datetime, version: int) -> None:
    """Handle its alerts each for itself; the same link is not proposed again for six weeks."""
    group = _locked(group, by, version, Group.State.PROPOSED, Group.State.ACCEPTED)
    if not note.strip():
        raise ValidationError("请写明不并案的理由。")
    _decide(group, Group.State.REJECTED, note, by, now)
    _tell("group.rejected", group, by, note=group.note)


@transaction.atomic
def split_off(*, group: Group, alert: Alert, by: User, version: int) -> None:
    """Take one alert out of the case; what belongs to it goes with it."""
    group = _locked(group, by, version, Group.State.PROPOSED, Group.State.ACCEPTED)
    if not group.alerts.filter(pk=alert.pk).exists():
        raise ValidationError("该预警已不在此案内，请刷新页面。")
    Alert.objects.filter(pk=alert.pk).update(group=None)
    group.save()
    _tell("group.split", group, by, alert=alert.code)


def _locked(group: Group, by: User, version: int, *states: Group.State) -> Group:
    group = Group.objects.select_for_update(of=("self",)).select_related("bureau").get(pk=group.pk)
    if group.version != version or group.state not in states:
        raise ValidationError("这组预警刚有变动，未作改动。请刷新页面后再试。")
    if not Group.objects.visible_to(by, right_to_decide(group)).filter(pk=group.pk).exists():
        raise ValidationError("您无权办理这组预警。")
    group.version += 1
    return group


def _decide(group: Group, state: Group.State, note: str, by: User, now: dt.datetime) -> None:
    group.state, group.note = state, note.strip()[:500]
    group.decided_by, group.decided_at = by, now
    group.save()


def _tell(kind: str, group: Group, by: User, **details: str | int) -> None:
    audit.actions.record(kind, subject=group.code, bureau=group.bureau.code, by=by.code, **details)
