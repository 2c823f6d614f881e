"""What was done about an alert, one line each, from the records themselves."""

import datetime as dt
from dataclasses import dataclass

from alerts.models import Alert
from cases.models import Inspection, Interview


@dataclass(frozen=True)
class Line:
    """One thing that was done: when, what, and the code of its record."""

    at: dt.datetime
    text: str
    code: str
    url: str


def story_of(alert: Alert) -> list[Line]:
    """All interviews and inspections that ended, oldest first."""
    talks = alert.interviews.exclude(ended_at=None).select_related("interviewer")
    visits = alert.inspections.filter(state=Inspection.State.SEALED).select_related(
        "first_officer", "second_officer"
    )
    lines = [_talk(one) for one in talks.prefetch_related("attempts").order_by("pk")]
    lines += [_visit(one) for one in visits.prefetch_related("stock", "answers").order_by("pk")]
    return sorted(lines, key=lambda line: line.at)


def _talk(one: Interview) -> Line:
    assert one.ended_at is not None  # noqa: S101  asked for above
    calls = len(one.attempts.all())
    if one.state == Interview.State.UNREACHED:
        text = f"{one.interviewer}电话询访{calls}次，均未联系上。"
    else:
        said = f"{one.interviewer}电话询访（第{calls}次接通），受访人为{one.get_relation_display()}"
        count = len(one.contradictions)
        against = (
            f"，与订单不符{count}项：{'；'.join(one.contradictions)}" if count else "，与订单相符"
        )
        text = f"{said}{against.rstrip('。')}。结果：{one.get_result_display()}。"
    return Line(one.ended_at, text, one.code, one.get_absolute_url())


def _visit(one: Inspection) -> Line:
    assert one.ended_at is not None  # noqa: S101  a sealed one has ended
    counted = [line for line in one.stock.all() if line.difference is not None]
    short = sum(line.difference for line in counted if line.difference and line.difference < 0)
    stock = f"清点{len(counted)}个品规，" + (f"短少{-short:g}条" if short else "账实相符")
    findings = [answer.finding for answer in one.answers.all()]
    doubts = f"疑点{len(findings)}条，已解释{findings.count('explained')}条"
    text = f"{one.first_officer}、{one.second_officer}实地核查：{stock}；{doubts}；当事人{one.get_signed_display()}。"
    return Line(one.ended_at, text, one.code, one.get_absolute_url())
