from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import DeadlineRule, User
from accounts.permissions import Role


class LoginForm(forms.Form):
    username = forms.CharField(
        label="用户名",
        max_length=50,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label="密码",
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class PasswordForm(forms.Form):
    current = forms.CharField(
        label="现在的密码",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label="新密码",
        help_text="至少 10 个字符，不能只用数字，不能与用户名相近。",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="再输一次新密码", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_current(self) -> str:
        given: str = self.cleaned_data["current"]
        if not self.user.check_password(given):
            raise ValidationError("现在的密码不正确。")
        return given

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("new") != given.get("again"):
            self.add_error("again", "两次输入的新密码不一致。")
        return given


class NewUserForm(forms.Form):
    username = forms.RegexField(
        r"^[a-z][a-z0-9-]{2,49}$",
        label="用户名",
        error_messages={"invalid": "用小写字母开头，由小写字母、数字和短横线组成，3 至 50 位。"},
    )
    name = forms.CharField(label="姓名", max_length=50)
    password = forms.CharField(
        label="初始密码",
        help_text="本人首次登录后必须修改。",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        if User.objects.filter(username=username).exists():
            raise ValidationError("这个用户名已经有人使用。")
        return username


class AssignForm(forms.Form):
    role = forms.TypedChoiceField(label="岗位", choices=Role.choices, coerce=Role)

    def __init__(self, *args: Any, bureaus: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bureau"] = forms.ModelChoiceField(bureaus.order_by("path"), label="单位")


class HolidayForm(forms.Form):
    on = forms.DateField(label="日期", widget=forms.DateInput(attrs={"type": "date"}))
    kind = forms.ChoiceField(
        label="改为", choices=[("off", "放假"), ("work", "上班"), ("clear", "按星期（删除设置）")]
    )
    name = forms.CharField(label="说明", max_length=50, required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("kind") != "clear" and not given.get("name"):
            self.add_error("name", "请写明是什么节日或为何调休。")
        return given


class DeadlineForm(forms.Form):
    unit = forms.ChoiceField(label="单位", choices=DeadlineRule.Unit.choices)
    amount = forms.IntegerField(label="数量", min_value=0, max_value=365)


class CertificateForm(forms.Form):
    number = forms.CharField(label="执法证号", max_length=30)
    until = forms.DateField(
        label="有效期至", widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
