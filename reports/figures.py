"""A month's figures by row and measure, with the codes of the records behind each."""

import dataclasses
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Value

from alerts.models import Alert, Grade
from reports.summaries import MEASURES, RATES, Book, Rate, Records

ROWS = {"red": Grade.RED, "orange": Grade.ORANGE, "yellow": Grade.YELLOW, "blue": Grade.BLUE}
TOTAL = "total"


@dataclass(frozen=True)
class Figure:
    """A number, and the codes of the records that it counts; for a rate, of its numerator."""

    value: int | float | None
    codes: tuple[str, ...] = ()


Figures = dict[str, Figure]  # "red.closed", "total.in_time_rate": row, dot, measure or rate


def figures_of(book: Book) -> Figures:
    """Every figure of every row, in one query: counts are numbers of codes, rates shares of one."""
    found: dict[str, list[str]] = defaultdict(list)
    names = {grade: row for row, grade in ROWS.items()}
    for key, grade, code in _union(book):
        found[f"{names[Grade(grade)]}.{key}"].append(code)
    figures: Figures = {}
    for key in MEASURES:
        for row in ROWS:
            codes = tuple(sorted(found[f"{row}.{key}"]))
            figures[f"{row}.{key}"] = Figure(len(codes), codes)
        whole = tuple(sorted(code for row in ROWS for code in found[f"{row}.{key}"]))
        figures[f"{TOTAL}.{key}"] = Figure(len(whole), whole)
    for row in (*ROWS, TOTAL):
        for rate in RATES.values():
            figures[f"{row}.{rate.key}"] = _share(figures, row, rate)
    return figures


def _share(figures: Figures, row: str, rate: Rate) -> Figure:
    over = figures[f"{row}.{rate.over}"]
    under = sum(figures[f"{row}.{key}"].value or 0 for key in rate.under)
    return Figure(round((over.value or 0) / under, 4) if under else None, over.codes)


def _union(book: Book) -> Any:
    """(measure, grade, code) of all records of all measures."""
    parts = [
        _marked(records, one.key) for one in MEASURES.values() for records in one.records(book)
    ]
    return parts[0].union(*parts[1:], all=True)


def _marked(records: Records, key: str) -> Any:
    grade = "grade" if records.model is Alert else "alert__grade"
    marked = records.order_by().annotate(measure=Value(key), row=F(grade), ref=F("code"))
    return marked.values_list("measure", "row", "ref")


def plain(figures: Figures) -> dict[str, dict[str, Any]]:
    """The figures as JSON keeps them."""
    return {
        key: dataclasses.asdict(one) | {"codes": list(one.codes)} for key, one in figures.items()
    }


def unplain(kept: dict[str, dict[str, Any]]) -> Figures:
    """The figures that a submission keeps."""
    return {key: Figure(one["value"], tuple(one["codes"])) for key, one in kept.items()}
