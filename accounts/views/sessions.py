from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate
from django.contrib.auth import login as start_session
from django.contrib.auth import logout as end_session
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import actions
from accounts.forms import LoginForm, PasswordForm
from accounts.http import StaffRequest
from accounts.middleware import begin_session
from accounts.models import User


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    wanted = _wanted(request)
    if request.user.is_authenticated:
        return redirect(wanted)
    form = LoginForm(request.POST or None)
    if form.is_valid():
        user = authenticate(request, **form.cleaned_data)
        if isinstance(user, User):
            start_session(request, user)
            begin_session(request, now=timezone.now())
            actions.note_login(user=user, address=request.META.get("REMOTE_ADDR", ""))
            return redirect(wanted)
        if not AxesProxyHandler.is_allowed(request, form.cleaned_data):
            minutes = round(settings.AXES_COOLOFF_TIME * 60)
            return render(request, "accounts/locked.html", {"minutes": minutes}, status=429)
        form.add_error(None, "用户名或密码不正确。连续输错 5 次将锁定 15 分钟。")
    return render(request, "accounts/login.html", {"form": form, "next": wanted})


def _wanted(request: HttpRequest) -> str:
    """Where the visitor was going, if that is a page of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(
        wanted, {request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else resolve_url(settings.LOGIN_REDIRECT_URL)


@require_POST
def logout(request: StaffRequest) -> HttpResponse:
    end_session(request)
    return redirect("accounts:login")


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def password(request: StaffRequest) -> HttpResponse:
    form = PasswordForm(request.POST or None, user=request.user)
    if form.is_valid():
        try:
            actions.change_password(
                user=request.user,
                password=form.cleaned_data["new"],
                at=timezone.now(),
                by=request.user,
            )
        except ValidationError as error:
            form.add_error("new", error)
        else:
            start_session(request, request.user, "django.contrib.auth.backends.ModelBackend")
            begin_session(request, now=timezone.now())
            messages.success(request, "密码已修改，其他设备上的登录已退出。")
            return redirect("alerts:board")
    forced = request.user.must_change_password
    return render(request, "accounts/password.html", {"form": form, "forced": forced})
