"""Who may do what where: the table of rights, the tree, time, audience."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import actions
from accounts.models import Assignment, Audience, Bureau, scope
from accounts.permissions import CONFLICTS, MAY, Reach, Role
from documents.models import StoredFile
from tests import make

pytestmark = pytest.mark.django_db


def codes(user, action):
    return set(scope(user, action).values_list("code", flat=True))


def test_reading_reaches_down_the_tree_and_writing_does_not():
    make.bureau("451423"), make.bureau("451424"), make.bureau("460101")
    city = make.user("city_lead", at=make.bureau("4514"))
    county = make.user("county_lead", at=make.bureau("451423"))

    assert codes(city, "read_alert") == {"4514", "451423", "451424"}
    assert codes(city, "claim_alert") == set()
    assert codes(county, "read_alert") == codes(county, "claim_alert") == {"451423"}


@pytest.mark.parametrize("role", Role)
def test_what_one_bureau_allows_is_what_the_scope_says(role):
    for code in ("451423", "451424", "4514", "460101"):
        make.bureau(code)
    user = make.user(role, at=make.bureau("4514"))

    for action in MAY:
        allowed = {one.code for one in Bureau.objects.all() if user.may_at(action, one)}
        assert allowed == codes(user, action)
        assert user.may(action) is bool(allowed)


def test_a_longer_code_is_not_below_a_shorter_one_that_it_begins_with():
    other = actions.create_bureau(
        code="4514230", name="x", parent=make.bureau("4514"), level="county", by="test"
    )
    county = make.user(at=make.bureau("451423"))

    assert other.code not in codes(county, "read_alert")


@pytest.mark.parametrize(
    ("since", "until", "holds"),
    [(0, None, True), (1, None, False), (-9, 0, True), (-9, -1, False)],
)
def test_an_assignment_holds_from_its_first_to_its_last_day(since, until, holds):
    today = timezone.localdate()
    user = make.user(role=None)
    Assignment.objects.create(
        user=user,
        bureau=make.bureau(),
        role=Role.COUNTY_LEAD,
        since=today + dt.timedelta(days=since),
        until=None if until is None else today + dt.timedelta(days=until),
    )

    assert (codes(user, "read_alert") == {"451423"}) is holds


def test_a_closed_account_has_no_scope():
    closed = make.user(is_active=False)
    assert codes(closed, "read_alert") == set()
    assert not closed.may("read_alert")


def stored(bureau, **given):
    return StoredFile.objects.create(
        bureau=bureau, sha256="0" * 64, size=1, name="x", content_type="text/csv", path="x",
        purpose="import", stored_at=timezone.now(), **given,
    )  # fmt: skip


def test_a_hidden_row_is_for_city_and_discipline_only():
    county, city, province = make.bureau(), make.bureau("4514"), make.bureau("45")
    stored(county, audience=Audience.ABOVE)
    seen = {
        role: StoredFile.objects.visible_to(make.user(role, at=at), "read_alert").count()
        for role, at in [
            ("county_supervisor", county),
            ("county_head", county),
            ("city_supervisor", city),
            ("discipline", city),
            ("province_viewer", province),
        ]
    }

    assert seen == {
        "county_supervisor": 0, "county_head": 0, "city_supervisor": 1, "discipline": 1,
        "province_viewer": 0,
    }  # fmt: skip


def test_discipline_sees_hidden_rows_and_no_others_and_writes_none():
    county = make.bureau()
    stored(county)
    stored(county, audience=Audience.ABOVE)
    discipline = make.user("discipline", at=county.parent)

    (row,) = StoredFile.objects.visible_to(discipline, "read_alert")

    assert row.audience == Audience.ABOVE
    assert not StoredFile.objects.visible_to(discipline, "claim_alert").exists()


def test_a_row_for_named_people_is_for_them_inside_their_scope():
    county = make.bureau()
    row = stored(county, audience=Audience.NAMED)
    named, stranger = make.user(at=county), make.user(at=make.bureau("451424"))
    row.named.add(named, stranger)

    assert StoredFile.objects.visible_to(named, "read_alert").get() == row
    assert not StoredFile.objects.visible_to(stranger, "read_alert").exists()
    assert not StoredFile.objects.visible_to(make.user(at=county), "read_alert").exists()


@pytest.mark.parametrize("action", sorted(MAY))
def test_administrators_and_auditors_never_reach_business_content(action):
    business = MAY[action].roles - {Role.SYSADMIN, Role.AUDITOR}
    administrative = action in {"manage_users", "manage_calendar", "read_audit", "read_health"}
    assert administrative or business == MAY[action].roles


@pytest.mark.parametrize("action", ["claim_alert", "dismiss_alert", "dismiss_orange"])
def test_what_a_county_writes_stays_the_countys(action):
    assert MAY[action].reach is Reach.OWN


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (one, other)
        for ones, others in CONFLICTS
        for one in sorted(ones)
        for other in sorted(others)
    ],
)
def test_conflicting_posts_never_meet_in_one_person(one, other):
    user = make.user(one)
    with pytest.raises(ValidationError, match="兼任"):
        actions.assign_role(
            user=user, bureau=make.bureau(), role=other, since=timezone.localdate(), by=None
        )


def test_nobody_gives_himself_a_role():
    admin = make.user("sysadmin")
    with pytest.raises(ValidationError, match="自己"):
        actions.assign_role(
            user=admin, bureau=make.bureau(), role=Role.SYSADMIN, since=timezone.localdate(),
            by=admin,
        )  # fmt: skip
