"""市局考核: started from the records, scored item by item, confirmed by a second person, published."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction

import audit.actions
from accounts.actions import notify
from accounts.models import User
from reports.actions.telling import CONFIRMERS, COUNTY, tell
from reports.content import kept_content
from reports.figures import figures_of
from reports.impartial import refuse_partial
from reports.models import Assessment, AssessmentItem, MonthlyReport
from reports.sheet import CURRENT, SHEETS
from reports.suggestions import ground_of, suggestions
from reports.summaries import Book

State = Assessment.State
LEAST_REASON = 4  # characters


@dataclass(frozen=True)
class Score:
    """市局评分 of one item; the reason is required where it is not the suggestion."""

    points: Decimal | None
    reason: str = ""


@dataclass(frozen=True)
class Verdict:
    """What is said of the whole: bonus points, a veto, the general comment."""

    bonus: Decimal = Decimal(0)
    bonus_reason: str = ""
    veto_reason: str = ""
    comment: str = ""


@transaction.atomic
def start_assessment(*, report: MonthlyReport, by: User, now: dt.datetime) -> Assessment:
    """Put a received report on the score sheet, each item with its suggestion. Once a month."""
    report = MonthlyReport.objects.select_for_update(of=("self",)).select_related(
        "bureau__parent", "sent_by", "approved_by"
    ).get(pk=report.pk)  # fmt: skip
    known = Assessment.objects.filter(report=report).first()
    if known is not None:
        return known
    if report.state != MonthlyReport.State.RECEIVED:
        raise ValidationError("报告签收后才能评分。")
    refuse_partial(by, report)
    assessment = Assessment.objects.create(
        bureau=report.bureau, code=f"YDKH-{report.bureau.code}-{report.month:%Y%m}",
        month=report.month, report=report, sheet_version=CURRENT, scorer=by, created_at=now,
    )  # fmt: skip
    AssessmentItem.objects.bulk_create(_items(assessment, report, now=now))
    audit.actions.record(
        "score.started", subject=assessment.code, bureau=report.bureau.code, by=by.code,
        sheet=CURRENT,
    )  # fmt: skip
    return assessment


def _items(
    assessment: Assessment, report: MonthlyReport, *, now: dt.datetime
) -> list[AssessmentItem]:
    content = kept_content(report.submissions.newest()[0])
    figures = figures_of(Book.of(report.bureau, report.month, now=now))
    ground, sheet = ground_of(report, content=content, figures=figures), SHEETS[CURRENT]
    found = suggestions(sheet, ground)
    own = content["self_scores"]
    return [
        AssessmentItem(
            assessment=assessment,
            number=item.number,
            title=item.title,
            standard=item.standard,
            self_score=own.get(str(item.number)),
            suggested=found[item.number].points,
            basis=found[item.number].basis,
            codes=list(found[item.number].codes),
        )
        for item in sheet.items
    ]


@transaction.atomic
def score_items(
    *, assessment: Assessment, scores: Mapping[int, Score], by: User
) -> list[AssessmentItem]:
    """Keep the scorer's points for some items. Every change is told to the audit trail."""
    assessment = _locked(assessment, State.DRAFT)
    _only_the_scorer(assessment, by)
    changed = []
    for item in assessment.items.filter(number__in=scores).order_by("number"):
        wanted = scores[item.number]
        if (item.score, item.reason) == (wanted.points, wanted.reason.strip()):
            continue
        _check(item, wanted)
        before, item.score, item.reason = item.score, wanted.points, wanted.reason.strip()
        item.save(update_fields=["score", "reason"])
        changed.append(item)
        audit.actions.record(
            "score.given", subject=assessment.code, bureau=assessment.bureau.code, by=by.code,
            item=f"{item.number} {item.title}", before=None if before is None else str(before),
            score=None if item.score is None else str(item.score), reason=item.reason,
        )  # fmt: skip
    return changed


@transaction.atomic
def save_verdict(*, assessment: Assessment, verdict: Verdict, by: User) -> Assessment:
    """Keep bonus, veto and comment while the sheet is being scored."""
    assessment = _locked(assessment, State.DRAFT)
    _only_the_scorer(assessment, by)
    most = SHEETS[assessment.sheet_version].most_bonus
    if not 0 <= verdict.bonus <= most:
        raise ValidationError(f"加分在 0 至 {most:f} 分之间，没有保存。")
    if verdict.bonus and not verdict.bonus_reason.strip():
        raise ValidationError("加分须写明理由，没有保存。")
    before = _verdict_of(assessment)
    assessment.bonus, assessment.bonus_reason = verdict.bonus, verdict.bonus_reason.strip()
    assessment.veto_reason = verdict.veto_reason.strip()
    assessment.comment = verdict.comment.replace("\r\n", "\n").strip()
    if _verdict_of(assessment) == before:
        return assessment
    assessment.save(update_fields=["bonus", "bonus_reason", "veto_reason", "comment"])
    audit.actions.record(
        "score.judged", subject=assessment.code, bureau=assessment.bureau.code, by=by.code,
        bonus=str(assessment.bonus), reason=assessment.bonus_reason, veto=assessment.veto_reason,
    )  # fmt: skip
    return assessment


@transaction.atomic
def finish_scoring(
    *, assessment: Assessment, by: User, now: dt.datetime, version: int
) -> Assessment:
    """提交确认: every item has its points; a second person is asked."""
    assessment = _locked(assessment, State.DRAFT, version=version)
    _only_the_scorer(assessment, by)
    items = list(assessment.items.order_by("number"))
    left = [item.title for item in items if item.score is None]
    if left:
        raise ValidationError(f"还有 {len(left)} 项没有评分：{'、'.join(left)}。")
    assessment.total, assessment.scored_at = total_of(assessment, items), now
    _go(assessment, State.SCORED)
    tell(assessment, CONFIRMERS, "confirm", f"{_title(assessment)}已评分，待您确认。")
    audit.actions.record(
        "score.finished", subject=assessment.code, bureau=assessment.bureau.code, by=by.code,
        total=str(assessment.total),
    )  # fmt: skip
    return assessment


@transaction.atomic
def return_scoring(*, assessment: Assessment, reason: str, by: User, version: int) -> Assessment:
    """The second person does not agree: back to the scorer with the reason."""
    assessment = _locked(assessment, State.SCORED, version=version)
    _refuse_first_person(assessment, by)
    if not reason.strip():
        raise ValidationError("请写明退回重评的理由。")
    assessment.return_reason, assessment.total = reason.strip()[:300], None
    _go(assessment, State.DRAFT)
    text = f"{_title(assessment)}被退回重评：{assessment.return_reason[:80]}"
    notify(
        users=[assessment.scorer],
        key=f"{assessment.code}:rescore:{assessment.version}",
        text=text,
        url=assessment.get_absolute_url(),
    )
    audit.actions.record(
        "score.returned", subject=assessment.code, bureau=assessment.bureau.code, by=by.code,
        reason=assessment.return_reason,
    )  # fmt: skip
    return assessment


@transaction.atomic
def confirm_assessment(
    *, assessment: Assessment, by: User, now: dt.datetime, version: int
) -> Assessment:
    """确认: a second person, who had no part in the county's month either, makes the scores final."""
    assessment = _locked(assessment, State.SCORED, version=version)
    _refuse_first_person(assessment, by)
    refuse_partial(by, assessment.report)
    items = list(assessment.items.order_by("number"))
    for item in items:
        item.final = item.score
    AssessmentItem.objects.bulk_update(items, ["final"])
    assessment.confirmer, assessment.confirmed_at = by, now
    assessment.total, assessment.return_reason = total_of(assessment, items), ""
    _go(assessment, State.CONFIRMED)
    audit.actions.record(
        "score.confirmed", subject=assessment.code, bureau=assessment.bureau.code, by=by.code,
        total=str(assessment.total),
    )  # fmt: skip
    return assessment


@transaction.atomic
def publish_assessment(
    *, assessment: Assessment, by: User, now: dt.datetime, version: int
) -> Assessment:
    """公布: from now on the county sees its score, with the reasons; nothing changes any more."""
    assessment = _locked(assessment, State.CONFIRMED, version=version)
    assessment.published_at = now
    _go(assessment, State.PUBLISHED)
    tell(assessment, COUNTY, "published", f"{_title(assessment)}已公布：{assessment.total} 分。")
    audit.actions.record(
        "score.published", subject=assessment.code, bureau=assessment.bureau.code, by=by.code,
        total=str(assessment.total),
    )  # fmt: skip
    return assessment


def total_of(assessment: Assessment, items: list[AssessmentItem]) -> Decimal:
    """All points and the bonus; 0 where a veto stands."""
    if assessment.is_vetoed:
        return Decimal(0)
    return sum((item.score or Decimal(0) for item in items), assessment.bonus)


def _verdict_of(assessment: Assessment) -> Verdict:
    return Verdict(
        assessment.bonus, assessment.bonus_reason, assessment.veto_reason, assessment.comment
    )


def _locked(assessment: Assessment, state: str, *, version: int | None = None) -> Assessment:
    found = Assessment.objects.select_for_update(of=("self",)).select_related(
        "bureau__parent", "report__bureau", "report__sent_by", "report__approved_by", "scorer"
    ).get(pk=assessment.pk)  # fmt: skip
    if found.state != state or (version is not None and found.version != version):
        now = found.get_state_display()
        raise ValidationError(f"考核刚有变动，现为“{now}”。什么都没有改，请刷新页面再办理。")
    return found


def _only_the_scorer(assessment: Assessment, by: User) -> None:
    if by != assessment.scorer:
        raise ValidationError(f"由{assessment.scorer}评分，只能由本人填写。")


def _refuse_first_person(assessment: Assessment, by: User) -> None:
    if by == assessment.scorer:
        raise ValidationError("评分人不能确认自己的评分，请由另一人确认。")


def _check(item: AssessmentItem, wanted: Score) -> None:
    if wanted.points is None:
        return
    if not 0 <= wanted.points <= item.standard:
        raise ValidationError(f"「{item.title}」在 0 至 {item.standard} 分之间，没有保存。")
    if wanted.points != item.suggested and len(wanted.reason.strip()) < LEAST_REASON:
        raise ValidationError(
            f"「{item.title}」与建议分 {item.suggested} 不同，请写明理由（不少于 {LEAST_REASON} 个字）。"
        )


def _go(assessment: Assessment, state: str) -> None:
    assessment.state = state
    assessment.version += 1
    assessment.save()


def _title(assessment: Assessment) -> str:
    return f"{assessment.bureau.name}{assessment.month.month}月考核"
