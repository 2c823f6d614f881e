"""The numbers beside the navigation's entries."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from accounts.models import Audience
from accounts.permissions import Role
from tests import make

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 3, 1, tzinfo=dt.UTC)
LATE, SOON = NOW - dt.timedelta(hours=1), NOW + dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def numbers(client):
    """Count and heat of the board's entry, and of the list's."""
    sections = client.get(reverse("alerts:board")).context["nav"]()
    items = {item["url"]: item for section in sections for item in section["items"]}
    found = [items[reverse(name)] for name in ("alerts:board", "alerts:alerts")]
    return [(one["count"], one["hot"]) for one in found]


def test_the_board_counts_what_waits_for_me_and_the_list_all_that_is_open(client, supervisor):
    colleague = make.user()
    make.alert(due_at=SOON)
    make.alert(due_at=SOON, state="claimed", holder=supervisor)
    make.alert(due_at=LATE, state="claimed", holder=colleague)
    make.alert(due_at=LATE, state="invalid", closed_at=NOW, causes=["N04"])

    assert numbers(client) == [(2, False), (3, False)]


def test_what_is_late_makes_it_hot(client, supervisor):
    make.alert(due_at=LATE)
    make.alert(due_at=None)

    assert numbers(client) == [(2, True), (2, False)]
    assert "有逾期" in client.get(reverse("alerts:board")).content.decode()


def test_nothing_open_shows_no_number(client, supervisor):
    assert numbers(client) == [(0, False), (0, False)]
    assert 'class="cnt' not in client.get(reverse("alerts:board")).content.decode()


def test_hidden_and_foreign_alerts_are_not_counted(client, supervisor):
    make.alert(audience=Audience.ABOVE)
    make.alert(at=make.bureau("451424"))

    assert numbers(client) == [(0, False), (0, False)]


def test_the_city_counts_all_its_counties(client, log_in):
    log_in(Role.CITY_SUPERVISOR, make.bureau("4514"))
    make.alert(due_at=SOON)
    make.alert(at=make.bureau("451424"), due_at=SOON)

    assert numbers(client) == [(2, False), (2, False)]


def test_who_reads_no_alerts_learns_no_number(client, log_in):
    log_in(Role.DATA_CLERK)
    make.alert()

    sections = client.get(reverse("alerts:board")).context["nav"]()

    assert not any(item["count"] for section in sections for item in section["items"])
