"""What people fill in about reports and assessments."""

from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict

from reports.actions.scoring import Score, Verdict
from reports.parts import PLAN_FIELDS, SELF, TITLES
from reports.sections import PLAN

MOST_MARKS = 40


class VersionForm(forms.Form):
    """A button's form: the version of the page on which it was pressed."""

    version = forms.IntegerField(min_value=0)


class ReasonForm(VersionForm):
    reason = forms.CharField(
        label="理由", max_length=500, error_messages={"required": "请写明退回的理由。"}
    )


def part_of(key: str, data: QueryDict) -> Any:
    """The value of a report's part as its form sends it: a text, the plan's rows, the self-scores."""
    if key == PLAN.key:
        columns = [map(_kept, data.getlist(name)) for name in PLAN_FIELDS]
        rows = zip(*columns, strict=False)
        return [dict(zip(PLAN_FIELDS, row, strict=True)) for row in rows]
    if key == SELF:
        return {
            name.removeprefix("score-"): _kept(str(value))
            for name, value in data.items()
            if name.startswith("score-")
        }
    return _kept(data.get("text", ""))


def _kept(text: str) -> str:
    """A text as the database takes it: what is pasted may hold a NUL."""
    return text.replace("\0", "")


def is_part(key: str) -> bool:
    return key in TITLES


def marks_of(data: QueryDict) -> list[tuple[str, str]]:
    """The city's marks: pairs of what is marked and the words, empty ones left out."""
    pairs = zip(map(_kept, data.getlist("target")), map(_kept, data.getlist("mark")), strict=False)
    return [(target[:60], text.strip()[:500]) for target, text in pairs if text.strip()][
        :MOST_MARKS
    ]


class ScoreForm(forms.Form):
    """One item of the sheet. Fields are prefixed with the item's number."""

    points = forms.DecimalField(
        required=False, min_value=0, max_digits=4, decimal_places=1,
        error_messages={"invalid": "分数请填数字。", "min_value": "分数不能小于 0。"},
    )  # fmt: skip
    reason = forms.CharField(required=False, max_length=300)

    def score(self) -> Score:
        return Score(self.cleaned_data["points"], self.cleaned_data["reason"])


class VerdictForm(forms.Form):
    bonus = forms.DecimalField(required=False, min_value=0, max_digits=4, decimal_places=1)
    bonus_reason = forms.CharField(required=False, max_length=300)
    veto_reason = forms.CharField(required=False, max_length=300)
    comment = forms.CharField(required=False, max_length=5000)

    def verdict(self) -> Verdict:
        given = {**self.cleaned_data, "bonus": self.cleaned_data["bonus"] or Decimal(0)}
        return Verdict(**given)
