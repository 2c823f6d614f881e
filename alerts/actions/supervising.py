"""The list of key shops and the ledger of big buyers: kept by the policy, reviewed by people."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

import audit.actions
from accounts.calendar import deadline
from accounts.models import Audience, Bureau, User
from alerts.actions.turns import take_turn
from alerts.models import LISTED_AT, Alert, Hit, Measure, SupervisionRule, Task, Watch
from alerts.supervision import DEFAULTS, GRAVITY, UNITS, WHAT, Line, Past, Verdict, judge
from sources.models import Retailer

BIG = "big_shop"  # the detector whose hits are the ledger of big buyers
QUARTER = dt.timedelta(days=90)
LOOK_BACK = dt.timedelta(days=max(UNITS.values()))
LEAST_WORDS = 4


@transaction.atomic
def rules_of(*, city: Bureau, now: dt.datetime) -> list[SupervisionRule]:
    """The city's policy table; a city without any starts with the proposed one."""
    mine = SupervisionRule.objects.filter(bureau=city)
    if not mine.exists():
        take_turn(f"alerts.policy:{city.code}")
    if not mine.exists():
        SupervisionRule.objects.bulk_create(
            SupervisionRule(
                bureau=city, what=what, number=number, unit=unit, measure=measure,
                review_days=days, source="本系统建议", made_at=now,
            )
            for what, number, unit, measure, days in DEFAULTS
        )  # fmt: skip
    return list(mine.filter(ended_at=None).order_by("measure", "what", "unit"))


@transaction.atomic
def supervise(*, city: Bureau, now: dt.datetime) -> int:
    """Put on the lists what the policy asks for, and open its tasks. Harmless when done twice.

    Nothing leaves a list by itself: a person releases. Returns how many shops are new or graver.
    """
    Bureau.objects.select_for_update().get(pk=city.pk)
    today, rules = timezone.localdate(now), rules_of(city=city, now=now)
    changed = 0
    for county in city.children.counties():
        verdicts = _verdicts(county, rules, today)
        verdicts |= {(Watch.Book.BUYER, shop): one for shop, one in _buyers(county, today).items()}
        changed += sum(
            _enter(county, book, shop, verdict, today, now)
            for (book, shop), verdict in sorted(verdicts.items())
        )
        _open_tasks(county, now, verdicts)
    return changed


def _verdicts(
    county: Bureau, rules: Iterable[SupervisionRule], today: dt.date
) -> dict[tuple[str, str], Verdict]:
    past: dict[str, list[Past]] = defaultdict(list)
    alerts = Alert.objects.filter(
        bureau=county, subject_kind="retailer", audience=Audience.EVERYONE, on__gt=today - LOOK_BACK
    )
    names = ("subject_id", "code", "on", "grade", "family", "state", "outcome")
    for shop, *facts in alerts.values_list(*names, LISTED_AT, "closed_at"):
        past[shop].append(Past(*facts))
    released = _released(county, Watch.Book.KEY)
    judged = {
        shop: judge(known, rules, on=today, since=released.get(shop))
        for shop, known in past.items()
    }
    return {
        (Watch.Book.KEY, shop): verdict
        for shop, verdict in judged.items()
        if verdict is not None and verdict.measure != Measure.ROUTINE
    }


def _buyers(county: Bureau, today: dt.date) -> dict[str, Verdict]:
    """Shops that the ledger of hits names as big in the last month."""
    released = _released(county, Watch.Book.BUYER)
    hits = Hit.objects.filter(
        bureau=county, detector=BIG, subject_kind="retailer", on__gt=today - dt.timedelta(days=31)
    ).order_by("on")
    return {
        hit.subject_id: Verdict(Measure.KEY, hit.sentence, (), QUARTER.days)
        for hit in hits
        if hit.subject_id not in released or hit.on > released[hit.subject_id]
    }


def _released(county: Bureau, book: str) -> dict[str, dt.date]:
    """Shop -> the day of its last release."""
    past = Watch.objects.filter(bureau=county, book=book, released_on__isnull=False)
    return {
        shop: on
        for shop, on in past.order_by("released_on").values_list("retailer_id", "released_on")
        if on is not None
    }


def _enter(
    county: Bureau, book: str, shop: str, verdict: Verdict, today: dt.date, now: dt.datetime
) -> bool:
    """Put one shop on a list, or make its measure graver. Returns whether anything changed."""
    standing = Watch.objects.open().filter(bureau=county, book=book, retailer_id=shop).first()
    if standing is not None:
        graver = GRAVITY.index(verdict.measure) > GRAVITY.index(Measure(standing.measure))
        if not graver:
            return False
        standing.measure, standing.reason = verdict.measure, verdict.reason
        standing.review_days = verdict.review_days
        standing.facts, standing.version = {"alerts": verdict.alerts}, standing.version + 1
        standing.save()
        _tell("watch.raised", standing, "system", reason=verdict.reason)
        return True
    known = Retailer.objects.filter(code=shop).first()
    made = Watch.objects.create(
        bureau=county, book=book, retailer_id=shop, retailer_name=known.name if known else "",
        licence_no=known.licence_no if known else "", measure=verdict.measure,
        reason=verdict.reason, facts={"alerts": verdict.alerts}, since=today,
        review_on=today + dt.timedelta(days=verdict.review_days),
        review_days=verdict.review_days, made_at=now,
    )  # fmt: skip
    _tell("watch.entered", made, "system", reason=verdict.reason)
    return True


def _open_tasks(
    county: Bureau, now: dt.datetime, verdicts: dict[tuple[str, str], Verdict] | None = None
) -> None:
    """A special check for who is new under it or has new alerts since the last; and a visit to each
    big buyer every quarter."""
    watched = Watch.objects.open().filter(bureau=county).prefetch_related("tasks")
    for watch in watched.order_by("pk"):
        tasks = list(watch.tasks.all())
        if any(task.state == Task.State.OPEN for task in tasks):
            continue
        last = max((task.opened_at for task in tasks), default=None)
        if watch.book == Watch.Book.BUYER:
            if last is None or now - last >= QUARTER:
                _open_task(watch, f"大户季度核查：{watch.retailer_name or watch.retailer_id}", now)
        elif watch.measure == Measure.SPECIAL:
            verdict = (verdicts or {}).get((watch.book, watch.retailer_id))
            if last is None:
                _open_special(watch, now)
            elif verdict is not None and _has_news(verdict, tasks):
                watch.reason, watch.facts = verdict.reason, {"alerts": verdict.alerts}
                watch.save(update_fields=["reason", "facts"])
                _open_special(watch, now)


def _has_news(verdict: Verdict, tasks: Iterable[Task]) -> bool:
    """Whether an alert that the policy counts came after the last check was done."""
    done = max((task.done_at for task in tasks if task.done_at), default=None)
    return verdict.newest is not None and done is not None and verdict.newest > done


def _open_special(watch: Watch, now: dt.datetime) -> None:
    _open_task(watch, f"专项检查：{watch.retailer_name or watch.retailer_id}", now)


def _open_task(watch: Watch, title: str, now: dt.datetime) -> None:
    due = deadline("alert.conclude", grade="黄", start=now, bureau=watch.bureau)
    task = Task.objects.create(
        bureau=watch.bureau, watch=watch, title=title[:200], opened_at=now,
        due_at=due or now + dt.timedelta(days=14),
    )  # fmt: skip
    _tell("task.opened", watch, "system", task=task.pk, due=task.due_at.isoformat())


@transaction.atomic
def review_watch(
    *, watch: Watch, release: bool, note: str, by: User, now: dt.datetime, version: int
) -> None:
    """Keep a shop on its list for another spell, or release it; open tasks come to an end with it.

    One that is kept under special supervision is checked once more.
    """
    watch = Watch.objects.select_for_update(of=("self",)).select_related("bureau").get(pk=watch.pk)
    if watch.version != version or watch.released_on is not None:
        raise ValidationError("该户的监管记录刚有变动，未作改动。请刷新页面后再试。")
    if len(note.strip()) < LEAST_WORDS:
        raise ValidationError(f"请写明复评依据，至少{LEAST_WORDS}个字。")
    today = timezone.localdate(now)
    watch.note, watch.reviewed_on, watch.version = note.strip()[:500], today, watch.version + 1
    if release:
        watch.released_on, watch.released_by = today, by
        watch.tasks.filter(state=Task.State.OPEN).update(
            state=Task.State.DROPPED, done_by=by, done_at=now, result="已解除监管"
        )
    else:
        watch.review_on = today + dt.timedelta(days=watch.review_days)
    watch.save()
    special = watch.book == Watch.Book.KEY and watch.measure == Measure.SPECIAL
    if special and not release and not watch.tasks.filter(state=Task.State.OPEN).exists():
        _open_special(watch, now)
    _tell("watch.released" if release else "watch.kept", watch, by.code, note=watch.note)


@transaction.atomic
def add_watch(
    *, retailer: Retailer, book: str, measure: str, reason: str, by: User, now: dt.datetime
) -> Watch:
    """A person puts a shop on a list, with a reason."""
    if book not in Watch.Book.values or measure not in (Measure.KEY, Measure.SPECIAL):
        raise ValidationError("请选择名单和监管方式。")
    if len(reason.strip()) < LEAST_WORDS:
        raise ValidationError(f"请写明纳入原因，至少{LEAST_WORDS}个字。")
    if Watch.objects.open().filter(bureau=retailer.bureau, book=book, retailer_id=retailer.code):
        raise ValidationError("该户已在名单中，未重复登记。")
    today = timezone.localdate(now)
    made = Watch.objects.create(
        bureau=retailer.bureau, book=book, retailer_id=retailer.code, retailer_name=retailer.name,
        licence_no=retailer.licence_no, measure=measure, reason=reason.strip()[:300], since=today,
        review_on=today + QUARTER, review_days=QUARTER.days, made_by=by, made_at=now,
    )  # fmt: skip
    _tell("watch.entered", made, by.code, reason=made.reason)
    _open_tasks(retailer.bureau, now)
    return made


@transaction.atomic
def finish_task(*, task: Task, result: str, by: User, now: dt.datetime, version: int) -> None:
    """Record what a special check or a quarter's visit found."""
    task = (
        Task.objects.select_for_update(of=("self",)).select_related("watch__bureau").get(pk=task.pk)
    )
    if task.version != version or task.state != Task.State.OPEN:
        raise ValidationError("这项任务刚有变动，未作改动。请刷新页面后再试。")
    if len(result.strip()) < LEAST_WORDS:
        raise ValidationError(f"请写明检查结果，至少{LEAST_WORDS}个字。")
    task.state, task.result, task.version = Task.State.DONE, result.strip()[:1000], task.version + 1
    task.done_by, task.done_at = by, now
    task.save()
    _tell("task.done", task.watch, by.code, task=task.pk, result=task.result)


@transaction.atomic
def set_rule(*, city: Bureau, line: Line, by: User, now: dt.datetime) -> SupervisionRule:
    """Add a line to the policy table; a line about the same is replaced, the old one kept."""
    if line.what not in WHAT or line.unit not in SupervisionRule.Unit.values or line.number < 1:
        raise ValidationError("请选择类型、次数和期限。")
    if line.measure not in Measure.values:
        raise ValidationError("请选择监管方式。")
    if not line.source.strip():
        raise ValidationError("请填写依据文件或会议。")
    take_turn(f"alerts.policy:{city.code}")
    rules_of(city=city, now=now)
    same = SupervisionRule.objects.filter(
        bureau=city, what=line.what, unit=line.unit, measure=line.measure, ended_at=None
    )
    if same.filter(number=line.number, source=line.source).exists():
        raise ValidationError("政策表中已有这一行，未重复设置。")
    same.update(ended_at=now)
    days = 180 if line.measure == Measure.SPECIAL else QUARTER.days
    made = SupervisionRule.objects.create(
        bureau=city, review_days=days, made_by=by, made_at=now, **asdict(line)
    )
    _tell_rule("supervision.set", made, by)
    return made


@transaction.atomic
def end_rule(*, rule: SupervisionRule, by: User, now: dt.datetime) -> None:
    """Take a line out of the policy table; who it put on a list stays until reviewed."""
    rule = (
        SupervisionRule.objects.select_for_update(of=("self",))
        .select_related("bureau")
        .get(pk=rule.pk)
    )
    if rule.ended_at is None:
        rule.ended_at = now
        rule.save()
        _tell_rule("supervision.ended", rule, by)


def _tell(kind: str, watch: Watch, by: str, **details: str | int) -> None:
    audit.actions.record(
        kind, subject=watch.retailer_id, bureau=watch.bureau.code, by=by, book=watch.book,
        measure=watch.measure, **details,
    )  # fmt: skip


def _tell_rule(kind: str, rule: SupervisionRule, by: User) -> None:
    audit.actions.record(
        kind, subject=rule.what, bureau=rule.bureau.code, by=by.code, number=rule.number,
        unit=rule.unit, measure=rule.measure, source=rule.source,
    )  # fmt: skip
