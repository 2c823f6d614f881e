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
        choice = self.fields["column"]
        assert isinstance(choice, forms.ChoiceField)  # noqa: S101  (for the type checker)
        known = {column.name: column.title for column in kind.columns}
        choice.choices = list((known | choices(kind.name)).items())


class KindForm(forms.Form):
    kind = forms.ChoiceField(choices=[(name, kind.title) for name, kind in KINDS.items()])
