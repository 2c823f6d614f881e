"""Planning a visit: two officers with valid certificates, what to look into, and who agrees to it."""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

import accounts.actions
import audit.actions
from accounts.models import Assignment, Bureau, User, UserQuerySet
from accounts.permissions import MAY, Role
from alerts.actions.alerts import locked_alert, refuse_recused
from alerts.actions.handling import advance_alert
from alerts.models import Alert, Grade, State
from alerts.states import Step, is_citys, may_go
from cases.actions.numbering import next_code
from cases.actions.stock import prefill_stock
from cases.models import Doubt, DoubtAnswer, Inspection
from cases.rights import right_to_approve, right_to_write
from sources.crypto import unseal
from sources.models import Licence, RetailerVersion, Staff

LEADING = (Role.COUNTY_SUPERVISOR, Role.COUNTY_LEAD)
ASSISTING = (*LEADING, Role.MONOPOLY_LIAISON)
CITYS = (Role.CITY_SUPERVISOR, Role.CITY_LEAD)
LEAST_REASON = 5  # characters
MANAGED = dt.timedelta(days=365)  # a former account manager is recused for so long


def second_officers(alert: Alert, *, besides: User) -> UserQuerySet:
    """Who may assist: colleagues of the bureau, supervisors and leads of the city's other counties.

    Where the city handles it, its own supervisors, and no county looks into its own people.
    """
    city, counties = alert.bureau.city, Q(bureau__level=Bureau.Level.COUNTY)
    siblings = counties & Q(bureau__parent=city, role__in=LEADING) & ~Q(bureau=alert.bureau)
    if is_citys(alert):
        allowed = siblings | Q(bureau=city, role__in=CITYS)
    else:
        allowed = siblings | Q(bureau=alert.bureau, role__in=ASSISTING)
    held = Assignment.objects.current().filter(allowed)
    found = User.objects.get_queryset().filter(pk__in=held.values("user"), is_active=True)
    return found.exclude(pk=besides.pk).order_by("pk")


def refusal_to_plan(alert: Alert, by: User) -> str:
    """Why this person cannot plan a visit for the alert now; empty where it is possible."""
    if not Alert.objects.visible_to(by, right_to_write(alert)).filter(pk=alert.pk).exists():
        return "您无权为该预警安排实地核查。"
    if alert.state == State.PUSHED:
        return "请先领取该预警，再安排实地核查。"
    if alert.state != State.CHECKING and not may_go(alert.state, Step.CHECK):
        return f"该预警现为“{alert.get_state_display()}”，不能安排实地核查。"
    if alert.holder != by:
        return f"该预警由{alert.holder}办理，只能由本人安排实地核查。"
    return ""


@transaction.atomic
def plan_inspection(
    *, alert: Alert, second: User, planned_at: dt.datetime, reason: str, by: User, now: dt.datetime
) -> Inspection:
    """Plan a visit by the alert's holder and a second officer. Asked twice, it is the same one.

    Raises ValidationError where the alert, the officers or their certificates do not allow it.
    """
    alert = locked_alert(alert)
    planned = alert.inspections.filter(state__in=["planned", "on_site"]).first()
    if planned is not None:
        if (planned.first_officer, planned.second_officer) == (by, second):
            return planned
        raise ValidationError(f"该预警已有未完成的实地核查 {planned.code}，请先完成或取消。")
    if refusal := refusal_to_plan(alert, by):
        raise ValidationError(refusal)
    on = timezone.localtime(planned_at).date()
    if on < timezone.localtime(now).date():
        raise ValidationError("核查时间不能早于今天。")
    if not second_officers(alert, besides=by).filter(pk=second.pk).exists():
        raise ValidationError("所选的第二名核查人不能参加这次核查，请另选。")
    check_officers(alert, by, second, on=on)
    made = _made(alert, second=second, planned_at=planned_at, reason=reason, by=by, now=now)
    if alert.state != State.CHECKING:
        advance_alert(alert=alert, step=Step.CHECK, by=by, now=now)
    _tell(made)
    audit.actions.record(
        "inspection.planned", subject=made.code, bureau=made.bureau.code, by=by.code,
        alert=alert.code, second=second.code, planned_at=planned_at.isoformat(), reason=made.reason,
    )  # fmt: skip
    return made


def check_officers(alert: Alert, first: User, second: User, *, on: dt.date) -> None:
    """Two people, two certificates valid on the day, neither of them to be recused."""
    for officer in (first, second):
        if not officer.certificate_no:
            raise ValidationError(f"{officer}没有登记执法证号，请系统管理员登记后再安排。")
        if officer.certificate_until is None or officer.certificate_until < on:
            raise ValidationError(f"{officer}的执法证在 {on} 已过有效期，不能参加核查。")
        _refuse_recused(alert, officer, on=on)
    if first == second or first.certificate_no == second.certificate_no:
        raise ValidationError("实地核查须由两名持不同执法证的人员进行。")


def _refuse_recused(alert: Alert, officer: User, *, on: dt.date) -> None:
    """Relatives and oneself, as for every step; and whoever managed the account in the last year."""
    try:
        refuse_recused(alert, officer)
    except ValidationError:
        raise ValidationError(f"{officer}与该对象有申报的亲属或本人关系，应当回避。") from None
    staff = Staff.objects.filter(certificate_no=officer.certificate_no)
    versions = RetailerVersion.objects.filter(
        retailer__code=alert.subject_id, manager_id__in=staff.values("staff_id")
    )
    # a version holds until the next one begins
    later = RetailerVersion.objects.filter(
        retailer=OuterRef("retailer"), valid_from__gt=OuterRef("valid_from"),
        valid_from__lte=on - MANAGED,
    )  # fmt: skip
    if versions.filter(valid_from__lte=on).exclude(Exists(later)).exists():
        raise ValidationError(f"{officer}一年内曾任该户的客户经理，应当回避。")


def _made(
    alert: Alert, *, second: User, planned_at: dt.datetime, reason: str, by: User, now: dt.datetime
) -> Inspection:
    on = timezone.localtime(planned_at).date()
    shop = shop_of(alert, on=on)
    made = Inspection.objects.create(
        bureau=alert.bureau,
        audience=alert.audience,
        code=next_code(Inspection, "SDHC", bureau=alert.bureau, on=timezone.localtime(now).date()),
        alert=alert,
        reason=reason.strip(),
        planned_at=planned_at,
        created_by=by,
        created_at=now,
        first_officer=by,
        second_officer=second,
        first_certificate=by.certificate_no,
        second_certificate=second.certificate_no,
        shop=shop,
        content={
            "premises": {
                "place": shop.get("address", ""),
                "biz_type": shop.get("biz_type", ""),
            }
        },
    )
    made.named.set(alert.named.all())
    register_doubts(alert, now=now)
    DoubtAnswer.objects.bulk_create(
        DoubtAnswer(inspection=made, doubt=doubt) for doubt in alert.doubts.order_by("number")
    )
    made.content["stock"] = {"since": prefill_stock(made, on=on).isoformat()}
    made.save(update_fields=["content"])
    return made


def shop_of(alert: Alert, *, on: dt.date) -> dict[str, Any]:
    """What the masters say of the shop on a day; licensee, phone and address stay encrypted."""
    known = {"code": alert.subject_id, "name": alert.subject_name, "licence_no": alert.licence_no}
    if alert.subject_kind != "retailer":
        return known
    version = RetailerVersion.objects.of(alert.subject_id, on=on)
    if version is None:
        return known
    fields = (
        "name", "licence_no", "licensee", "phone", "address", "town", "biz_type", "tier", "status",
        "manager_id", "route", "lat", "lon",
    )  # fmt: skip
    licences = Licence.objects.filter(retailer_code=alert.subject_id, known_from__lte=on)
    licence = licences.order_by("-known_from", "-valid_from", "-pk").first()
    return {
        "code": alert.subject_id,
        **{name: getattr(version, name) for name in fields},
        "bureau": version.retailer.bureau.code,
        "as_of": on.isoformat(),
        "licence_from": licence.valid_from.isoformat() if licence else None,
        "licence_to": licence.valid_to.isoformat() if licence else None,
        "licence_status": licence.status if licence else "",
        "same_address": _same(licence.address, version.address) if licence else None,
    }


def _same(one: str, other: str) -> bool | None:
    return unseal(one).strip() == unseal(other).strip() if one and other else None


def register_doubts(alert: Alert, *, now: dt.datetime) -> None:
    """The newest night's reasons as things to be explained; each of them once."""
    reasons = list(alert.reasons.order_by("-on", "-surprise", "pk"))
    newest = [one for one in reasons if one.on == reasons[0].on]
    number = alert.doubts.count()
    known = set(alert.doubts.values_list("source", "text"))
    for reason in newest:
        if (reason.detector, reason.sentence) not in known:
            number += 1
            Doubt.objects.create(
                alert=alert, number=number, text=reason.sentence, source=reason.detector,
                created_at=now,
            )  # fmt: skip


def _tell(made: Inspection) -> None:
    """The second officer hears of the visit; a red one's approvers of what waits for them."""
    name, day = made.shop.get("name", ""), timezone.localtime(made.planned_at)
    accounts.actions.notify(
        users=[made.second_officer],
        key=f"assist:{made.code}",
        text=f"{made.first_officer}请您一起实地核查“{name}”，{day:%m 月 %d 日 %H:%M}。",
        url=made.get_absolute_url(),
    )
    if made.alert.grade == Grade.RED:
        right = MAY[right_to_approve(made)]
        place = made.bureau.city if is_citys(made) else made.bureau
        officers = [made.first_officer_id, made.second_officer_id]
        accounts.actions.notify(
            users=list(User.objects.posted_at(place, right.roles).exclude(pk__in=officers)),
            key=f"approve:{made.code}",
            text=f"红色预警的实地核查“{name}”等待批准。",
            url=made.get_absolute_url(),
        )


@transaction.atomic
def approve_inspection(*, inspection: Inspection, by: User) -> Inspection:
    """Agree to the visit of a red alert: somebody with the right who does not take part."""
    inspection = Inspection.objects.select_for_update().get(pk=inspection.pk)
    right = right_to_approve(inspection)
    allowed = Inspection.objects.visible_to(by, right).filter(pk=inspection.pk)
    if not allowed.exists():
        raise ValidationError("您无权批准这次核查。")
    if by in (inspection.first_officer, inspection.second_officer, inspection.created_by):
        raise ValidationError("参加核查的人不能批准自己的核查，请由其他负责人批准。")
    if inspection.approved_by == by:
        return inspection
    if inspection.state != Inspection.State.PLANNED or inspection.approved_by is not None:
        raise ValidationError("这次核查不在待批准的状态，请刷新页面。")
    inspection.approved_by = by
    inspection.version += 1
    inspection.save(update_fields=["approved_by", "version"])
    audit.actions.record(
        "inspection.approved", subject=inspection.code, bureau=inspection.bureau.code, by=by.code
    )
    return inspection


@transaction.atomic
def cancel_inspection(*, inspection: Inspection, reason: str, by: User) -> Inspection:
    """Give a visit up, for a reason. What was written down stays; the alert stays where it is."""
    inspection = Inspection.objects.select_for_update().get(pk=inspection.pk)
    if inspection.state == Inspection.State.CANCELLED:
        return inspection
    if inspection.state == Inspection.State.SEALED:
        raise ValidationError("记录已封存，不能取消。")
    if by != inspection.first_officer:
        raise ValidationError(f"只能由{inspection.first_officer}取消这次核查。")
    if len(reason.strip()) < LEAST_REASON:
        raise ValidationError(f"请写明取消的原因，至少{LEAST_REASON}个字。")
    inspection.state = Inspection.State.CANCELLED
    inspection.version += 1
    inspection.save(update_fields=["state", "version"])
    audit.actions.record(
        "inspection.cancelled", subject=inspection.code, bureau=inspection.bureau.code, by=by.code,
        reason=reason.strip(),
    )  # fmt: skip
    return inspection
