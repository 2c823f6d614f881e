import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.permissions import Role
from audit.models import Event
from jobs.actions import run_next
from jobs.models import Job
from sources.models import Batch
from tests import make
from tests.sources.exports import ORDERS, RETAILERS

pytestmark = pytest.mark.django_db
URL = reverse("sources:imports")


@pytest.fixture
def clerk(client):
    user = make.user(Role.DATA_CLERK)
    client.force_login_now(user)
    return user


def upload(client, *files, bureau="451423"):
    given = [SimpleUploadedFile(name, text.encode()) for name, text in files]
    return client.post(URL, {"files": given, "bureau": make.bureau(bureau).pk})


def test_several_files_are_stored_and_imported_by_the_worker(client, clerk):
    response = upload(client, ("零售客户档案.csv", RETAILERS), ("订单主表.csv", ORDERS))

    assert response.url == URL
    assert Job.objects.filter(kind="sources.import_file").count() == 2
    page = client.get(URL).content.decode()
    assert "等待导入" in page
    assert "hx-trigger" in page

    while run_next(now=timezone.now()):
        pass

    assert set(Batch.objects.values_list("state", "asked_by__username")) == {("done", clerk.code)}
    assert Event.objects.filter(kind="import.requested", actor=clerk.code).count() == 2
    page = client.get(URL).content.decode()
    assert "已导入" in page
    assert "hx-trigger" not in page


def test_the_list_is_a_fragment_for_htmx(client, clerk):
    make.batch()

    page = client.get(URL, headers={"HX-Request": "true"}).content.decode()

    assert "<html" not in page
    assert "订单主表.csv" in page


def test_it_refuses_an_empty_upload_and_a_foreign_bureau(client, clerk):
    assert "所属单位" in client.post(URL, {"bureau": make.bureau().pk}).content.decode()
    assert upload(client, ("订单主表.csv", ORDERS), bureau="460101").status_code == 200
    assert upload(client, ("空.csv", "")).status_code == 200
    assert not Batch.objects.exists()


def test_it_refuses_a_file_beyond_the_limit(client, clerk, settings):
    settings.IMPORT_FILE_LIMIT = len(ORDERS.encode())
    assert upload(client, ("订单主表.csv", ORDERS)).status_code == 302

    page = upload(client, ("订单主表.csv", ORDERS + "x"))

    assert "请分成几个文件" in page.content.decode()
    assert Batch.objects.count() == 1


def test_a_supervisor_reads_but_does_not_upload(client):
    client.force_login_now(make.user(Role.COUNTY_SUPERVISOR))
    make.batch()

    page = client.get(URL).content.decode()

    assert "订单主表.csv" in page
    assert "上传并导入" not in page
    upload(client, ("订单主表.csv", ORDERS))
    assert Batch.objects.count() == 1


def test_batches_of_other_bureaus_are_not_listed(client, clerk):
    make.batch(at=make.bureau("451424"), name="别县.csv")

    assert "别县.csv" not in client.get(URL).content.decode()


def test_a_batch_whose_job_was_given_up_says_so(client, clerk):
    upload(client, ("订单主表.csv", ORDERS))
    Job.objects.update(parked_at=timezone.now())

    page = client.get(URL).content.decode()

    assert "请联系系统管理员" in page
    assert "hx-trigger" not in page


def test_a_batch_is_under_way_while_its_job_is(client, clerk):
    upload(client, ("订单主表.csv", ORDERS))
    Job.objects.update(leased_until=timezone.now() + dt.timedelta(minutes=1), done=40, total=100)

    assert 'value="40"' in client.get(URL).content.decode()


def test_the_list_takes_few_queries(client, clerk, django_assert_max_num_queries):
    for number in range(30):
        make.batch(name=f"{number}.csv")
    with django_assert_max_num_queries(12):
        client.get(URL)
