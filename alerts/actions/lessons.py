"""Every four weeks: what a city's closed alerts say about the weights of its rules."""

import datetime as dt
from collections.abc import Iterator

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

import audit.actions
from accounts.models import Bureau, User
from alerts.actions.backtests import ask_for_test
from alerts.actions.changing import (
    Words,
    draft_change,
    is_tested,
    last_weeks,
    newest_version,
    submit_change,
)
from alerts.actions.replaying import book_of, kinds, replay_as, stored_nights
from alerts.actions.rules import policy_in, version_in_force, weight_of
from alerts.learning import learn
from alerts.models import Alert, Lesson, Origin, Outcome, RuleChange, State
from alerts.rulebook import Book, Value

EVERY = dt.timedelta(weeks=4)
FIRST = dt.timedelta(weeks=52)  # how far the first lesson looks back
FALSE = (Outcome.NORMAL,)


@transaction.atomic
def make_lesson(*, city: Bureau, now: dt.datetime, by: User | None = None) -> Lesson:
    """The table of the alerts closed since the last one that was adopted. One a day at most."""
    today = timezone.localdate(now)
    standing = Lesson.objects.filter(bureau=city, until=today).first()
    if standing is not None:
        return standing
    version = version_in_force(city=city, on=today, now=now)
    policy = policy_in(version)
    known = kinds()
    weights = {key: weight_of(kind, policy) for key, kind in known.items()}
    rows = learn(_verdicts(city, _since(city, today), today), weights, known)
    weekly = _a_week(city, book_of(version), {f"weight.{row.detector}": row.new for row in rows})
    made = Lesson.objects.create(
        bureau=city, until=today, made_at=now, made_by=by,
        rows=[{**row.as_json(), **weekly.get(row.detector, {})} for row in rows],
    )  # fmt: skip
    audit.actions.record(
        "lesson.made", subject=f"{city.code}:{today}", bureau=city.code,
        by=by.code if by else "system", closed=sum(row.closed for row in rows),
    )  # fmt: skip
    return made


def make_due_lessons(*, now: dt.datetime) -> None:
    """One for every city whose last is four weeks old."""
    today = timezone.localdate(now)
    for city in Bureau.objects.filter(level=Bureau.Level.CITY):
        if not Lesson.objects.filter(bureau=city, until__gt=today - EVERY).exists():
            make_lesson(city=city, now=now)


@transaction.atomic
def adopt_lesson(*, lesson: Lesson, by: User, now: dt.datetime) -> RuleChange:
    """Draft the table's new weights as a change of the rules, test it, and hand it in.

    A long test runs as a job; the draft then waits for its author to hand it in.
    """
    lesson = (
        Lesson.objects.select_for_update(of=("self",)).select_related("bureau").get(pk=lesson.pk)
    )
    if lesson.change is not None:
        raise ValidationError(f"这份权重建议已由{lesson.change.made_by}采用，未重复提交。")
    newer = Lesson.objects.filter(bureau=lesson.bureau, until__gt=lesson.until)
    if newer.exists():
        raise ValidationError("已有更新的权重建议，请采用最新的一份。")
    moved = {
        f"weight.{row['detector']}": row["new"] for row in lesson.rows if row["new"] != row["old"]
    }
    if not moved:
        raise ValidationError("这份建议没有改动任何权重，无须采用。")
    book = book_of(newest_version(city=lesson.bureau, now=now)).with_values(moved)
    words = Words(
        title=f"按办结结果调整权重（截至{lesson.until}）",
        reason=f"{sum(row['closed'] for row in lesson.rows)}条办结预警的查实情况，调整{len(moved)}项权重。",
        source="本系统办结反馈",
    )
    draft = draft_change(city=lesson.bureau, words=words, book=book, by=by, now=now)
    span = last_weeks(city=lesson.bureau)
    if span is not None:
        ask_for_test(city=lesson.bureau, book=book, span=span, by=by, now=now, change=draft)
    if is_tested(draft):
        draft = submit_change(change=draft, by=by, now=now, version=draft.version)
    lesson.change = draft
    lesson.save()
    audit.actions.record(
        "lesson.adopted", subject=f"{lesson.bureau.code}:{lesson.until}", bureau=lesson.bureau.code,
        by=by.code, weights=len(moved),
    )  # fmt: skip
    return lesson.change


def _a_week(city: Bureau, book: Book, weights: dict[str, Value]) -> dict[str, dict[str, float]]:
    """Detector -> alerts a week that it led in the last twelve, before and after with new weights.

    Empty before the first night; by replay of what nights stored, so nothing is found anew.
    """
    span = last_weeks(city=city)
    if span is None or not weights:
        return {}
    stored = stored_nights(city=city, first=span[0], last=span[1])
    weeks = len({on - dt.timedelta(days=on.weekday()) for on in stored.past.ordered})
    counts = {
        name: replay_as(stored, tried)[0]["detector"].value_counts()
        for name, tried in (("before", book), ("after", book.with_values(weights)))
    }
    return {
        key: {name: round(int(told.get(key, 0)) / weeks, 1) for name, told in counts.items()}
        for key in kinds()
    }


def _since(city: Bureau, today: dt.date) -> dt.date:
    """Where the last adopted lesson ended: what it counted is not counted again."""
    adopted = Lesson.objects.filter(bureau=city, change__state=RuleChange.State.APPROVED)
    last = adopted.order_by("-until").values_list("until", flat=True).first()
    return last or today - FIRST


def _verdicts(city: Bureau, since: dt.date, until: dt.date) -> Iterator[tuple[str, bool]]:
    """Alerts of the city's nights that were closed with a verdict: detector, confirmed.

    What was dismissed at the desk nobody has checked: it says nothing about a rule.
    """
    closed = Alert.objects.filter(
        bureau__path__startswith=city.path,
        origin__in=(Origin.NIGHT, Origin.LATE, Origin.AUDIT),
        state=State.CLOSED,
        closed_at__date__gte=since,
        closed_at__date__lt=until,
    ).order_by("pk")
    for alert in closed.exclude(outcome=Outcome.UNPROVEN).only("detector", "outcome"):
        yield alert.detector, alert.outcome not in FALSE
