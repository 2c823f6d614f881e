"""What people do with a conclusion: draft it, submit it, look it over, and so close the alert."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

import accounts.actions
import audit.actions
from accounts.models import User
from accounts.permissions import MAY, Reach
from alerts.actions.alerts import refuse_recused
from alerts.actions.handling import Ending, advance_alert, close_alert
from alerts.causes import CAUSES, VIOLATIONS
from alerts.models import Alert, Outcome, State
from alerts.states import Step
from cases import reviewing
from cases.actions.numbering import next_code
from cases.actions.sealing import seal_record
from cases.models import Conclusion, DoubtAnswer, Inspection, Interview, Review, SealedRecord
from cases.story import story_of
from sources.crypto import seal

LEAST = {"facts": 20, "grounds": 10, "measures": 10}  # characters
TITLES = {"facts": "调查核实情况", "grounds": "认定依据", "measures": "处理意见"}
LONGEST_WATCH = dt.timedelta(days=90)
TEXTS = ("facts", "origin", "grounds", "measures", "effect")


@transaction.atomic
def save_conclusion(
    *, alert: Alert, content: dict[str, Any], by: User, now: dt.datetime, version: int = 0
) -> Conclusion:
    """Keep the draft of an alert's conclusion; the first time, make it.

    `content`: fields of Conclusion. `version` is that of the page, 0 for a new draft. Raises
    ValidationError where somebody else holds the alert, or the draft has moved on meanwhile.
    """
    alert = Alert.objects.select_for_update(of=("self",)).select_related("bureau").get(pk=alert.pk)
    if alert.state != State.CONCLUDING:
        raise ValidationError(f"该预警现为“{alert.get_state_display()}”，不能拟定结论。")
    if alert.holder != by:
        raise ValidationError(f"该预警由{alert.holder}办理，只能由本人拟定结论。")
    refuse_recused(alert, by)
    draft = alert.conclusions.filter(state=Conclusion.State.DRAFT).first()
    if (draft.version if draft else 0) != version:
        raise ValidationError("结论稿刚有变动，请刷新页面后再改。您刚才填写的内容没有保存。")
    if draft is None:
        draft = Conclusion(
            code=next_code(Conclusion, "CZBG", bureau=alert.bureau, on=timezone.localdate(now)),
            alert=alert, bureau=alert.bureau, audience=alert.audience, drafted_by=by,
            created_at=now, version=0,
        )  # fmt: skip
    for name in TEXTS:
        setattr(draft, name, content[name].strip())
    draft.outcome, draft.watch_until = content["outcome"], content["watch_until"]
    draft.causes, draft.violations = sorted(content["causes"]), sorted(content["violations"])
    draft.people, draft.for_library = seal(content["people"].strip()), content["for_library"]
    draft.version += 1
    draft.save()
    draft.named.set(alert.named.all())
    if draft.version == 1:
        audit.actions.record(
            "conclusion.drafted", subject=alert.code, bureau=alert.bureau.code, by=by.code,
            record=draft.code,
        )  # fmt: skip
    return draft


@transaction.atomic
def submit_conclusion(*, conclusion: Conclusion, by: User, now: dt.datetime) -> Conclusion:
    """Send the draft to be looked over. Raises ValidationError with all that it lacks."""
    conclusion = _locked(conclusion)
    if conclusion.state == Conclusion.State.REVIEWING and conclusion.drafted_by == by:
        return conclusion  # asked twice
    if conclusion.state != Conclusion.State.DRAFT:
        raise ValidationError("该结论已提交，请刷新页面。")
    lacking = missing(conclusion, today=timezone.localdate(now))
    if lacking:
        raise ValidationError(lacking)
    advance_alert(alert=conclusion.alert, step=Step.SUBMIT, by=by, now=now)
    conclusion.state, conclusion.submitted_at = Conclusion.State.REVIEWING, now
    conclusion.round += 1
    conclusion.version += 1
    conclusion.save()
    _ask_next(conclusion)
    return conclusion


@transaction.atomic
def review_conclusion(
    *,
    conclusion: Conclusion,
    is_pass: bool,
    reason: str,
    by: User,
    now: dt.datetime,
    version: int | None = None,
) -> Conclusion:
    """Give the next signature, or return the draft for a reason. The last one closes the alert.

    `version`: that of the report as it was read; None where nobody read it on a page.
    """
    conclusion = _locked(conclusion)
    if version is not None and version != conclusion.version:
        raise ValidationError("结论在您打开之后又有变动，请重新阅读后再签署。")
    refusal = why_not_review(conclusion, by) if is_pass else why_not_return(conclusion, by)
    if refusal:
        raise ValidationError(refusal)
    reason = reason.strip()
    if not is_pass and len(reason) < LEAST["grounds"]:
        raise ValidationError("退回须写明理由，至少10个字。")
    step = reviewing.next_step(conclusion, conclusion.reviews.all())
    assert step is not None  # noqa: S101  a conclusion under review lacks a signature
    Review.objects.create(
        conclusion=conclusion, round=conclusion.round, step=step, is_pass=is_pass,
        reason=reason, by=by, at=now,
    )  # fmt: skip
    conclusion.version += 1
    if not is_pass:
        _return(conclusion, by=by, now=now)
    elif reviewing.next_step(conclusion, conclusion.reviews.all()) is None:
        _approve(conclusion, by=by, now=now)
    else:
        conclusion.save()
        _ask_next(conclusion)
    kind = "conclusion.passed" if is_pass else "conclusion.returned"
    audit.actions.record(
        kind, subject=conclusion.alert.code, bureau=conclusion.bureau.code, by=by.code,
        record=conclusion.code, step=Review.Step(step).label, reason=reason,
    )  # fmt: skip
    return conclusion


def missing(conclusion: Conclusion, *, today: dt.date) -> list[str]:
    """What the draft lacks before anybody looks it over, in sentences."""
    if not conclusion.outcome:
        return ["请选择结论。"]
    found = [
        f"“{TITLES[name]}”至少写{least}个字。"
        for name, least in LEAST.items()
        if len(getattr(conclusion, name)) < least
    ]
    outcome = Outcome(conclusion.outcome)
    if not set(conclusion.causes) <= set(CAUSES) or not set(conclusion.violations) <= set(
        VIOLATIONS
    ):
        found.append("原因或违规情形不在目录中，请重新选择。")
    if outcome == Outcome.NORMAL:
        found += _missing_for_normal(conclusion)
    elif outcome in (Outcome.PROVEN, Outcome.DISCIPLINE) and not conclusion.violations:
        found.append("认定违规须选择违规情形。")
    if outcome == Outcome.DISCIPLINE and not conclusion.people:
        found.append("移送纪检须写明涉及人员。")
    if outcome == Outcome.UNPROVEN:
        last = conclusion.watch_until
        if last is None or not today < last <= today + LONGEST_WATCH:
            found.append(f"持续关注须定期限：明日起{LONGEST_WATCH.days}日内。")
    return found


def why_not_review(conclusion: Conclusion, by: User) -> str:
    """Why this person may not give the next signature; nothing if they may."""
    if conclusion.state != Conclusion.State.REVIEWING:
        return "该结论不在复核中，请刷新页面。"
    step = reviewing.next_step(conclusion, conclusion.reviews.all())
    if step is None or not _holds(conclusion, by, [step]):
        return f"现应由有“{step.label if step else ''}”权限的人员办理。"
    partial = _why_partial(conclusion, by)
    if partial:
        return partial
    if any(
        one.by_id == by.pk and one.round == conclusion.round for one in conclusion.reviews.all()
    ):
        return "您已签过意见，下一步须由另一人办理。"
    if _is_needed_later(conclusion, step, by):
        return "下一步只有您可以办理，这一步请由另一人签署。"
    return ""


def why_not_return(conclusion: Conclusion, by: User) -> str:
    """Why this person may not send it back. Whoever may give any of its signatures may, also after
    having given one: else a conclusion that nobody is left to sign would wait for ever."""
    if conclusion.state != Conclusion.State.REVIEWING:
        return "该结论不在复核中，请刷新页面。"
    if not _holds(conclusion, by, reviewing.chain(conclusion)):
        return "您无权复核该结论。"
    return _why_partial(conclusion, by)


def _holds(conclusion: Conclusion, by: User, steps: Iterable[Review.Step]) -> bool:
    """Whether the person has the right to one of the signatures, at this bureau."""
    rights = reviewing.rights(conclusion)
    return any(
        Conclusion.objects.visible_to(by, rights[step]).filter(pk=conclusion.pk).exists()
        for step in steps
    )


def _why_partial(conclusion: Conclusion, by: User) -> str:
    if by in (conclusion.drafted_by, conclusion.alert.holder):
        return "经办人不能复核自己的结论。"
    if _took_part(conclusion.alert, by):
        return "参加过询访或核查的人员不能复核。"
    return ""


def _is_needed_later(conclusion: Conclusion, step: Review.Step, by: User) -> bool:
    """Whether nobody but this person may give the signature after this one: both would be too many."""
    rights = reviewing.rights(conclusion)
    steps = reviewing.chain(conclusion)
    after = steps[steps.index(step) + 1 :][:1]
    return any(_may_sign(conclusion, rights[one]) == {by.pk} for one in after)


def _may_sign(conclusion: Conclusion, right: str) -> set[int]:
    """Those who hold the right where it is asked for, and did not handle the alert."""
    handled = (conclusion.drafted_by_id, conclusion.alert.holder_id)
    return {
        one.pk
        for one in _posted(conclusion, right)
        if one.pk not in handled and not _took_part(conclusion.alert, one)
    }


def _took_part(alert: Alert, by: User) -> bool:
    officers = Q(first_officer=by) | Q(second_officer=by)
    return (
        Interview.objects.filter(alert=alert, interviewer=by).exists()
        or Inspection.objects.filter(officers, alert=alert)
        .exclude(state=Inspection.State.CANCELLED)
        .exists()
    )


def _missing_for_normal(conclusion: Conclusion) -> list[str]:
    found = [] if conclusion.causes else ["认定正常须选择原因。"]
    answers = DoubtAnswer.objects.filter(
        doubt__alert=conclusion.alert, inspection__state=Inspection.State.SEALED
    ).order_by("inspection__ended_at", "pk")
    latest = {one.doubt_id: one.finding for one in answers}
    left = sum(finding == DoubtAnswer.Finding.UNEXPLAINED for finding in latest.values())
    if left:
        found.append(f"还有{left}条疑点未解释，不能认定为正常；请补充核查或改用其他结论。")
    return found


def _locked(conclusion: Conclusion) -> Conclusion:
    chosen = Conclusion.objects.select_for_update(of=("self",)).select_related(
        "alert__bureau", "alert__holder", "bureau", "drafted_by"
    )
    return chosen.get(pk=conclusion.pk)


def _return(conclusion: Conclusion, *, by: User, now: dt.datetime) -> None:
    conclusion.state = Conclusion.State.DRAFT
    conclusion.save()
    advance_alert(alert=conclusion.alert, step=Step.RETURN, by=by, now=now)
    accounts.actions.notify(
        users=[conclusion.drafted_by],
        key=f"returned:{conclusion.code}:{conclusion.round}",
        text=f"{conclusion.alert.subject_name}的结论被退回，请修改后再提交。",
        url=conclusion.get_absolute_url(),
    )


def _approve(conclusion: Conclusion, *, by: User, now: dt.datetime) -> None:
    """The last signature: the report is sealed, the alert closed."""
    conclusion.state, conclusion.approved_at = Conclusion.State.APPROVED, now
    conclusion.save()
    ending = Ending(
        outcome=Outcome(conclusion.outcome),
        causes=[*conclusion.causes, *conclusion.violations],
        note=conclusion.grounds,
        watch_until=conclusion.watch_until,
    )
    close_alert(alert=conclusion.alert, ending=ending, by=by, now=now)
    seal_record(
        code=conclusion.code, kind=SealedRecord.Kind.CONCLUSION, content=content_of(conclusion),
        bureau=conclusion.bureau, by=by, at=now,
    )  # fmt: skip
    accounts.actions.notify(
        users=[conclusion.drafted_by],
        key=f"approved:{conclusion.code}",
        text=f"{conclusion.alert.subject_name}的预警已办结。",
        url=conclusion.get_absolute_url(),
    )


def content_of(conclusion: Conclusion) -> dict[str, Any]:
    """What is sealed: the whole report. Names of staff stay encrypted in it."""
    alert = conclusion.alert
    return {
        "code": conclusion.code,
        "bureau": conclusion.bureau.name,
        "alert": {
            "code": alert.code, "grade": alert.grade, "on": alert.on, "sentence": alert.sentence,
            "detector": alert.detector, "subject": alert.subject_name or alert.subject_id,
            "licence_no": alert.licence_no,
        },
        "story": [{"at": one.at, "text": one.text, "code": one.code} for one in story_of(alert)],
        "records": list(
            SealedRecord.objects.filter(code__in=alert.inspections.values("code"))
            .order_by("code")
            .values("code", "sha256")
        ),
        "outcome": conclusion.outcome,
        "causes": conclusion.causes,
        "violations": conclusion.violations,
        "people": conclusion.people,
        "watch_until": conclusion.watch_until,
        **{name: getattr(conclusion, name) for name in TEXTS},
        "drafted_by": conclusion.drafted_by.name,
        "submitted_at": conclusion.submitted_at,
        "reviews": [
            {"step": one.get_step_display(), "by": one.by.name, "at": one.at, "reason": one.reason}
            for one in conclusion.reviews.select_related("by").order_by("at", "pk")
            if one.round == conclusion.round
        ],
        "approved_at": conclusion.approved_at,
    }  # fmt: skip


def _posted(conclusion: Conclusion, name: str) -> list[User]:
    """Who holds a right at the bureau whose right it is."""
    right = MAY[name]
    where = conclusion.bureau if right.reach is Reach.OWN else conclusion.bureau.city
    return list(User.objects.posted_at(where, right.roles))


def _ask_next(conclusion: Conclusion) -> None:
    """Tell those who may give the next signature."""
    step = reviewing.next_step(conclusion, conclusion.reviews.all())
    if step is None:
        return
    accounts.actions.notify(
        users=_posted(conclusion, reviewing.rights(conclusion)[step]),
        key=f"review:{conclusion.code}:{conclusion.round}:{step}",
        text=f"{conclusion.bureau.name}：{conclusion.alert.subject_name}的结论等待{Review.Step(step).label}。",
        url=conclusion.get_absolute_url(),
    )
