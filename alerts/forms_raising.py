"""What people fill in to raise an alert: about a shop, a member of staff, or a product's hit."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from accounts.models import Bureau
from alerts.actions.raising import LEAST_WORDS, Suspicion
from alerts.detection import FAMILIES
from alerts.models import Grade, Hit, Origin
from sources.models import Retailer, RetailerQuerySet, Staff

ORIGINS = [(one.value, one.label) for one in (Origin.PERSON, Origin.TIP, Origin.COMPLAINT)]
KINDS = [("retailer", "零售户"), ("staff", "内部人员")]
GOODS = ("sku", "卷烟规格")  # only from an entry of the ledger
SELECT = forms.Select(attrs={"class": "form-select"})
TEXT = forms.TextInput(attrs={"class": "form-control"})


class RaiseForm(forms.Form):
    """`retailers`: those that the user may read; `bureaus`: those where alerts may be raised.

    `hit`: the product's entry in the ledger that an alert is to be made of, in its bureau.
    """

    origin = forms.ChoiceField(label="来源", choices=ORIGINS, widget=SELECT)
    reference = forms.CharField(
        label="工单或线索编号",
        required=False,
        max_length=40,
        widget=TEXT,
        help_text="举报、投诉必填；同一编号只建一条预警。",
    )
    subject_kind = forms.ChoiceField(label="对象", choices=KINDS, widget=SELECT)
    subject = forms.CharField(
        label="客户编码、许可证号或工号",
        max_length=40,
        widget=TEXT,
        error_messages={"required": "请填写客户编码、许可证号或工号。"},
    )
    staff_concerned = forms.BooleanField(
        label="涉及内部人员",
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
        help_text="勾选后由市局办理，提交后县局不再显示。",
    )
    family = forms.ChoiceField(label="类别", choices=list(FAMILIES.items()), widget=SELECT)
    grade = forms.ChoiceField(
        label="等级",
        choices=list(Grade.choices),
        widget=SELECT,
        initial=Grade.YELLOW,
        help_text="投诉至少为橙色。",
    )
    sentence = forms.CharField(
        label="情况",
        min_length=LEAST_WORDS,
        max_length=300,
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 3}),
        help_text=f"一句话写明时间、数量和依据，不少于{LEAST_WORDS}个字；不写举报人姓名和电话。",
        error_messages={
            "required": "请写明情况。",
            "min_length": f"请写明情况，至少{LEAST_WORDS}个字。",
        },
    )

    def __init__(
        self,
        *args: Any,
        retailers: RetailerQuerySet,
        bureaus: QuerySet[Bureau],
        hit: Hit | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.retailers, self.bureaus, self.hit = retailers, bureaus, hit
        if hit is not None:
            self.fields["subject_kind"].choices = [GOODS]  # type: ignore[attr-defined]
            self.fields["subject"].widget.attrs["readonly"] = True
            self.fields["subject"].label = "卷烟编码"
        self.bureau: Bureau | None = None
        self.about: dict[str, str] = {}

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if "subject" in values and "subject_kind" in values:
            kinds = {"retailer": self._retailer, "staff": self._staff, "sku": self._product}
            find = kinds[values["subject_kind"]]
            try:
                self.about = find(values["subject"].strip())
            except ValidationError as error:
                self.add_error("subject", error)
        return values

    def suspicion(self) -> Suspicion:
        """What was filled in, about the subject that was found."""
        given = self.cleaned_data
        return Suspicion(
            origin=Origin(given["origin"]),
            reference=given["reference"].strip(),
            family=given["family"],
            grade=given["grade"],
            sentence=given["sentence"],
            staff_concerned=given["staff_concerned"] or given["subject_kind"] == "staff",
            subject_kind=given["subject_kind"],
            hit=self.hit,
            **self.about,
        )

    def _retailer(self, text: str) -> dict[str, str]:
        found = self.retailers.filter(Q(code=text) | Q(licence_no=text), bureau__in=self.bureaus)
        shop: Retailer | None = found.select_related("bureau__parent").first()
        if shop is None:
            raise ValidationError(f"没有找到客户编码或许可证号为“{text}”的零售户，请核对后再填。")
        self.bureau = shop.bureau
        return {
            "subject_id": shop.code,
            "subject_name": shop.name,
            "licence_no": shop.licence_no,
            "route": shop.route,
        }

    def _product(self, text: str) -> dict[str, str]:
        if self.hit is None or text != self.hit.subject_id:
            raise ValidationError("规格的预警请从规则命中台账的那一行新建。")
        self.bureau = self.hit.bureau
        return {"subject_id": self.hit.subject_id, "subject_name": self.hit.subject_name}

    def _staff(self, text: str) -> dict[str, str]:
        found = Staff.objects.filter(staff_id=text, bureau__in=self.bureaus)
        person = found.select_related("bureau__parent").order_by("-known_from").first()
        if person is None:
            raise ValidationError(f"没有找到工号为“{text}”的人员，请核对后再填。")
        self.bureau = person.bureau
        return {"subject_id": person.staff_id, "subject_name": f"{person.role}{person.staff_id}"}
