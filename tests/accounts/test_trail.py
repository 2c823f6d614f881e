"""The audit trail's page: the auditor's bureaus only, everything explained, nothing to change."""

import pytest
from django.db import transaction

import audit.actions
from tests import make

pytestmark = pytest.mark.django_db


def record(kind="alert.claimed", subject="YJ-1", bureau="451423", **details):
    with transaction.atomic():
        audit.actions.record(kind, subject=subject, bureau=bureau, by="lz-neiguan", **details)


@pytest.fixture
def auditor(client):
    auditor = make.user("auditor", at=make.bureau("4514"))
    make.bureau("451423"), make.bureau("460101")
    client.force_login_now(auditor)
    return auditor


def test_it_says_who_did_what_in_words(client, auditor):
    record(note="宴席用烟")

    page = client.get("/audit/?q=YJ-1").content.decode()

    assert "领取预警" in page
    assert "宴席用烟" in page
    assert "lz-neiguan" in page


def test_events_of_other_bureaus_are_not_shown_nor_counted(client, auditor):
    record(subject="OURS")
    record(subject="THEIRS", bureau="460101")

    response = client.get("/audit/?kind=alert.claimed")

    assert "OURS" in response.content.decode()
    assert "THEIRS" not in response.content.decode()
    assert response.context["total"] == 1


def test_it_filters_by_subject_kind_and_actor(client, auditor):
    record()
    record(kind="alert.dismissed", subject="YJ-2")

    assert client.get("/audit/?kind=alert.dismissed").context["total"] == 1
    assert client.get("/audit/?q=YJ-").context["total"] == 2
    assert client.get("/audit/?actor=nobody").context["total"] == 0


@pytest.mark.parametrize("role", ["county_supervisor", "city_lead", "sysadmin", "discipline"])
def test_others_find_no_such_page(client, role):
    client.force_login_now(make.user(role))
    assert client.get("/audit/").status_code == 404


def test_a_page_of_events_costs_few_queries(client, auditor, django_assert_max_num_queries):
    for number in range(60):
        record(subject=f"S{number}")
    with django_assert_max_num_queries(16):
        client.get("/audit/")
