"""The calendar of market events, what it proposes, and the page of floods."""

import datetime as dt

import pytest
from django.urls import reverse

from alerts.models import Flood, MarketEvent
from alerts.proposing import propose_causes
from audit.models import Event
from jobs.models import Job
from tests import make

pytestmark = pytest.mark.django_db
DAY = make.DAY


def codes(alert, *events, town="新街镇"):
    return [one.code for one in propose_causes(alert, events, town=town)]


@pytest.mark.parametrize(
    ("given", "proposed"),
    [
        ({"kind": "fair"}, ["N09"]),
        ({"kind": "festival"}, ["N03"]),
        ({"kind": "product"}, ["N01"]),
        ({"kind": "price"}, ["N23"]),
        ({"kind": "supply"}, ["N02"]),
        ({"kind": "other"}, []),
        ({"first": DAY + dt.timedelta(days=7), "last": DAY + dt.timedelta(days=9)}, ["N09"]),
        ({"first": DAY + dt.timedelta(days=8), "last": DAY + dt.timedelta(days=9)}, []),
        ({"first": DAY - dt.timedelta(days=9), "last": DAY}, ["N09"]),
        ({"first": DAY - dt.timedelta(days=9), "last": DAY - dt.timedelta(days=1)}, []),
        ({"towns": ["新街镇"]}, ["N09"]),
        ({"towns": ["水口镇"]}, []),
        ({"sku_ids": ["6901028"]}, ["N09"]),
        ({"sku_ids": ["6900000"]}, []),
    ],
)
def test_it_proposes_what_fits_day_town_and_product(given, proposed):
    alert = make.alert(picture={"order_lines": [{"sku_id": "6901028"}]})

    assert codes(alert, make.event(**given)) == proposed


@pytest.mark.parametrize(
    ("back", "until", "proposed"), [(3, 60, ["N09"]), (2, 60, ["N09"]), (30, -1, [])]
)
def test_a_market_day_comes_again(back, until, proposed):
    event = make.event(
        first=DAY - dt.timedelta(days=back), last=DAY + dt.timedelta(days=until), every_days=3
    )

    assert codes(make.alert(), event) == proposed


def test_it_never_excuses_links_licences_or_money():
    assert codes(make.alert(family="LINK"), make.event()) == []


def about_product(**given):
    known = {
        "subject_kind": "sku",
        "subject_id": "6901028",
        "family": "INT",
        "detector": "sku_month",
    }
    return make.alert(**{**known, **given})


@pytest.mark.parametrize(
    ("given", "proposed"),
    [
        ({"kind": "product", "sku_ids": ["6901028"]}, ["N01"]),
        ({"kind": "price", "sku_ids": ["6901028"]}, ["N23"]),
        ({"kind": "product", "sku_ids": ["6901028"], "towns": ["水口镇"]}, ["N01"]),
        ({"kind": "product", "sku_ids": ["6900000"]}, []),
        ({"kind": "festival"}, ["N03"]),
        ({"kind": "supply", "towns": ["新街镇"]}, []),  # of one town, for the whole county's sum
        ({"kind": "fair"}, []),  # some market day is always near
        ({"kind": "product", "first": DAY - dt.timedelta(days=31), "last": DAY - dt.timedelta(days=31)}, ["N01"]),
        ({"kind": "product", "first": DAY - dt.timedelta(days=32), "last": DAY - dt.timedelta(days=32)}, []),
        ({"kind": "fair", "first": DAY - dt.timedelta(days=2), "last": DAY - dt.timedelta(days=1)}, []),
    ],
)  # fmt: skip
def test_it_proposes_for_a_product_what_moves_its_sums(given, proposed):
    assert codes(about_product(), make.event(**given), town="") == proposed


def test_what_names_the_product_comes_first():
    named = make.event(
        kind="price", sku_ids=["6901028"], first=DAY - dt.timedelta(days=9), last=DAY - dt.timedelta(days=9)
    )  # fmt: skip

    assert codes(about_product(), make.event(kind="festival"), named, town="") == ["N23", "N03"]


@pytest.mark.parametrize(
    ("given", "proposed"),
    [
        ({"subject_kind": "bureau"}, ["N02"]),
        ({"subject_kind": "staff"}, []),
        ({"subject_kind": "retailer"}, []),
        ({"staff_concerned": True}, []),
    ],
)
def test_of_the_bureaus_own_conduct_only_sums_are_explained(given, proposed):
    event = make.event(kind="supply", sku_ids=["6901028"])

    assert codes(about_product(**given), event, town="") == proposed


def alert_page(client, alert):
    client.force_login_now(make.user("county_supervisor"))
    return client.get(alert.get_absolute_url()).content.decode()


def test_the_alerts_page_shows_it_with_a_link(client):
    alert = make.alert()
    make.retailer(code=alert.subject_id, town="新街镇")
    event = make.event(name="三月三歌圩", towns=["新街镇"])
    make.event(name="水口圩", towns=["水口镇"])
    make.event(name="外县庙会", at=make.bureau("451424"))
    make.event(name="撤下的", removed_at=make.NOW)

    page = alert_page(client, alert)

    assert "N09 旅游、赶集、工地开工季" in page
    url = f"{reverse('alerts:events')}?only={event.pk}"
    assert f'href="{url}"' in page
    for other in ("水口圩", "外县庙会", "撤下的"):
        assert other not in page
    shown = client.get(url).content.decode()
    assert "三月三歌圩" in shown
    assert "水口圩" not in shown


def test_a_products_page_shows_it_in_the_first_screening_step_too(client):
    make.event(kind="product", name="海韵上市", sku_ids=["6901028"])

    page = alert_page(client, about_product())

    assert page.count("海韵上市") == 2
    assert "市场事件：" in page[page.index('id="screening"') :]


def test_an_event_that_is_gone_is_told(client):
    make.bureau("451423")
    client.force_login_now(make.user("county_supervisor"))

    assert "没有这项事件" in client.get(reverse("alerts:events"), {"only": "9"}).content.decode()


def test_the_page_for_dismissing_shows_it(client):
    alert = make.alert()
    make.retailer(code=alert.subject_id)
    make.event(name="三月三歌圩")
    make.event(name="外县庙会", at=make.bureau("451424"))
    client.force_login_now(make.user("county_supervisor"))

    page = client.get(reverse("alerts:dismiss", args=[alert.code])).content.decode()

    assert "三月三歌圩" in page
    assert "外县庙会" not in page


def add(client, **given):
    data = {
        "bureaus": ["451423"], "kind": "fair", "name": "新街圩", "first": "2026-03-02",
        "last": "2026-12-31", "every_days": "3", "towns": "新街镇、水口镇", **given,
    }  # fmt: skip
    return client.post(reverse("alerts:events"), data, follow=True).content.decode()


def test_a_county_enters_and_removes_one(client):
    make.bureau("451423")
    client.force_login_now(make.user("county_supervisor", username="lz"))

    assert "已登记" in add(client)
    event = MarketEvent.objects.get()
    assert (event.towns, event.every_days) == (["新街镇", "水口镇"], 3)

    client.post(reverse("alerts:remove_event", args=[event.pk]))
    client.post(reverse("alerts:remove_event", args=[event.pk]))
    assert Event.objects.filter(kind="event.removed", actor="lz").count() == 1
    assert MarketEvent.objects.get().removed_at is not None


def test_the_city_enters_one_for_several_counties(client):
    for code in ("451423", "451424"):
        make.bureau(code)
    client.force_login_now(make.user("city_supervisor", at=make.bureau("4514")))

    assert "用于 2 个单位" in add(client, bureaus=["451423", "451424"])


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"last": "2026-03-01"}, "结束日不能早于开始日"),
        ({"last": "2027-03-04"}, "最长一年"),
        ({"name": ""}, "请填写名称"),
        ({"bureaus": ["451424"]}, "还没有登记"),
        ({"every_days": "1"}, "还没有登记"),
        ({"first": "三月"}, "有效的日期"),
    ],
)
def test_it_says_what_is_wrong(client, given, says):
    make.bureau("451424")
    client.force_login_now(make.user("county_supervisor"))

    assert says in add(client, **given)
    assert not MarketEvent.objects.exists()


def test_readers_see_the_calendar_without_the_form(client):
    make.event(name="新街圩")
    client.force_login_now(make.user("county_head"))

    page = client.get(reverse("alerts:events")).content.decode()
    assert "新街圩" in page
    assert "登记一项" not in page
    assert client.post(reverse("alerts:events"), {}).status_code == 404


@pytest.mark.parametrize(("answer", "state"), [("release", "released"), ("reject", "rejected")])
def test_a_flood_is_released_or_rejected_once(client, answer, state):
    flood = make.flood(at=make.bureau("4514"))
    client.force_login_now(make.user("city_supervisor", at=make.bureau("4514")))
    url = reverse("alerts:decide_flood", args=[flood.pk])
    assert "请写明判断依据" in client.post(url, {"answer": answer}, follow=True).content.decode()

    data = {"answer": answer, "words": "许可证文件只传了一半，已重传。"}
    client.post(url, data)
    again = client.post(url, data, follow=True).content.decode()

    flood.refresh_from_db()
    assert flood.state == state
    assert "已由" in again
    assert Job.objects.filter(kind="alerts.grade").count() == (answer == "release")
    assert Event.objects.filter(kind=f"flood.{state}").count() == 1


def test_the_page_of_floods_shows_samples_or_that_there_are_none(client):
    client.force_login_now(make.user("city_supervisor", at=make.bureau("4514")))
    assert "没有规则异常" in client.get(reverse("alerts:floods")).content.decode()

    make.flood(at=make.bureau("4514"))
    page = client.get(reverse("alerts:floods")).content.decode()
    assert "80" in page
    assert Flood.State.PARKED.label in page
