"""Alerts that people raise: a tip, a complaint, a seizure elsewhere, something they saw."""

import dataclasses
import datetime as dt
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

import audit.actions
from accounts.calendar import deadline
from accounts.models import Audience, Bureau, User
from accounts.walls import beyond_walls
from alerts.actions import repeating
from alerts.actions.picture_sku import curves_of
from alerts.actions.rules import parameters_of, policy_in, version_in_force
from alerts.actions.telling import tell_workers
from alerts.actions.turns import take_turn
from alerts.detection import GRADES
from alerts.grading import Policy, higher
from alerts.models import Alert, Grade, Hit, Origin, Reason, RuleVersion, Sighting, State
from alerts.naming import folded
from alerts.states import CLOCKS

LEAST_WORDS = 10
AT_LEAST = {Origin.COMPLAINT: Grade.ORANGE}  # the lowest grade of what came this way
NUMBERED = (
    Origin.TIP,
    Origin.COMPLAINT,
    Origin.SEIZURE,
)  # these have a number, used once in a city


@dataclass(frozen=True, kw_only=True)
class Suspicion:
    """What somebody reports: about whom, where it came from, how grave, why."""

    origin: Origin
    family: str
    grade: str
    sentence: str
    subject_kind: str
    subject_id: str
    subject_name: str = ""
    licence_no: str = ""
    route: str = ""
    reference: str = ""  # number of the tip, complaint or case
    staff_concerned: bool = False
    hit: Hit | None = None  # the entry of the ledger that it is made of

    @property
    def audience(self) -> str:
        return Audience.ABOVE if self.staff_concerned else Audience.EVERYONE


@transaction.atomic
def raise_alert(
    *, suspicion: Suspicion, bureau: Bureau, by: User, now: dt.datetime
) -> tuple[Alert, bool]:
    """Put a suspicion on the bureau's list. Returns the alert, and whether it is a new one.

    Where the subject already stands on the list, the report joins that alert. Raises ValidationError
    where the reference was used before in the city, or the words say too little.
    """
    take_turn(f"alerts.raise:{bureau.city.code}")
    _check(suspicion)
    _refuse_used(suspicion, bureau, by)
    hit = _open_hit(suspicion)
    on = timezone.localdate(now)
    version = version_in_force(city=bureau.city, on=on, now=now)
    again = _again(suspicion, bureau, version, on=on)
    grave = higher(suspicion.grade, AT_LEAST.get(suspicion.origin, ""))
    suspicion = dataclasses.replace(suspicion, grade=Grade.RED if again else grave)
    standing = (
        Alert.objects.open()
        .select_for_update(of=("self",))
        .select_related("bureau")
        .filter(
            bureau=bureau,
            subject_kind=suspicion.subject_kind,
            subject_id=suspicion.subject_id,
            audience=suspicion.audience,
        )
        .first()
    )
    alert = standing or _made(suspicion, bureau, version, by=by, now=now)
    _explain(alert, suspicion, policy_in(version), on=hit.on if hit else on)
    if again:
        _add_reason(alert, again, on=on)
    if hit is not None:
        _carry(alert, hit)
    if standing is None:
        tell_workers(pushed=[alert], on=alert.on, now=now)
    else:
        _join(alert, suspicion.grade, now=now)
    audit.actions.record(
        "alert.made" if standing is None else "alert.joined", subject=alert.code,
        bureau=bureau.code, by=by.code, origin=suspicion.origin, reference=suspicion.reference,
        grade=suspicion.grade, **({"hit": hit.pk} if hit else {}),
    )  # fmt: skip
    return alert, standing is None


def _check(suspicion: Suspicion) -> None:
    if len(suspicion.sentence.strip()) < LEAST_WORDS:
        raise ValidationError(f"请写明情况，至少{LEAST_WORDS}个字。")
    if suspicion.grade not in GRADES:
        raise ValidationError("请选择等级。")
    if suspicion.origin in NUMBERED and not suspicion.reference:
        raise ValidationError(f"{suspicion.origin.label}须填写编号，一个编号只建一条预警。")


def _open_hit(suspicion: Suspicion) -> Hit | None:
    """The entry, locked, if an alert can still be made of it."""
    if suspicion.hit is None:
        return None
    hit = (
        Hit.objects.select_for_update(of=("self",))
        .select_related("bureau", "alert")
        .get(pk=suspicion.hit.pk)
    )
    if hit.alert is not None:
        raise ValidationError(f"这次命中已在预警{hit.alert.code}中，未重复新建。")
    if hit.closed_at is not None:
        raise ValidationError("这次命中已核销，未新建预警。核销有误的，先撤销核销。")
    return hit


def _carry(alert: Alert, hit: Hit) -> None:
    """From now on the alert answers for the entry; the page shows where the sales came from."""
    hit.alert = alert
    hit.save(update_fields=["alert"])
    if not alert.picture and hit.subject_kind == "sku":
        alert.picture = curves_of(hit)
        alert.save(update_fields=["picture"])


def _refuse_used(suspicion: Suspicion, bureau: Bureau, by: User) -> None:
    number = folded(suspicion.reference)
    if not number:
        return
    used = Reason.objects.filter(city=bureau.city, number=number).select_related("alert")
    with beyond_walls():
        known = used.first()
    if known is None:
        return
    mine = Alert.objects.visible_to(by, "read_alert").filter(pk=known.alert_id).exists()
    where = f"预警{known.alert.code}" if mine else "预警，由本市其他单位或市局办理"
    raise ValidationError(f"编号{suspicion.reference}已建{where}，未重复新建。")


def _again(
    suspicion: Suspicion, bureau: Bureau, version: RuleVersion, *, on: dt.date
) -> Reason | None:
    """The reason that one more complaint about the same person is, or None."""
    if suspicion.subject_kind != "staff" or suspicion.origin not in repeating.TOLD:
        return None
    rule = repeating.rule_in(version)
    who = suspicion.subject_id
    numbers = repeating.complaints_about(who, rule=rule, city=bureau.city, on=on)
    numbers |= {folded(suspicion.reference)}
    if len(numbers) < rule.times:
        return None
    role = suspicion.subject_name.removesuffix(who)
    row = {"subject_id": who, "role": role, "tickets": len(numbers)}
    return Reason(
        detector=rule.key,
        surprise=rule.rarity,
        sentence=rule.sentence(row),
        numbers={**row, "reference": ""},
        parameters=parameters_of(rule),
    )


def _add_reason(alert: Alert, reason: Reason, *, on: dt.date) -> None:
    """Beside the report itself; a night that told it the same day has done so."""
    if not alert.reasons.filter(on=on, detector=reason.detector).exists():
        reason.alert, reason.on, reason.weight = alert, on, 0.0
        reason.save()


def _key(suspicion: Suspicion) -> str:
    """What stands in a reason where a night would name its detector: that one, if it found a hit."""
    if suspicion.hit is not None:
        return suspicion.hit.detector
    return f"{suspicion.origin}:{suspicion.reference}"[:50].rstrip(":")


def _made(
    suspicion: Suspicion, bureau: Bureau, version: RuleVersion, *, by: User, now: dt.datetime
) -> Alert:
    on, grade = timezone.localdate(now), suspicion.grade
    today = Alert.objects.filter(bureau=bureau, code__startswith=f"YJ-{bureau.code}-{on:%Y%m%d}-R")
    made = Alert(
        bureau=bureau,
        audience=suspicion.audience,
        code=f"YJ-{bureau.code}-{on:%Y%m%d}-R{today.count() + 1:02d}",
        origin=suspicion.origin,
        reference=suspicion.reference,
        raised_by=by,
        subject_kind=suspicion.subject_kind,
        subject_id=suspicion.subject_id,
        subject_name=suspicion.subject_name[:100],
        licence_no=suspicion.licence_no[:30],
        route=suspicion.route[:40],
        on=suspicion.hit.on if suspicion.hit else on,
        last_on=suspicion.hit.on if suspicion.hit else on,
        detector=_key(suspicion),
        family=suspicion.family,
        grade=grade,
        score=score_of(grade, policy_in(version)),
        sentence=suspicion.sentence.strip()[:300],
        staff_concerned=suspicion.staff_concerned,
        rule_version=version,
        pushed_at=now,
        due_at=deadline("alert.claim", grade=grade, start=now, bureau=bureau),
        conclude_by=deadline("alert.conclude", grade=grade, start=now, bureau=bureau),
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as error:
        if "one_open_alert_a_subject" not in str(error):
            raise
        raise ValidationError(
            "夜间检测刚把该对象列入预警，请再提交一次，将并入那条预警。"
        ) from error
    return made


def score_of(grade: str, policy: Policy) -> float:
    """The least score of a grade: where a person's alert stands among the others."""
    cuts = (policy.red, policy.orange, policy.yellow, policy.blue)
    return dict(zip(GRADES, cuts, strict=True))[grade]


def _explain(alert: Alert, suspicion: Suspicion, policy: Policy, *, on: dt.date) -> None:
    grade, sentence = suspicion.grade, suspicion.sentence.strip()[:300]
    score = score_of(grade, policy)
    if not suspicion.reference and alert.reasons.filter(on=on, sentence=sentence).exists():
        return  # the same words again: a second click
    Reason.objects.get_or_create(
        alert=alert,
        on=on,
        detector=_own_key(alert, suspicion, on),
        defaults={
            "surprise": score,
            "weight": 0.0,
            "sentence": sentence,
            "numbers": {
                **(suspicion.hit.numbers if suspicion.hit else {}),
                "reference": suspicion.reference,
            },
            "parameters": {},
            "city": alert.bureau.city if suspicion.reference else None,
            "number": folded(suspicion.reference),
        },
    )
    Sighting.objects.get_or_create(
        alert=alert,
        on=on,
        defaults={
            "score": score,
            "grade": grade,
            "detector": _key(suspicion),
            "family": suspicion.family,
            "families": [suspicion.family],
            "sentence": sentence,
            "listed": True,
        },
    )


def _own_key(alert: Alert, suspicion: Suspicion, on: dt.date) -> str:
    """An unnumbered report after another of the day is counted, so that its words are kept too."""
    key = _key(suspicion)
    told = alert.reasons.filter(on=on, detector__startswith=key).count()
    return key if suspicion.reference or suspicion.hit or not told else f"{key}:#{told + 1}"


def _join(alert: Alert, grade: str, *, now: dt.datetime) -> None:
    """A report that is graver than the alert it joins makes that one graver, with shorter clocks."""
    alert.last_on = max(alert.last_on, timezone.localdate(now))
    if higher(grade, alert.grade) != alert.grade:
        alert.grade = grade
        hurry(alert, now=now)
    alert.version += 1
    alert.save()


def hurry(alert: Alert, *, now: dt.datetime) -> None:
    """A graver grade has shorter clocks, from now on; they never become longer."""
    clocks = {"due_at": CLOCKS.get(State(alert.state), ""), "conclude_by": "alert.conclude"}
    for name, what in clocks.items():
        due = deadline(what, grade=alert.grade, start=now, bureau=alert.bureau) if what else None
        setattr(alert, name, min(filter(None, (getattr(alert, name), due)), default=None))
