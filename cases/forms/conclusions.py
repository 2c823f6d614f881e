"""What people fill in when they conclude an alert, and when they look a conclusion over."""

from typing import Any

from django import forms

from alerts.causes import CAUSES, VIOLATIONS
from alerts.models import Outcome

BOXES = forms.CheckboxSelectMultiple


def _text(label: str, rows: int = 3) -> forms.CharField:
    area = forms.Textarea(attrs={"rows": rows, "class": "form-control"})
    return forms.CharField(label=label, required=False, max_length=5000, widget=area)


class ConclusionForm(forms.Form):
    """A draft may lack anything; what a submission needs is the action's to say."""

    outcome = forms.ChoiceField(
        label="结论", choices=Outcome, required=False, widget=forms.RadioSelect
    )
    causes = forms.MultipleChoiceField(
        label="正常原因", choices=list(CAUSES.items()), required=False, widget=BOXES
    )
    violations = forms.MultipleChoiceField(
        label="违规情形", choices=list(VIOLATIONS.items()), required=False, widget=BOXES
    )
    people = forms.CharField(
        label="涉及人员",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"class": "form-control", "placeholder": "姓名、岗位"}),
    )
    watch_until = forms.DateField(
        label="关注至",
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
    )
    facts = _text("调查核实情况", 5)
    origin = _text("成因分析")
    grounds = _text("认定依据")
    measures = _text("处理意见")
    effect = _text("处置成效与不足", 2)
    for_library = forms.BooleanField(label="推荐为案例", required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class ReviewForm(forms.Form):
    verdict = forms.ChoiceField(choices=[("pass", "同意"), ("return", "退回")])
    reason = forms.CharField(required=False, max_length=500)
    version = forms.IntegerField(required=False, min_value=0)  # of the report as it was read

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = self.cleaned_data
        data["is_pass"] = data.pop("verdict", "") == "pass"
        return data
