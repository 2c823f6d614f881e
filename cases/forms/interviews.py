"""What is filled in about a telephone interview: the call, the statement, the answers, the end."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import django_filters
from django import forms
from django.forms import BoundField
from django.utils import timezone

from accounts.models import Bureau
from alerts.causes import CAUSES
from alerts.models import Grade
from cases.actions.interviews import Call
from cases.actions.interviews_record import Draft, Ending, Statement
from cases.models import Attempt, Interview, InterviewItem
from cases.models.interview import InterviewQuerySet
from cases.questions import Kind, Question, Words

BOXES = forms.CheckboxSelectMultiple
BOX = {"class": "form-control"}
LARGEST = 100 * 2**20  # bytes of a recording
CARTONS = {**BOX, "inputmode": "decimal", "autocomplete": "off"}
YES_NO = [("yes", "已告知，通话录音"), ("no", "没有录音")]


def _clock(label: str) -> forms.TimeField:
    widget = forms.TimeInput(attrs={**BOX, "type": "time", "step": "1"}, format="%H:%M:%S")
    return forms.TimeField(label=label, required=False, widget=widget)


def _line(label: str, longest: int = 200, **attrs: str) -> forms.CharField:
    widget = forms.TextInput(attrs={**BOX, **attrs})
    return forms.CharField(label=label, required=False, max_length=longest, widget=widget)


def _area(label: str, longest: int = 2000, rows: int = 3) -> forms.CharField:
    widget = forms.Textarea(attrs={**BOX, "rows": rows})
    return forms.CharField(label=label, required=False, max_length=longest, widget=widget)


def _quantity(label: str, **attrs: str) -> forms.FloatField:
    return forms.FloatField(
        label=label, required=False, min_value=0, max_value=99999,
        widget=forms.NumberInput(attrs={**CARTONS, "step": "any", **attrs}),
    )  # fmt: skip


class CallForm(forms.Form):
    """One attempt. The hours of connecting and hanging up are those of the day of dialling."""

    source = forms.ChoiceField(
        label="号码", choices=Attempt.Source, initial=Attempt.Source.ORDERING,
        widget=forms.RadioSelect,
    )  # fmt: skip
    phone = _line("所拨号码", 20, inputmode="tel", autocomplete="off")
    dialled_at = forms.DateTimeField(
        label="拨打时间",
        widget=forms.DateTimeInput(
            attrs={**BOX, "type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S"
        ),
        error_messages={"required": "请填写拨打时间。", "invalid": "拨打时间不完整。"},
    )
    result = forms.ChoiceField(
        label="接通结果", choices=Attempt.Result, widget=forms.RadioSelect,
        error_messages={"required": "请选择接通结果。"},
    )  # fmt: skip
    connected_at = _clock("接通")
    ended_at = _clock("结束")
    is_callback = forms.BooleanField(label="对方回电", required=False)
    note = _line("说明", placeholder="例如：约定下午再打、家人接听")

    @property
    def call(self) -> Call:
        """The attempt of a valid form."""
        data = dict(self.cleaned_data)
        for name in ("connected_at", "ended_at"):
            data[name] = at_hour(data["dialled_at"], data[name])
        source, result = Attempt.Source(data.pop("source")), Attempt.Result(data.pop("result"))
        return Call(source=source, result=result, **data)


def at_hour(day: dt.datetime, hour: dt.time | None) -> dt.datetime | None:
    """A time of day on the day of a moment, in local time."""
    if hour is None:
        return None
    return timezone.make_aware(dt.datetime.combine(timezone.localtime(day).date(), hour))


class EndForm(forms.Form):
    at = _clock("结束时间")


class StatementForm(forms.Form):
    interviewee = _line("受访人姓名", 50, autocomplete="off")
    relation = forms.ChoiceField(
        label="与持证人关系", choices=Interview.Relation, widget=forms.RadioSelect,
        error_messages={"required": "请选择受访人与持证人的关系。"},
    )  # fmt: skip
    identity = forms.ChoiceField(
        label="身份核对方式", choices=Interview.Identity, widget=forms.RadioSelect,
        error_messages={"required": "请选择身份核对方式。"},
    )  # fmt: skip
    told = forms.ChoiceField(
        label="告知录音", choices=YES_NO, widget=forms.RadioSelect,
        error_messages={"required": "请选择是否已告知录音。"},
    )  # fmt: skip
    stated_on = forms.DateField(
        label="自述最近一次订货日期",
        required=False,
        widget=forms.DateInput(attrs={**BOX, "type": "date"}, format="%Y-%m-%d"),
    )
    stated_qty = _quantity("自述订购数量（条）")
    statement = _area("自述原话")

    @property
    def said(self) -> Statement:
        """The statement of a valid form."""
        data = {name: self.cleaned_data[name] for name in StatementForm.base_fields}
        return Statement(told_recording=data.pop("told") == "yes", **data)

    @staticmethod
    def initial_of(statement: Statement) -> dict[str, Any]:
        """What the form shows of a statement that was kept."""
        return {**asdict(statement), "told": "yes" if statement.told_recording else "no"}


@dataclass(frozen=True)
class Asked:
    """A question as the page shows it: its fields, and what its answer lacks."""

    question: Question
    choice: BoundField | None
    text: BoundField | None
    number: BoundField | None
    lack: str

    @property
    def options(self) -> list[dict[str, Any]]:
        """The answers as radio buttons."""
        if self.choice is None:
            return []
        chosen = self.choice.value()
        return [
            {
                "id": f"{self.choice.html_name}_{place}",
                "name": self.choice.html_name,
                "value": one.value,
                "title": one.title,
                "is_bad": one.is_bad,
                "is_on": one.value == chosen,
                "key": place,
            }
            for place, one in enumerate(self.question.choices, start=1)
        ]


class AnswersForm(forms.Form):
    """The questions of an interview and the cartons received. What a record needs is the action's
    to say: a draft may lack anything."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    doubts = _area("疑点", 2000)

    def __init__(
        self,
        data: Any = None,
        *,
        questions: Sequence[Question],
        items: Sequence[InterviewItem],
        interview: Interview,
        **kwargs: Any,
    ) -> None:
        initial = {"version": interview.version, "doubts": interview.doubts}
        super().__init__(data, initial={**initial, **kwargs.pop("initial", {})}, **kwargs)
        self.questions, self.items = questions, items
        for question in questions:
            self._add(question, interview.answers.get(question.key, {}))
        for item in items:
            self.fields[f"r_{item.pk}"] = _quantity(
                f"{item.sku_name}实收条数", placeholder=f"{item.ordered:g}"
            )
            self.initial[f"r_{item.pk}"] = None if item.received is None else f"{item.received:g}"

    def _add(self, question: Question, given: dict[str, Any]) -> None:
        name = f"a_{question.key}"
        if question.kind is Kind.CHOICE:
            self.fields[name] = forms.ChoiceField(
                label=question.text, required=False, widget=forms.RadioSelect,
                choices=[(one.value, one.title) for one in question.choices],
            )  # fmt: skip
            self.initial[name] = given.get("choice", "")
        if question.kind is Kind.CAUSES:
            self.fields[name] = forms.MultipleChoiceField(
                label=question.text, required=False, choices=list(CAUSES.items()), widget=BOXES
            )
            self.initial[name] = given.get("causes", [])
        if question.kind is Kind.NUMBER:
            self.fields[name] = _quantity(question.text)
            self.initial[name] = given.get("number")
        if question.kind is Kind.TEXT:
            self.fields[f"{name}_text"] = _area(question.text, 1000, rows=2)
            self.initial[f"{name}_text"] = given.get("text", "")
        elif question.words is not Words.NEVER:
            self.fields[f"{name}_text"] = _line(question.words_label, 300)
            self.initial[f"{name}_text"] = given.get("text", "")

    @property
    def draft(self) -> Draft:
        """The answers of a valid form; what was left out is not among them."""
        answers: dict[str, dict[str, Any]] = {}
        parts = {Kind.CHOICE: "choice", Kind.CAUSES: "causes", Kind.NUMBER: "number"}
        for question in self.questions:
            name = f"a_{question.key}"
            given = {"text": self.cleaned_data.get(f"{name}_text", "").strip()}
            if question.kind in parts:
                given[parts[question.kind]] = self.cleaned_data[name]
            given = {part: value for part, value in given.items() if value not in ("", [], None)}
            if given:
                answers[question.key] = given
        received = {item.pk: self.cleaned_data[f"r_{item.pk}"] for item in self.items}
        return Draft(answers=answers, received=received, doubts=self.cleaned_data["doubts"])

    def asked(self, *, strict: bool = False) -> dict[str, Asked]:
        """The questions for the page; `strict`: with what is missing."""
        answers = self.draft.answers if strict else {}
        return {
            one.key: Asked(
                question=one,
                choice=None if one.kind is Kind.NUMBER else self._bound(f"a_{one.key}"),
                text=self._bound(f"a_{one.key}_text"),
                number=self._bound(f"a_{one.key}") if one.kind is Kind.NUMBER else None,
                lack=one.lacks(answers.get(one.key, {})) if strict else "",
            )
            for one in self.questions
        }

    def _bound(self, name: str) -> BoundField | None:
        return self[name] if name in self.fields else None

    def goods(self) -> list[dict[str, Any]]:
        """The products with their fields, for the page."""
        return [{"item": item, "field": self[f"r_{item.pk}"]} for item in self.items]


class ResultForm(forms.Form):
    result = forms.ChoiceField(
        label="结论", choices=Interview.Result, widget=forms.RadioSelect,
        error_messages={"required": "请选择结论。"},
    )  # fmt: skip
    credibility = forms.ChoiceField(
        label="可信度", choices=Interview.Credibility, widget=forms.RadioSelect,
        error_messages={"required": "请选择可信度。"},
    )  # fmt: skip

    @property
    def ending(self) -> Ending:
        data = self.cleaned_data
        return Ending(Interview.Result(data["result"]), Interview.Credibility(data["credibility"]))


class RecordingForm(forms.Form):
    recording = forms.FileField(
        label="通话录音", error_messages={"required": "请选择录音文件。", "empty": "文件是空的。"}
    )

    def clean_recording(self) -> Any:
        file = self.cleaned_data["recording"]
        if file.size > LARGEST:
            raise forms.ValidationError(f"录音文件不能超过 {LARGEST // 2**20} MB。")
        return file


class SupplementForm(forms.Form):
    text = forms.CharField(
        label="补充内容", max_length=2000, error_messages={"required": "请填写补充内容。"}
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="更正理由", max_length=200, widget=forms.TextInput(attrs=BOX),
        error_messages={"required": "请填写更正理由。"},
    )  # fmt: skip


class InterviewFilter(django_filters.FilterSet):  # type: ignore[misc]  # it ships no types
    q = django_filters.CharFilter(
        label="户名、许可证号、询访编号",
        method="matching",
        widget=forms.TextInput(attrs={**BOX, "placeholder": "户名、许可证号、询访编号"}),
    )
    grade = django_filters.MultipleChoiceFilter(
        label="等级", field_name="alert__grade", choices=Grade, widget=BOXES
    )
    result = django_filters.MultipleChoiceFilter(
        label="结果", choices=Interview.Result, widget=BOXES
    )
    bureau = django_filters.MultipleChoiceFilter(
        label="单位", field_name="bureau__code", widget=BOXES
    )

    class Meta:
        model = Interview
        fields: list[str] = []

    def __init__(self, *args: Any, bureaus: Sequence[Bureau], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["bureau"].field.choices = [(one.code, one.name) for one in bureaus]

    def matching(self, found: InterviewQuerySet, name: str, text: str) -> InterviewQuerySet:  # noqa: ARG002
        return found.matching(text.strip())
