"""Shops drawn by lot: reproducible, checked once, a doubt becomes an alert."""

import datetime as dt

import pytest
from django.urls import reverse

from alerts.actions.sampling import (
    SHOPS,
    draw_all,
    draw_order,
    draw_shops,
    is_reproduced,
    pool_of,
)
from alerts.models import Alert, Draw, DrawnShop
from audit.models import Event
from tests import make

pytestmark = pytest.mark.django_db
NOW = make.NOW


@pytest.fixture
def county():
    county = make.bureau()
    for _ in range(9):
        make.retailer(at=county)
    return county


def test_anybody_can_draw_the_same_shops_again(county):
    draw = draw_shops(county=county, now=NOW)

    again = draw_order(pool_of(county, make.DAY), draw.seed)[:SHOPS]

    assert [one.retailer_id for one in draw.shops.order_by("place")] == again
    assert Event.objects.filter(kind="sample.drawn").exists()


def test_the_draw_is_repeated_from_what_it_kept_after_the_register_has_changed(county):
    draw = draw_shops(county=county, now=NOW)
    make.retailer(at=county)
    make.alert(subject_id=draw.codes[0])

    draw.refresh_from_db()
    assert is_reproduced(draw)
    assert [one.retailer_id for one in draw.shops.order_by("place")] == draw_order(
        draw.codes, draw.seed
    )[:SHOPS]

    draw.codes = draw.codes[1:]
    assert is_reproduced(draw) is False
    draw.codes = []
    assert is_reproduced(draw) is None


def test_one_draw_a_week_with_a_seed_nobody_knew(county):
    draw_all(now=NOW)
    draw_all(now=NOW + dt.timedelta(days=2))
    draw_all(now=NOW + dt.timedelta(days=8))

    first, second = Draw.objects.order_by("week_start")
    assert first.week_start.weekday() == 0
    assert first.seed.rpartition(":")[2] != second.seed.rpartition(":")[2]


def test_the_pool_leaves_out_alerts_of_late_and_closed_shops(county):
    codes = pool_of(county, make.DAY)
    make.alert(subject_id=codes[0])
    make.alert(subject_id=codes[1], last_on=make.DAY - dt.timedelta(weeks=12))

    assert pool_of(county, make.DAY) == codes[1:]


def test_a_small_county_draws_what_it_has():
    make.retailer(at=make.bureau("451424"))

    assert draw_shops(county=make.bureau("451424"), now=NOW).shops.count() == 1


def note(client, shop, result, text="到店看了库存和台账。"):
    url = reverse("alerts:note_sample", args=[shop.pk])
    page = client.post(url, {"result": result, "note": text}, follow=True).content.decode()
    shop.refresh_from_db()
    return page


@pytest.fixture
def mine(client):
    client.force_login_now(make.user("county_supervisor", username="lz", name="李一"))
    return client


def test_a_result_is_noted_once(mine):
    shop = make.sample()

    assert "已登记" in note(mine, shop, "normal")
    assert "未作改动" in note(mine, shop, "doubt")
    assert (shop.result, str(shop.by)) == ("normal", "李一")


def test_who_was_not_reached_can_be_asked_again(mine):
    shop = make.sample()

    note(mine, shop, "unreached")
    note(mine, shop, "normal")

    assert shop.result == "normal"


def test_a_doubt_becomes_an_alert(mine):
    shop = make.sample()

    note(mine, shop, "doubt", "货架空，库存与台账差30条。")

    alert = Alert.objects.get()
    assert shop.alert == alert
    assert (alert.subject_id, alert.origin) == (shop.retailer_id, "person")
    assert "差30条" in alert.sentence


@pytest.mark.parametrize(("result", "text"), [("", "看过了"), ("normal", " "), ("紫", "看过了")])
def test_it_wants_a_result_and_words(mine, result, text):
    shop = make.sample()

    note(mine, shop, result, text)

    assert shop.result == ""
    assert not Alert.objects.exists()


def test_the_page_estimates_what_was_missed(mine):
    shop = make.sample()
    assert "近半年核实" not in mine.get(reverse("alerts:samples")).content.decode()
    DrawnShop.objects.filter(pk=shop.pk).update(result="doubt", note="差30条", at=NOW)
    page = mine.get(reverse("alerts:samples")).content.decode()
    assert "90% 区间" not in page  # one visit says nothing of the others
    assert "满" in page

    DrawnShop.objects.bulk_create(
        DrawnShop(draw=shop.draw, place=n, retailer_id=f"R{n}", result="normal", note="无", at=NOW)
        for n in range(2, 21)
    )
    Draw.objects.update(pool=1000)

    page = mine.get(reverse("alerts:samples")).content.decode()
    assert "90% 区间" in page
    assert "seed" in page
    assert "未留存名册" in page


def test_the_catalogue_shows_every_rule_with_its_year(mine):
    from alerts.detectors import all_detectors

    make.alert(detector="vol_robust", state="invalid", causes=["N04"], closed_at=NOW,
               on=dt.date.today())  # fmt: skip  # noqa: DTZ011
    page = mine.get(reverse("alerts:catalogue")).content.decode()

    assert all(kind.title in page for kind in all_detectors())
    assert "推送 1" in page
    assert "红白喜事" in page
