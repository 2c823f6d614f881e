"""Telephone interviews up to the talk: plan one, call, look the number up, give up after enough tries."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

import audit.actions
from accounts.models import User
from alerts.actions.alerts import locked_alert, refuse_recused
from alerts.actions.grades import one_graver, raise_by_record
from alerts.actions.handling import advance_alert
from alerts.models import Alert, State
from alerts.states import Step
from cases.actions.numbering import next_code
from cases.models import Attempt, Interview, InterviewItem
from cases.rights import right_to_write
from sources.crypto import masked, unseal
from sources.lake.goods import order_lines
from sources.models import Retailer, RetailerVersion

HOURS = ((dt.time(8), dt.time(12)), (dt.time(14), dt.time(20)))  # neither meals nor nights
LEAST_ATTEMPTS, LEAST_HALF_DAYS = 3, 2
NOON = 12
LOOK_BACK = dt.timedelta(days=28)  # for the order asked about, where the alert names none
SLACK = dt.timedelta(minutes=1)  # forms give whole minutes
LONGEST_CALL = dt.timedelta(hours=4)
STALE = "stale"  # code of the ValidationError for a page that others have overtaken


@transaction.atomic
def plan_interview(*, alert: Alert, by: User, now: dt.datetime) -> Interview:
    """Begin the interview about a claimed alert, with a copy of the order to be asked about."""
    alert = locked_alert(alert)
    begun = Interview.objects.open().filter(alert=alert, interviewer=by).first()
    if begun is not None:
        return begun  # asked twice
    if alert.subject_kind != "retailer":
        raise ValidationError("这条预警的对象不是零售户，不能电话询访，请直接转实地核查。")
    advance_alert(alert=alert, step=Step.PHONE, by=by, now=now)
    order, lines = _order_of(alert)
    made = Interview.objects.create(
        code=next_code(Interview, "DHXF", bureau=alert.bureau, on=timezone.localdate(now)),
        alert=alert, bureau=alert.bureau, audience=alert.audience, interviewer=by,
        created_at=now, order=order,
    )  # fmt: skip
    made.named.set(alert.named.all())
    InterviewItem.objects.bulk_create(
        InterviewItem(interview=made, sku_id=sku, sku_name=name, ordered=qty)
        for sku, (name, qty) in lines.items()
    )
    audit.actions.record(
        "interview.planned", subject=made.code, bureau=made.bureau.code, by=by.code,
        alert=alert.code,
    )  # fmt: skip
    return made


def _order_of(alert: Alert) -> tuple[dict[str, Any], dict[str, tuple[str, float]]]:
    """The order asked about, and its products: code -> name, cartons. That of the alert's page, else
    the newest of the four weeks up to the alert's day."""
    rows = alert.picture.get("order_lines") or []
    order = alert.picture.get("order") or {}
    if not rows:
        shop = Retailer.objects.filter(code=alert.subject_id).select_related("bureau").first()
        found = order_lines(
            alert.subject_id, bureau=shop.bureau.code if shop else alert.bureau.code,
            since=alert.on - LOOK_BACK, until=alert.on,
        )  # fmt: skip
        rows = [row for row in found if row["order_id"] == found[0]["order_id"]]
        order = rows[0] if rows else {}
    goods: dict[str, tuple[str, float]] = {}
    for row in rows:
        name, qty = goods.get(row["sku_id"], (row["sku_name"], 0.0))
        goods[row["sku_id"]] = name, qty + (row["qty"] or 0.0)
    return {name: str(order[name]) for name in ("order_id", "day") if order.get(name)}, goods


@dataclass(frozen=True)
class Call:
    """An attempt as it is reported. `phone`: the number called where it is not the ordering one."""

    source: Attempt.Source
    result: Attempt.Result
    dialled_at: dt.datetime
    connected_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    phone: str = ""
    is_callback: bool = False
    note: str = ""

    @property
    def until(self) -> dt.datetime | None:
        """When the line was free again; None while somebody is talking."""
        if self.result == Attempt.Result.REACHED:
            return self.ended_at
        return self.ended_at or self.dialled_at


@transaction.atomic
def note_attempt(*, interview: Interview, call: Call, by: User, now: dt.datetime) -> Attempt:
    """Keep one call: when, to what kind of number, what came of it. The same report twice is one."""
    interview = written_by(interview, by)
    known = list(interview.attempts.order_by("number"))
    for one in known:
        same = (one.dialled_at, one.source, one.result)
        if same == (call.dialled_at, call.source, call.result):
            return one
    if interview.stated_at is not None:
        raise ValidationError("对方已作自述，不再登记新的拨打。")
    _check_times(interview, call, now=now)
    _refuse_overlap(interview, call.dialled_at, call.until, by)
    reached = call.result == Attempt.Result.REACHED
    made = Attempt.objects.create(
        interview=interview, number=len(known) + 1, source=call.source,
        phone=masked(_number(interview, call, now=now)), dialled_at=call.dialled_at,
        connected_at=call.connected_at if reached else None, ended_at=call.ended_at,
        result=call.result, is_callback=call.is_callback, note=call.note.strip(),
    )  # fmt: skip
    if reached:
        interview.state = Interview.State.TALKING
        interview.save(update_fields=["state"])
    audit.actions.record(
        "interview.called", subject=interview.code, bureau=interview.bureau.code, by=by.code,
        round=made.number, result=made.get_result_display(),
    )  # fmt: skip
    return made


def _check_times(interview: Interview, call: Call, *, now: dt.datetime) -> None:
    local = timezone.localtime(call.dialled_at)
    if call.dialled_at > now + SLACK or max(filter(None, _moments(call))) > now + SLACK:
        raise ValidationError("拨打和通话时间不能晚于现在。")
    if call.dialled_at < interview.created_at - SLACK:
        raise ValidationError("拨打时间早于本次询访建立的时间，请核对。")
    allowed = any(since <= local.time() < until for since, until in HOURS)
    if not allowed and not call.is_callback:
        raise ValidationError(
            "只在 08:00–12:00、14:00–20:00 拨打。是对方回电的，请勾选“对方回电”并写明情况。"
        )
    if call.is_callback and not call.note.strip():
        raise ValidationError("对方回电须在说明中写明情况。")
    if call.result == Attempt.Result.REACHED and call.connected_at is None:
        raise ValidationError("接通的，请填写接通时间。")
    moments = [one for one in _moments(call) if one is not None]
    if moments != sorted(moments):
        raise ValidationError("时间应当依次为拨打、接通、结束。")
    if moments[-1] - moments[0] > LONGEST_CALL:
        raise ValidationError("一次通话超过 4 小时，请核对时间。")


def _moments(call: Call) -> tuple[dt.datetime | None, ...]:
    return call.dialled_at, call.connected_at, call.ended_at


def _refuse_overlap(
    interview: Interview, since: dt.datetime, until: dt.datetime | None, by: User
) -> None:
    """Nobody holds two calls at the same time. The interviewer's row is the lock."""
    User.objects.select_for_update().get(pk=by.pk)
    near = Attempt.objects.filter(
        interview__interviewer=by, dialled_at__gte=since - LONGEST_CALL
    ).select_related("interview__alert")
    if until is not None:
        near = near.filter(dialled_at__lte=until)
    for other in near.order_by("dialled_at", "pk"):
        if other.interview_id == interview.pk and other.dialled_at == since:
            continue  # the call itself
        name = other.interview.alert.subject_name
        talking = other.result == Attempt.Result.REACHED and other.ended_at is None
        end = None if talking else other.ended_at or other.dialled_at
        if other.dialled_at == since or (
            (end is None or since < end) and (until is None or other.dialled_at < until)
        ):
            words = "还没有记录结束" if talking else "时间重叠"
            raise ValidationError(f"与您对“{name}”的第 {other.number} 次拨打{words}，请核对。")


def _number(interview: Interview, call: Call, *, now: dt.datetime) -> str:
    if call.source != Attempt.Source.ORDERING:
        if not call.phone.strip():
            raise ValidationError("不是订货电话的，请填写所拨号码。")
        return call.phone.strip()
    shop = RetailerVersion.objects.of(interview.alert.subject_id, on=timezone.localdate(now))
    return unseal(shop.phone) if shop else ""


@transaction.atomic
def end_call(*, interview: Interview, at: dt.datetime, by: User, now: dt.datetime) -> Attempt:
    """Note when the talk under way was over."""
    interview = written_by(interview, by)
    call = talk_of(interview)
    if call is None:
        raise ValidationError("没有正在进行的通话。")
    if call.ended_at is not None:
        return call  # asked twice
    if at > now + SLACK or (call.connected_at and at < call.connected_at):
        raise ValidationError("结束时间应在接通之后、现在之前。")
    if at - call.dialled_at > LONGEST_CALL:
        raise ValidationError("一次通话超过 4 小时，请核对时间。")
    _refuse_overlap(interview, call.dialled_at, at, by)
    call.ended_at = at
    call.save(update_fields=["ended_at"])
    audit.actions.record(
        "interview.hung_up", subject=interview.code, bureau=interview.bureau.code, by=by.code,
        round=call.number,
    )  # fmt: skip
    return call


def talk_of(interview: Interview) -> Attempt | None:
    """The call in which somebody was reached; the last one, where there were several."""
    reached = interview.attempts.filter(result=Attempt.Result.REACHED)
    return reached.order_by("-number").first()


@transaction.atomic
def reveal_number(*, interview: Interview, by: User, now: dt.datetime) -> str:
    """The ordering number in full, for the interviewer to dial; that it was shown is on record."""
    interview = written_by(interview, by)
    shop = RetailerVersion.objects.of(interview.alert.subject_id, on=timezone.localdate(now))
    number = unseal(shop.phone) if shop else ""
    if not number:
        raise ValidationError("营销资料中没有这户的订货电话。")
    audit.actions.record(
        "interview.number_revealed", subject=interview.code, bureau=interview.bureau.code,
        by=by.code, number=Attempt.Source.ORDERING.label,
    )  # fmt: skip
    return number


@transaction.atomic
def end_unreached(*, interview: Interview, by: User, now: dt.datetime) -> Interview:
    """Give up after enough attempts on enough half-days: the shop is to be visited."""
    interview = locked_interview(interview)
    if interview.state == Interview.State.UNREACHED and interview.interviewer == by:
        return interview  # asked twice
    refuse_others(interview, by)
    refuse_closed(interview)
    if interview.stated_at is not None:
        raise ValidationError("对方已作自述，不能记为联系不上。")
    lacking = lacking_attempts(interview)
    if lacking:
        raise ValidationError(lacking)
    interview.state, interview.ended_at = Interview.State.UNREACHED, now
    interview.save(update_fields=["state", "ended_at"])
    move_alert(interview, Step.CHECK, by=by, now=now)
    raise_by_record(
        alert=interview.alert, grade=one_graver(interview.alert.grade),
        reason=f"询访失联：{interview.attempts.count()}次拨打均未联系上，提高一级并转实地核查。",
        by=by, now=now,
    )  # fmt: skip
    audit.actions.record(
        "interview.unreached", subject=interview.code, bureau=interview.bureau.code, by=by.code,
        rows=interview.attempts.count(),
    )  # fmt: skip
    return interview


def lacking_attempts(interview: Interview) -> str:
    """What is missing before somebody counts as not to be reached, or nothing."""
    failed = interview.attempts.exclude(result=Attempt.Result.REACHED).filter(is_callback=False)
    moments = [timezone.localtime(one.dialled_at) for one in failed]
    halves = {(one.date(), one.hour >= NOON) for one in moments}
    calls, days = LEAST_ATTEMPTS - len(moments), LEAST_HALF_DAYS - len(halves)
    if calls <= 0 and days <= 0:
        return ""
    wanted = [f"再拨打 {calls} 次"] if calls > 0 else []
    wanted += [f"还须在另外 {days} 个半天拨打"] if days > 0 else []
    return f"联系不上须至少 3 次、分在 2 个半天拨打：{'，'.join(wanted)}。"


def move_alert(interview: Interview, step: Step, *, by: User, now: dt.datetime) -> None:
    """Take the alert on, unless something else has done so meanwhile."""
    if interview.alert.state == State.PHONING:
        interview.alert = advance_alert(alert=interview.alert, step=step, by=by, now=now)


def locked_interview(interview: Interview) -> Interview:
    """The row as it is once nobody else changes it, with its alert and bureau."""
    found = Interview.objects.select_for_update(of=("self",))
    return found.select_related("alert__bureau", "bureau", "interviewer").get(pk=interview.pk)


def written_by(interview: Interview, by: User) -> Interview:
    """The row, locked, open, and for this person to write."""
    interview = locked_interview(interview)
    refuse_others(interview, by)
    refuse_closed(interview)
    return interview


def refuse_others(interview: Interview, by: User) -> None:
    """Only the interviewer writes, while the alert is theirs and the right is."""
    if interview.interviewer != by:
        raise ValidationError(f"该询访由{interview.interviewer}办理，只能由本人填写。")
    seen = Interview.objects.visible_to(by, right_to_write(interview.alert))
    if interview.alert.holder_id != by.pk or not seen.filter(pk=interview.pk).exists():
        raise ValidationError("您现在不办理该预警，不能填写询访记录。")
    refuse_recused(interview.alert, by)


def refuse_closed(interview: Interview) -> None:
    if interview.state not in {Interview.State.PLANNED, Interview.State.TALKING}:
        raise ValidationError(f"该询访“{interview.get_state_display()}”，请刷新页面。")
