"""What people fill in about alerts, and the filters of the lists."""

import datetime as dt
import functools
import operator
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from accounts.models import Bureau
from alerts.actions.alerts import LEAST_NOTE
from alerts.causes import CAUSES
from alerts.detectors import all_detectors
from alerts.models import Alert, AlertQuerySet, Grade, Hit, HitQuerySet
from alerts.sections import SECTIONS, licence_detectors

BOXES = forms.CheckboxSelectMultiple
DAY = forms.DateInput(attrs={"type": "date", "class": "form-control"})


class CausesForm(forms.Form):
    """Why something that looked wrong is in order."""

    causes = forms.MultipleChoiceField(
        label="排除原因",
        choices=list(CAUSES.items()),
        widget=BOXES,
        error_messages={"required": "请至少选择一项排除原因。"},
    )
    note = forms.CharField(
        label="说明",
        min_length=LEAST_NOTE,
        max_length=500,
        error_messages={
            "required": "请写明核实情况。",
            "min_length": f"请写明核实情况，至少{LEAST_NOTE}个字。",
        },
    )


class DismissForm(CausesForm):
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class StepForm(forms.Form):
    """A button's form: the version of the page on which it was pressed."""

    version = forms.IntegerField(required=False)


class ScreenForm(forms.Form):
    """A screening step's button."""

    step = forms.IntegerField(min_value=1, max_value=6)
    done = forms.TypedChoiceField(choices=[("1", "已做完"), ("0", "撤回")], coerce="1".__eq__)


class Codes(forms.MultipleChoiceField):
    """Codes of rows; which of them the user may act on is the queryset's business."""

    def valid_value(self, value: str) -> bool:
        return value.startswith("YJ-")


class BulkForm(forms.Form):
    codes = Codes()


class StartForm(forms.Form):
    on = forms.DateField(label="订货日", widget=DAY)

    def __init__(self, data: Any = None, *, bureaus: QuerySet[Bureau], today: dt.date) -> None:
        super().__init__(data)
        self.today = today
        self.fields["bureau"] = forms.ModelChoiceField(
            bureaus.order_by("code"), label="单位", to_field_name="code"
        )

    def clean_on(self) -> dt.date:
        on: dt.date = self.cleaned_data["on"]
        if on > self.today:
            raise forms.ValidationError("不能检测将来的日期。")
        return on


class _Scoped(django_filters.FilterSet):  # type: ignore[misc]  # it ships no types
    """A list's filters, with the bureaus that the reader may choose from."""

    def __init__(self, *args: Any, bureaus: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.filters["bureau"].field
        field.choices = [(one.code, one.name) for one in bureaus]


class AlertFilter(_Scoped):
    q = django_filters.CharFilter(
        label="户名、许可证号、预警编号",
        method="matching",
        widget=forms.TextInput(
            attrs={"class": "form-control", "placeholder": "户名、许可证号、预警编号"}
        ),
    )
    grade = django_filters.MultipleChoiceFilter(label="等级", choices=Grade, widget=BOXES)
    section = django_filters.MultipleChoiceFilter(
        label="类别",
        choices=[(one.key, one.title) for one in SECTIONS],
        method="in_sections",
        widget=BOXES,
    )
    bureau = django_filters.MultipleChoiceFilter(
        label="单位", field_name="bureau__code", widget=BOXES
    )
    since = django_filters.DateFilter(
        label="订货日起", field_name="on", lookup_expr="gte", widget=DAY
    )
    until = django_filters.DateFilter(
        label="订货日止", field_name="on", lookup_expr="lte", widget=DAY
    )

    class Meta:
        model = Alert
        fields: list[str] = []

    def matching(self, alerts: AlertQuerySet, name: str, text: str) -> AlertQuerySet:  # noqa: ARG002
        return alerts.matching(text.strip())

    def in_sections(self, alerts: AlertQuerySet, name: str, keys: list[str]) -> AlertQuerySet:  # noqa: ARG002
        if not keys:
            return alerts
        chosen, licences = Q(pk__in=[]), Q(detector__in=licence_detectors())
        for section in SECTIONS:
            if section.key in keys:
                families = Q(family__in=section.families) & ~licences
                chosen |= licences if section.prefix else families
        return alerts.filter(chosen)


class HitFilter(_Scoped):
    q = django_filters.CharFilter(
        label="户名、客户编码",
        method="matching",
        widget=forms.TextInput(attrs={"class": "form-control", "placeholder": "户名、客户编码"}),
    )
    rule = django_filters.MultipleChoiceFilter(
        label="规则", field_name="detector", choices=[], widget=BOXES
    )
    grade = django_filters.MultipleChoiceFilter(label="等级", choices=Grade, widget=BOXES)
    fate = django_filters.MultipleChoiceFilter(
        label="去向",
        choices=[("pushed", "已推送"), ("kept", "未推送，待核销"), ("closed", "已核销")],
        method="by_fate",
        widget=BOXES,
    )
    bureau = django_filters.MultipleChoiceFilter(
        label="单位", field_name="bureau__code", widget=BOXES
    )
    since = django_filters.DateFilter(
        label="订货日起", field_name="on", lookup_expr="gte", widget=DAY
    )
    until = django_filters.DateFilter(
        label="订货日止", field_name="on", lookup_expr="lte", widget=DAY
    )

    class Meta:
        model = Hit
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rules = [kind for kind in all_detectors() if kind.statutory or kind.worklist]
        self.filters["rule"].field.choices = [(one.key, f"{one.code} {one.title}") for one in rules]

    def matching(self, hits: HitQuerySet, name: str, text: str) -> HitQuerySet:  # noqa: ARG002
        text = text.strip()
        return hits.filter(Q(subject_name__icontains=text) | Q(subject_id__contains=text))

    def by_fate(self, hits: HitQuerySet, name: str, fates: list[str]) -> HitQuerySet:  # noqa: ARG002
        conditions = {
            "pushed": Q(alert__isnull=False),
            "kept": Q(alert=None, closed_at=None),
            "closed": Q(closed_at__isnull=False),
        }
        chosen = [conditions[fate] for fate in fates]
        return hits.filter(functools.reduce(operator.or_, chosen)) if chosen else hits
