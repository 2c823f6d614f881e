"""The eight sections of a monthly report, and the sentence that the system puts before each text.

A lead names figures in braces: {total.closed} is a count or a rate, {~total.closed_rate} how far it
moved against the month before. People write the text; the lead is never typed.
"""

import re
from dataclasses import dataclass

from reports.figures import Figure, Figures
from reports.summaries import RATES


@dataclass(frozen=True)
class Section:
    """`least`: how many characters its text must have; 0 where only the plan's rows count."""

    key: str
    title: str
    least: int
    hint: str
    lead: str = ""


PLAN = Section("plan", "八、下月工作安排", 0, "逐项写明事项、责任人和时限。")
SECTIONS = (
    Section(
        "basics", "一、基本情况", 20, "辖区、人员和本月工作概况。",
        "上月结转 {total.carried} 条，本月新增 {total.new} 条，应办 {total.duty} 条；"
        "已办结 {total.closed} 条，办结率 {total.closed_rate}{~total.closed_rate}；"
        "按时办结 {total.in_time} 条，按时率 {total.in_time_rate}{~total.in_time_rate}；"
        "结转下月 {total.left} 条。",
    ),
    Section(
        "work", "二、主要工作", 50,
        "预警处置、电话询访、实地核查之外，写日常监管与投放策略审核、真烟外流与一案双查、投诉举报、"
        "会商与信息报送、培训宣传。",
        "电话询访 {total.called} 户次，接通率 {total.reach_rate}{~total.reach_rate}，"
        "转实地核查 {total.to_visit} 户；实地核查 {total.visited} 户次，"
        "红色预警实地率 {red.red_visit_rate}，拒绝签字 {total.refused} 户，"
        "账实不符 {total.unequal} 户。",
    ),
    Section(
        "problems", "三、发现的问题及整改", 20, "问题、涉及户数、整改措施、责任人和完成时间。",
        "已办结预警中，判定正常 {total.normal} 条，提醒教育 {total.reminded} 条，"
        "查实违规 {total.proven} 条，移送 {total.moved} 条，持续关注 {total.watched} 条；"
        "查实率 {total.proven_rate}。",
    ),
    Section(
        "clues", "四、违法违规线索排查及调查核实", 6, "没有的写明“本月未发现”。",
        "查实违规 {total.proven} 条，移送 {total.moved} 条。",
    ),
    Section("staff", "五、人员履职", 10, "在岗、培训、回避和遵守纪律情况。"),
    Section(
        "causes", "六、存在问题与原因", 50, "问题成因不少于 50 字。",
        "超期 {total.overdue} 条，其中红色 {red.overdue} 条、橙色 {orange.overdue} 条。",
    ),
    Section("advice", "七、意见建议", 10, "向市局、营销、物流提出的改进建议。"),
    PLAN,
)  # fmt: skip
TEXTS = tuple(section for section in SECTIONS if section is not PLAN)
BY_KEY = {section.key: section for section in SECTIONS}
_NAMED = re.compile(r"\{(~?)([a-z]+)\.([a-z_]+)\}")


@dataclass(frozen=True)
class Piece:
    """A stretch of a lead: words, or a figure as it is shown, with its key."""

    text: str
    row: str = ""
    measure: str = ""


def shown(figure: Figure, measure: str) -> str:
    """A figure in words: a whole number, a percentage, or — where there is nothing to divide by."""
    if figure.value is None:
        return "—"
    if measure not in RATES:
        return str(figure.value)
    return percent(float(figure.value))


def percent(share: float) -> str:
    return f"{share * 100:.1f}".removesuffix(".0") + "%"


def lead_of(section: Section, figures: Figures, last: Figures) -> list[Piece]:
    """The section's own sentence about a month, piece by piece."""
    pieces, end = [], 0
    for found in _NAMED.finditer(section.lead):
        change, row, measure = found.groups()
        pieces.append(Piece(section.lead[end : found.start()]))
        key, end = f"{row}.{measure}", found.end()
        if change:
            pieces.append(Piece(moved(figures[key], last.get(key))))
        else:
            pieces.append(Piece(shown(figures[key], measure), row, measure))
    return [piece for piece in (*pieces, Piece(section.lead[end:])) if piece.text]


def moved(this: Figure, last: Figure | None) -> str:
    """How a rate moved, in percentage points; nothing where there is nothing to compare."""
    if this.value is None or last is None or last.value is None:
        return ""
    points = round((this.value - last.value) * 100, 1)
    if not points:
        return "（与上月持平）"
    word = "提高" if points > 0 else "下降"
    return f"（较上月{word} {abs(points):g} 个百分点）"


def words(pieces: list[Piece]) -> str:
    """The sentence as plain text."""
    return "".join(piece.text for piece in pieces)
