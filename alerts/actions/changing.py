"""A change of the rules on its way: drafted by one person, decided by another, in force next day."""

import dataclasses
import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

import accounts.actions
import audit.actions
from accounts.models import Bureau, User
from accounts.permissions import MAY
from alerts.actions.replaying import book_of
from alerts.actions.rules import version_in_force
from alerts.models import BackTest, Night, RuleChange, RuleVersion
from alerts.rulebook import Book

LEAST_WORDS = 4  # of a reason and of a decision
TESTED = dt.timedelta(weeks=12)  # that a back-test looks at unless asked for others
MOST_SHADOWS = 3  # of a city at a time: each decides every night once more
CHANGED = "这份变更已被改动或已有结论，您看到的不是最新内容。请刷新页面再办理。"


@dataclasses.dataclass(frozen=True)
class Words:
    """What a change is called, why it is wanted, and the document it rests on."""

    title: str
    reason: str = ""
    source: str = ""


def newest_version(*, city: Bureau, now: dt.datetime) -> RuleVersion:
    """The version that will be in force tomorrow: what drafts begin with."""
    return version_in_force(city=city, on=tomorrow(now), now=now)


def tomorrow(now: dt.datetime) -> dt.date:
    """The next day in China: the first order day that a decision of this moment touches."""
    return timezone.localtime(now).date() + dt.timedelta(days=1)


@transaction.atomic
def draft_change(
    *,
    city: Bureau,
    words: Words,
    book: Book,
    by: User,
    now: dt.datetime,
    begun_from: RuleVersion | BackTest | None = None,
) -> RuleChange:
    """Begin a draft from the newest version, a preset, a back-test or an older version."""
    base = newest_version(city=city, now=now)
    change = RuleChange.objects.create(
        bureau=city, base=base, made_by=by, made_at=now,
        returns_to=begun_from if isinstance(begun_from, RuleVersion) else None,
        test=begun_from if isinstance(begun_from, BackTest) else None,
        **_content(words, book),
    )  # fmt: skip
    _record("rules.drafted", change, by, base=base.number)
    return change


@transaction.atomic
def edit_change(
    *, change: RuleChange, words: Words, book: Book, by: User, version: int
) -> RuleChange:
    """Write a draft anew. Only its author, and only before it is submitted."""
    locked = _locked(change, version, RuleChange.State.DRAFT)
    _only_author(locked, by)
    for name, value in _content(words, book).items():
        setattr(locked, name, value)
    _save(locked)
    _record("rules.edited", locked, by, changes=_said(locked))
    return locked


@transaction.atomic
def rebase_change(*, change: RuleChange, by: User, now: dt.datetime, version: int) -> RuleChange:
    """Put what a change changes on top of the newest version; submitted ones are drafts again."""
    locked = _locked(change, version, RuleChange.State.DRAFT, RuleChange.State.WAITING)
    _only_author(locked, by)
    newest = newest_version(city=locked.bureau, now=now)
    wanted = book_of(locked.base).differences(book_of(locked))
    book = book_of(newest).with_values({one.line.key: one.new for one in wanted})
    locked.base, locked.state, locked.submitted_at = newest, RuleChange.State.DRAFT, None
    locked.parameters, locked.policy = dict(book.parameters), dict(book.policy)
    locked.test = None  # it tested something else
    _save(locked)
    _record("rules.rebased", locked, by, base=newest.number)
    return locked


@transaction.atomic
def submit_change(*, change: RuleChange, by: User, now: dt.datetime, version: int) -> RuleChange:
    """Ask the second person. The draft is complete, within limits, and up to date."""
    locked = _locked(change, version, RuleChange.State.DRAFT)
    _only_author(locked, by)
    if len(locked.reason) < LEAST_WORDS or not locked.source:
        raise ValidationError("送审前请写明变更理由和依据文件。")
    _check_base(locked, now=now)
    if not book_of(locked.base).differences(book_of(locked)):
        raise ValidationError("草稿与现行规则没有差别，无须送审。")
    _check_tested(locked)
    locked.state, locked.submitted_at = RuleChange.State.WAITING, now
    _save(locked)
    deciders = User.objects.posted_at(locked.bureau, MAY["approve_rules"].roles)
    _tell(locked, [one for one in deciders if one.pk != by.pk], f"{by.name} 送审规则变更", "asked")
    _record("rules.submitted", locked, by, changes=_said(locked))
    return locked


@transaction.atomic
def withdraw_change(*, change: RuleChange, by: User, version: int) -> RuleChange:
    """The author takes it back, before or after it was submitted."""
    locked = _locked(change, version, RuleChange.State.DRAFT, RuleChange.State.WAITING)
    _only_author(locked, by)
    locked.state, locked.in_shadow = RuleChange.State.WITHDRAWN, False
    _save(locked)
    _record("rules.withdrawn", locked, by)
    return locked


@transaction.atomic
def approve_change(
    *, change: RuleChange, decision: str, by: User, now: dt.datetime, version: int
) -> RuleVersion:
    """The second person agrees: a new version, in force from tomorrow's order day on."""
    locked = _locked(change, version, RuleChange.State.WAITING)
    _check_decision(locked, decision, by)
    _check_base(locked, now=now)
    _check_tested(locked)
    city = locked.bureau
    last = RuleVersion.objects.filter(bureau=city).aggregate(last=Max("number"))["last"] or 0
    made = RuleVersion.objects.create(
        bureau=city, number=last + 1, since=tomorrow(now),
        parameters=locked.parameters, policy=locked.policy, overrides=_overrides(locked, last + 1),
        title=locked.title, reason=locked.reason, source=locked.source, decision=decision,
        made_by=locked.made_by, approved_by=by, made_at=now,
    )  # fmt: skip
    locked.state, locked.became, locked.in_shadow = RuleChange.State.APPROVED, made, False
    locked.decided_by, locked.decided_at, locked.decision = by, now, decision
    _save(locked)
    _tell(locked, [locked.made_by], f"{by.name} 批准规则变更，{made.since} 起生效", "approved")
    _record("rules.approved", locked, by, rules=made.number, since=made.since.isoformat())
    return made


@transaction.atomic
def refuse_change(
    *, change: RuleChange, decision: str, by: User, now: dt.datetime, version: int
) -> RuleChange:
    """The second person does not agree, and says why."""
    locked = _locked(change, version, RuleChange.State.WAITING)
    _check_decision(locked, decision, by)
    locked.state, locked.in_shadow = RuleChange.State.REFUSED, False
    locked.decided_by, locked.decided_at, locked.decision = by, now, decision
    _save(locked)
    _tell(locked, [locked.made_by], f"{by.name} 退回规则变更", "refused")
    _record("rules.refused", locked, by, reason=decision)
    return locked


@transaction.atomic
def switch_shadow(
    *, change: RuleChange, on: bool, by: User, now: dt.datetime, version: int
) -> RuleChange:
    """Begin or end the nightly run of an open change beside the rules in force."""
    locked = _locked(change, version, RuleChange.State.DRAFT, RuleChange.State.WAITING)
    running = RuleChange.objects.filter(bureau=locked.bureau, in_shadow=True)
    if on and running.exclude(pk=locked.pk).count() >= MOST_SHADOWS:
        raise ValidationError(f"同时试运行的变更最多 {MOST_SHADOWS} 份，请先停止其中一份。")
    problems = book_of(locked).problems()
    if on and problems:
        raise ValidationError(list(problems.values()))
    if on and not locked.in_shadow:
        locked.listings.all().delete()  # of an earlier run: a shadow remembers its own nights only
        locked.shadow_since = timezone.localtime(now).date()
    locked.in_shadow = on
    _save(locked)
    _record("rules.shadowed" if on else "rules.unshadowed", locked, by)
    return locked


def _locked(change: RuleChange, version: int, *states: RuleChange.State) -> RuleChange:
    """The row as it is now, if it is still what the user saw and in one of these states."""
    locked = (
        RuleChange.objects.select_for_update(of=("self",))
        .select_related("bureau", "base", "made_by", "test")
        .get(pk=change.pk)
    )
    if locked.version != version or locked.state not in states:
        raise ValidationError(CHANGED)
    return locked


def _content(words: Words, book: Book) -> dict[str, Any]:
    problems = book.problems()
    if problems:
        raise ValidationError(list(problems.values()))
    if not words.title.strip():
        raise ValidationError("请写明变更名称。")
    content = {"parameters": dict(book.parameters), "policy": dict(book.policy)}
    return {**dataclasses.asdict(words), **content}


def _only_author(change: RuleChange, by: User) -> None:
    if change.made_by_id != by.pk:
        raise ValidationError(
            f"这份变更由 {change.made_by.name} 起草，只有本人可以改动、送审或撤回。"
        )


def _check_decision(change: RuleChange, decision: str, by: User) -> None:
    if change.made_by_id == by.pk:
        raise ValidationError("起草人不能审批自己的变更，须由第二人审批。")
    if len(decision.strip()) < LEAST_WORDS:
        raise ValidationError(f"请写明审批意见，至少 {LEAST_WORDS} 个字。")


def _check_base(change: RuleChange, *, now: dt.datetime) -> None:
    """Nothing came into force behind the draft's back, and all of it is within today's limits."""
    newest = newest_version(city=change.bureau, now=now)
    if newest.pk != change.base_id:
        raise ValidationError(
            f"起草之后 {newest} 已批准（{newest.since} 起生效），"
            f"本变更仍以 {change.base} 为底稿。请起草人先更新底稿，再送审。"
        )
    problems = book_of(change).problems()
    if problems:
        raise ValidationError(list(problems.values()))


def is_tested(change: RuleChange) -> bool:
    """Whether its newest back-test is done and was of exactly this content, or none is possible."""
    test = change.test
    if test is not None and test.state == BackTest.State.DONE and book_of(test) == book_of(change):
        return True
    return last_weeks(city=change.bureau) is None


def _check_tested(change: RuleChange) -> None:
    if not is_tested(change):
        raise ValidationError(
            "这份变更还没有做完内容完全相同的回测，不能送审、批准。请先在本页「回测」一栏点「回测后送审」。"
        )


def last_weeks(*, city: Bureau) -> tuple[dt.date, dt.date] | None:
    """The twelve weeks up to the city's last finished night; None before the first."""
    done = Night.objects.filter(bureau__path__startswith=city.path, state=Night.State.DONE)
    last = done.aggregate(last=Max("on"))["last"]
    return None if last is None else (last - TESTED, last)


def _overrides(change: RuleChange, number: int) -> dict[str, Any]:
    """Source and reason of every deviation from the defaults that the new version has."""
    book, known = book_of(change), change.base.overrides
    mine = {"source": change.source, "reason": change.reason, "version": number}
    touched = {one.line.key for one in book_of(change.base).differences(book)}
    deviating = [one.line.key for one in Book().differences(book)]
    return {key: mine if key in touched else known.get(key, mine) for key in deviating}


def _save(change: RuleChange) -> None:
    change.version += 1
    change.save()


def _said(change: RuleChange) -> str:
    """What it changes, in words, as long as the trail keeps it."""
    differences = book_of(change.base).differences(book_of(change))
    return "；".join(one.said for one in differences)[:1000]


def _tell(change: RuleChange, users: list[User], what: str, step: str) -> None:
    accounts.actions.notify(
        users=users,
        key=f"rules:{change.pk}:{change.version}:{step}",
        text=f"{what}：{change.title}。",
        url=change.get_absolute_url(),
    )


def _record(kind: str, change: RuleChange, by: User, **details: Any) -> None:
    audit.actions.record(
        kind, subject=f"{change.bureau.code}:{change.pk}", bureau=change.bureau.code, by=by.code,
        title=change.title, **details,
    )  # fmt: skip
