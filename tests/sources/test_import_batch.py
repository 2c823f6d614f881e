import io

import pytest
from django.urls import reverse
from python_calamine import CalamineWorkbook

from accounts.permissions import Role
from sources.models import Batch
from tests import make
from tests.sources.exports import DELIVERIES, ORDERS, bring, bring_all

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clerk(client):
    client.force_login_now(make.user(Role.DATA_CLERK))


def bad_orders():
    bring_all()
    return bring("订单主表.csv", ORDERS + "CO9,451423100001,不是时间,=1+1,5.00,60\n")


def test_it_lists_numbers_and_bad_rows(client):
    batch = bad_orders()

    page = client.get(batch.get_absolute_url()).content.decode()

    assert "不是时间" in page
    assert "提交时间" in page
    assert "下载未导入的行" in page


def test_it_lists_what_waits_for_its_parent(client):
    batch = bring("配送.csv", DELIVERIES)

    page = client.get(batch.get_absolute_url()).content.decode()

    assert "订单主表" in page
    assert "CO1" in page


def test_a_refused_file_says_why(client):
    batch = bring("订单主表.csv", "这不是\n表格\n")

    assert batch.state == Batch.State.REFUSED
    assert batch.refusal in client.get(batch.get_absolute_url()).content.decode()


def test_htmx_reloads_the_page_once_the_import_is_over(client):
    batch = make.batch()

    response = client.get(batch.get_absolute_url(), headers={"HX-Request": "true"})

    assert response.headers["HX-Refresh"] == "true"
    Batch.objects.update(state=Batch.State.WAITING)
    response = client.get(batch.get_absolute_url(), headers={"HX-Request": "true"})
    assert "正在导入" in response.content.decode()


def test_bad_rows_come_as_text_cells(client):
    batch = bad_orders()

    response = client.get(reverse("sources:rejects", args=[batch.pk]))

    sheet = CalamineWorkbook.from_filelike(io.BytesIO(response.content)).get_sheet_by_index(0)
    header, *found = sheet.to_python()
    assert header == ["文件", "行", "列", "内容", "原因"]
    assert found[0][:4] == ["订单主表.csv", "5", "提交时间", "不是时间"]
    assert all(isinstance(cell, str) for row in found for cell in row)
    assert "attachment" in response.headers["Content-Disposition"]


def test_a_batch_of_another_bureau_is_not_found(client):
    foreign = make.batch(at=make.bureau("451424"))

    assert client.get(foreign.get_absolute_url()).status_code == 404
    assert client.get(reverse("sources:rejects", args=[foreign.pk])).status_code == 404
    assert client.post(make.batch().get_absolute_url()).status_code == 405
