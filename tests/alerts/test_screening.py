import json

import pytest
from django.urls import reverse

from alerts.models import State
from audit.models import Event
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def alert(supervisor):
    """A product's alert that the supervisor has claimed."""
    return make.alert(
        subject_kind="sku", subject_id="K1", subject_name="真龙（起源）", detector="sku_month",
        family="INT", state=State.CLAIMED, holder=supervisor,
    )  # fmt: skip


def tick(client, alert, step=2, done="1"):
    url = reverse("alerts:screen", args=[alert.code])
    return client.post(url, {"step": step, "done": done}, follow=True).content.decode()


def told(alert):
    events = Event.objects.about(alert.code).filter(kind__endswith="screened")
    return [(event.kind, json.loads(event.details)["step"]) for event in events]


def test_the_page_names_the_six_steps(client, alert):
    page = client.get(alert.get_absolute_url()).content.decode()

    assert page.count("已做完") == 6
    assert "确认是否及时发现" in page


def test_a_tick_says_by_whom_and_can_be_taken_back(client, alert, supervisor):
    page = tick(client, alert)

    assert page.count("撤回") >= 1
    assert page.count("李一") >= 1
    assert told(alert) == [("alert.screened", 2)]
    assert "tag ok" not in tick(client, alert, done="0")
    assert told(alert) == [("alert.screened", 2), ("alert.unscreened", 2)]


def test_asked_twice_it_is_told_once(client, alert):
    tick(client, alert)
    tick(client, alert)

    assert told(alert) == [("alert.screened", 2)]


@pytest.mark.parametrize("step", [0, 7, "x"])
def test_there_are_six_steps(client, alert, step):
    assert "没有这一步筛查。" in tick(client, alert, step)
    assert not told(alert)


def test_only_the_holder_ticks(client, alert):
    alert.holder = make.user(name="韦二")
    alert.save()

    assert "请先领取预警" in tick(client, alert)
    assert not told(alert)


def test_a_closed_alert_is_screened_no_more(client, alert):
    alert.state, alert.closed_at, alert.causes = State.INVALID, make.NOW, ["N03"]
    alert.save()

    assert "已办结" in tick(client, alert)
    assert not told(alert)


def test_an_alert_about_a_shop_has_no_such_steps(client, supervisor):
    shops = make.alert(state=State.CLAIMED, holder=supervisor)

    assert 'id="screening"' not in client.get(shops.get_absolute_url()).content.decode()
    assert "没有这一步筛查。" in tick(client, shops)
