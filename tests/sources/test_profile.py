import pytest
from django.urls import reverse

from accounts.permissions import Role
from audit.models import Event
from sources.models import ColumnProfile, RetailerVersion
from tests import make
from tests.sources.exports import ORDERS, bring, bring_all, counts

pytestmark = pytest.mark.django_db
URL = reverse("sources:profile")


@pytest.fixture
def clerk(client):
    user = make.user(Role.DATA_CLERK)
    client.force_login_now(user)
    return user


def test_a_header_of_ones_own_is_understood_from_then_on(client, clerk):
    bring_all()
    own = ORDERS.replace("订单总量", "本单条数")
    assert "qty" not in bring("订单主表.csv", own).report["columns"]

    response = client.post(f"{URL}?kind=orders", {"column": "qty", "header": "本单条数"})

    assert response.status_code == 302
    assert "qty" in bring("订单主表.csv", own.replace("CO1", "CO7")).report["columns"]
    assert Event.objects.filter(kind="profile.mapped", actor=clerk.code).count() == 1
    assert "本单条数" in client.get(f"{URL}?kind=orders").content.decode()


def test_a_profile_of_the_city_serves_its_counties():
    ColumnProfile.objects.create(
        bureau=make.bureau("4514"), kind="retailers", header="店编号", column="retailer_id"
    )

    batch = bring("零售客户档案.csv", "店编号,县公司\n451423100009,451423\n")

    assert counts(batch) == {"added": 1}


def test_it_refuses_unknown_columns_kinds_and_empty_headers(client, clerk):
    assert client.post(f"{URL}?kind=orders", {"column": "x", "header": "y"}).status_code == 200
    assert client.post(f"{URL}?kind=orders", {"column": "qty", "header": " "}).status_code == 200
    assert client.get(f"{URL}?kind=nothing").status_code == 404
    assert not ColumnProfile.objects.exists()


def test_it_is_for_data_clerks_of_their_own_bureau(client, clerk):
    foreign = make.bureau("460101")
    assert client.get(f"{URL}?bureau={foreign.code}").status_code == 404

    client.force_login_now(make.user(Role.COUNTY_SUPERVISOR))
    assert client.get(URL).status_code == 404


def test_a_phone_may_be_said_to_be_of_the_day_of_export(client, clerk):
    assert "导出当时" in client.get(f"{URL}?kind=retailers").content.decode()
    assert "导出当时" not in client.get(f"{URL}?kind=orders").content.decode()

    client.post(f"{URL}?kind=retailers", {"column": "phone_now", "header": "现用电话"})

    bring("零售客户档案.csv", "客户编码,县公司,现用电话\n451423100009,451423,13900001111\n")
    version = RetailerVersion.objects.get()
    assert version.phone_is_now
    assert version.phone_hash


def test_without_that_a_phone_is_of_the_beginning(clerk):
    bring("零售客户档案.csv", "客户编码,县公司,订货电话\n451423100009,451423,13900001111\n")

    assert not RetailerVersion.objects.get().phone_is_now
