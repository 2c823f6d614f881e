"""The alert list and the ledger as xlsx."""

import datetime as dt
import io
import json

import openpyxl
import pytest
import time_machine
from django.urls import reverse

from accounts.models import Audience
from accounts.permissions import Role
from alerts.detectors.licence_mismatch import LicenceMismatch
from alerts.models import Grade
from audit.models import Event
from tests import make

pytestmark = pytest.mark.django_db
NOW = make.NOW


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def book(client, name, **query):
    response = client.get(reverse(f"alerts:export_{name}"), query)
    assert response.status_code == 200
    assert response["Content-Disposition"].startswith("attachment")
    return openpyxl.load_workbook(io.BytesIO(response.content))


def rows(opened):
    """Each row as heading -> value."""
    head, *body = opened.worksheets[0].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in body]


def test_it_holds_what_the_filters_leave_over_all_pages_in_the_order_of_the_list(
    client, supervisor
):
    for number in range(30):
        make.alert(subject_name=f"店{number:02}", grade=Grade.RED, score=number)
    make.alert(subject_name="别的", grade=Grade.BLUE)

    found = rows(book(client, "alerts", grade="红", sort="score", page="2"))

    assert [row["对象"] for row in found] == [f"店{number:02}" for number in reversed(range(30))]
    assert found[0]["等级"] == "红色"
    assert found[0]["订货日"] == dt.datetime(2026, 3, 2)  # noqa: DTZ001
    assert found[0]["推送时间"] == dt.datetime(2026, 3, 3, 6)  # noqa: DTZ001  # in China
    assert (found[0]["状态"], found[0]["涉及人员"]) == ("待领取", "否")


def test_the_list_offers_what_it_shows(client, supervisor):
    make.alert()
    page = client.get(reverse("alerts:alerts"), {"view": "all", "grade": "黄", "page": "1"})

    assert (
        page.context["export_url"] == f"{reverse('alerts:export_alerts')}?view=all&grade=%E9%BB%84"
    )
    assert page.context["export_url"].replace("&", "&amp;") in page.content.decode()
    rows = client.get(
        reverse("alerts:alerts"), {"grade": "黄"}, headers={"HX-Request": "true"}
    ).content.decode()
    assert 'hx-swap-oob="true"' in rows
    assert f"{reverse('alerts:export_alerts')}?grade=%E9%BB%84" in rows


def test_the_ledger_tells_what_became_of_each_hit(client, supervisor):
    alert = make.alert()
    make.hit(subject_name="甲", alert=alert, why_not_pushed="")
    make.hit(subject_name="乙", why_not_pushed="预算外")
    make.hit(subject_name="丙", closed_at=NOW, closed_by=supervisor, causes=["N03"])
    make.hit(subject_name="丁", on=dt.date(2026, 2, 1))

    found = {row["对象"]: row for row in rows(book(client, "hits", since="2026-03-01"))}

    assert set(found) == {"甲", "乙", "丙"}
    assert (found["甲"]["去向"], found["甲"]["预警编号"]) == ("已推送", alert.code)
    assert (found["乙"]["去向"], found["乙"]["未推送原因"]) == ("未推送", "预算外")
    assert (found["丙"]["去向"], found["丙"]["核销原因"]) == ("已核销", "节假日")
    assert found["丙"]["核销人"] == supervisor.name
    assert found["甲"]["规则"] == "VOL-01"


@pytest.mark.parametrize(
    ("name", "kind", "conditions"),
    [
        ("alerts", "alerts.exported", "视图：未办结；等级：红色"),
        ("hits", "hits.exported", "等级：红色"),
    ],
)
def test_who_took_what_is_on_record(client, supervisor, name, kind, conditions):
    make.alert(grade=Grade.RED)
    make.hit(grade=Grade.RED)

    about = book(client, name, grade="红").worksheets[1]

    event = Event.objects.get(kind=kind)
    assert (event.actor, event.bureau) == (supervisor.code, "451423")
    assert json.loads(event.details) == {"conditions": conditions, "count": 1}
    told = dict(about.iter_rows(values_only=True))
    assert (told["条件"], told["条数"]) == (conditions, 1)
    assert supervisor.code in told["导出人"]


@pytest.mark.parametrize("name", ["alerts", "hits"])
def test_hidden_and_foreign_rows_are_not_in_it(client, supervisor, name):
    for given in ({"audience": Audience.ABOVE}, {"at": make.bureau("451424")}):
        make.alert(**given)
        make.hit(**given)

    assert rows(book(client, name, view="all")) == []


def test_discipline_takes_the_hidden_ones_only(client, log_in):
    log_in(Role.DISCIPLINE, make.bureau("4514"))
    make.alert(subject_name="上级", audience=Audience.ABOVE)
    make.alert(subject_name="平常")

    assert [row["对象"] for row in rows(book(client, "alerts"))] == ["上级"]


@pytest.mark.parametrize("name", ["alerts", "hits"])
def test_roles_without_alerts_do_not_find_it(client, log_in, name):
    log_in(Role.DATA_CLERK)

    assert client.get(reverse(f"alerts:export_{name}")).status_code == 404
    assert not Event.objects.filter(kind=f"{name}.exported").exists()


@pytest.mark.parametrize("name", ["alerts", "hits"])
def test_it_takes_no_post(client, supervisor, name):
    assert client.post(reverse(f"alerts:export_{name}")).status_code == 405


@pytest.mark.parametrize("name", ["alerts", "hits"])
def test_peoples_names_are_masked(client, supervisor, name):
    said = LicenceMismatch().sentence(
        {"none": False, "licensee": "黄某兰", "held_by": "欧阳某某", "qty": 3.0}
    )
    make.alert(sentence=said)
    make.hit(sentence=said)

    (row,) = rows(book(client, name))

    assert "黄**" in row["缘由"]
    assert "欧***" in row["缘由"]
    assert "某" not in row["缘由"]


@pytest.mark.parametrize("name", ["alerts", "hits"])
@pytest.mark.parametrize("first", ["=", "+", "-", "@"])
def test_no_cell_becomes_a_formula(client, supervisor, name, first):
    text = f'{first}HYPERLINK("http://evil","x")'
    make.alert(subject_name=text)
    make.hit(subject_name=text)

    sheet = book(client, name).worksheets[0]

    (cell,) = [one for one in sheet[2] if one.value == text]
    assert cell.data_type in {"s", "inlineStr"}
    assert cell.quotePrefix


@pytest.mark.parametrize("name", ["alerts", "hits"])
def test_what_is_too_long_says_so(client, supervisor, monkeypatch, name):
    monkeypatch.setattr("alerts.views.exporting.MOST", 2)
    monkeypatch.setattr("alerts.views.filtering.MOST", 2)
    for _ in range(3):
        make.alert()
        make.hit()

    opened = book(client, name)

    *kept, last = opened.worksheets[0].iter_rows(min_row=2, values_only=True)
    assert len(kept) == 2
    assert "共 3 条，本文件只有前 2 条" in last[0]
    assert "共 3 条" in dict(opened.worksheets[1].iter_rows(values_only=True))["注意"]
    assert json.loads(Event.objects.get(kind=f"{name}.exported").details)["count"] == 2
    assert "导出前 2 条" in client.get(reverse(f"alerts:{name}")).content.decode()


@pytest.mark.parametrize("name", ["alerts", "hits"])
def test_it_takes_few_queries(client, supervisor, name, django_assert_max_num_queries):
    for _ in range(30):
        make.hit(alert=make.alert())

    with django_assert_max_num_queries(13):
        book(client, name)
