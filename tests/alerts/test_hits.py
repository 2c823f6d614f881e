import pytest
from django.urls import reverse

from accounts.models import Audience
from accounts.permissions import Role
from tests import make

pytestmark = pytest.mark.django_db


def listed(client, **query):
    response = client.get(reverse("alerts:hits"), query)
    assert response.status_code == 200
    return sorted(hit.subject_name for hit in response.context["page"].object_list)


def test_it_holds_pushed_and_unpushed_hits(client, supervisor):
    make.hit(subject_name="甲", alert=make.alert(), why_not_pushed="")
    make.hit(subject_name="乙", why_not_pushed="预算外")

    assert listed(client) == ["乙", "甲"]
    assert listed(client, fate="pushed") == ["甲"]
    assert listed(client, fate="kept") == ["乙"]
    assert listed(client, fate="closed") == []
    assert listed(client, fate=["kept", "pushed"]) == ["乙", "甲"]
    assert "预算外" in client.get(reverse("alerts:hits")).content.decode()


def test_it_filters_by_rule_name_and_day(client, supervisor):
    make.hit(subject_name="甲", detector="vol_order")
    make.hit(subject_name="乙", detector="price_order")

    assert listed(client, rule="vol_order") == ["甲"]
    assert listed(client, q="乙") == ["乙"]
    assert listed(client, since="2026-03-03") == []


def test_hidden_and_foreign_hits_are_not_there(client, supervisor):
    make.hit(audience=Audience.ABOVE)
    make.hit(at=make.bureau("451424"))

    assert listed(client) == []


def test_roles_without_alerts_do_not_find_it(client, log_in):
    log_in(Role.DATA_CLERK)

    assert client.get(reverse("alerts:hits")).status_code == 404


def test_the_number_of_queries_does_not_grow(client, supervisor, django_assert_max_num_queries):
    for _ in range(30):
        make.hit()
        make.hit(alert=make.alert(), why_not_pushed="")

    with django_assert_max_num_queries(12):
        listed(client)
