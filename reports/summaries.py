"""The figures of a month, each the list of records behind it: one function a figure.

Every function starts from the querysets of `alerts` and `cases` that boards and lists use, so the
same word is the same number everywhere. All counts of a month come in one query.

What counts (取数口径):
- Months are calendar months of China. A running month is counted up to the moment of asking.
- An alert belongs to the month in which it came on the list (推送, or 重新推送 after a watch), and
  leaves with `closed_at`: approved, watched (持续关注) or dismissed (排除).
- On time means `closed_at <= conclude_by`, the last moment included; without a limit always.
- Alerts that the county may not see (audience other than everyone: about its own staff) are not in
  its report: the city handles them and sees them on its own list. Their interviews, inspections
  and conclusions are left out as well.
- A rate whose denominator is 0 is None, shown as —, never 0.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, FloatField, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Abs, Coalesce

from accounts.models import Audience, Bureau
from alerts.models import Alert, AlertQuerySet, Grade, Outcome, State
from cases.models import (
    Conclusion,
    Inspection,
    Interview,
    Photo,
    Review,
    StockLine,
)
from cases.models.conclusion import ConclusionQuerySet
from cases.models.inspection import InspectionQuerySet
from cases.models.interview import InterviewQuerySet
from reports import months

BY_PHONE = (Grade.RED, Grade.ORANGE, Grade.YELLOW)  # of blue ones a sample is enough
TRANSFERS = (Outcome.MONOPOLY, Outcome.DISCIPLINE, Outcome.POLICE)
LEAST_DIFFERENCE = 0.05  # cartons: below half a pack books and stock agree
Records = QuerySet[Any, Any]


@dataclass(frozen=True)
class Book:
    """A county's records of a month: from `since` up to `until` (the month's end, or now)."""

    bureau: Bureau
    since: dt.datetime
    until: dt.datetime

    @classmethod
    def of(cls, bureau: Bureau, month: dt.date, *, now: dt.datetime) -> "Book":
        since = months.begin_of(month)
        return cls(bureau, since, max(since, min(months.end_of(month), now)))

    @property
    def alerts(self) -> AlertQuerySet:
        return Alert.objects.filter(bureau=self.bureau, audience=Audience.EVERYONE)

    @property
    def interviews(self) -> InterviewQuerySet:
        return Interview.objects.filter(
            bureau=self.bureau, audience=Audience.EVERYONE, alert__audience=Audience.EVERYONE
        )

    @property
    def inspections(self) -> InspectionQuerySet:
        return Inspection.objects.filter(
            bureau=self.bureau, audience=Audience.EVERYONE, alert__audience=Audience.EVERYONE
        )

    @property
    def conclusions(self) -> ConclusionQuerySet:
        return Conclusion.objects.filter(
            bureau=self.bureau, audience=Audience.EVERYONE, alert__audience=Audience.EVERYONE
        )

    @property
    def ended(self) -> AlertQuerySet:
        return self.alerts.ended_between(self.since, self.until)

    @property
    def visited(self) -> InspectionQuerySet:
        return self.inspections.sealed_between(self.since, self.until)

    @property
    def called(self) -> InterviewQuerySet:
        return self.interviews.ended_between(self.since, self.until)


Counting = Callable[[Book], list[Records]]


@dataclass(frozen=True)
class Measure:
    """One column: what it is called, what it means, the records that it counts."""

    key: str
    title: str
    meaning: str
    records: Counting


@dataclass(frozen=True)
class Rate:
    """One measure over the sum of others; its list is that of the numerator."""

    key: str
    title: str
    meaning: str
    over: str
    under: tuple[str, ...]


MEASURES: dict[str, Measure] = {}


def measure(title: str) -> Callable[[Counting], Counting]:
    """Register a figure under its function's name; the docstring is its definition on the page."""

    def register(records: Counting) -> Counting:
        meaning = " ".join((records.__doc__ or "").split())
        MEASURES[records.__name__] = Measure(records.__name__, title, meaning, records)
        return records

    return register


@measure("上月结转")
def carried(book: Book) -> list[Records]:
    """本月 1 日 0 时尚未办结的预警。"""
    return [book.alerts.open_at(book.since)]


@measure("本月新增")
def new(book: Book) -> list[Records]:
    """本月推送（含关注到期重新推送）的预警。"""
    return [book.alerts.listed_between(book.since, book.until)]


@measure("应办")
def duty(book: Book) -> list[Records]:
    """上月结转与本月新增之和，等于已办结与结转下月之和。"""
    return [book.alerts.open_at(book.since) | book.alerts.listed_between(book.since, book.until)]


@measure("已办结")
def closed(book: Book) -> list[Records]:
    """本月办结、转持续关注或排除的预警。"""
    return [book.ended]


@measure("按时办结")
def in_time(book: Book) -> list[Records]:
    """已办结中，办结时间不晚于办结时限（含时限当刻）的。"""
    return [book.ended.ended_in_time()]


@measure("超期")
def overdue(book: Book) -> list[Records]:
    """超过办结时限才办结的，以及月末（进行中的月份为取数时）已超过办结时限而未办结的。"""
    late = book.ended.filter(closed_at__gt=F("conclude_by"))
    return [late, book.alerts.open_at(book.until).filter(conclude_by__lt=book.until)]


@measure("电话询访户次")
def called(book: Book) -> list[Records]:
    """本月结束的电话询访，接通的和按规定次数联系不上的都计入。"""
    return [book.called]


@measure("实地核查户次")
def visited(book: Book) -> list[Records]:
    """本月结束并已封存的实地核查。"""
    return [book.visited]


@measure("判定正常")
def normal(book: Book) -> list[Records]:
    """结论为正常的，以及核实原因后排除的。"""
    return [book.ended.filter(Q(outcome=Outcome.NORMAL) | Q(state=State.INVALID))]


@measure("提醒教育")
def reminded(book: Book) -> list[Records]:
    """结论为一般不规范、提醒教育的。"""
    return [book.ended.filter(outcome=Outcome.REMIND).exclude(state=State.INVALID)]


@measure("查实违规")
def proven(book: Book) -> list[Records]:
    """结论为违规查实的。"""
    return [book.ended.filter(outcome=Outcome.PROVEN).exclude(state=State.INVALID)]


@measure("移送")
def moved(book: Book) -> list[Records]:
    """移送专卖、纪检或公安的。"""
    return [book.ended.filter(outcome__in=TRANSFERS).exclude(state=State.INVALID)]


@measure("持续关注")
def watched(book: Book) -> list[Records]:
    """证据不足、转持续关注的。"""
    return [book.ended.filter(outcome=Outcome.UNPROVEN).exclude(state=State.INVALID)]


@measure("结转下月")
def left(book: Book) -> list[Records]:
    """月末（进行中的月份为取数时）尚未办结的预警。"""
    return [book.alerts.open_at(book.until)]


def _uncalled(book: Book) -> AlertQuerySet:
    """Red, orange and yellow alerts about shops that ended without a word with the shop."""
    talked = Interview.objects.filter(alert=OuterRef("pk"), ended_at__isnull=False)
    met = Inspection.objects.filter(alert=OuterRef("pk"), state=Inspection.State.SEALED)
    ended = book.ended.filter(subject_kind="retailer", grade__in=BY_PHONE)
    return ended.exclude(state=State.INVALID).filter(~Exists(talked), ~Exists(met))


@measure("应询")
def calls_due(book: Book) -> list[Records]:
    """实询、月末待询之和，加上红橙黄色预警未经询访或核查就办结的（排除的不计）。"""
    return [book.called, book.interviews.open_at(book.until), _uncalled(book)]


@measure("接通")
def reached(book: Book) -> list[Records]:
    """电话询访中接通并完成询问的。"""
    return [book.called.completed()]


@measure("转实地")
def to_visit(book: Book) -> list[Records]:
    """询访结论为需实地核查的，或询访后对同一预警安排了实地核查的。"""
    later = Inspection.objects.filter(
        alert=OuterRef("alert"), created_at__gte=OuterRef("created_at")
    )
    return [book.called.filter(Q(result=Interview.Result.VISIT) | Exists(later))]


def _red(book: Book) -> AlertQuerySet:
    shops = book.ended.filter(grade=Grade.RED, subject_kind="retailer")
    return shops.exclude(state=State.INVALID)


_SEALED_VISIT = Exists(
    Inspection.objects.filter(alert=OuterRef("pk"), state=Inspection.State.SEALED)
)


@measure("红色办结")
def red_ended(book: Book) -> list[Records]:
    """本月办结的红色预警（对象为零售户，排除的不计）。"""
    return [_red(book)]


@measure("红色已实地")
def red_visited(book: Book) -> list[Records]:
    """本月办结的红色预警中经过实地核查的。"""
    return [_red(book).filter(_SEALED_VISIT)]


@measure("红色未实地")
def red_unvisited(book: Book) -> list[Records]:
    """本月办结的红色预警中未经实地核查的。"""
    return [_red(book).filter(~_SEALED_VISIT)]


@measure("应查")
def visits_due(book: Book) -> list[Records]:
    """实查、月末待查之和，加上红色预警未经实地核查就办结的。"""
    return [book.visited, book.inspections.open_at(book.until), _red(book).filter(~_SEALED_VISIT)]


@measure("拒签")
def refused(book: Book) -> list[Records]:
    """实地核查中当事人拒绝签字的。"""
    return [book.visited.filter(signed=Inspection.Signed.REFUSED)]


@measure("账实不符户")
def unequal(book: Book) -> list[Records]:
    """实地核查中任一品规实存与应存不符的。"""
    books = F("opening") + F("bought") - F("returned") - F("sold")
    stock = Coalesce("counter", Value(0.0)) + Coalesce("store", Value(0.0))
    counted = StockLine.objects.filter(inspection=OuterRef("pk")).exclude(counter=None, store=None)
    differing = counted.alias(gap=Abs(stock - books, output_field=FloatField()))
    return [book.visited.filter(Exists(differing.filter(gap__gte=LEAST_DIFFERENCE)))]


@measure("无录音")
def unrecorded(book: Book) -> list[Records]:
    """接通的电话询访中没有录音的。"""
    return [book.called.completed().filter(recording=None)]


@measure("未签字且无见证")
def unwitnessed(book: Book) -> list[Records]:
    """实地核查中当事人未签字、也没有见证人的。"""
    return [book.visited.exclude(signed=Inspection.Signed.SIGNED).filter(witness="")]


@measure("无照片")
def unpictured(book: Book) -> list[Records]:
    """实地核查中一张照片也没有的。"""
    return [book.visited.filter(~Exists(Photo.objects.filter(inspection=OuterRef("pk"))))]


@measure("市局退回")
def sent_back(book: Book) -> list[Records]:
    """本月市局确认时退回的处置报告。"""
    back = Review.objects.filter(
        conclusion=OuterRef("pk"), step=Review.Step.CONFIRM, is_pass=False,
        at__gte=book.since, at__lt=book.until,
    )  # fmt: skip
    return [book.conclusions.filter(Exists(back))]


RATES = {
    rate.key: rate
    for rate in (
        Rate("closed_rate", "办结率", "已办结 ÷ 应办。", "closed", ("duty",)),
        Rate(
            "in_time_rate", "按时率", "按时办结 ÷（按时办结 + 超期）。", "in_time",
            ("in_time", "overdue"),
        ),
        Rate("proven_rate", "查实率", "查实违规 ÷ 已办结。", "proven", ("closed",)),
        Rate("reach_rate", "接通率", "接通 ÷ 电话询访户次。", "reached", ("called",)),
        Rate(
            "red_visit_rate", "红色实地率", "红色已实地 ÷ 红色办结。", "red_visited",
            ("red_ended",),
        ),
    )
}  # fmt: skip


def title_of(key: str) -> str:
    """What a measure or rate is called."""
    known: Measure | Rate = RATES[key] if key in RATES else MEASURES[key]
    return known.title


def meaning_of(key: str) -> str:
    """How it is counted, for whoever doubts the number."""
    known: Measure | Rate = RATES[key] if key in RATES else MEASURES[key]
    return known.meaning
