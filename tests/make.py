"""Makes what tests need, through the actions that users go through where there are such."""

import datetime as dt
import io
from decimal import Decimal
from typing import Any

from django.utils import timezone

import accounts.actions
import jobs.actions
from accounts.models import Bureau, User
from accounts.permissions import Role
from alerts.actions.backtests import ask_for_test
from alerts.models import (
    Alert,
    BackTest,
    Draw,
    DrawnShop,
    Exemption,
    Flood,
    Grade,
    GradeChange,
    Group,
    Hit,
    Lesson,
    MarketEvent,
    Night,
    Reason,
    RuleChange,
    RuleVersion,
    State,
    SupervisionRule,
    Task,
    Watch,
)
from alerts.rulebook import Book
from cases.actions.inspections import start_inspection
from cases.actions.inspections_planning import plan_inspection
from cases.actions.interviews import Call, note_attempt, plan_interview
from cases.actions.interviews_record import Statement, attach_recording, save_statement
from cases.models import Attempt, Conclusion, Inspection, Interview
from documents.actions import store_file
from documents.models import StoredFile
from jobs.models import Job
from reports.actions import scoring
from reports.actions.drafting import start_report
from reports.actions.handing import approve_report, send_for_review, submit_report
from reports.actions.receiving import receive_report
from reports.models import Assessment, MonthlyReport
from reports.sections import TEXTS
from sources.actions.seizures import Seized, register_seizure
from sources.models import Batch, Retailer, RetailerVersion, Seizure

DAY = dt.date(2026, 3, 2)
NOW = dt.datetime(2026, 3, 2, 22, tzinfo=dt.UTC)
PASSWORD = "Long-enough-2026"
LEVELS = {2: Bureau.Level.PROVINCE, 4: Bureau.Level.CITY, 6: Bureau.Level.COUNTY}


def bureau(code: str = "451423", name: str = "") -> Bureau:
    """The bureau of a code with all above it: 45 > 4514 > 451423. Asked for again, the same one."""
    known = Bureau.objects.filter(code=code).first()
    if known is not None:
        return known
    parent = bureau(code[:-2]) if len(code) > 2 else None
    return accounts.actions.create_bureau(
        code=code, name=name or f"{code}局", parent=parent, level=LEVELS[len(code)], by="test"
    )


def user(
    role: str | None = Role.COUNTY_SUPERVISOR, *, at: Bureau | None = None, **given: Any
) -> User:
    """Somebody with a role at a bureau (the county 451423), a known password and no duty to change it."""
    number = User.objects.count() + 1
    made = accounts.actions.create_user(
        username=given.pop("username", f"user-{number}"),
        name=given.pop("name", f"张{number}"),
        password=PASSWORD,
        by="test",
    )
    changed_at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    User.objects.filter(pk=made.pk).update(**{"password_changed_at": changed_at, **given})
    if role is not None:
        accounts.actions.assign_role(
            user=made, bureau=at or bureau(), role=Role(role), since=dt.date(2026, 1, 1), by=None
        )
    made.refresh_from_db()
    return made


def job(kind: str = "test.nothing", **args: Any) -> Job:
    return jobs.actions.enqueue(kind, **args)


def rules(bureau: Bureau) -> RuleVersion:
    """The first rule version of a bureau's city."""
    given = {"since": DAY, "made_at": NOW}
    return RuleVersion.objects.get_or_create(bureau=bureau.city, number=1, defaults=given)[0]


def change(*, at: Bureau | None = None, **given: Any) -> RuleChange:
    """A draft of a change of a city's rules."""
    city = (at or bureau()).city
    given = {
        "title": "放宽单次订购", "reason": "按省局口径调整", "source": "省局文件", "base": rules(city),
        "parameters": {"vol_order": {"ratio": 2.5}}, "made_at": NOW,
        "made_by": given.pop("made_by", None) or user("city_supervisor", at=city), **given,
    }  # fmt: skip
    return RuleChange.objects.create(bureau=city, **given)


def back_test(*, at: Bureau | None = None, **given: Any) -> BackTest:
    """A back-test of one empty night."""
    city = (at or bureau()).city
    night(at=city)
    by = given.pop("by", None) or user("city_supervisor", at=city)
    return ask_for_test(
        city=city, book=Book(), span=(DAY, DAY), by=by, now=NOW, **given
    )  # fmt: skip


def night(*, at: Bureau | None = None, on: dt.date | None = None, **given: Any) -> Night:
    place = at or bureau()
    given = {"state": Night.State.DONE, "rule_version": rules(place), "finished_at": NOW, **given}
    return Night.objects.get_or_create(bureau=place, on=on or DAY, defaults=given)[0]


def alert(*, at: Bureau | None = None, **given: Any) -> Alert:
    """A pushed yellow alert about a shop of its own, with one reason."""
    place = at or bureau()
    number = Alert.objects.count() + 1
    given = {
        "code": f"YJ-{place.code}-20260302-{number:03}", "subject_kind": "retailer",
        "subject_id": f"{place.code}{number:07}", "subject_name": f"第{number}便利店",
        "on": DAY, "last_on": DAY, "detector": "vol_robust", "family": "VOL", "grade": Grade.YELLOW,
        "score": 4.0, "sentence": "本周订货92条，本户近26周常态27条，为3.3倍。",
        "rule_version": rules(place), "night": night(at=place), "pushed_at": NOW, "due_at": NOW,
        **given,
    }  # fmt: skip
    made = Alert.objects.create(bureau=place, **given)
    Reason.objects.create(
        alert=made, on=made.on, detector=made.detector, surprise=3.1, weight=0,
        sentence=made.sentence, numbers={"ratio": 3.3}, parameters={},
    )  # fmt: skip
    return made


def grade_change(*, alert: Alert, **given: Any) -> GradeChange:
    """A red alert that somebody wants yellow; nobody has looked at it yet."""
    given = {
        "old": "红", "new": "黄", "reason": "经核实为节前备货，证据见录音。", "at": NOW,
        "is_waiting": True, "by": user("county_lead", at=alert.bureau), **given,
    }  # fmt: skip
    return GradeChange.objects.create(alert=alert, **given)


def group(*, at: Bureau | None = None, alerts: int = 2, **given: Any) -> Group:
    """A proposed case of some alerts of one bureau."""
    place = at or bureau()
    number = Group.objects.count() + 1
    given = {
        "code": f"BA-{place.code}-20260302-{number:02}", "link": f"D{number}", "on": DAY,
        "reason": "2户共用同一订货设备，建议合并办理。", **given,
    }  # fmt: skip
    made = Group.objects.create(bureau=place, **given)
    for _ in range(alerts):
        alert(at=place, group=made, link=f"2026-03-02|{made.link}", audience=made.audience)
    return made


def exemption(*, at: Bureau | None = None, **given: Any) -> Exemption:
    """One that waits for a second person, with a proof."""
    place = at or bureau()
    by = given.pop("made_by", None) or user("county_supervisor", at=place)
    raised = given.pop("alert", None) or alert(at=place)
    proof = store_file(
        stream=io.BytesIO(b"%PDF-1.4 proof"), name="证明.pdf", bureau=place, purpose="exemption",
        by=by, at=NOW,
    )  # fmt: skip
    given = {
        "subject_kind": raised.subject_kind, "subject_id": raised.subject_id,
        "subject_name": raised.subject_name, "detector": raised.detector, "cause": "N05",
        "note": "门店已扩大，现场核实属实。", "size": 3.3, "since": timezone.localdate(),
        "until": timezone.localdate() + dt.timedelta(days=60), "made_by": by, "made_at": NOW,
        "alert": raised, "proof": proof, **given,
    }  # fmt: skip
    return Exemption.objects.create(bureau=place, **given)


def event(*, at: Bureau | None = None, **given: Any) -> MarketEvent:
    given = {"kind": "fair", "name": "新街圩", "first": DAY, "last": DAY, "made_at": NOW, **given}
    return MarketEvent.objects.create(bureau=at or bureau(), **given)


def flood(*, at: Bureau | None = None, **given: Any) -> Flood:
    """A parked rule; in real life it is always a city's."""
    given = {"on": DAY, "detector": "vol_order", "found": 80, "usual": 4.0, **given}
    return Flood.objects.create(bureau=at or bureau(), **given)


def lesson(*, at: Bureau | None = None, **given: Any) -> Lesson:
    """A table with one weight that would move; in real life it is always a city's."""
    row = {
        "detector": "vol_order", "closed": 12, "confirmed": 1, "precision": 0.11, "low": 0.04,
        "high": 0.2, "old": -0.5, "new": -0.8,
    }  # fmt: skip
    given = {"until": DAY, "rows": [row], "made_at": NOW, **given}
    return Lesson.objects.create(bureau=at or bureau(), **given)


def sample(*, at: Bureau | None = None, name: str = "某店") -> DrawnShop:
    """A draw of one shop, nobody has been there yet."""
    place = at or bureau()
    shop = retailer(at=place, name=name)
    draw = Draw.objects.create(
        bureau=place, week_start=DAY, seed="seed", pool=1, pool_sha256="", made_at=NOW
    )
    return DrawnShop.objects.create(
        draw=draw, place=1, retailer_id=shop.code, retailer_name=shop.name
    )


def watch(*, at: Bureau | None = None, **given: Any) -> Watch:
    """A key shop that the policy put on the list."""
    place = at or bureau()
    shop = given.pop("retailer_id", "") or retailer(at=place).code
    given = {
        "book": "key", "measure": "key", "reason": "近90天推送预警2次，达到2次。", "since": DAY,
        "review_on": DAY + dt.timedelta(days=90), "made_at": NOW, **given,
    }  # fmt: skip
    return Watch.objects.create(bureau=place, retailer_id=shop, **given)


def task(*, at: Bureau | None = None, **given: Any) -> Task:
    """An open special check."""
    place = at or bureau()
    given = {"title": "专项检查：某店", "opened_at": NOW, "due_at": NOW, **given}
    return Task.objects.create(bureau=place, watch=watch(at=place, measure="special"), **given)


def supervision_rule(*, at: Bureau | None = None, **given: Any) -> SupervisionRule:
    given = {
        "what": "alert", "number": 2, "unit": "90d", "measure": "key", "source": "某文件",
        "made_at": NOW, **given,
    }  # fmt: skip
    return SupervisionRule.objects.create(bureau=at or bureau(), **given)


def hit(*, at: Bureau | None = None, **given: Any) -> Hit:
    place = at or bureau()
    number = Hit.objects.count() + 1
    given = {
        "on": DAY, "detector": "vol_order", "subject_kind": "retailer",
        "subject_id": f"{place.code}{number:07}", "sentence": "本次订货为前3个周期平均的2.4倍。",
        "grade": Grade.BLUE, "score": 1.0, "numbers": {}, "why_not_pushed": "未达推送线", **given,
    }  # fmt: skip
    return Hit.objects.create(bureau=place, **given)


def batch(*, at: Bureau | None = None, name: str = "订单主表.csv", **given: Any) -> Batch:
    """An imported file of a bureau."""
    place = at or bureau()
    file = StoredFile.objects.create(
        bureau=place, sha256="0" * 64, size=1, name=name, content_type="text/csv", path="none",
        purpose="import", stored_at=NOW,
    )  # fmt: skip
    given = {"state": Batch.State.DONE, "kind": "orders", "known_at": NOW, **given}
    return Batch.objects.create(
        bureau=place, file=file, origin=Batch.Origin.UPLOAD, created_at=NOW, **given
    )


def retailer(*, at: Bureau | None = None, code: str = "", **given: Any) -> Retailer:
    """A shop with one version of its master record."""
    place = at or bureau()
    number = Retailer.objects.count() + 1
    name = given.pop("name", f"第{number}便利店")
    made = Retailer.objects.create(bureau=place, code=code or f"{place.code}{number:07}", name=name)
    RetailerVersion.objects.create(
        retailer=made, valid_from=dt.date(2020, 1, 1), name=name, batch=batch(at=place), row_no=2,
        **given,
    )  # fmt: skip
    return made


CODE32 = "6022800000001205YCYC451423100123"  # the fifth carton of what was sorted on 28 February


def seizure(*, at: Bureau | None = None, by: User | None = None, **given: Any) -> Seizure:
    """40 cartons seized on 2 March 2026, with one code."""
    place = at or bureau()
    given = {
        "case_no": f"邕烟立〔2026〕第{Seizure.objects.count() + 1}号", "seized_on": DAY,
        "place": "南宁市某仓库", "sku": "真龙（海韵）", "qty": Decimal(40), "codes": CODE32, **given,
    }  # fmt: skip
    return register_seizure(seized=Seized(**given), bureau=place, by=by or user(at=place), now=NOW)


def conclusion(*, at: Bureau | None = None, **given: Any) -> Conclusion:
    """A conclusion that waits to be looked over: of a yellow alert, by a supervisor who holds it."""
    place = at or bureau()
    holder = user(at=place)
    subject = given.pop("subject_name", "第九便利店")
    about = alert(at=place, state=State.REVIEWING, holder=holder, subject_name=subject)
    number = Conclusion.objects.count() + 1
    given = {
        "code": f"CZBG-{place.code}-202603-{number:04}", "state": Conclusion.State.REVIEWING,
        "outcome": "N", "causes": ["N04"], "facts": "店主称本周为女儿办婚宴，已看请柬与采购清单。",
        "grounds": "请柬与清单相符，库存与账面一致。", "measures": "不予处理，归档备查。",
        "drafted_by": holder, "created_at": NOW, "submitted_at": NOW, "round": 1, **given,
    }  # fmt: skip
    return Conclusion.objects.create(bureau=place, alert=about, **given)


def officer(*, at: Bureau | None = None, role: str = Role.COUNTY_SUPERVISOR, **given: Any) -> User:
    """Somebody with an enforcement certificate of their own."""
    number = User.objects.count() + 1
    given = {
        "certificate_no": f"4514{number:05}", "certificate_until": dt.date(2030, 1, 1), **given
    }  # fmt: skip
    return user(role, at=at, **given)


def inspection(
    *,
    at: Bureau | None = None,
    first: User | None = None,
    second: User | None = None,
    planned_only: bool = False,
    **about: Any,
) -> Inspection:
    """A visit that two officers have begun, about an alert of theirs."""
    place = at or bureau()
    first, second = first or officer(at=place), second or officer(at=place)
    made = plan_inspection(
        alert=alert(at=place, **{"state": State.CLAIMED, "holder": first, **about}),
        second=second, planned_at=NOW, reason="核实订货异常情况", by=first, now=NOW,
    )  # fmt: skip
    if planned_only:
        return made
    return start_inspection(inspection=made, place=None, why_far="", by=first, now=NOW)


CALLED = dt.datetime(2026, 3, 3, 1, 30, tzinfo=dt.UTC)  # half past nine in China
MP3 = b"ID3\x03" + bytes(300)
ORDER = {  # 92 cartons on the alert's day
    "order": {"order_id": "DD20260302001", "day": DAY.isoformat(), "qty": 92.0},
    "order_lines": [
        {"sku_id": "S1", "sku_name": "真龙（海韵）", "qty": 62.0},
        {"sku_id": "S2", "sku_name": "黄山（硬）", "qty": 30.0},
    ],
}


def interview(
    *, at: Bureau | None = None, by: User | None = None, until: str = "recorded", **about: Any
) -> Interview:
    """An interview on the way: planned, talking, stated or recorded. `about`: fields of its alert."""
    place = at or bureau()
    by = by or user(at=place)
    given = {"state": State.CLAIMED, "holder": by, "picture": ORDER, **about}
    made = plan_interview(alert=alert(at=place, **given), by=by, now=NOW)
    if until == "planned":
        return made
    call = Call(
        Attempt.Source.OTHER, Attempt.Result.REACHED, dialled_at=CALLED, phone="13877140001",
        connected_at=CALLED + dt.timedelta(seconds=20), ended_at=CALLED + dt.timedelta(minutes=4),
    )  # fmt: skip
    note_attempt(interview=made, call=call, by=by, now=CALLED + dt.timedelta(minutes=5))
    if until != "talking":
        said = Statement("self", "shop", told_recording=True, stated_on=DAY, stated_qty=90.0)
        save_statement(interview=made, statement=said, by=by, now=CALLED + dt.timedelta(minutes=5))
    if until == "recorded":
        file = io.BytesIO(MP3)
        attach_recording(interview=made, stream=file, name="通话.mp3", by=by, now=CALLED)
    made.refresh_from_db()
    return made


MARCH = dt.date(2026, 3, 1)
HANDED_IN = dt.datetime(2026, 4, 2, 2, tzinfo=dt.UTC)  # before March's report is due


def report(*, at: Bureau | None = None, month: dt.date = MARCH, text: str = "") -> MonthlyReport:
    """A complete draft. `text` stands in every section."""
    place = at or bureau()
    made = start_report(bureau=place, month=month, by=user(at=place), now=HANDED_IN)
    words = (
        f"{text}本月按要求处置预警，逐户核实，未发现其他情况；分析成因，提出建议，落实到人。" * 2
    )
    values: dict[str, Any] = {section.key: words for section in TEXTS}
    values["plan"] = [{"matter": "走访重点户", "who": "韦建国", "until": "2030-04-20"}]
    made.parts = {
        key: {"value": value, "version": 1, "by": "张", "at": HANDED_IN.isoformat()}
        for key, value in values.items()
    }
    made.save()
    return made


def submitted(
    *, at: Bureau | None = None, now: dt.datetime = HANDED_IN, **given: Any
) -> MonthlyReport:
    """A report that three people of the county have sent, approved and signed."""
    place = at or bureau()
    made = report(at=place, **given)
    made = send_for_review(report=made, by=user(at=place), now=now, version=made.version)
    lead, head = user(Role.COUNTY_LEAD, at=place), user(Role.COUNTY_DEPUTY_HEAD, at=place)
    made = approve_report(report=made, by=lead, version=made.version)
    submit_report(report=made, by=head, now=now, version=made.version)
    return MonthlyReport.objects.select_related("bureau__parent").get(pk=made.pk)


def received(*, at: Bureau | None = None, **given: Any) -> MonthlyReport:
    """A report that the city has taken."""
    made = submitted(at=at, **given)
    by = user(Role.CITY_SUPERVISOR, at=made.bureau.city)
    return receive_report(report=made, by=by, version=made.version)


def assessment(*, at: Bureau | None = None, until: str = "published", **given: Any) -> Assessment:
    """An assessment on the way: draft, scored (as suggested), confirmed or published."""
    of = received(at=at, **given)
    scorer = user(Role.CITY_SUPERVISOR, at=of.bureau.city)
    made = scoring.start_assessment(report=of, by=scorer, now=HANDED_IN)
    if until == "draft":
        return made
    scores = {item.number: scoring.Score(item.suggested) for item in made.items.all()}
    scoring.score_items(assessment=made, scores=scores, by=scorer)
    made = scoring.finish_scoring(assessment=made, by=scorer, now=HANDED_IN, version=made.version)
    confirmer = user(Role.CITY_LEAD, at=of.bureau.city)
    for state, go in (
        ("confirmed", scoring.confirm_assessment), ("published", scoring.publish_assessment)
    ):  # fmt: skip
        if until in (state, "published"):
            made = go(assessment=made, by=confirmer, now=HANDED_IN, version=made.version)
    return made
