"""建议分: what the records say about each item of the sheet, with the ground of every deduction.

Where the program keeps no records of an item it suggests full marks and says so; a person decides.
Figures are those of the whole month as the records stand when scoring begins.
"""

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from reports import months
from reports.completeness import typed_differences
from reports.content import kept_content, texts_in
from reports.figures import Figures
from reports.models import MonthlyReport, Submission
from reports.models.report import Content
from reports.sections import PLAN, TEXTS, percent
from reports.sheet import Item, Sheet

UNRECORDED = "本月系统无记录，请人工核定"
ALIKE = 0.8  # from this share of equal text on, a report counts as copied
LONGEST_COMPARED = 4000  # characters of each report


@dataclass(frozen=True)
class Suggestion:
    """Points from 0 to the standard, in tenths; why; and the records that it is about."""

    points: Decimal
    basis: str
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ground:
    """What the suggestions are made from."""

    first: Submission  # it decides whether the county was in time
    content: Content  # of the newest submission
    last: Content | None  # of the month before
    figures: Figures  # of the whole month, now


def suggestions(sheet: Sheet, ground: Ground) -> dict[int, Suggestion]:
    """One for each item of the sheet."""
    return {item.number: _RULES.get(item.key, _unrecorded)(item, ground) for item in sheet.items}


def ground_of(report: MonthlyReport, *, content: Content, figures: Figures) -> Ground:
    """The report's submissions and last month's, together with what was counted."""
    before = months.last_month(report.month)
    earlier = Submission.objects.filter(report__bureau=report.bureau, report__month=before)
    last = earlier.newest().first()
    return Ground(
        first=report.submissions.order_by("number")[0],
        content=content,
        last=kept_content(last) if last else None,
        figures=figures,
    )


def similarity(one: Content, other: Content) -> float:
    """The share of equal text of two reports, 0 to 1; digits, spaces and punctuation left out."""
    this, that = _bare(one), _bare(other)
    if not this or not that:
        return 0.0
    return difflib.SequenceMatcher(a=this, b=that, autojunk=False).ratio()


def _bare(content: Content) -> str:
    text = "".join(texts_in(content).values())
    return re.sub(r"[\W\d_]+", "", text)[:LONGEST_COMPARED]


@dataclass
class _Tally:
    """Deductions as they add up, each with its words."""

    left: Decimal
    words: list[str]
    codes: list[str]

    def take(self, points: float, words: str, codes: tuple[str, ...] = ()) -> None:
        self.left -= Decimal(str(points))
        self.words.append(f"{words}，扣 {points:g} 分")
        self.codes += codes

    def done(self, *, otherwise: str) -> Suggestion:
        points = max(self.left, Decimal(0)).quantize(Decimal("0.1"), ROUND_HALF_UP)
        return Suggestion(points, "；".join(self.words) or otherwise, tuple(self.codes))


def _tally(item: Item) -> _Tally:
    return _Tally(item.standard, [], [])


def _unrecorded(item: Item, _ground: Ground) -> Suggestion:
    return Suggestion(item.standard, UNRECORDED)


def _report(item: Item, ground: Ground) -> Suggestion:
    tally, texts = _tally(item), texts_in(ground.content)
    if ground.first.late_days:
        tally.take(2 * ground.first.late_days, f"迟报 {ground.first.late_days} 天")
    absent = [one.title for one in TEXTS if not texts.get(one.key, "").strip()]
    absent += [] if ground.content["plan"] else [PLAN.title]
    if absent:
        tally.take(len(absent), f"缺{'、'.join(absent)}")
    wrong = typed_differences(ground.content)
    if wrong:
        tally.take(len(wrong), "；".join(one.text for one in wrong))
    alike = similarity(ground.content, ground.last) if ground.last else 0.0
    if alike >= ALIKE:
        tally.take(3, f"与上月报告雷同 {percent(alike)}")
    return tally.done(otherwise="按时报送，各部分齐全，数字与系统一致")


def _in_time(item: Item, ground: Ground) -> Suggestion:
    rate, late = ground.figures["total.in_time_rate"].value, ground.figures["red.overdue"]
    tally = _tally(item)
    if rate is None:
        return tally.done(otherwise="本月没有到期应办结的预警")
    if rate < 1:
        lost = round(float(item.standard) * (1 - rate), 1)
        words = f"按时率 {percent(float(rate))}"
        tally.take(lost, words, ground.figures["total.overdue"].codes)
    if late.value:
        tally.take(3 * len(late.codes), f"红色预警超期 {late.value} 条")
    return tally.done(otherwise="到期预警全部按时办结")


def _quality(item: Item, ground: Ground) -> Suggestion:
    back, tally = ground.figures["total.sent_back"], _tally(item)
    if back.value:
        tally.take(3 * len(back.codes), f"市局确认时退回 {back.value} 件", back.codes)
        tally.words.append("抽查结果系统无记录，请人工核定")
    return tally.done(otherwise=f"市局确认无退回；抽查结果{UNRECORDED}")


def _calls(item: Item, ground: Ground) -> Suggestion:
    due, done = ground.figures["total.calls_due"], ground.figures["total.called"]
    mute, tally = ground.figures["total.unrecorded"], _tally(item)
    left = tuple(sorted(set(due.codes) - set(done.codes)))
    if left:
        lost = round(float(item.standard) * len(left) / len(due.codes), 1)
        tally.take(lost, f"应询 {due.value} 户，实询 {done.value} 户", left)
    if mute.value:
        tally.take(0.5 * len(mute.codes), f"{mute.value} 次接通而无录音", mute.codes)
    return tally.done(otherwise=f"应询 {due.value} 户全部询访" if due.value else "本月没有应询户")


def _visits(item: Item, ground: Ground) -> Suggestion:
    missed, tally = ground.figures["red.red_unvisited"], _tally(item)
    if missed.value:
        tally.take(2 * len(missed.codes), f"红色预警 {missed.value} 条未实地核查", missed.codes)
    bare, dark = ground.figures["total.unwitnessed"], ground.figures["total.unpictured"]
    if bare.value:
        tally.take(len(bare.codes), f"{bare.value} 份记录未签字又无见证", bare.codes)
    if dark.value:
        tally.take(len(dark.codes), f"{dark.value} 份记录没有照片", dark.codes)
    done = ground.figures["total.visited"].value
    return tally.done(
        otherwise=f"实地核查 {done} 户，红色预警全部实地" if done else "本月没有应查户"
    )


_RULES: dict[str, Callable[[Item, Ground], Suggestion]] = {
    "report": _report,
    "in_time": _in_time,
    "quality": _quality,
    "calls": _calls,
    "visits": _visits,
}
