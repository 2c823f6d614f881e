import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from accounts.models import Bureau
from sources.importing.contract import Kind
from sources.importing.kinds import KINDS
from sources.importing.meanings import choices


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """One file input that takes several; gives a list."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[Any]]":
        given: Sequence[Any] = data if isinstance(data, list | tuple) else [data]
        files = [super(ManyFilesField, self).clean(one, initial) for one in given or [None]]
        for file in files:
            if file.size > settings.IMPORT_FILE_LIMIT:
                limit = settings.IMPORT_FILE_LIMIT // 2**20
                raise forms.ValidationError(f"{file.name} 超过 {limit} MB，请分成几个文件上传。")
        return files


class UploadForm(forms.Form):
    files = ManyFilesField(  # type: ignore[assignment]  # the metaclass takes it away
        label="文件", error_messages={"empty": "提交的文件是空的。"}
    )
    bureau = forms.ModelChoiceField(Bureau.objects.none(), label="所属单位", empty_label=None)

    def __init__(self, *args: Any, bureaus: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["bureau"]
        assert isinstance(choice, forms.ModelChoiceField)  # noqa: S101  (for the type checker)
        choice.queryset = bureaus


class ProfileForm(forms.Form):
    column = forms.ChoiceField(label="列")
    header = forms.CharField(label="文件里的表头", max_length=60)

    def __init__(self, *args: Any, kind: Kind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind.name
        choice = self.fields["column"]
        assert isinstance(choice, forms.ChoiceField)  # noqa: S101  (for the type checker)
        known = {column.name: column.title for column in kind.columns}
        choice.choices = list((known | choices(kind.name)).items())


class KindForm(forms.Form):
    kind = forms.ChoiceField(choices=[(name, kind.title) for name, kind in KINDS.items()])


class DecodeForm(forms.Form):
    seized_on = forms.DateField()
    codes = forms.CharField(max_length=200_000)


class SeizureForm(forms.Form):
    bureau = forms.ModelChoiceField(
        Bureau.objects.none(),
        label="登记单位",
        empty_label=None,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    case_no = forms.CharField(label="案号", max_length=60)
    seized_on = forms.DateField(
        label="查获日期",
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
    )
    place = forms.CharField(label="查获地", max_length=100)
    sku = forms.CharField(label="规格", max_length=100)
    qty = forms.DecimalField(
        label="查获数量（条）", min_value=0, max_digits=9, decimal_places=1, localize=False
    )
    codes = forms.CharField(label="32位码", max_length=200_000, required=False)
    photo = forms.FileField(label="条码照片", required=False)

    def __init__(self, *args: Any, bureaus: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        choice = self.fields["bureau"]
        assert isinstance(choice, forms.ModelChoiceField)  # noqa: S101  (for the type checker)
        choice.queryset = bureaus

    def clean_seized_on(self) -> dt.date:
        day: dt.date = self.cleaned_data["seized_on"]
        if day > self.today:
            raise forms.ValidationError("查获日期不能晚于今天。")
        return day

    def clean_qty(self) -> Any:
        if not self.cleaned_data["qty"]:
            raise forms.ValidationError("查获数量应大于零。")
        return self.cleaned_data["qty"]


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        label="作废原因", max_length=200, error_messages={"required": "请写明作废的原因。"}
    )
