"""What every request goes through: how long a session lasts, and which rows PostgreSQL shows."""

import datetime as dt
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.walls import walls_of

Handler = Callable[[HttpRequest], HttpResponse]
BEGAN, SEEN = "began_at", "seen_at"  # session keys: seconds since 1970
SEEN_STEP = 30  # seconds between two writes of SEEN


def begin_session(request: HttpRequest, *, now: dt.datetime) -> None:
    """Start both clocks of a new log-in."""
    request.session[BEGAN] = request.session[SEEN] = now.timestamp()


def session_limits(get_response: Handler) -> Handler:
    """End a session that was idle or open too long; the next request asks for the password."""

    def handle(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = timezone.now().timestamp()
            session = request.session
            idle, whole = now - session.get(SEEN, 0), now - session.get(BEGAN, 0)
            if idle > settings.SESSION_IDLE_SECONDS or whole > settings.SESSION_ABSOLUTE_SECONDS:
                logout(request)
            elif idle > SEEN_STEP and not request.headers.get("X-Poll"):
                session[SEEN] = now
        return get_response(request)

    return handle


def first_password(get_response: Handler) -> Handler:
    """Whoever was given a password changes it before anything else."""
    open_pages = {"accounts:password", "accounts:logout"}

    def handle(request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User) and user.must_change_password:
            page = reverse("accounts:password")
            if request.path not in {reverse(name) for name in open_pages}:
                return redirect(page)
        return get_response(request)

    return handle


def bureau_walls(get_response: Handler) -> Handler:
    """Let the database itself show this user's bureaus only, whatever a view asks for."""

    def handle(request: HttpRequest) -> HttpResponse:
        user = request.user if isinstance(request.user, User) else None
        with walls_of(user):
            return get_response(request)

    return handle
