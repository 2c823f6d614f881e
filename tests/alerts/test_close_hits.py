"""Closing entries of the ledger in batches, and undoing that."""

import datetime as dt
import json

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import Audience
from accounts.permissions import Role
from alerts.actions.hits import closable_hits, close_hits, may_close, reopen_hits
from alerts.models import Grade, Hit
from audit.models import Event
from tests import make

pytestmark = pytest.mark.django_db
URL = reverse("alerts:close_hits")
NOTE = "逐户电话核对，均为节前备货。"
NOW = make.NOW


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def offer(client, *hits, query=""):
    """Tick rows of the ledger and ask to close them."""
    return client.post(URL, {"codes": [str(one.pk) for one in hits], "query": query})


def confirm(client, *hits, causes=("N03",), note=NOTE, query=""):
    keys = ",".join(str(one.pk) for one in hits)
    given = {"keys": keys, "causes": causes, "note": note, "query": query, "close": "yes"}
    return client.post(URL, given)


def closed():
    return set(Hit.objects.exclude(closed_at=None))


def test_ticked_rows_are_shown_and_closed_with_causes_and_a_note(client, supervisor):
    hits = [make.hit(subject_name="甲"), make.hit(subject_name="乙", detector="price_order")]
    page = offer(client, *hits, query="grade=蓝")

    assert page.status_code == 200
    assert page.context["hits"] == hits[::-1]
    assert {one["detector"] for one in page.context["rules"]} == {"vol_order", "price_order"}
    assert closed() == set()

    response = confirm(client, *hits, query="grade=蓝")

    assert response.url == f"{reverse('alerts:hits')}?grade=%E8%93%9D"
    assert closed() == set(hits)
    hits[0].refresh_from_db()
    assert (hits[0].causes, hits[0].note, hits[0].closed_by) == (["N03"], NOTE, supervisor)
    event = Event.objects.get(kind="hits.closed")
    told = json.loads(event.details)
    assert (event.subject, event.actor, told["count"]) == ("hits:451423", supervisor.code, 2)
    assert told["note"] == NOTE
    ledger = client.get(reverse("alerts:hits"), {"fate": "closed"}).content.decode()
    assert "节假日" in ledger
    assert supervisor.name in ledger


def test_all_that_a_filter_leaves_is_offered(client, supervisor):
    inside = make.hit(on=dt.date(2026, 2, 27))
    make.hit(on=dt.date(2026, 2, 20))
    make.hit(on=dt.date(2026, 2, 27), grade=Grade.ORANGE)

    page = client.get(URL, {"since": "2026-02-23", "until": "2026-03-01"})

    assert page.context["hits"] == [inside]
    assert page.context["back"].endswith("?since=2026-02-23&until=2026-03-01")


def test_a_batch_has_a_limit_and_says_so(client, supervisor, monkeypatch):
    monkeypatch.setattr("alerts.views.hits.AT_ONCE", 2)
    for _ in range(3):
        make.hit()

    page = client.get(URL)

    assert len(page.context["hits"]) == 2
    assert "一次最多核销 2 次" in page.content.decode()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"causes": ()}, "请至少选择一项"),
        ({"causes": ("N77",)}, "选择一个有效的选项"),
        ({"note": "备货"}, "至少10个字"),
    ],
)
def test_without_a_reason_nothing_is_closed(client, supervisor, given, said):
    response = confirm(client, make.hit(), **given)

    assert said in response.content.decode()
    assert closed() == set()


@pytest.mark.parametrize("keys", ["", "x", "1,,2", "9" * 30, "-1", "²"])
def test_odd_keys_choose_nothing(client, supervisor, keys):
    make.hit()
    Hit.objects.update(closed_at=NOW)

    response = client.post(URL, {"keys": keys, "close": "yes", "causes": "N03", "note": NOTE})

    assert response.url == reverse("alerts:hits")
    assert not Event.objects.filter(kind="hits.closed").exists()


def test_pushed_closed_hidden_and_foreign_entries_are_left_alone(client, supervisor):
    others = [
        make.hit(alert=make.alert()),
        make.hit(closed_at=NOW, closed_by=make.user(), causes=["N04"]),
        make.hit(audience=Audience.ABOVE),
        make.hit(at=make.bureau("451424")),
    ]
    mine = make.hit()

    confirm(client, mine, *others)

    assert list(Hit.objects.filter(closed_by=supervisor)) == [mine]


def test_grave_ones_are_closed_one_at_a_time_and_not_by_everybody(client, log_in):
    orange, blue = make.hit(grade=Grade.ORANGE), make.hit()
    log_in(Role.COUNTY_SUPERVISOR)
    confirm(client, orange)
    assert closed() == set()

    lead = log_in(Role.COUNTY_LEAD)
    page = offer(client, orange, blue)
    assert page.context["hits"] == [blue]
    assert "另有 1 次红色、橙色命中" in page.content.decode()
    with pytest.raises(ValidationError, match="逐条"):
        close_hits(hits=[orange, blue], causes=["N03"], note=NOTE, by=lead, now=NOW)
    confirm(client, orange)
    assert closed() == {orange}


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (Role.COUNTY_SUPERVISOR, {"蓝", "黄"}),
        (Role.COUNTY_LEAD, {"蓝", "黄", "橙"}),
        (Role.COUNTY_DEPUTY_HEAD, set()),
        (Role.CITY_SUPERVISOR, {"红", "上"}),
        (Role.DISCIPLINE, set()),
    ],
)
def test_the_grade_decides_whose_it_is(log_in, role, expected):
    made = {str(grade): make.hit(grade=grade) for grade in Grade}
    made["上"] = make.hit(audience=Audience.ABOVE)
    user = log_in(role, make.bureau("4514") if role in {"city_supervisor", "discipline"} else None)

    assert {name for name, one in made.items() if may_close(user, one)} == expected
    assert set(closable_hits(user=user)) == {made[name] for name in expected}


def test_roles_that_close_nothing_find_no_boxes(client, log_in):
    make.hit()
    log_in(Role.COUNTY_DEPUTY_HEAD)

    assert "data-pick" not in client.get(reverse("alerts:hits")).content.decode()
    assert client.get(URL).status_code == 404
    assert client.post(reverse("alerts:reopen_hits")).status_code == 404


def test_asked_twice_it_closes_once(client, supervisor):
    hit = make.hit()
    confirm(client, hit)
    confirm(client, hit)

    assert Event.objects.filter(kind="hits.closed").count() == 1


def test_causes_must_be_known():
    with pytest.raises(ValidationError, match="至少选择一项"):
        close_hits(hits=[make.hit()], causes=["N00"], note=NOTE, by=make.user(), now=NOW)


def test_the_last_batch_can_be_undone_for_ten_minutes(client, supervisor):
    first, second = make.hit(), make.hit()
    close_hits(hits=[first], causes=["N03"], note=NOTE, by=supervisor, now=NOW)
    later = NOW + dt.timedelta(minutes=5)
    close_hits(hits=[second], causes=["N03"], note=NOTE, by=supervisor, now=later)
    with time_machine.travel(later + dt.timedelta(minutes=9), tick=False):
        assert "撤销核销" in client.get(reverse("alerts:hits")).content.decode()
        response = client.post(reverse("alerts:reopen_hits"))

    assert response.url == reverse("alerts:hits")
    assert closed() == {first}
    second.refresh_from_db()
    assert (second.causes, second.note, second.closed_by) == ([], "", None)
    assert json.loads(Event.objects.get(kind="hits.reopened").details)["count"] == 1


def test_it_cannot_be_undone_later_or_by_somebody_else(client, supervisor):
    hit = make.hit()
    close_hits(hits=[hit], causes=["N03"], note=NOTE, by=make.user(), now=NOW)
    client.post(reverse("alerts:reopen_hits"))
    assert closed() == {hit}
    Hit.objects.update(closed_by=supervisor)

    with pytest.raises(ValidationError, match="10 分钟"):
        reopen_hits(by=supervisor, now=NOW + dt.timedelta(minutes=11))
    assert closed() == {hit}
