"""What is filled in about a visit. Drafts may lack anything: what must be there is asked at sealing."""

import datetime as dt
import json
from typing import Any

import django_filters
from django import forms
from django.db.models import Prefetch, Q, QuerySet

from accounts.models import Assignment, Bureau, User
from cases.actions.inspections import Answer, Place
from cases.actions.signing import Hand
from cases.actions.stock import Count, cartons
from cases.models import DoubtAnswer, Inspection, Photo, Signature
from cases.models.inspection import InspectionQuerySet
from cases.sections import Field, Section
from sources.crypto import SEALED, unseal

WIDE = {"class": "form-control"}
MOST_CARTONS = 100_000
PICTURE_MOST = 40 * 2**20  # bytes
MOST = 300 * 2**20  # bytes, of a recording


class PlanForm(forms.Form):
    second = forms.ModelChoiceField(
        User.objects.none(),
        label="第二名核查人",
        to_field_name="username",
        empty_label="请选择",
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"required": "请选择第二名核查人。", "invalid_choice": "请另选一人。"},
    )
    planned_at = forms.DateTimeField(
        label="核查时间",
        widget=forms.DateTimeInput(
            format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local", **WIDE}
        ),
        error_messages={"required": "请填写核查时间。", "invalid": "请填写正确的时间。"},
    )
    reason = forms.CharField(
        label="核查事由",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2, **WIDE}),
        error_messages={"required": "请填写核查事由。"},
    )

    def __init__(self, *args: Any, officers: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["second"]
        posts = Assignment.objects.current().select_related("bureau").order_by("pk")
        field.queryset = officers.prefetch_related(Prefetch("assignments", posts, to_attr="held"))
        field.label_from_instance = titled


def titled(officer: User) -> str:
    """A colleague with post and certificate, as the list of officers shows them."""
    held: list[Assignment] = officer.held  # type: ignore[attr-defined]  # prefetched
    posts = "、".join(f"{post.bureau.name} {post.get_role_display()}" for post in held)
    return f"{officer.name}（{posts}，执法证号 {officer.certificate_no or '未登记'}）"


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=200, required=False)


class PlaceForm(forms.Form):
    """Where the device says it is; nothing where it does not say."""

    lat = forms.FloatField(min_value=-90, max_value=90, required=False)
    lon = forms.FloatField(min_value=-180, max_value=180, required=False)
    accuracy = forms.FloatField(min_value=0, required=False)

    def place(self) -> Place | None:
        lat, lon = self.cleaned_data.get("lat"), self.cleaned_data.get("lon")
        if lat is None or lon is None:
            return None
        return Place(lat, lon, self.cleaned_data.get("accuracy"))


class StartForm(PlaceForm):
    why_far = forms.CharField(max_length=200, required=False)


class SectionForm(forms.Form):
    """The questions of one section."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(
        self, section: Section, *, data: Any = None, values: dict[str, Any], version: int
    ) -> None:
        initial: dict[str, Any] = {"version": version}
        for field in section.fields:
            value = values.get(field.key)
            initial[field.key] = _opened(value) if field.secret else value
        super().__init__(data, initial=initial)
        self.section = section
        for field in section.fields:
            self.fields[field.key] = _form_field(field)

    def answers(self) -> dict[str, Any]:
        """The answers as they are kept: dates as text, choices as their keys."""
        kept = {}
        for field in self.section.fields:
            value = self.cleaned_data[field.key]
            kept[field.key] = value.isoformat() if isinstance(value, dt.date) else value
        return kept

    def questions(self) -> list[tuple[Field, forms.BoundField]]:
        return [(field, self[field.key]) for field in self.section.fields]


def _opened(value: Any) -> Any:
    return unseal(value) if isinstance(value, str) and value.startswith(SEALED) else value


def _form_field(field: Field) -> forms.Field:
    given: dict[str, Any] = {"label": field.label, "required": False}
    if field.kind == "choice":
        choices = list((field.choices or {}).items())
        return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **given)
    if field.kind == "number":
        attrs = {"inputmode": "decimal", "step": "any", **WIDE}
        return forms.FloatField(
            min_value=0, max_value=MOST_CARTONS, widget=forms.NumberInput(attrs=attrs), **given
        )
    if field.kind == "date":
        return forms.DateField(
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", **WIDE}), **given
        )
    if field.kind == "text":
        return forms.CharField(
            max_length=2000, widget=forms.Textarea(attrs={"rows": 3, **WIDE}), **given
        )
    attrs = {"autocomplete": "off", **WIDE}
    return forms.CharField(max_length=200, widget=forms.TextInput(attrs=attrs), **given)


def amount(**given: Any) -> forms.FloatField:
    return forms.FloatField(required=False, min_value=0, max_value=MOST_CARTONS, **given)


def whole() -> forms.IntegerField:
    return forms.IntegerField(required=False, min_value=0, max_value=MOST_CARTONS)


class CountForm(forms.Form):
    """One line of the stock sheet: cartons and packs are typed apart."""

    opening = amount()
    returned = amount()
    sold = amount()
    counter = amount()
    counter_packs = amount()
    store = amount()
    store_packs = amount()
    codes_checked = whole()
    codes_foreign = whole()
    codes_missing = whole()
    suspect = forms.BooleanField(required=False)
    note = forms.CharField(max_length=200, required=False)

    def count(self) -> Count:
        given = self.cleaned_data
        return Count(
            opening=given["opening"] or 0,
            returned=given["returned"] or 0,
            sold=given["sold"] or 0,
            counter=cartons(given["counter"], given["counter_packs"]),
            store=cartons(given["store"], given["store_packs"]),
            codes_checked=given["codes_checked"] or 0,
            codes_foreign=given["codes_foreign"] or 0,
            codes_missing=given["codes_missing"] or 0,
            suspect=given["suspect"],
            note=given["note"],
        )


class AnswerForm(forms.Form):
    """One doubt."""

    statement = forms.CharField(max_length=500, required=False)
    seen = forms.CharField(max_length=500, required=False)
    evidence = forms.CharField(max_length=100, required=False)
    finding = forms.ChoiceField(choices=DoubtAnswer.Finding.choices, required=False)

    def answer(self) -> Answer:
        return Answer(**self.cleaned_data)


class PhotoForm(PlaceForm):
    uuid = forms.UUIDField()
    kind = forms.ChoiceField(choices=Photo.Kind.choices)
    caption = forms.CharField(max_length=200, required=False)
    file = forms.FileField(error_messages={"required": "请选择文件。", "empty": "文件是空的。"})

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        file, kind = given.get("file"), given.get("kind")
        if file and file.size > (MOST if kind in ("recording", "video") else PICTURE_MOST):
            raise forms.ValidationError("文件太大：照片不超过 40 MB，录音录像不超过 300 MB。")
        return given


class SignForm(forms.Form):
    who = forms.ChoiceField(choices=Signature.Who.choices)
    method = forms.ChoiceField(choices=Signature.Method.choices)
    name = forms.CharField(max_length=50, error_messages={"required": "请填写签名人的姓名。"})
    strokes = forms.CharField(required=False)
    picture = forms.CharField(required=False)
    paper = forms.IntegerField(required=False)
    shown = forms.CharField(max_length=64)  # the digest of the text on the page
    agreed = forms.BooleanField(error_messages={"required": "请先勾选声明，再签字。"})

    def clean_strokes(self) -> list[dict[str, Any]]:
        try:
            strokes = json.loads(self.cleaned_data["strokes"] or "[]")
            json.dumps(strokes, allow_nan=False, ensure_ascii=False).encode()  # no halves of signs
        except (ValueError, RecursionError):
            strokes = None
        if (
            not isinstance(strokes, list)
            or "\\u0000" in json.dumps(strokes)
            or not all(
                isinstance(one, dict) and isinstance(one.get("points"), list) for one in strokes
            )
        ):
            raise forms.ValidationError("签名没有传上来，请重签一次。")
        return strokes

    def hand(self) -> Hand:
        given = self.cleaned_data
        method = Signature.Method(given["method"])
        drawn = method == Signature.Method.DRAWN
        return Hand(
            method=method,
            name=given["name"],
            strokes=given["strokes"] if drawn else [],
            picture=given["picture"] if drawn else "",
            paper=given["paper"],
        )


class UnsignedForm(forms.Form):
    kind = forms.CharField(max_length=10, required=False)
    reason = forms.CharField(label="原因", max_length=300, required=False)
    witness = forms.CharField(label="见证人", max_length=100, required=False)


class SupplementForm(forms.Form):
    text = forms.CharField(
        label="补充内容",
        max_length=2000,
        min_length=5,
        widget=forms.Textarea(attrs={"rows": 3, **WIDE}),
        error_messages={"required": "请填写补充内容。", "min_length": "请写明补充内容。"},
    )


class InspectionFilter(django_filters.FilterSet):  # type: ignore[misc]  # it ships no types
    q = django_filters.CharFilter(
        label="店名、许可证号、核查编号",
        method="matching",
        widget=forms.TextInput(attrs={"placeholder": "店名、许可证号、核查编号", **WIDE}),
    )
    bureau = django_filters.MultipleChoiceFilter(
        label="单位", field_name="bureau__code", widget=forms.CheckboxSelectMultiple
    )
    since = django_filters.DateFilter(
        label="计划日起",
        field_name="planned_at__date",
        lookup_expr="gte",
        widget=forms.DateInput(attrs={"type": "date", **WIDE}),
    )
    until = django_filters.DateFilter(
        label="计划日止",
        field_name="planned_at__date",
        lookup_expr="lte",
        widget=forms.DateInput(attrs={"type": "date", **WIDE}),
    )

    class Meta:
        model = Inspection
        fields: list[str] = []

    def __init__(self, *args: Any, bureaus: list[Bureau], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["bureau"].field.choices = [(one.code, one.name) for one in bureaus]

    def matching(self, seen: InspectionQuerySet, name: str, text: str) -> InspectionQuerySet:  # noqa: ARG002
        text = text.strip()
        hit = Q(code__icontains=text) | Q(shop__name__icontains=text)
        return seen.filter(hit | Q(shop__licence_no__icontains=text))
