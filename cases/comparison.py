"""What somebody said against what the books say: sentences with numbers, without judgement."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cases.models import Interview, InterviewItem
from cases.questions import RECEIVED, Answers, questions

NEAR_DAYS = 2  # an order is remembered by the day it was placed, prepared or delivered
NEAR_SHARE, NEAR_QTY = 0.1, 2.0  # and its quantity by a round figure: a tenth, or two cartons


@dataclass(frozen=True)
class Row:
    """One line of the comparison: what was said, what the order says, and the difference in words."""

    title: str
    said: str
    booked: str
    verdict: str
    is_bad: bool


def ordered_on(interview: Interview) -> dt.date | None:
    """The day of the order asked about."""
    day = interview.order.get("day")
    return dt.date.fromisoformat(day) if day else None


def cartons(quantity: float) -> str:
    return f"{quantity:g}条"


def said_of(day: dt.date) -> str:
    return f"{day.month}月{day.day}日"


def compare_statement(interview: Interview, items: Sequence[InterviewItem]) -> list[Row]:
    """The retailer's own statement beside the order: day and quantity."""
    booked = ordered_on(interview)
    said, qty = interview.stated_on, interview.stated_qty
    rows = []
    newer = False
    if booked and said:
        off = (said - booked).days
        newer = off > NEAR_DAYS
        verdict = "一致" if off == 0 else "相近" if abs(off) <= NEAR_DAYS else f"相差{abs(off)}天"
        if newer:
            verdict = "所说的是之后的订货，不作比较"
        rows.append(Row("订货日期", said_of(said), said_of(booked), verdict, off < -NEAR_DAYS))
    if items and qty is not None:
        total = sum(item.ordered for item in items)
        off_by = qty - total
        far = abs(off_by) > max(NEAR_QTY, NEAR_SHARE * total) and not newer
        verdict = "一致" if off_by == 0 else f"相差{cartons(abs(off_by))}"
        if off_by and not far:
            verdict = "不作比较" if newer else f"{verdict}，相近"
        rows.append(Row("订购数量", cartons(qty), cartons(total), verdict, far))
    return rows


def contradictions(
    interview: Interview, items: Sequence[InterviewItem], answers: Answers
) -> list[str]:
    """Where the answers contradict the order or the rules, each as a sentence without a full stop."""
    return list(dict.fromkeys(_contradictions(interview, items, answers)))


def _contradictions(
    interview: Interview, items: Sequence[InterviewItem], answers: Answers
) -> Iterator[str]:
    for row in compare_statement(interview, items):
        if row.is_bad:
            thing = "最近一次订货日期" if row.title == "订货日期" else "最近一次订购数量"
            yield f"自述{thing}为{row.said}，订单为{row.booked}，{row.verdict}"
    short = [item for item in items if item.difference]
    for item in short:
        difference = item.difference or 0.0
        word = "少" if difference < 0 else "多"
        yield (
            f"{item.sku_name}订购{cartons(item.ordered)}，自述收到{cartons(item.received or 0)}，"
            f"{word}{cartons(abs(difference))}"
        )
    for question in questions(interview.alert.family):
        said = question.contradiction(answers.get(question.key, {}))
        if said and not (question is RECEIVED and short):
            yield said[:300]
