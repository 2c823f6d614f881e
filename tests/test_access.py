"""Every page x every role x own, foreign, hidden and missing objects x reading and writing."""

import contextlib
import io
import itertools
from typing import Any

import pytest
from axes.models import AccessLog
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.urls import reverse

from accounts.models import Audience, DeadlineRule
from accounts.permissions import MAY, Reach, Role
from alerts.models import Alert
from cases.models import Conclusion, Inspection, Interview
from tests import make
from tests.access import PAGES
from tests.cases import visits
from tests.conftest import StaffClient
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


def product_hit(bureau):
    about = {"subject_kind": "sku", "subject_id": "K1", "detector": "sku_day"}
    return [make.hit(at=bureau, subject_name=f"{CANARY}{bureau.code}", **about).pk]


def parked_job(_bureau):
    job = make.job()
    job.parked_at = make.NOW
    job.save()
    return [job.pk]


def photographed(bureau):
    visit = make.inspection(at=bureau, subject_name=f"{CANARY}{bureau.code}")
    return [visit.code, visits.photograph(visit).number]


def signed_visit(bureau):
    visit = visits.fill(make.inspection(at=bureau, subject_name=f"{CANARY}{bureau.code}"))
    visits.put_hand(visit, "retailer")
    return [visit.code, "retailer"]


def visited(bureau):
    return [make.inspection(at=bureau, subject_name=f"{CANARY}{bureau.code}").code]


def report(bureau):
    made = make.report(at=bureau, text=f"{CANARY}{bureau.code}")
    return [made.month_text, bureau.code]


def submission(bureau):
    made = make.submitted(at=bureau, text=f"{CANARY}{bureau.code}")
    return [made.month_text, bureau.code, 1]


def assessment(bureau):
    made = make.assessment(at=bureau)
    return [made.month_text, bureau.code]


def photographed_seizure(bureau):
    photo = ("码.jpg", io.BytesIO(visits.picture()))
    return [make.seizure(at=bureau, place=f"{CANARY}{bureau.code}", photo=photo).pk]


def grade_change(bureau):
    alert = make.alert(at=bureau, grade="红", subject_name=f"{CANARY}{bureau.code}")
    return [alert.code, make.grade_change(alert=alert).pk]


TARGETS = {
    "": lambda _: [],
    "grade_change": grade_change,
    "exemption": lambda bureau: [make.exemption(at=bureau, note=f"{CANARY}{bureau.code}").pk],
    "event": lambda bureau: [make.event(at=bureau, name=f"{CANARY}{bureau.code}").pk],
    "lesson": lambda bureau: [make.lesson(at=bureau).pk],
    "sample": lambda bureau: [make.sample(at=bureau, name=f"{CANARY}{bureau.code}").pk],
    "book": lambda _: ["key"],
    "watch": lambda bureau: [make.watch(at=bureau, retailer_name=f"{CANARY}{bureau.code}").pk],
    "task": lambda bureau: [make.task(at=bureau, title=f"{CANARY}{bureau.code}").pk],
    "policy": lambda bureau: [make.supervision_rule(at=bureau).pk],
    "hit": product_hit,
    "flood": lambda bureau: [make.flood(at=bureau).pk],
    "group": lambda bureau: [make.group(at=bureau, reason=f"{CANARY}{bureau.code}").code],
    "person": person,
    "assignment": assignment,
    "deadline": lambda _: [DeadlineRule.objects.earliest("pk").pk],
    "job": parked_job,
    "batch": lambda bureau: [make.batch(at=bureau, name=f"{CANARY}{bureau.code}.csv").pk],
    "seizure": lambda bureau: [make.seizure(at=bureau, place=f"{CANARY}{bureau.code}").pk],
    "seizure_photo": photographed_seizure,
    "retailer": lambda bureau: [make.retailer(at=bureau, name=f"{CANARY}{bureau.code}").code],
    "alert": lambda bureau: [make.alert(at=bureau, subject_name=f"{CANARY}{bureau.code}").code],
    "conclusion": lambda bureau: [
        make.conclusion(at=bureau, subject_name=f"{CANARY}{bureau.code}").code
    ],
    "interview": lambda bureau: [
        make.interview(at=bureau, until="recorded", subject_name=f"{CANARY}{bureau.code}").code
    ],
    "inspection": visited,
    "inspection_section": lambda bureau: [*visited(bureau), "premises"],
    "inspection_photo": photographed,
    "inspection_signature": signed_visit,
    "night": lambda bureau: [make.night(at=bureau).on.isoformat(), bureau.code],
}
TARGETS |= {
    "month": lambda bureau: ["2026-03", bureau.code],
    "report": report,
    "part": lambda bureau: [*report(bureau), "basics"],
    "figure": lambda bureau: [*report(bureau), "red", "new"],
    "submission": submission,
    "assessment": assessment,
    "item": lambda bureau: [*assessment(bureau), 1],
}
TARGETS |= {
    "rule": lambda bureau: [bureau.city.code, make.rules(bureau).number],
    "change": lambda bureau: [make.change(at=bureau, title=f"{CANARY}{bureau.code}").pk],
    "back_test": lambda bureau: [make.back_test(at=bureau).pk],
}
CITYWIDE = {"rule"}  # belong to a city, and are read in all its counties
COMMON = {"", "deadline", "job", "book"}  # belong to no bureau
MISSING = {
    "grade_change": ["YJ-000000-20260302-999", 10**9],
    "exemption": [10**9],
    "event": [10**9],
    "hit": [10**9],
    "flood": [10**9],
    "watch": [10**9],
    "task": [10**9],
    "policy": [10**9],
    "lesson": [10**9],
    "sample": [10**9],
    "group": ["BA-000000-20260302-99"],
    "person": ["nobody"],
    "assignment": ["nobody", 10**9],
    "deadline": [10**9],
    "job": ["00000000-0000-4000-8000-000000000000"],
    "batch": [10**9],
    "seizure": [10**9],
    "seizure_photo": [10**9],
    "retailer": ["nothing"],
    "alert": ["YJ-000000-20260302-999"],
    "conclusion": ["CZBG-000000-202603-0001"],
    "interview": ["DHXF-000000-202603-0001"],
    "inspection": ["SDHC-000000-202603-0001"],
    "inspection_section": ["SDHC-000000-202603-0001", "premises"],
    "inspection_photo": ["SDHC-000000-202603-0001", 1],
    "inspection_signature": ["SDHC-000000-202603-0001", "retailer"],
    "night": ["2026-03-02", "000000"],
}


MISSING |= {"rule": ["0000", 1], "change": [10**9], "back_test": [10**9]}
NO_MONTH = ["2026-03", "000000"]
MISSING |= {
    "month": NO_MONTH,
    "report": NO_MONTH,
    "part": [*NO_MONTH, "basics"],
    "figure": [*NO_MONTH, "red", "new"],
    "submission": [*NO_MONTH, 1],
    "assessment": NO_MONTH,
    "item": [*NO_MONTH, 1],
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
    """How many rows each table has, but for what a log-in writes."""
    by_login = {Session._meta.db_table, AccessLog._meta.db_table}
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor)) - by_login
        counts = (f"SELECT '{name}', count(*) FROM \"{name}\"" for name in sorted(tables))  # noqa: S608
        cursor.execute(" UNION ALL ".join(counts))
        return dict(cursor.fetchall())


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


@contextlib.contextmanager
def seated(person):
    """A browser in which the person is logged in; what it did is undone afterwards."""
    with transaction.atomic():
        client = StaffClient()
        client.force_login_now(person)
        yield client
        transaction.set_rollback(True)


def people():
    """Somebody of each role, at the role's seat."""
    return {role: make.user(role, at=make.bureau(SEAT[role])) for role in Role}


@pytest.mark.parametrize("name", sorted(set(PAGES) - {"accounts:login", "accounts:logout"}))
def test_each_role_finds_its_own_pages_and_no_others(name):
    page = PAGES[name]
    arguments = TARGETS[page.target](make.bureau(COUNTY))
    everybody, before = people(), rows_of_everything()
    for role, person in everybody.items():
        with seated(person) as client:
            response = ask(client, name, arguments, post=page.post)

            # discipline opens the pages of alerts, but only what is hidden from others
            hidden_only = role == Role.DISCIPLINE and page.target in {"alert", "interview"}
            if page.open:
                assert response.status_code in {200, 503}, role
            elif may(page, role, own=True) and not hidden_only:
                assert response.status_code in {200, 302}, (role, response.content.decode()[:500])
                assert not response.headers.get("Location", "").startswith("/login/"), role
            else:
                assert response.status_code == 404, role
                assert rows_of_everything() == before, role


@pytest.mark.parametrize("name", sorted(name for name in PAGES if PAGES[name].target not in COMMON))
def test_objects_of_other_bureaus_are_not_found(name):
    page = PAGES[name]
    made = {code: TARGETS[page.target](make.bureau(code)) for code in (ELSEWHERE, SIBLING)}
    everybody, before = people(), rows_of_everything()
    for role, person in everybody.items():
        outside = SEAT[role] == COUNTY and page.target not in CITYWIDE
        foreign = [made[ELSEWHERE]] + ([made[SIBLING]] if outside else [])
        with seated(person) as client:
            for arguments, post in itertools.product(
                [*foreign, MISSING[page.target]], {page.post, True}
            ):
                response = ask(client, name, arguments, post=post)
                assert response.status_code in {404, 405}, (role, arguments, post)
                assert CANARY not in response.content.decode(), role
            assert rows_of_everything() == before, role


# what may concern a bureau's own people
HIDDEN: dict[str, Any] = {
    "alert": Alert, "interview": Interview, "inspection": Inspection, "conclusion": Conclusion
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(name for name in PAGES if PAGES[name].target in HIDDEN))
def test_what_is_hidden_is_found_by_city_and_discipline_only(name):
    page = PAGES[name]
    arguments = TARGETS[page.target](make.bureau(COUNTY))
    HIDDEN[page.target].objects.filter(code=arguments[0]).update(audience=Audience.ABOVE)
    for role, person in people().items():
        with seated(person) as client:
            response = ask(client, name, arguments, post=page.post)

        above = role in MAY["see_hidden"].roles
        reading = {"read_alert", "read_case"} & set(page.actions)
        expected = above and (bool(reading) or may(page, role, own=True))
        assert (response.status_code != 404) is expected, role


LISTS = [
    "accounts:users", "sources:imports", "sources:retailers", "alerts:board", "alerts:alerts",
    "alerts:hits", "alerts:runs", "alerts:groups", "alerts:exemptions", "alerts:events",
    "alerts:tasks", "alerts:policy", "alerts:floods", "alerts:samples", "alerts:lessons", "alerts:catalogue",
    "sources:profile", "cases:reviews", "cases:inspections",
    "cases:interviews", "reports:reports", "reports:scores", "alerts:rules", "alerts:tests",
    "sources:seizures",
]  # fmt: skip


LISTED = [
    "person", "batch", "retailer", "alert", "night", "interview", "inspection", "conclusion",
    "report", "seizure", "group", "exemption", "event", "flood",
    "sample", "lesson", "watch", "task",
]  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_lists_and_choices_hold_nothing_foreign(name):
    for code in (COUNTY, SIBLING, ELSEWHERE):
        place = make.bureau(code, name=f"局{code}名")
        for target in LISTED:
            TARGETS[target](place)
        make.hit(at=place, subject_name=f"{CANARY}{code}")
    for role, person in people().items():
        with seated(person) as client:
            text = ask(client, name, [], post=False).content.decode()

        hidden = [ELSEWHERE] + ([SIBLING] if SEAT[role] == COUNTY else [])
        for code in hidden:
            assert f"{CANARY}{code}" not in text, role
            assert f"局{code}名" not in text, role


@pytest.mark.parametrize("name", sorted(name for name in PAGES if PAGES[name].post))
def test_what_changes_something_takes_no_get(client, name):
    page = PAGES[name]
    arguments = TARGETS[page.target](make.bureau())
    client.force_login_now(make.user("county_lead"))

    assert ask(client, name, arguments, post=False).status_code == 405


@pytest.mark.parametrize("name", sorted(name for name in PAGES if PAGES[name].post))
def test_what_changes_something_wants_the_token(name):
    page, strict = PAGES[name], StaffClient(enforce_csrf_checks=True)
    arguments = TARGETS[page.target](make.bureau())
    strict.force_login_now(make.user("county_lead"))

    assert ask(strict, name, arguments, post=True).status_code == 403
