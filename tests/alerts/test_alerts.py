import datetime as dt

import pytest
from django.urls import reverse

from accounts.models import Audience
from accounts.permissions import Role
from alerts.models import Grade
from tests import make

pytestmark = pytest.mark.django_db


def listed(client, **query):
    response = client.get(reverse("alerts:alerts"), query)
    assert response.status_code == 200
    return [alert.subject_name for alert in response.context["page"].object_list]


def test_the_soonest_deadline_comes_first_and_none_last(client, supervisor):
    now = dt.datetime(2026, 3, 3, tzinfo=dt.UTC)
    make.alert(subject_name="丙", due_at=None)
    make.alert(subject_name="乙", due_at=now)
    make.alert(subject_name="甲", due_at=now - dt.timedelta(days=1))

    assert listed(client) == ["甲", "乙", "丙"]


def test_it_sorts_by_grade_and_by_score(client, supervisor):
    make.alert(subject_name="蓝", grade=Grade.BLUE, score=3.1)
    make.alert(subject_name="红", grade=Grade.RED, score=2.2)
    make.alert(subject_name="橙", grade=Grade.ORANGE, score=5.0)

    assert listed(client, sort="grade") == ["红", "橙", "蓝"]
    assert listed(client, sort="score") == ["橙", "蓝", "红"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"grade": "红"}, ["甲"]),
        ({"grade": ["红", "黄"]}, ["甲", "乙"]),
        ({"section": "settlement"}, ["乙"]),
        ({"section": ["settlement", "volume"]}, ["甲", "乙"]),
        ({"q": "4514230099"}, ["乙"]),
        ({"q": "甲"}, ["甲"]),
        ({"since": "2026-03-05"}, ["乙"]),
        ({"until": "2026-03-02"}, ["甲"]),
        ({"bureau": "451423"}, ["甲", "乙"]),
        ({"q": "没有"}, []),
        ({"view": "closed"}, []),
        ({"grade": "紫", "page": "999"}, ["甲", "乙"]),
    ],
)
def test_filters_stand_in_the_address(client, supervisor, query, names):
    make.alert(subject_name="甲", grade=Grade.RED)
    make.alert(subject_name="乙", detector="short", family="DELIV", licence_no="4514230099",
               on=dt.date(2026, 3, 5), last_on=dt.date(2026, 3, 5))  # fmt: skip

    assert listed(client, sort="grade", **query) == names


def test_licence_alerts_are_a_section_of_their_own(client, supervisor, monkeypatch):
    monkeypatch.setattr("alerts.sections.licence_detectors", lambda: ["licence"])
    monkeypatch.setattr("alerts.forms.licence_detectors", lambda: ["licence"])
    make.alert(subject_name="证", detector="licence", family="INFO")
    make.alert(subject_name="客", detector="info_change", family="INFO")

    assert listed(client, section="licence") == ["证"]
    assert listed(client, section="customer") == ["客"]


def test_tabs_count_what_they_show(client, supervisor):
    make.alert(subject_name="甲", state="claimed", holder=supervisor)
    make.alert(subject_name="乙")
    make.alert(
        subject_name="丙", state="invalid", closed_at=dt.datetime.now(dt.UTC), causes=["N04"]
    )

    views = client.get(reverse("alerts:alerts")).context["views"]

    counts = {view["key"]: view["count"] for view in views}
    assert counts == {
        "open": 2, "mine": 1, "pushed": 1, "overdue": 2, "closed": 1, "all": 3,
    }  # fmt: skip
    for key, count in counts.items():
        assert len(listed(client, view=key)) == count


def test_a_chip_takes_its_condition_away(client, supervisor):
    response = client.get(reverse("alerts:alerts"), {"grade": ["红", "黄"], "q": "店", "page": "2"})

    chips = {chip.value: chip.url for chip in response.context["chips"]}
    assert set(chips) == {"红色", "黄色", "店"}
    assert "page" not in chips["红色"]
    assert client.get(chips["店"]).context["q"] == ""


def test_htmx_gets_the_rows_only(client, supervisor):
    make.alert(subject_name="甲")

    response = client.get(reverse("alerts:alerts"), headers={"HX-Request": "true"})

    assert "甲" in response.content.decode()
    assert "<html" not in response.content.decode()


def test_it_is_paged_by_25(client, supervisor):
    for _ in range(26):
        make.alert()

    assert len(listed(client)) == 25
    assert len(listed(client, page="2")) == 1


def test_hidden_and_foreign_alerts_are_not_listed(client, supervisor):
    make.alert(subject_name="上级", audience=Audience.ABOVE)
    make.alert(subject_name="邻县", at=make.bureau("451424"))

    assert listed(client, view="all") == []


def test_discipline_sees_the_hidden_ones_only(client, log_in):
    log_in(Role.DISCIPLINE, make.bureau("4514"))
    make.alert(subject_name="上级", audience=Audience.ABOVE)
    make.alert(subject_name="平常")

    assert listed(client) == ["上级"]


def test_it_takes_no_post(client, supervisor):
    assert client.post(reverse("alerts:alerts")).status_code == 405


def test_the_number_of_queries_does_not_grow(client, supervisor, django_assert_max_num_queries):
    for _ in range(30):
        make.alert()

    with django_assert_max_num_queries(12):
        listed(client)
