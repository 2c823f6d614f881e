"""Exemptions: a rule stays silent about one subject for a time, with a reason and a proof."""

import datetime as dt
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

import audit.actions
from accounts.models import Audience, User
from alerts.actions.alerts import refuse_recused
from alerts.actions.raising import LEAST_WORDS
from alerts.causes import CAUSES
from alerts.deviation import size_of
from alerts.models import Alert, Exemption, ExemptionQuerySet, Grade, Reason, Surprise
from alerts.naming import detector_of
from alerts.states import is_citys
from documents.models import StoredFile

LONGEST = dt.timedelta(days=90)
State = Exemption.State


@dataclass(frozen=True, kw_only=True)
class Grounds:
    """Why a finding is innocent, until when, and what proves it."""

    cause: str
    note: str
    until: dt.date
    proof: StoredFile | None


def right_to_ask(alert: Alert) -> str:
    return "claim_above" if is_citys(alert) else "claim_alert"


def right_to_approve(exemption: Exemption) -> str:
    """The right of the second person: the city's for red alerts and its own, else the lead's."""
    alert = exemption.alert
    citys = is_citys(exemption) or (alert is not None and alert.grade == Grade.RED)
    return "exempt_above" if citys else "exempt"


@transaction.atomic
def ask_exemption(*, reason: Reason, grounds: Grounds, by: User, now: dt.datetime) -> Exemption:
    """Ask that the reason's rule stay silent about the alert's subject.

    Blue and yellow ones count at once, graver ones when a second person has approved them. Raises
    ValidationError without a proof, beyond 90 days, or where one stands already.
    """
    alert, today = reason.alert, timezone.localdate(now)
    kind = detector_of(reason.detector)
    if kind is None:
        raise ValidationError("人工新建的预警没有对应的规则，不能豁免。")
    if not Alert.objects.visible_to(by, right_to_ask(alert)).filter(pk=alert.pk).exists():
        raise ValidationError("您无权为该预警申请豁免。")
    refuse_recused(alert, by)
    _check(grounds, today)
    mine = Exemption.objects.filter(bureau=alert.bureau, subject_id=alert.subject_id)
    end_lapsed(today=today, of=mine)
    size = size_of(kind(), reason.numbers, reason.surprise)
    if size is None:
        raise ValidationError("这条依据没有存下偏离的大小，不能豁免。")
    simple = alert.grade in (Grade.BLUE, Grade.YELLOW) and alert.audience == Audience.EVERYONE
    try:
        with transaction.atomic():
            made = Exemption.objects.create(
                bureau=alert.bureau,
                audience=alert.audience,
                subject_kind=alert.subject_kind,
                subject_id=alert.subject_id,
                subject_name=alert.subject_name,
                detector=kind.key,
                cause=grounds.cause,
                note=grounds.note.strip()[:500],
                proof=grounds.proof,
                alert=alert,
                size=size,
                floor=_floor_of(reason),
                other_id=pair_of(reason),
                since=today,
                until=grounds.until,
                state=State.APPROVED if simple else State.WAITING,
                made_by=by,
                made_at=now,
            )
    except IntegrityError as error:
        raise ValidationError("该对象的这条规则已有豁免在办或有效，未重复登记。") from error
    _tell("exemption.granted" if simple else "exemption.asked", made, by)
    return made


def _floor_of(reason: Reason) -> str:
    """The grade that the finding's facts required that night; none where it is not kept any more."""
    found = Surprise.objects.filter(
        night__on=reason.on, bureau=reason.alert.bureau, detector=reason.detector,
        subject_kind=reason.alert.subject_kind, subject_id=reason.alert.subject_id,
    )  # fmt: skip
    return found.order_by("pk").values_list("floor", flat=True).first() or ""


def pair_of(reason: Reason) -> str:
    """The one other shop of the same bureau that a link joins with the alert's; none else."""
    numbers = reason.numbers
    alone = numbers.get("others") == 1 and not numbers.get("elsewhere")
    return (numbers.get("other") or "") if alone else ""


@transaction.atomic
def end_lapsed(*, today: dt.date, of: ExemptionQuerySet | None = None) -> None:
    """End those whose last day is over; what waited until then was never in force."""
    rows = Exemption.objects.all() if of is None else of
    lapsed = rows.lapsed(on=today).select_related("bureau").select_for_update(of=("self",))
    ended = list(lapsed.order_by("pk"))
    for one in ended:
        if one.state == State.APPROVED:
            one.state, one.ended_on = State.EXPIRED, one.until + dt.timedelta(days=1)
        else:
            one.state, one.decision = State.REFUSED, "截止日已过，未审批。"
        one.save()
    for one in ended:
        audit.actions.record(
            "exemption.expired", subject=str(one.pk), bureau=one.bureau.code, by="system",
            detector=one.detector, shop=one.subject_id, until=one.until.isoformat(),
        )  # fmt: skip


def _check(grounds: Grounds, today: dt.date) -> None:
    if grounds.cause not in CAUSES:
        raise ValidationError("请选择豁免原因。")
    if len(grounds.note.strip()) < LEAST_WORDS:
        raise ValidationError(f"请写明依据，至少{LEAST_WORDS}个字。")
    if grounds.proof is None:
        raise ValidationError("请上传证明材料，如照片、证明或核实记录。")
    if not today <= grounds.until <= today + LONGEST:
        last = today + LONGEST
        raise ValidationError(f"豁免最长90天，截止日应在{today}至{last}之间。")


@transaction.atomic
def decide_exemption(
    *, exemption: Exemption, approve: bool, words: str, by: User, now: dt.datetime
) -> None:
    """The second person's answer. Who asked cannot answer."""
    exemption = _locked(exemption, State.WAITING)
    _require(exemption, by)
    if exemption.until < timezone.localdate(now):
        raise ValidationError("这项豁免的截止日已过，请重新申请。")
    if exemption.made_by == by:
        raise ValidationError("不能审批自己提出的豁免，请由另一人办理。")
    if not approve and not words.strip():
        raise ValidationError("请写明退回理由。")
    exemption.state = State.APPROVED if approve else State.REFUSED
    exemption.decided_by, exemption.decided_at = by, now
    exemption.decision = words.strip()[:500]
    exemption.save()
    _tell("exemption.granted" if approve else "exemption.refused", exemption, by)


@transaction.atomic
def end_exemption(*, exemption: Exemption, why: str, by: User, now: dt.datetime) -> None:
    """End one before its day; the nights from today on look at the subject again."""
    exemption = _locked(exemption, State.APPROVED, State.WAITING)
    if exemption.made_by != by:
        _require(exemption, by)
    if not why.strip():
        raise ValidationError("请写明终止原因。")
    exemption.state, exemption.ended_on = State.ENDED, timezone.localdate(now)
    exemption.ended_by, exemption.ended_why = by, why.strip()[:300]
    exemption.save()
    _tell("exemption.ended", exemption, by)


def _require(exemption: Exemption, by: User) -> None:
    right = right_to_approve(exemption)
    if not Exemption.objects.visible_to(by, right).filter(pk=exemption.pk).exists():
        raise ValidationError("您无权办理这项豁免。")


def _locked(exemption: Exemption, *states: str) -> Exemption:
    rows = Exemption.objects.select_for_update(of=("self",)).select_related("bureau", "alert")
    exemption = rows.get(pk=exemption.pk)
    if exemption.state not in states:
        raise ValidationError(f"这项豁免现为“{exemption.get_state_display()}”，请刷新页面。")
    return exemption


def _tell(kind: str, exemption: Exemption, by: User) -> None:
    audit.actions.record(
        kind, subject=str(exemption.pk), bureau=exemption.bureau.code, by=by.code,
        detector=exemption.detector, shop=exemption.subject_id, cause=exemption.cause,
        until=exemption.until.isoformat(),
    )  # fmt: skip
