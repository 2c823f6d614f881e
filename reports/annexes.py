"""The two tables behind a report: which figures they show, in which order, and under which heads."""

from dataclasses import dataclass
from typing import Any

from reports.figures import ROWS, TOTAL, Figures, unplain
from reports.models.report import Content
from reports.sections import shown
from reports.summaries import RATES, title_of

HANDLING = (
    "carried", "new", "duty", "closed", "in_time", "overdue", "closed_rate", "in_time_rate",
    "called", "visited", "normal", "reminded", "proven", "moved", "watched", "proven_rate", "left",
)  # fmt: skip
CALLS = ("calls_due", "called", "reach_rate", "to_visit")
VISITS = ("visits_due", "visited", "red_visit_rate", "refused", "unequal")
BRIEF = ("new", "closed", "in_time_rate", "proven")
TITLES = {"called": "实询", "visited": "实查"}  # in annex 2
ROW_TITLES = {**{row: f"{grade}色" for row, grade in ROWS.items()}, TOTAL: "合计"}
NOTE = (
    "应办 = 上月结转 + 本月新增 = 已办结 + 结转下月；按时率 = 按时办结 ÷（按时办结 + 超期）；"
    "查实率 = 查实违规 ÷ 已办结；没有可比数的记 —。只对市局可见的预警不计入。"
)


@dataclass(frozen=True)
class Cell:
    """One number of an annex, as shown, and where its list is."""

    row: str
    measure: str
    text: str
    value: int | float | None

    @property
    def is_rate(self) -> bool:
        return self.measure in RATES


@dataclass(frozen=True)
class Line:
    """A row of an annex. Without a key it compares with last month, and its cells have no lists."""

    title: str
    key: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Annex:
    title: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    note: str = ""


def annexes(figures: Figures, last: Figures) -> tuple[Annex, Annex]:
    """附表 1 预警处置统计 by grade, 附表 2 询访核查; each with last month and the change."""
    return _handling(figures, last), _visiting(figures, last)


def _handling(figures: Figures, last: Figures) -> Annex:
    rows = [Line(title, key, _cells(figures, key, HANDLING)) for key, title in ROW_TITLES.items()]
    if last:
        rows += _compared(figures, last, HANDLING)
    columns = tuple(title_of(key) for key in HANDLING)
    return Annex("附表 1　预警处置统计", columns, tuple(rows), NOTE)


def _visiting(figures: Figures, last: Figures) -> Annex:
    keys = (*CALLS, *VISITS)
    rows = [Line("本月", TOTAL, _cells(figures, TOTAL, keys))]
    if last:
        rows += _compared(figures, last, keys)
    columns = tuple(TITLES.get(key) or title_of(key) for key in keys)
    return Annex("附表 2　询访核查", columns, tuple(rows))


def _cells(figures: Figures, row: str, keys: tuple[str, ...]) -> tuple[Cell, ...]:
    found = [(key, figures[f"{row}.{key}"]) for key in keys]
    return tuple(Cell(row, key, shown(one, key), one.value) for key, one in found)


def _compared(figures: Figures, last: Figures, keys: tuple[str, ...]) -> list[Line]:
    """Last month's totals, and how far this month's are from them."""
    before = _cells(last, TOTAL, keys)
    pairs = zip(_cells(figures, TOTAL, keys), before, strict=True)
    changes = tuple(Cell("", now.measure, _change(now, then), None) for now, then in pairs)
    return [
        Line("上月", "", tuple(Cell("", one.measure, one.text, one.value) for one in before)),
        Line("环比", "", changes),
    ]


def _change(now: Cell, then: Cell) -> str:
    """+3 for counts, +4.1 points for rates; — where one of them is missing."""
    if now.value is None or then.value is None:
        return "—"
    gap = round((now.value - then.value) * 100, 1) if now.is_rate else now.value - then.value
    return f"{gap:+g}".replace("-", "−") + (" 点" if now.is_rate else "") if gap else "0"


def brief_of(content: Content) -> dict[str, Any]:
    """The few columns that stand in the text: by grade, with how many more are new than last month."""
    figures, last = unplain(content["figures"]), unplain(content["last"])
    lines = []
    for row, grade in ROWS.items():
        now, before = figures[f"{row}.new"].value or 0, last.get(f"{row}.new")
        change = "—" if before is None else f"{now - (before.value or 0):+g}".replace("-", "−")
        cells = _cells(figures, row, BRIEF)
        lines.append({"grade": grade.value, "cells": cells, "change": change})
    columns = ["新增", "办结", *(title_of(key) for key in BRIEF[2:])]
    return {"columns": columns, "lines": lines}


def faults_of(figures: Figures) -> list[str]:
    """What does not add up in annex 1: nothing, unless somebody changed a definition."""
    faults = []
    for row, title in ROW_TITLES.items():
        value = {key: figures[f"{row}.{key}"].value or 0 for key in HANDLING}
        outcomes = ("normal", "reminded", "proven", "moved", "watched")
        if not value["carried"] + value["new"] == value["duty"] == value["closed"] + value["left"]:
            faults.append(f"{title}：上月结转与本月新增之和不等于已办结与结转下月之和")
        if sum(value[key] for key in outcomes) != value["closed"]:
            faults.append(f"{title}：各项结论之和不等于已办结")
    return faults
