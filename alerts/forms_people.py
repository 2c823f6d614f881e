"""What people fill in when they change a grade, exempt, supervise, or decide about a proposed case."""

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any

import filetype
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from accounts.models import Bureau
from alerts.actions.events import Happening
from alerts.actions.exempting import LONGEST
from alerts.actions.raising import LEAST_WORDS
from alerts.causes import CAUSES
from alerts.models import (
    DrawnShop,
    Grade,
    MarketEvent,
    Measure,
    Reason,
    SupervisionRule,
    Watch,
)
from alerts.naming import code_of, title_of
from alerts.supervision import WHAT
from sources.models import Retailer, RetailerQuerySet

SELECT = forms.Select(attrs={"class": "form-select"})
TEXT = forms.TextInput(attrs={"class": "form-control"})
UNCHOSEN = "没有收到您的选择，未作改动。请刷新页面后再试。"
STALE = "页面不完整，未作改动。请刷新页面后再试。"


class GradeForm(forms.Form):
    grade = forms.ChoiceField(
        label="调整为",
        choices=list(Grade.choices),
        widget=forms.RadioSelect,
        error_messages={"required": "请选择新的等级。"},
    )
    reason = forms.CharField(
        label="理由",
        min_length=LEAST_WORDS,
        max_length=500,
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 3}),
        help_text=f"不少于 {LEAST_WORDS} 个字，记入审计。调高后时限随之缩短，调低后时限不延长；降低红色须市局确认。",
        error_messages={
            "required": "请写明理由。",
            "min_length": f"请写明理由，至少{LEAST_WORDS}个字。",
        },
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


def refusal(form: forms.Form) -> str:
    """What a button's form says where there is no room for it but a message."""
    return "".join(str(errors[0]) for errors in form.errors.values())


def words(*, required: bool = False, most: int = 500, lacking: str = "") -> forms.CharField:
    """The reason beside a button."""
    return forms.CharField(
        required=required,
        max_length=most,
        error_messages={
            "required": lacking,
            "max_length": f"文字超过{most}字，未作改动。请缩短后再提交。",
        },
    )


class GroupForm(forms.Form):
    """A button of a proposed case."""

    version = forms.IntegerField(error_messages={"required": STALE, "invalid": STALE})
    note = words()
    code = forms.CharField(required=False, max_length=40)


PROOFS = "application/pdf,image/jpeg,image/png"
MOST_BYTES = 20 * 2**20
HEAD = 262  # bytes that tell what a file is
DAY = forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d")


class ExemptionForm(forms.Form):
    """For one of an alert's reasons: until when its rule is to stay silent, why, and the proof."""

    reason = forms.ModelChoiceField(queryset=Reason.objects.none(), label="规则", widget=SELECT)
    cause = forms.ChoiceField(label="原因", choices=list(CAUSES.items()), widget=SELECT)
    until = forms.DateField(
        label="有效期至",
        widget=DAY,
        help_text="最长90天；偏离扩大到现在的两倍时提前终止。",
        error_messages={"required": "请填写截止日。", "invalid": "请填写有效的日期。"},
    )
    note = forms.CharField(
        label="依据",
        min_length=LEAST_WORDS,
        max_length=500,
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 3}),
        error_messages={
            "required": "请写明依据。",
            "min_length": f"请写明依据，至少{LEAST_WORDS}个字。",
        },
    )
    proof = forms.FileField(
        label="证明材料",
        widget=forms.ClearableFileInput(attrs={"class": "form-control", "accept": PROOFS}),
        help_text="PDF 或照片，不超过20 MB。",
        error_messages={
            "required": "请上传证明材料，如照片、证明或核实记录。",
            "empty": "证明材料是空文件，没有保存。请重新选择。",
        },
    )

    def __init__(
        self, *args: Any, reasons: QuerySet[Reason], today: dt.date, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["until"].widget.attrs |= {"min": today, "max": today + LONGEST}
        field = self.fields["reason"]
        field.queryset = reasons  # type: ignore[attr-defined]
        field.empty_label = None  # type: ignore[attr-defined]
        field.label_from_instance = lambda one: (  # type: ignore[attr-defined]
            f"{code_of(one.detector)} {title_of(one.detector)}"
        )

    def clean_proof(self) -> Any:
        proof = self.cleaned_data["proof"]
        if proof.size > MOST_BYTES:
            raise ValidationError("证明材料超过20 MB，没有保存。请压缩后再传。")
        kind = filetype.guess_mime(proof.read(HEAD))  # what it is, whatever its name says
        proof.seek(0)
        if kind not in PROOFS.split(","):
            raise ValidationError("只能上传 PDF、JPEG 或 PNG 文件，没有保存。请重新选择。")
        return proof


class WordsForm(forms.Form):
    """A decision: which of the buttons, and the words beside them."""

    answer = forms.ChoiceField(error_messages={"required": UNCHOSEN, "invalid_choice": UNCHOSEN})
    words = words()

    def __init__(self, *args: Any, answers: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answer"].choices = [(one, one) for one in answers]  # type: ignore[attr-defined]


class EventForm(forms.Form):
    bureaus = forms.ModelMultipleChoiceField(
        queryset=Bureau.objects.none(),
        label="单位",
        to_field_name="code",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "请选择单位。"},
    )
    kind = forms.ChoiceField(label="类型", choices=list(MarketEvent.Kind.choices), widget=SELECT)
    name = forms.CharField(
        label="名称",
        max_length=100,
        widget=TEXT,
        error_messages={"required": "请填写名称。"},
    )
    first = forms.DateField(
        label="开始",
        widget=DAY,
        error_messages={"required": "请填写开始日。", "invalid": "请填写有效的日期。"},
    )
    last = forms.DateField(
        label="结束",
        widget=DAY,
        error_messages={"required": "请填写结束日。", "invalid": "请填写有效的日期。"},
    )
    every_days = forms.IntegerField(
        label="每隔几天",
        required=False,
        min_value=2,
        max_value=60,
        widget=forms.NumberInput(attrs={"class": "form-control"}),
        help_text="圩日等重复的事件填写，如三天一圩填 3；从开始日算起。",
    )
    towns = forms.CharField(
        label="乡镇",
        required=False,
        max_length=500,
        widget=TEXT,
        help_text="多个用顿号隔开；不填为全县。",
    )
    sku_ids = forms.CharField(
        label="卷烟编码",
        required=False,
        max_length=500,
        widget=TEXT,
        help_text="新品、调价填写；不填为全部。",
    )
    note = forms.CharField(label="备注", required=False, max_length=500, widget=TEXT)

    def __init__(self, *args: Any, bureaus: QuerySet[Bureau], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bureaus"].queryset = bureaus  # type: ignore[attr-defined]

    def happening(self) -> Happening:
        given = {**self.cleaned_data}
        given.pop("bureaus")
        for name in ("towns", "sku_ids"):
            given[name] = (
                tuple(re.split(r"[、,，;；\s]+", given[name].strip())) if given[name] else ()
            )
        return Happening(**given)


class SampleForm(forms.Form):
    """What was found at a shop that was drawn by lot."""

    result = forms.ChoiceField(
        choices=list(DrawnShop.Result.choices), error_messages={"required": "请选择核实结果。"}
    )
    note = words(required=True, most=280, lacking="请写明向谁核实、看到什么。")


class ReviewForm(forms.Form):
    """Keep a shop on its list or release it; or what a task found."""

    note = words(required=True, most=1000, lacking="请写明依据或结果，未作改动。")
    version = forms.IntegerField(error_messages={"required": STALE, "invalid": STALE})


class WatchForm(forms.Form):
    """A person puts a shop on a list."""

    retailer = forms.CharField(
        label="客户编码或许可证号",
        max_length=40,
        widget=TEXT,
        error_messages={"required": "请填写客户编码或许可证号。"},
    )
    book = forms.ChoiceField(label="名单", choices=list(Watch.Book.choices), widget=SELECT)
    measure = forms.ChoiceField(
        label="监管方式",
        choices=[(one.value, one.label) for one in (Measure.KEY, Measure.SPECIAL)],
        widget=SELECT,
    )
    reason = forms.CharField(
        label="纳入原因",
        max_length=300,
        widget=TEXT,
        error_messages={"required": "请写明纳入原因。"},
    )

    def __init__(self, *args: Any, retailers: RetailerQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.retailers = retailers

    def clean_retailer(self) -> Retailer:
        text = self.cleaned_data["retailer"].strip()
        found = self.retailers.filter(Q(code=text) | Q(licence_no=text))
        shop: Retailer | None = found.select_related("bureau__parent").first()
        if shop is None:
            raise ValidationError(f"没有找到客户编码或许可证号为“{text}”的零售户，请核对后再填。")
        return shop


class PolicyForm(forms.Form):
    """A line of the policy table of classified supervision."""

    what = forms.ChoiceField(label="类型", choices=list(WHAT.items()), widget=SELECT)
    number = forms.IntegerField(
        label="次数达到",
        min_value=1,
        max_value=99,
        widget=forms.NumberInput(attrs={"class": "form-control"}),
        error_messages={"required": "请填写次数。"},
    )
    unit = forms.ChoiceField(
        label="期限", choices=list(SupervisionRule.Unit.choices), widget=SELECT
    )
    measure = forms.ChoiceField(
        label="监管方式", choices=list(Measure.choices), widget=SELECT, initial=Measure.KEY
    )
    source = forms.CharField(
        label="依据",
        max_length=200,
        widget=TEXT,
        error_messages={"required": "请填写依据文件或会议。"},
    )
