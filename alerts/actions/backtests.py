"""Back-tests: what a city's list would have been under other rules, from what nights stored."""

import contextlib
import datetime as dt
import gc
import time
from collections.abc import Iterator
from typing import Any

import pandas as pd
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

import audit.actions
import jobs.actions
from accounts.models import Bureau, User
from alerts import backtest_report as report
from alerts.actions import replaying
from alerts.actions.rules import version_in_force
from alerts.grading import SUBJECT, Policy
from alerts.models import Alert, BackTest, Night, Origin, Outcome, RuleChange, State, Step, Surprise
from alerts.rulebook import Book

LONGEST = dt.timedelta(days=400)
AT_ONCE = 40_000  # findings that are decided again while the page waits: about two seconds
WITH_SENTENCES = 10
CONFIRMED = (
    Outcome.REMIND, Outcome.PROVEN, Outcome.MONOPOLY, Outcome.DISCIPLINE, Outcome.POLICE
)  # fmt: skip
COUNTED = (Origin.NIGHT, Origin.LATE, Origin.AUDIT)  # what people raised, no rule would lose


@transaction.atomic
def ask_for_test(
    *,
    city: Bureau,
    book: Book,
    span: tuple[dt.date, dt.date],
    by: User,
    now: dt.datetime,
    change: RuleChange | None = None,
) -> BackTest:
    """Test other rules on past nights: at once where it is quick, else as a job.

    `change`: the draft that is tested; it shows its newest test.
    """
    (first, last), problems = span, book.problems()
    if problems:
        raise ValidationError(list(problems.values()))
    if first > last or last - first > LONGEST:
        raise ValidationError(f"起止日期须先后有序，最长 {LONGEST.days} 天。")
    found = _findings(city, first, last)
    if found is None:
        raise ValidationError("这段时间没有完成的夜间检测，没有可回测的数据。")
    test = BackTest.objects.create(
        bureau=city, first=first, last=last, asked_by=by, asked_at=now,
        parameters=dict(book.parameters), policy=dict(book.policy),
    )  # fmt: skip
    if change is not None:
        change.test = test
        change.save(update_fields=["test"])
    if found <= AT_ONCE:
        _run(test, now=now)
    else:
        jobs.actions.enqueue(
            "alerts.back_test", key=job_key(test), bureau=city.code, asked_by=by.code, test=test.pk
        )
    audit.actions.record(
        "rules.tested", subject=f"{city.code}:{test.pk}", bureau=city.code, by=by.code,
        first=first.isoformat(), last=last.isoformat(),
        change=change.pk if change is not None else None,
    )  # fmt: skip
    return test


@transaction.atomic
def run_test(*, test: BackTest, now: dt.datetime) -> None:
    """Do a test that was asked for. Harmless when it was done before."""
    locked = BackTest.objects.select_for_update(of=("self",)).get(pk=test.pk)
    if locked.state == BackTest.State.WAITING:
        _run(locked, now=now)


def job_key(test: BackTest) -> str:
    """Under which key the job of a test is found."""
    return f"alerts.back_test:{test.pk}"


def _findings(city: Bureau, first: dt.date, last: dt.date) -> int | None:
    """How many findings a span holds; None without a finished night."""
    nights = Night.objects.filter(
        bureau__path__startswith=city.path, on__range=(first, last), state=Night.State.DONE
    )
    if not nights.exists():
        return None
    return Step.objects.filter(night__in=nights).aggregate(all=Sum("found", default=0))["all"]  # type: ignore[no-any-return]


def _run(test: BackTest, *, now: dt.datetime) -> None:
    begun = time.perf_counter()
    with _no_collections():
        test.result = _result(test, now=now)
    test.state, test.finished_at = BackTest.State.DONE, now
    test.seconds = round(time.perf_counter() - begun, 2)
    test.save()


@contextlib.contextmanager
def _no_collections() -> Iterator[None]:
    """A year's findings are a million live objects and hardly any garbage: looking for it among them
    took a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _result(test: BackTest, *, now: dt.datetime) -> dict[str, Any]:
    city, today = test.bureau, timezone.localtime(now).date()
    candidate = replaying.book_of(test)
    in_force = version_in_force(city=city, on=today, now=now)
    jobs.actions.report_progress(0, total=4, note="读取各晚结果")
    stored = replaying.stored_nights(city=city, first=test.first, last=test.last)
    jobs.actions.report_progress(1, total=4, note="按现行规则重排")
    baseline, _ = replaying.replay_as(stored, replaying.book_of(in_force))
    jobs.actions.report_progress(2, total=4, note="按备选规则重排")
    listed, unjudged = replaying.replay_as(stored, candidate)
    jobs.actions.report_progress(3, total=4, note="对照处置结果")
    lists = report.Lists(baseline, listed, report.traditional(stored.past.found))
    days = max(Policy.of(candidate.policy).cooldown_days, 1)
    figures = report.compared(
        lists, _alerts(city, test), nights=len(stored.past.ordered), days=days
    )
    return {
        **figures,
        **_told(figures, stored, candidate),
        "base": in_force.number,
        "missed": stored.missed,
        "unjudged": [list(pair) for pair in unjudged],
        "changes": [one.said for one in replaying.book_of(in_force).differences(candidate)],
        "check": _check(city, test, stored, baseline, uniform=_is_uniform(stored, in_force.pk)),
    }


def _told(figures: dict[str, Any], stored: replaying.Stored, candidate: Book) -> dict[str, Any]:
    """The first rows of what is new and of what is gone, with their sentences."""
    detectors = replaying.detectors_of(candidate)
    ran = {on: replaying.book_of(version) for on, version in stored.versions.items()}
    shown = {}
    for name in ("new", "gone"):
        rows = figures[name]
        found = Surprise.objects.in_bulk([row["pk"] for row in rows[:WITH_SENTENCES]])
        told = {}
        for row in rows[:WITH_SENTENCES]:
            one, key = found[row["pk"]], row["detector"]
            before = ran[dt.date.fromisoformat(row["on"])].parameters.get(key, {})
            again = name == "new" and before != candidate.parameters.get(key, {})
            told[one.pk] = replaying.sentence_of(one, detectors[key]) if again else one.sentence
        shown[name] = report.with_sentences(rows, told)
    return shown


def _is_uniform(stored: replaying.Stored, version: int) -> bool:
    return {one.pk for one in stored.versions.values()} == {version}


def _check(
    city: Bureau, test: BackTest, stored: replaying.Stored, baseline: pd.DataFrame, *, uniform: bool
) -> dict[str, int]:
    """How the replay with the rules of the time agrees with what was really listed."""
    again = baseline if uniform else replaying.replay_as_recorded(stored)
    until = test.last + dt.timedelta(days=1)
    real = replaying.real_listings(city=city, since=test.first, before=until)
    same, only_replay, only_real = replaying.same_subjects(again, real)
    return {"same": same, "only_replay": only_replay, "only_real": only_real}


def _alerts(city: Bureau, test: BackTest) -> pd.DataFrame:
    """What became of the alerts that the nights of the span raised."""
    rows = Alert.objects.filter(
        bureau__path__startswith=city.path, on__range=(test.first, test.last), origin__in=COUNTED
    ).values_list(
        "code", "bureau__code", "subject_kind", "subject_id", "audience", "on", "last_on",
        "closed_at", "state", "outcome",
    )  # fmt: skip
    made = [
        (*row[:6], report.until_of(_day(row[7]), row[6]), _outcome(row[8], row[9])) for row in rows
    ]
    return pd.DataFrame(made, columns=["code", *SUBJECT, "on", "until", "outcome"])


def _day(at: dt.datetime | None) -> dt.date | None:
    return None if at is None else timezone.localtime(at).date()


def _outcome(state: str, outcome: str) -> str:
    if outcome in CONFIRMED:
        return "confirmed"
    return "innocent" if outcome == Outcome.NORMAL or state == State.INVALID else "undecided"
