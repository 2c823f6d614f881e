"""Every page x every role x own, foreign, hidden and missing objects x reading and writing."""

import itertools

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.urls import reverse

from accounts.models import Audience, DeadlineRule
from accounts.permissions import MAY, Reach, Role
from tests import make
from tests.access import PAGES
from tests.test_architecture import pages

pytestmark = pytest.mark.django_db

COUNTY, SIBLING, ELSEWHERE = "451423", "451424", "460101"
SEAT = {  # where the tests put each role
    **dict.fromkeys(Role, COUNTY),
    **dict.fromkeys(
        [Role.CITY_SUPERVISOR, Role.CITY_LEAD, Role.CITY_DEPUTY_HEAD, Role.DISCIPLINE], "4514"
    ),
    Role.PROVINCE_VIEWER: "45",
}
CANARY = "金丝雀"  # stands in every object of another bureau


def person(bureau):
    return [make.user(role="data_clerk", at=bureau, name=f"{CANARY}{bureau.code}").username]


def assignment(bureau):
    user = make.user(role="data_clerk", at=bureau)
    return [user.username, user.assignments.get().pk]


def parked_job(_bureau):
    job = make.job()
    job.parked_at = make.NOW
    job.save()
    return [job.pk]


TARGETS = {
    "": lambda _: [],
    "person": person,
    "assignment": assignment,
    "deadline": lambda _: [DeadlineRule.objects.earliest("pk").pk],
    "job": parked_job,
    "batch": lambda bureau: [make.batch(at=bureau, name=f"{CANARY}{bureau.code}.csv").pk],
    "retailer": lambda bureau: [make.retailer(at=bureau, name=f"{CANARY}{bureau.code}").code],
    "alert": lambda bureau: [make.alert(at=bureau, subject_name=f"{CANARY}{bureau.code}").code],
    "conclusion": lambda bureau: [
        make.conclusion(at=bureau, subject_name=f"{CANARY}{bureau.code}").code
    ],
    "night": lambda bureau: [make.night(at=bureau).on.isoformat(), bureau.code],
}
COMMON = {"", "deadline", "job"}  # belong to no bureau
MISSING = {
    "person": ["nobody"],
    "assignment": ["nobody", 10**9],
    "deadline": [10**9],
    "job": ["00000000-0000-4000-8000-000000000000"],
    "batch": [10**9],
    "retailer": ["nothing"],
    "alert": ["YJ-000000-20260302-999"],
    "conclusion": ["CZBG-000000-202603-0001"],
    "night": ["2026-03-02", "000000"],
}


def may(page, role, *, own):
    """Whether a role opens a page about an object at its own seat, or at another bureau."""
    if not page.actions:
        return True
    rights = [MAY[action] for action in page.actions if role in MAY[action].roles]
    if page.target in COMMON:
        return bool(rights)
    if not own:
        return False
    seat = SEAT[role]
    return any(right.reach is Reach.DOWN or seat == COUNTY for right in rights)


def ask(client, name, arguments, *, post):
    url = reverse(name, args=arguments)
    return client.post(url) if post else client.get(url)


def rows_of_everything():
    """How many rows each table has, sessions left out."""
    counts = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table != Session._meta.db_table:
                cursor.execute(f'SELECT count(*) FROM "{table}"')  # noqa: S608
                counts[table] = cursor.fetchone()[0]
    return counts


def test_every_page_is_in_the_table():
    assert {name for name, _ in pages()} == set(PAGES)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_visitors_are_sent_to_the_login(client, name):
    page = PAGES[name]
    response = ask(client, name, TARGETS[page.target](make.bureau()), post=page.post)

    if page.open:
        assert response.status_code in {200, 503}
    else:
        assert response.status_code == 302
        assert response.url.startswith("/login/")


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", sorted(set(PAGES) - {"accounts:login", "accounts:logout"}))
def test_a_role_finds_its_own_pages_and_no_others(client, name, role):
    page, seat = PAGES[name], make.bureau(SEAT[role])
    arguments = TARGETS[page.target](make.bureau(COUNTY))
    make.bureau(SIBLING)
    client.force_login_now(make.user(role, at=seat))
    before = rows_of_everything()

    response = ask(client, name, arguments, post=page.post)

    # discipline opens the pages of alerts, but only what is hidden from others
    hidden_only = role == Role.DISCIPLINE and page.target == "alert"
    if page.open:
        assert response.status_code in {200, 503}
    elif may(page, role, own=True) and not hidden_only:
        assert response.status_code in {200, 302}, response.content.decode()[:500]
        assert not response.headers.get("Location", "").startswith("/login/")
    else:
        assert response.status_code == 404
        assert rows_of_everything() == before


@pytest.mark.parametrize("name", sorted(name for name in PAGES if PAGES[name].target not in COMMON))
@pytest.mark.parametrize("role", Role)
def test_objects_of_other_bureaus_are_not_found(client, name, role):
    page = PAGES[name]
    seats = {SEAT[role]} | ({SIBLING} if SEAT[role] == COUNTY else set())
    foreign = [ELSEWHERE] + ([SIBLING] if SEAT[role] == COUNTY else [])
    made = {code: TARGETS[page.target](make.bureau(code)) for code in foreign}
    assert seats
    client.force_login_now(make.user(role, at=make.bureau(SEAT[role])))
    before = rows_of_everything()

    for arguments, post in itertools.product(
        [*made.values(), MISSING[page.target]], {page.post, True}
    ):
        response = ask(client, name, arguments, post=post)
        assert response.status_code in {404, 405}, (arguments, post)
        assert CANARY not in response.content.decode()
    assert rows_of_everything() == before


@pytest.mark.parametrize("name", sorted(name for name in PAGES if PAGES[name].target == "alert"))
@pytest.mark.parametrize("role", Role)
def test_a_hidden_alert_is_found_by_city_and_discipline_only(client, name, role):
    page = PAGES[name]
    hidden = make.alert(at=make.bureau(COUNTY), audience=Audience.ABOVE)
    client.force_login_now(make.user(role, at=make.bureau(SEAT[role])))

    response = ask(client, name, [hidden.code], post=page.post)

    above = role in MAY["see_hidden"].roles
    reading = "read_alert" in page.actions
    expected = above and (reading or may(page, role, own=True))
    assert (response.status_code != 404) is expected


LISTS = [
    "accounts:users", "sources:imports", "sources:retailers", "alerts:board", "alerts:alerts",
    "alerts:hits", "alerts:runs", "sources:profile",
]  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("role", Role)
def test_lists_and_choices_hold_nothing_foreign(client, name, role):
    for code in (COUNTY, SIBLING, ELSEWHERE):
        place = make.bureau(code, name=f"局{code}名")
        for target in ("person", "batch", "retailer", "alert", "night"):
            TARGETS[target](place)
        make.hit(at=place, subject_name=f"{CANARY}{code}")
    client.force_login_now(make.user(role, at=make.bureau(SEAT[role])))

    text = ask(client, name, [], post=False).content.decode()

    assert f"{CANARY}{ELSEWHERE}" not in text
    assert f"局{ELSEWHERE}名" not in text
    if SEAT[role] == COUNTY:
        assert f"{CANARY}{SIBLING}" not in text
        assert f"局{SIBLING}名" not in text


@pytest.mark.parametrize("name", sorted(name for name in PAGES if PAGES[name].post))
def test_what_changes_something_takes_no_get(client, name):
    page = PAGES[name]
    arguments = TARGETS[page.target](make.bureau())
    client.force_login_now(make.user("county_lead"))

    assert ask(client, name, arguments, post=False).status_code == 405


@pytest.mark.parametrize("name", sorted(name for name in PAGES if PAGES[name].post))
def test_what_changes_something_wants_the_token(name):
    from tests.conftest import StaffClient

    page, strict = PAGES[name], StaffClient(enforce_csrf_checks=True)
    arguments = TARGETS[page.target](make.bureau())
    strict.force_login_now(make.user("county_lead"))

    assert ask(strict, name, arguments, post=True).status_code == 403
