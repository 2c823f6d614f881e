"""What was said in a telephone interview: statement, answers, recording, the end, and corrections."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import IO, Any

import filetype
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

import audit.actions
import documents.actions
from accounts.models import User
from alerts.actions.alerts import refuse_recused
from alerts.actions.grades import raise_by_record
from alerts.states import Step
from cases.actions.interviews import (
    STALE,
    locked_interview,
    move_alert,
    refuse_closed,
    refuse_others,
    talk_of,
    written_by,
)
from cases.actions.sealing import add_addendum
from cases.comparison import contradictions
from cases.models import Addendum, Doubt, Interview, InterviewItem
from cases.questions import VERSION, missing
from cases.rights import right_to_write
from documents.models import StoredFile
from sources.crypto import seal, unseal

LEAST_WORDS = 5  # characters of a reason or a statement
HEAD = 300  # bytes that tell what a file is
Result = Interview.Result


GRADE_OF_ANOTHER = {"manager": "红", "delivery": "红", "other": "橙"}  # who ordered instead


@dataclass(frozen=True)
class Statement:
    """Who was spoken to, and the last order in their own words. Quantity in cartons."""

    relation: str
    identity: str
    told_recording: bool
    interviewee: str = ""
    stated_on: dt.date | None = None
    stated_qty: float | None = None
    statement: str = ""


@transaction.atomic
def save_statement(
    *, interview: Interview, statement: Statement, by: User, now: dt.datetime
) -> Interview:
    """Keep the retailer's own statement. Once only: afterwards the order is on the screen."""
    interview = written_by(interview, by)
    if interview.stated_at is not None:
        if statement == statement_of(interview):
            return interview  # sent twice
        raise ValidationError("自述已保存，不能再改。之后说的，请写在记录里。")
    if interview.state != Interview.State.TALKING:
        raise ValidationError("请先登记接通的通话。")
    _check_statement(statement, today=timezone.localdate(now))
    _keep_statement(interview, statement)
    interview.stated_at, interview.script_version = now, VERSION
    interview.version += 1
    interview.save()
    audit.actions.record(
        "interview.stated", subject=interview.code, bureau=interview.bureau.code, by=by.code,
        rules=VERSION,
    )  # fmt: skip
    return interview


def statement_of(interview: Interview) -> Statement:
    """The statement as it was kept."""
    return Statement(
        relation=interview.relation, identity=interview.identity,
        told_recording=interview.told_recording, interviewee=unseal(interview.interviewee),
        stated_on=interview.stated_on, stated_qty=interview.stated_qty,
        statement=interview.statement,
    )  # fmt: skip


def _check_statement(statement: Statement, *, today: dt.date) -> None:
    if statement.stated_on is not None and statement.stated_on > today:
        raise ValidationError("自述的订货日期不能晚于今天。")
    whole = statement.stated_on is not None and statement.stated_qty is not None
    if not whole and len(statement.statement.strip()) < LEAST_WORDS:
        raise ValidationError("请记下对方自述的订货日期和数量；说不清的，在自述里写明原话。")


def _keep_statement(interview: Interview, statement: Statement) -> None:
    for name, value in asdict(statement).items():
        setattr(interview, name, value)
    interview.interviewee = seal(statement.interviewee.strip())
    interview.statement = statement.statement.strip()


@dataclass(frozen=True)
class Draft:
    """The answers by question key; received cartons by the item's number; doubts, one a line."""

    answers: dict[str, dict[str, Any]]
    received: dict[int, float | None] = field(default_factory=dict)
    doubts: str = ""


@transaction.atomic
def save_answers(*, interview: Interview, draft: Draft, by: User, version: int) -> Interview:
    """Keep the answers so far. Raises ValidationError (code "stale") if the record has moved on."""
    interview = _talked_to(interview, by, version)
    is_first = not interview.answers
    _keep_answers(interview, draft)
    interview.version += 1
    interview.save()
    if is_first:
        audit.actions.record(
            "interview.drafted", subject=interview.code, bureau=interview.bureau.code, by=by.code
        )
    return interview


def _talked_to(interview: Interview, by: User, version: int) -> Interview:
    interview = written_by(interview, by)
    if interview.stated_at is None:
        raise ValidationError("请先保存对方的自述。")
    if interview.version != version:
        raise ValidationError(
            "这份询访在别处改过，请刷新页面后再填。您刚才填写的内容没有保存。", code=STALE
        )
    return interview


def _keep_answers(interview: Interview, draft: Draft) -> list[InterviewItem]:
    interview.answers, interview.doubts = draft.answers, draft.doubts.strip()
    items = list(interview.items.order_by("pk"))
    changed = [one for one in items if draft.received.get(one.pk, one.received) != one.received]
    for item in changed:
        item.received = draft.received[item.pk]
    InterviewItem.objects.bulk_update(changed, ["received"])
    return items


@transaction.atomic
def attach_recording(
    *, interview: Interview, stream: IO[bytes], name: str, by: User, now: dt.datetime
) -> StoredFile:
    """Keep the call's recording. Only of a talk whose other side was told, and only once."""
    interview = locked_interview(interview)
    refuse_others(interview, by)
    if interview.is_locked(now=now):
        raise ValidationError("记录已锁定，不能再上传录音。")
    if not interview.told_recording:
        raise ValidationError("没有告知对方录音，不能上传录音。")
    if interview.recording is not None:
        raise ValidationError("录音已上传，原件不能替换。")
    kind = str(filetype.guess_mime(stream.read(HEAD)) or "")
    stream.seek(0)
    if not _is_sound(kind, name):
        raise ValidationError("请上传录音文件（MP3、M4A、WAV、AMR、OGG、AAC、FLAC）。")
    file = documents.actions.store_file(
        stream=stream, name=name, bureau=interview.bureau, purpose="recording", by=by, at=now
    )
    interview.recording = file
    interview.save(update_fields=["recording"])
    audit.actions.record(
        "interview.recorded", subject=interview.code, bureau=interview.bureau.code, by=by.code,
        sha256=file.sha256, size=file.size,
    )  # fmt: skip
    return file


def _is_sound(kind: str, name: str) -> bool:
    """Telephones also write sound alone in containers that carry pictures elsewhere."""
    box = kind in {"video/mp4", "video/3gpp", "video/webm"}
    return kind.startswith("audio/") or (
        box and name.lower().endswith((".m4a", ".aac", ".amr", ".3gp", ".webm"))
    )


@dataclass(frozen=True)
class Ending:
    """What the interviewer makes of it."""

    result: Interview.Result
    credibility: Interview.Credibility


@transaction.atomic
def complete_interview(
    *, interview: Interview, draft: Draft, ending: Ending, by: User, now: dt.datetime, version: int
) -> Interview:
    """Finish the record: compare, keep each contradiction as a doubt of the alert, and send that on.

    Raises ValidationError with all that is missing, and where an explanation is called reasonable
    while something contradicts it.
    """
    interview = locked_interview(interview)
    if interview.state == Interview.State.COMPLETED and interview.interviewer == by:
        return interview  # asked twice
    refuse_closed(interview)
    interview = _talked_to(interview, by, version)
    items = _keep_answers(interview, draft)
    lacking = lacking_answers(interview, items)
    if lacking:
        raise ValidationError(lacking)
    interview.contradictions = contradictions(interview, items, interview.answers)
    _check_result(interview, ending.result)
    interview.result, interview.credibility = ending.result, ending.credibility
    interview.state, interview.ended_at = Interview.State.COMPLETED, now
    interview.version += 1
    interview.save()
    _keep_doubts(interview, now=now)
    step = Step.CONCLUDE if ending.result == Result.REASONABLE else Step.CHECK
    move_alert(interview, step, by=by, now=now)
    _raise_grade(interview, by=by, now=now)
    audit.actions.record(
        "interview.completed", subject=interview.code, bureau=interview.bureau.code, by=by.code,
        result=interview.get_result_display(), rows=len(interview.contradictions),
    )  # fmt: skip
    return interview


def _raise_grade(interview: Interview, *, by: User, now: dt.datetime) -> None:
    """Who says that staff ordered in their name makes the alert red; somebody else, orange."""
    who = interview.answers.get("ordered_by", {}).get("choice", "")
    if who in GRADE_OF_ANOTHER:
        raise_by_record(
            alert=interview.alert, grade=GRADE_OF_ANOTHER[who], by=by, now=now,
            reason=f"零售户亲述非本人订货（{interview.code}）。",
        )  # fmt: skip


def lacking_answers(interview: Interview, items: Iterable[InterviewItem]) -> list[str]:
    """What a record lacks before it can be completed, in sentences."""
    found = []
    talk = talk_of(interview)
    if talk is not None and talk.ended_at is None:
        found.append("通话还没有记录结束时间。")
    if interview.answers.get("received", {}).get("choice") in {"all", "part"}:
        unasked = [item.sku_name for item in items if item.received is None]
        if unasked:
            found.append(f"还没有填实收条数：{'、'.join(unasked)}。")
    lacks = [
        f"{one.number} {lack}" for one, lack in missing(interview.alert.family, interview.answers)
    ]
    if lacks:
        found.append(f"{'；'.join(lacks)}。")
    return found


def _check_result(interview: Interview, result: str) -> None:
    if result != Result.REASONABLE:
        return
    if interview.contradictions:
        raise ValidationError(
            f"有 {len(interview.contradictions)} 处与订单或规定不符，不能记为解释合理，请转实地核查。"
        )
    if interview.doubts:
        raise ValidationError("还写着疑点，不能记为解释合理。疑点已排除的，请删去。")


def _keep_doubts(interview: Interview, *, now: dt.datetime) -> None:
    """The contradictions and the interviewer's own doubts, as doubts of the alert; those that a
    correction took away go, unless somebody has answered them already."""
    lines = [line.strip()[:300] for line in interview.doubts.splitlines() if line.strip()]
    texts = list(dict.fromkeys([*interview.contradictions, *lines]))
    mine = Doubt.objects.filter(alert=interview.alert, source=interview.code)
    mine.exclude(text__in=texts).filter(answers=None).delete()
    known = set(mine.values_list("text", flat=True))
    doubts = Doubt.objects.filter(alert=interview.alert)
    last = doubts.aggregate(last=Max("number"))["last"] or 0
    fresh = [text for text in texts if text not in known]
    Doubt.objects.bulk_create(
        Doubt(
            alert=interview.alert, number=number, text=text, source=interview.code, created_at=now
        )
        for number, text in enumerate(fresh, start=last + 1)
    )


@dataclass(frozen=True)
class Correction:
    """A completed record as it should have been written, and why."""

    statement: Statement
    draft: Draft
    reason: str


@transaction.atomic
def correct_interview(
    *, interview: Interview, correction: Correction, by: User, now: dt.datetime, version: int
) -> Interview:
    """Put one's own completed record right within 24 hours. The result stands as it was given."""
    interview = locked_interview(interview)
    refuse_correction(interview, by, now=now)
    if interview.version != version:
        raise ValidationError("这份记录刚有变动，请刷新页面后再改。", code=STALE)
    if len(correction.reason.strip()) < LEAST_WORDS:
        raise ValidationError(f"请写明更正理由，至少 {LEAST_WORDS} 个字。")
    before = _content(interview)
    _check_statement(correction.statement, today=timezone.localdate(now))
    _keep_statement(interview, correction.statement)
    items = _keep_answers(interview, correction.draft)
    lacking = lacking_answers(interview, items)
    if lacking:
        raise ValidationError(lacking)
    interview.contradictions = contradictions(interview, items, interview.answers)
    if interview.result == Result.REASONABLE and (interview.contradictions or interview.doubts):
        raise ValidationError(
            "更正后与“解释合理”的结果相抵。请写补充记录，并在拟定结论时转实地核查。"
        )
    changed = [name for name, value in _content(interview).items() if before[name] != value]
    if not changed:
        raise ValidationError("没有改动。")
    interview.version += 1
    interview.save()
    _keep_doubts(interview, now=now)
    audit.actions.record(
        "interview.corrected", subject=interview.code, bureau=interview.bureau.code, by=by.code,
        reason=correction.reason.strip(), fields=changed,
    )  # fmt: skip
    return interview


TITLES = {
    "interviewee": "受访人", "relation": "与持证人关系", "identity": "身份核对方式",
    "told_recording": "告知录音", "stated_on": "自述日期", "stated_qty": "自述数量",
    "statement": "自述",
}  # fmt: skip


def _content(interview: Interview) -> dict[str, Any]:
    """What a correction may change, by its title."""
    content: dict[str, Any] = {
        TITLES[name]: value for name, value in asdict(statement_of(interview)).items()
    }
    received = interview.items.order_by("pk").values_list("pk", "received")
    return content | {
        "回答": interview.answers, "疑点": interview.doubts, "实收数量": list(received)
    }  # fmt: skip


def refuse_correction(interview: Interview, by: User, *, now: dt.datetime) -> None:
    """Whoever interviewed corrects, and for a day."""
    if interview.state != Interview.State.COMPLETED:
        raise ValidationError("只有已完成的记录可以更正。")
    if interview.interviewer != by:
        raise ValidationError("只能由询访人本人更正。")
    if interview.is_locked(now=now):
        raise ValidationError("完成已满 24 小时，记录已锁定，只能补充。")
    refuse_recused(interview.alert, by)


@transaction.atomic
def supplement_interview(*, interview: Interview, text: str, by: User, at: dt.datetime) -> Addendum:
    """Add to a record that has ended, beneath it. The same words twice in a row are one."""
    interview = locked_interview(interview)
    if interview.ended_at is None:
        raise ValidationError("记录还没有完成，请直接填写。")
    seen = Interview.objects.visible_to(by, right_to_write(interview.alert))
    if not seen.filter(pk=interview.pk).exists():
        raise ValidationError("您无权补充该记录。")
    refuse_recused(interview.alert, by)
    if len(text.strip()) < LEAST_WORDS:
        raise ValidationError(f"补充内容至少 {LEAST_WORDS} 个字。")
    return add_addendum(code=interview.code, bureau=interview.bureau, text=text, by=by, at=at)
