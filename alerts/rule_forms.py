"""Forms of the rules: one field a line of the book, and what a draft and a back-test need besides."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms

from alerts.actions.changing import LEAST_WORDS
from alerts.detection import FAMILIES
from alerts.rulebook import POLICY, Book, Chapter, Line, Value, chapters, lines

DAY = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "form-control"})


@dataclass(frozen=True)
class Cell:
    """A line on the page: what is in the field, what it was, and what is wrong with it."""

    line: Line
    value: str
    old: Value
    error: str

    @property
    def is_changed(self) -> bool:
        return self.value not in {"", plain(self.old)}


@dataclass(frozen=True)
class Filled:
    """A detector's lines on the page."""

    chapter: Chapter
    cells: list[Cell]
    weight: Cell
    off: Cell

    @property
    def touched(self) -> int:
        return sum(cell.is_changed for cell in (*self.cells, self.weight)) + self.flipped

    @property
    def flipped(self) -> bool:
        return bool(self.off.value) != bool(self.off.old)

    @property
    def has_error(self) -> bool:
        return any(cell.error for cell in (*self.cells, self.weight))


class BookForm(forms.Form):
    """All lines of the rule book: an empty field is the default. `start` fills it at first."""

    def __init__(self, data: Any = None, *, base: Book, start: Book, **given: Any) -> None:
        super().__init__(data, **given)
        self.base, self.start, self.known = base, start, lines()
        for key, line in self.known.items():
            self.fields[key] = _field(line)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        filled: dict[str, Value] = {}
        for key, line in self.known.items():
            given: Value | None = cleaned.get(key)
            filled[key] = line.default if given is None else given
        self.book = Book().with_values(filled)
        for key, text in self.book.problems().items():
            if key not in self.errors:
                self.add_error(key, text)
        return cleaned

    def policy_cells(self) -> list[Cell]:
        return [self._cell(line) for line in POLICY]

    def families(self) -> Iterator[tuple[str, list[Filled]]]:
        """Family title and its detectors, in the catalogue's order."""
        found: dict[str, list[Filled]] = {}
        for chapter in chapters():
            found.setdefault(chapter.kind.family, []).append(
                Filled(
                    chapter=chapter,
                    cells=[self._cell(line) for line in chapter.lines],
                    weight=self._cell(chapter.weight),
                    off=self._cell(chapter.off),
                )
            )
        return ((FAMILIES[family], filled) for family, filled in found.items())

    def problems(self) -> list[str]:
        """Every message once, for the head of the page."""
        return list(dict.fromkeys(str(text) for texts in self.errors.values() for text in texts))

    def _cell(self, line: Line) -> Cell:
        value: Any = self.start.value(line)
        if self.is_bound:
            shown = self.data.get(line.key, "")
        else:
            shown = ("on" if value else "") if line.is_switch else plain(value)
        error = " ".join(map(str, self.errors.get(line.key, [])))
        return Cell(line, shown, self.base.value(line), error)


class ChangeForm(BookForm):
    """A draft: its words and its content."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    title = forms.CharField(
        label="变更名称", max_length=100, error_messages={"required": "请写明变更名称。"}
    )
    reason = forms.CharField(label="变更理由", max_length=1000, required=False)
    source = forms.CharField(label="依据文件", max_length=200, required=False)


class SpanForm(forms.Form):
    """The span of a back-test."""

    first = forms.DateField(label="起始日", widget=DAY)
    last = forms.DateField(label="截止日", widget=DAY)

    @property
    def span(self) -> tuple[dt.date, dt.date]:
        return self.cleaned_data["first"], self.cleaned_data["last"]


class TrialForm(SpanForm, BookForm):
    """A back-test: the span and the rules to be tried."""


class DraftForm(forms.Form):
    """What a draft begins with: nothing, a preset, an older version, or a back-test."""

    city = forms.CharField(max_length=20)
    preset = forms.CharField(max_length=30, required=False)
    back_to = forms.IntegerField(required=False)
    test = forms.IntegerField(required=False)


class StepForm(forms.Form):
    """A button of a change: the version of the page on which it was pressed."""

    version = forms.IntegerField()
    on = forms.BooleanField(required=False)


class DecisionForm(forms.Form):
    """What the second person says."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    verdict = forms.ChoiceField(choices=[("approve", "批准"), ("refuse", "退回")])
    decision = forms.CharField(
        label="审批意见",
        min_length=LEAST_WORDS,
        max_length=500,
        error_messages={
            "required": "请写明审批意见。",
            "min_length": f"请写明审批意见，至少 {LEAST_WORDS} 个字。",
        },
    )


def plain(value: Value) -> str:
    """A value as a number field holds it."""
    return f"{value:g}"


def usual_span(today: dt.date) -> dict[str, dt.date]:
    """The last twelve weeks."""
    return {"first": today - dt.timedelta(weeks=12), "last": today}


def _field(line: Line) -> forms.Field:
    if line.is_switch:
        return forms.BooleanField(label=line.label, required=False)
    wrong = {"invalid": f"{line.title}须为{'整数' if line.whole else '数字'}。"}
    kind = forms.IntegerField if line.whole else forms.FloatField
    return kind(label=line.label, required=False, error_messages=wrong)
