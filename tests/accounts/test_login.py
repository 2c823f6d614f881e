"""Logging in and out: who gets in, who is locked out, and how long it lasts."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from accounts import actions
from audit.models import Event
from tests import make

pytestmark = pytest.mark.django_db
LOGIN = "/login/"


def log_in(client, user, password=make.PASSWORD, **given):
    return client.post(LOGIN, {"username": user.username, "password": password, **given})


def is_inside(client):
    return client.get("/notices/").status_code == 200


def test_it_lets_in_and_tells_the_audit(client):
    user = make.user()

    response = log_in(client, user)

    assert response.url == "/"
    assert is_inside(client)
    assert Event.objects.filter(kind="user.logged_in", actor=user.code).count() == 1


def test_it_goes_on_to_the_page_that_was_asked_for_but_only_to_ours(client):
    user = make.user()

    assert log_in(client, user, next="/calendar/").url == "/calendar/"
    client.post("/logout/")
    assert log_in(client, user, next="https://elsewhere.example/").url == "/"


def test_wrong_passwords_and_unknown_names_get_the_same_answer(client):
    user = make.user()

    wrong = log_in(client, user, "wrong")
    unknown = client.post(LOGIN, {"username": "nobody", "password": "wrong"})

    assert wrong.status_code == unknown.status_code == 200
    assert "用户名或密码不正确" in wrong.content.decode()
    assert "用户名或密码不正确" in unknown.content.decode()


def test_five_wrong_passwords_lock_out_and_an_administrator_unlocks(client):
    user = make.user()
    for _ in range(5):
        response = log_in(client, user, "wrong")

    assert response.status_code == 429
    assert log_in(client, user).status_code == 429

    actions.unlock_user(user=user, by=make.user("sysadmin", at=make.bureau("45")))
    assert log_in(client, user).status_code == 302


def test_a_closed_account_does_not_get_in(client):
    user = make.user(is_active=False)

    assert log_in(client, user).status_code == 200
    assert not is_inside(client)


def test_logging_out_needs_a_post(client):
    log_in(client, make.user())

    assert client.get("/logout/").status_code == 405
    assert is_inside(client)
    assert client.post("/logout/").url == LOGIN
    assert not is_inside(client)


@pytest.mark.parametrize(
    ("minutes", "stays"), [([14, 28, 42], True), ([16], False), ([14] + [14] * 3 + [60], False)]
)
def test_an_idle_session_ends_after_a_quarter_of_an_hour(client, minutes, stays):
    start = dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)
    user = make.user()
    with time_machine.travel(start, tick=False):
        log_in(client, user)
    for passed in minutes:
        with time_machine.travel(start + dt.timedelta(minutes=passed), tick=False):
            inside = is_inside(client)
    assert inside is stays


def test_a_session_ends_after_eight_hours_however_busy(client):
    start = dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)
    user = make.user()
    with time_machine.travel(start, tick=False):
        log_in(client, user)
    for passed in range(10, 481, 10):
        with time_machine.travel(start + dt.timedelta(minutes=passed), tick=False):
            assert is_inside(client)
    with time_machine.travel(start + dt.timedelta(minutes=489), tick=False):
        assert not is_inside(client)


def test_polling_does_not_keep_a_session_alive(client):
    start = dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)
    user = make.user()
    with time_machine.travel(start, tick=False):
        log_in(client, user)
    for passed in (5, 10, 14):
        with time_machine.travel(start + dt.timedelta(minutes=passed), tick=False):
            client.get("/notices/", headers={"X-Poll": "1"})
    with time_machine.travel(start + dt.timedelta(minutes=16), tick=False):
        assert not is_inside(client)


def test_a_password_given_by_somebody_else_is_changed_first(client):
    user = make.user(password_changed_at=None)
    log_in(client, user)

    assert client.get("/notices/").url == reverse("accounts:password")
    response = client.post(
        "/password/",
        {"current": make.PASSWORD, "new": "Another-long-1", "again": "Another-long-1"},
    )
    assert response.status_code == 302
    assert is_inside(client)


@pytest.mark.parametrize(
    ("current", "new", "again", "says"),
    [
        ("wrong", "Another-long-1", "Another-long-1", "现在的密码不正确"),
        (make.PASSWORD, "short", "short", "密码"),
        (make.PASSWORD, "1234567890123", "1234567890123", "数字"),
        (make.PASSWORD, "Another-long-1", "Another-long-2", "不一致"),
    ],
)
def test_a_bad_new_password_is_refused(client, current, new, again, says):
    user = make.user()
    log_in(client, user)

    response = client.post("/password/", {"current": current, "new": new, "again": again})

    assert says in response.content.decode()
    user.refresh_from_db()
    assert user.check_password(make.PASSWORD)


def test_changing_the_password_ends_the_other_sessions(client):
    from django.test import Client

    user, other = make.user(), Client()
    log_in(client, user)
    log_in(other, user)

    client.post(
        "/password/",
        {"current": make.PASSWORD, "new": "Another-long-1", "again": "Another-long-1"},
    )

    assert is_inside(client)
    assert not is_inside(other)


def test_passwords_are_kept_as_argon2_hashes():
    import neiguan.settings as real  # noqa: TID251

    assert real.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]
