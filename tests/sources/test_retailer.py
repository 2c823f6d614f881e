import datetime as dt

import pytest
from django.urls import reverse

from accounts.permissions import Role
from audit.models import Event
from sources.models import Completeness, Retailer
from tests import make
from tests.sources.exports import ORDERS, bring, bring_all

pytestmark = pytest.mark.django_db
CODE = "451423100001"
LICENCES = "许可证号,客户编码,有效期起,有效期止,状态,负责人\n451423109999,451423100001,2024-01-01,2028-12-31,有效,黄某兰\n"


@pytest.fixture
def supervisor(client):
    user = make.user(Role.COUNTY_SUPERVISOR)
    client.force_login_now(user)
    bring_all()
    bring("许可证.csv", LICENCES)
    return user


def page(client, code=CODE, query=""):
    return client.get(reverse("sources:retailer", args=[code]) + query)


def test_it_shows_master_data_orders_changes_and_licences_masked(client, supervisor):
    text = page(client).content.decode()

    assert "阿兰便利店" in text
    assert "CO1" in text
    assert "451423109999" in text
    assert "变更" in text
    for personal in ("黄某兰", "13800001111", "龙州镇一号"):
        assert personal not in text


def test_cancelled_orders_stand_there_with_a_note(client, supervisor):
    text = page(client).content.decode()

    assert "CO3" in text
    assert "已取消" in text


def test_unmasking_shows_all_and_is_on_record(client, supervisor):
    response = client.post(reverse("sources:unmask", args=[CODE]))

    text = response.content.decode()
    for personal in ("黄某兰", "13800001111", "龙州镇一号"):
        assert personal in text
    event = Event.objects.get(kind="retailer.unmasked")
    assert (event.subject, event.actor) == (f"retailer:{CODE}", supervisor.code)
    assert client.get(reverse("sources:unmask", args=[CODE])).status_code == 405
    assert "13800001111" not in page(client).content.decode()


def test_who_may_only_read_sees_no_button_and_unmasks_nothing(client, supervisor):
    client.force_login_now(make.user(Role.COUNTY_HEAD))

    assert "显示全文" not in page(client).content.decode()
    assert client.post(reverse("sources:unmask", args=[CODE])).status_code == 404
    assert not Event.objects.filter(kind="retailer.unmasked").exists()


def test_retailers_of_other_bureaus_are_not_found(client, supervisor):
    foreign = make.retailer(at=make.bureau("451424"))

    assert page(client, foreign.code).status_code == 404
    assert client.post(reverse("sources:unmask", args=[foreign.code])).status_code == 404
    assert page(client, "nobody").status_code == 404


def test_a_retailer_without_any_data_has_a_page(client, supervisor):
    Retailer.objects.create(code="X1", bureau=make.bureau())

    assert page(client, "X1").status_code == 200


def test_orders_are_paged(client, supervisor):
    rows = "".join(f"CX{n:03},{CODE},2026-01-{1 + n:02} 10:00:00,1,80.00,60\n" for n in range(25))
    bring("订单主表9.csv", ORDERS.splitlines()[0] + "\n" + rows)

    assert "CX000" not in page(client).content.decode()
    assert "CX000" in page(client, query="?page=2").content.decode()


def test_the_list_finds_by_name_code_and_licence(client, supervisor):
    def found(text):
        return client.get(reverse("sources:retailers"), {"q": text}).content.decode()

    assert CODE in found("阿兰")
    assert CODE in found(CODE)
    assert CODE not in found("没有这一户")
    make.retailer(at=make.bureau("451424"), name="阿兰外县店")
    assert "阿兰外县店" not in found("阿兰")


def test_the_list_takes_few_queries(client, supervisor, django_assert_max_num_queries):
    for _ in range(30):
        make.retailer()
    with django_assert_max_num_queries(10):
        client.get(reverse("sources:retailers"))


def test_the_page_takes_few_queries(client, supervisor, django_assert_max_num_queries):
    for number in range(30):
        make.alert(subject_id=CODE, audience=f"{number}")
    page(client)

    with django_assert_max_num_queries(13):
        page(client)


def test_it_says_how_far_the_orders_reach(client, supervisor):
    Completeness.objects.all().delete()
    assert page(client).context["freshness"] is None
    Completeness.objects.create(
        bureau=make.bureau(), day=dt.date(2026, 3, 2), orders=3, cartons=9, is_complete=False,
        reason="订单明细未到",
    )  # fmt: skip

    assert "订单数据截至 2026-03-02，当日数据不完整：订单明细未到" in page(client).content.decode()
