from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import actions
from accounts.forms import AssignForm, CertificateForm, NewUserForm
from accounts.http import StaffRequest
from accounts.models import Assignment, User, UserQuerySet, scope

ACTION = "manage_users"


def _people(request: StaffRequest) -> UserQuerySet:
    """Those assigned in the administrator's bureaus, and those assigned nowhere yet."""
    if not request.user.may(ACTION):
        raise Http404
    return User.objects.managed_by(request.user).prefetch_related(
        Prefetch(
            "assignments",
            Assignment.objects.current().select_related("bureau").order_by("bureau__path"),
            to_attr="current",
        )
    )


@require_http_methods(["GET", "POST"])
def users(request: StaffRequest) -> HttpResponse:
    people = _people(request).order_by("username")
    form = NewUserForm(request.POST or None)
    if form.is_valid():
        try:
            user = actions.create_user(**form.cleaned_data, by=request.user.code)
        except ValidationError as error:
            form.add_error("password", error)
        else:
            messages.success(request, f"已建立账号 {user.username}，请为其安排岗位。")
            return redirect("accounts:user", user.username)
    text = request.GET.get("q", "").strip()
    if text:
        people = people.filter(Q(username__contains=text) | Q(name__contains=text))
    page = Paginator(people, 25).get_page(request.GET.get("page"))
    return render(request, "accounts/users.html", {"page": page, "form": form, "q": text})


@require_safe
def user(request: StaffRequest, username: str) -> HttpResponse:
    person = get_object_or_404(_people(request), username=username)
    form = AssignForm(bureaus=scope(request.user, ACTION))
    return _page(request, person, form)


def _page(request: StaffRequest, person: User, form: AssignForm) -> HttpResponse:
    given = {"number": person.certificate_no, "until": person.certificate_until}
    context = {"person": person, "form": form, "certificate": CertificateForm(initial=given)}
    return render(request, "accounts/user.html", context)


@require_POST
def certify(request: StaffRequest, username: str) -> HttpResponse:
    """Register the enforcement certificate without which nobody goes on a visit."""
    person = get_object_or_404(_people(request), username=username)
    form = CertificateForm(request.POST)
    if form.is_valid():
        actions.set_certificate(user=person, by=request.user.code, **form.cleaned_data)
        messages.success(request, "执法证已登记。")
    else:
        messages.error(request, "请填写执法证号和有效期。")
    return redirect("accounts:user", username)


@require_POST
def assign(request: StaffRequest, username: str) -> HttpResponse:
    person = get_object_or_404(_people(request), username=username)
    form = AssignForm(request.POST, bureaus=scope(request.user, ACTION))
    if form.is_valid():
        try:
            actions.assign_role(
                user=person, since=timezone.localdate(), by=request.user, **form.cleaned_data
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "岗位已安排，本人需重新登录。")
            return redirect("accounts:user", username)
    return _page(request, person, form)


@require_POST
def unassign(request: StaffRequest, username: str, number: int) -> HttpResponse:
    person = get_object_or_404(_people(request), username=username)
    held = Assignment.objects.current().filter(bureau__in=scope(request.user, ACTION))
    assignment = get_object_or_404(held, pk=number, user=person)
    actions.end_assignment(assignment=assignment, today=timezone.localdate(), by=request.user)
    messages.success(request, "岗位已收回，立即生效。")
    return redirect("accounts:user", username)


@require_POST
def switch(request: StaffRequest, username: str) -> HttpResponse:
    person = get_object_or_404(_people(request), username=username)
    try:
        actions.set_active(user=person, is_active=not person.is_active, by=request.user)
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, "账号已停用。" if not person.is_active else "账号已启用。")
    return redirect("accounts:user", username)


@require_POST
def unlock(request: StaffRequest, username: str) -> HttpResponse:
    person = get_object_or_404(_people(request), username=username)
    actions.unlock_user(user=person, by=request.user)
    messages.success(request, "已解除锁定。")
    return redirect("accounts:user", username)
