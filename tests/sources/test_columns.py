"""The page that tells how each column of a file was taken."""

import json

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.permissions import Role
from audit.models import Event
from jobs.actions import run_next
from sources.models import Batch, ColumnProfile
from tests import make
from tests.sources.exports import FILES, ORDERS, bring, bring_all, counts

pytestmark = pytest.mark.django_db
OWN = ORDERS.replace("订单总量", "本单条数").replace(",状态", ",订单总额,状态").replace(
    ".00,", ".00,,"
)  # fmt: skip


def run_jobs():
    while run_next(now=timezone.now()):
        pass


@pytest.fixture
def clerk(client):
    user = make.user(Role.DATA_CLERK)
    client.force_login_now(user)
    return user


def url(batch, name="columns"):
    return reverse(f"sources:{name}", args=[batch.pk])


def page_of(client, batch):
    return " ".join(client.get(url(batch)).content.decode().split())


def test_each_column_with_field_type_samples_and_empty_cells(client, clerk):
    bring_all()
    page = page_of(client, bring("订单主表.csv", OWN))

    for text in ("retailer_id", "标准表头", "编码", "451423100001", "金额（元）", "320.00"):
        assert text in page
    assert "2 列没有认出" in page
    assert "全部为空" in page


def test_personal_data_are_kept_and_shown_masked(client, clerk):
    text = FILES["零售客户档案.csv"].replace("档位", "店主电话").replace(",12", ",13711112222")
    batch = bring("零售客户档案.csv", text)

    page = page_of(client, batch)

    for kept in (page, json.dumps(batch.report, ensure_ascii=False)):
        assert "137****2222" in kept
        assert "138****1111" in kept
        for raw in ("13711112222", "13800001111", "黄某兰", "龙州镇一号"):
            assert raw not in kept


def test_an_unknown_column_is_mapped_and_counts_after_importing_again(client, clerk):
    bring_all()
    batch = bring("订单主表.csv", OWN.replace("CO", "CX"))
    assert "qty" not in batch.report["columns"]

    response = client.post(url(batch), {"header": "本单条数", "column": "qty"})

    assert response.url == url(batch)
    assert ColumnProfile.objects.get(header="本单条数").bureau == batch.bureau
    assert "已登记为订单总量，待重新导入" in page_of(client, batch)

    response = client.post(url(batch, "import_again"))

    again = Batch.objects.latest("pk")
    assert response.url == again.get_absolute_url()
    assert (again.file, again.asked_by, again.state) == (batch.file, clerk, Batch.State.WAITING)
    run_jobs()
    again.refresh_from_db()
    assert counts(again) == {"changed": 3, "cancelled": 1}
    assert "本单位登记" in page_of(client, again)
    assert Event.objects.filter(kind="import.requested", actor=clerk.code).exists()


def test_a_file_refused_for_its_header_can_be_mended_here(client, clerk):
    batch = bring("订单主表.csv", ORDERS.replace("客户编码", "店号"))
    assert batch.state == Batch.State.REFUSED

    page = page_of(client, batch)
    assert "缺少必需的列：客户编码" in page
    assert "店号" in page

    client.post(url(batch), {"header": "店号", "column": "retailer_id"})
    client.post(url(batch, "import_again"))
    run_jobs()

    assert Batch.objects.latest("pk").state == Batch.State.DONE


def test_it_refuses_what_the_kind_has_not(client, clerk):
    batch = bring("订单主表.csv", OWN)

    for given in ({"header": "本单条数", "column": "phone"}, {"header": "", "column": "qty"}):
        assert client.post(url(batch), given).status_code == 200
    assert not ColumnProfile.objects.exists()


def test_a_repeated_column_is_said_and_an_older_file_warned_of(client, clerk):
    bring_all()
    batch = bring("订单主表.csv", ORDERS.replace("状态", "订货总量").replace("CO", "CX"))
    bring("订单主表.csv", ORDERS.replace("CO", "CY"))

    page = page_of(client, batch)

    assert "与“订单总量”重复" in page
    assert "按先后次序重新导入" in page


def test_empty_states(client, clerk):
    refused = bring("订单主表.csv", "这不是\n表格\n")
    assert refused.refusal in client.get(url(refused)).content.decode()

    Batch.objects.update(state=Batch.State.WAITING, report={}, refusal="")
    assert "正在导入" in page_of(client, refused)
    assert client.post(url(refused, "import_again")).status_code == 404

    old = make.batch()
    assert "没有记录各列" in page_of(client, old)


def test_others_look_and_change_nothing(client):
    batch = bring("订单主表.csv", OWN)
    client.force_login_now(make.user(Role.COUNTY_SUPERVISOR))

    page = page_of(client, batch)

    assert "没有认出" in page
    assert "重新导入</button>" not in page
    given = {"header": "本单条数", "column": "qty"}
    assert client.post(url(batch), given).status_code == 404
    assert client.post(url(batch, "import_again")).status_code == 404
    assert not ColumnProfile.objects.exists()


def test_a_file_of_another_bureau_is_not_found(client, clerk):
    foreign = make.batch(at=make.bureau("451424"))

    assert client.get(url(foreign)).status_code == 404
    assert client.post(url(foreign), {"header": "x", "column": "qty"}).status_code == 404
    assert client.post(url(foreign, "import_again")).status_code == 404


def test_the_profile_page_lists_the_newest_files(client, clerk):
    profile = reverse("sources:profile")
    assert "还没有导入过这种文件" in client.get(profile).content.decode()

    batch = bring("订单主表.csv", OWN)

    page = client.get(profile).content.decode()
    assert url(batch) in page
    assert "2 列没有认出" in page
    assert "还没有导入过这种文件" in client.get(f"{profile}?kind=visits").content.decode()


def test_it_says_what_a_changed_meaning_of_phones_does(client, clerk):
    profile = reverse("sources:profile")

    assert "仍按原来的含义" in client.get(f"{profile}?kind=retailers").content.decode()
    assert "仍按原来的含义" not in client.get(profile).content.decode()
