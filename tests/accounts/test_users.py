"""The administrator's pages of people: make, assign, take back, close, unlock."""

import pytest
from django.utils import timezone

from accounts.models import Assignment, User
from audit.models import Event
from tests import make

pytestmark = pytest.mark.django_db
NEW = {"username": "new-one", "name": "新人", "password": "Rather-long-77"}


@pytest.fixture
def admin(client):
    admin = make.user("sysadmin", at=make.bureau("4514"), username="root-admin")
    client.force_login_now(admin)
    return admin


def post(client, user, what, **data):
    return client.post(f"/users/{user.username}/{what}/", data)


def test_it_makes_a_user_who_must_change_the_password(client, admin):
    response = client.post("/users/", NEW)

    assert response.url == "/users/new-one/"
    user = User.objects.get(username="new-one")
    assert user.must_change_password
    assert Event.objects.filter(kind="user.created", subject="new-one", actor=admin.code).exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"username": "Ä"}, "小写字母"),
        ({"username": "root-admin"}, "已经有人使用"),
        ({"password": "short"}, "密码"),
        ({"name": ""}, "必填"),
    ],
)
def test_it_refuses(client, admin, change, says):
    before = User.objects.count()

    response = client.post("/users/", {**NEW, **change})

    assert response.status_code == 200
    assert says in response.content.decode()
    assert User.objects.count() == before


def test_a_role_is_given_and_taken_back_at_once(client, admin):
    user, county = make.user(role=None), make.bureau()

    post(client, user, "assign", bureau=county.pk, role="county_lead")
    assert User.objects.get(pk=user.pk).may("read_alert")
    (held,) = user.assignments.current()
    post(client, user, f"unassign/{held.pk}")

    assert not User.objects.get(pk=user.pk).may("read_alert")
    assert Event.objects.filter(kind="user.unassigned", subject=user.code).count() == 1


def test_a_role_outside_the_administrators_bureaus_is_not_offered_nor_accepted(client, admin):
    user, foreign = make.user(role=None), make.bureau("460101")

    page = client.get(f"/users/{user.username}/").content.decode()
    response = post(client, user, "assign", bureau=foreign.pk, role="county_lead")

    assert foreign.name not in page
    assert response.status_code == 200
    assert not user.assignments.exists()


def test_people_of_other_bureaus_are_not_found(client, admin):
    stranger = make.user(at=make.bureau("460101"))

    assert client.get(f"/users/{stranger.username}/").status_code == 404
    assert post(client, stranger, "switch").status_code == 404
    assert stranger.username not in client.get("/users/").content.decode()


def test_closing_an_account_ends_its_sessions(client, admin):
    from django.test import Client

    user, theirs = make.user(), Client()
    theirs.post("/login/", {"username": user.username, "password": make.PASSWORD})

    post(client, user, "switch")

    assert theirs.get("/notices/").status_code == 302
    user.refresh_from_db()
    assert not user.is_active


def test_nobody_closes_himself(client, admin):
    post(client, admin, "switch")

    admin.refresh_from_db()
    assert admin.is_active


def test_an_assignment_of_today_that_is_taken_back_leaves_no_row(client, admin):
    user = make.user(role=None)
    post(client, user, "assign", bureau=make.bureau().pk, role="data_clerk")
    (held,) = user.assignments.current()
    assert held.since == timezone.localdate()

    post(client, user, f"unassign/{held.pk}")

    assert not Assignment.objects.filter(user=user).exists()


@pytest.mark.parametrize("role", ["county_head", "city_lead", "auditor", "data_clerk"])
def test_others_find_no_such_page(client, role):
    client.force_login_now(make.user(role))

    assert client.get("/users/").status_code == 404
    assert client.post("/users/", NEW).status_code == 404
    assert not User.objects.filter(username="new-one").exists()


def test_changes_need_a_post(client, admin):
    user = make.user()
    for what in ("assign", "switch", "unlock"):
        assert client.get(f"/users/{user.username}/{what}/").status_code == 405


def test_an_enforcement_certificate_is_registered(client, admin):
    person = make.user("county_supervisor")

    post(client, person, "certify", number="451423007", until="2030-05-01")
    post(client, person, "certify", number="", until="x")

    person.refresh_from_db()
    assert (person.certificate_no, f"{person.certificate_until}") == ("451423007", "2030-05-01")
    assert Event.objects.get(kind="user.certified").subject == person.username
    assert "451423007" in client.get(f"/users/{person.username}/").content.decode()
