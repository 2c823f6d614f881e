"""The second wall: with every check of the program switched off, PostgreSQL still shows nothing foreign."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.walls import ALL, open_walls, walls_of
from documents.models import StoredFile
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def files():
    """A file each of two counties of one city and of a county of another province."""
    for code in ("451423", "451424", "460101"):
        StoredFile.objects.create(
            bureau=make.bureau(code), sha256=code, size=1, name=code, content_type="text/csv",
            path="x", purpose="import", stored_at=timezone.now(),
        )  # fmt: skip


def shown():
    return sorted(StoredFile.objects.values_list("name", flat=True))


def test_nothing_is_shown_where_nothing_was_opened(files):
    with transaction.atomic():
        open_walls("")
        assert shown() == []
    with walls_of(None):
        assert shown() == []


@pytest.mark.parametrize(
    ("role", "at", "expected"),
    [
        ("county_lead", "451423", ["451423"]),
        ("city_lead", "4514", ["451423", "451424"]),
        ("province_viewer", "45", ["451423", "451424"]),
        ("county_lead", "460101", ["460101"]),
    ],
)
def test_a_request_is_shown_the_users_bureaus_only(files, role, at, expected):
    user = make.user(role, at=make.bureau(at))

    with walls_of(user):
        assert shown() == expected

    assert shown() == ["451423", "451424", "460101"]


def test_a_closed_account_and_an_ended_assignment_show_nothing(files):
    user = make.user(at=make.bureau("451423"))
    user.assignments.update(until="2026-01-02")
    with walls_of(user):
        assert shown() == []
    with walls_of(make.user(at=make.bureau("451423"), is_active=False)):
        assert shown() == []


def test_a_foreign_row_can_be_neither_written_nor_moved(files):
    user = make.user(at=make.bureau("451423"))
    foreign = make.bureau("451424")
    with walls_of(user):
        assert StoredFile.objects.filter(name="451424").update(name="x") == 0
        assert StoredFile.objects.filter(name="451424").delete()[0] == 0
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            StoredFile.objects.filter(name="451423").update(bureau=foreign)


def test_the_policies_are_on_every_scoped_table():
    from django.apps import apps

    from accounts.models import Scoped

    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
        walled = {name for (name,) in cursor.fetchall()}
    scoped = {model._meta.db_table for model in apps.get_models() if issubclass(model, Scoped)}
    assert scoped <= walled


def test_system_work_sees_all(files):
    with transaction.atomic():
        open_walls(ALL)
        assert len(shown()) == 3
