"""A product's entry in the ledger: its curves, and an alert made of it."""

import datetime as dt

import pytest
from django.urls import reverse

from accounts.permissions import Role
from accounts.walls import walls_of
from alerts.models import Alert
from audit.models import Event
from tests import make
from tests.sources.exports import FILES, bring

pytestmark = pytest.mark.django_db
NEW = reverse("alerts:new")


@pytest.fixture
def hit():
    """真龙(起源) of 451423 on 2 March, when five cartons of it were ordered."""
    for name in ("零售客户档案.csv", "卷烟目录.csv", "订单主表.csv", "订单明细.csv"):
        bring(name, FILES[name])
    return make.hit(
        detector="sku_day", subject_kind="sku", subject_id="6901001", subject_name="真龙(起源)",
        sentence="真龙(起源)当日售出5条（1户），占近22个订货日20条的25.0%。", grade="黄",
        numbers={"today": 5},
    )  # fmt: skip


@pytest.fixture
def mine(client):
    client.force_login_now(make.user(Role.COUNTY_SUPERVISOR, username="lz"))
    return client


def page(client, hit):
    return client.get(reverse("alerts:hit", args=[hit.pk])).content.decode()


def filled(hit, **given):
    return {
        "origin": "person", "reference": "", "subject_kind": "sku", "subject": hit.subject_id,
        "family": "INT", "grade": "黄", "sentence": hit.sentence, **given,
    }  # fmt: skip


def made_of(client, hit, **given):
    return client.post(f"{NEW}?hit={hit.pk}", filled(hit, **given), follow=True).content.decode()


def test_the_ledger_leads_to_the_curves_and_the_shops_behind_the_jump(mine, hit):
    ledger = mine.get(reverse("alerts:hits")).content.decode()
    assert f'href="{reverse("alerts:hit", args=[hit.pk])}"' in ledger
    assert f'href="{NEW}?hit={hit.pk}"' in ledger

    text = page(mine, hit)

    assert hit.sentence.split("，")[0][:5] in text
    assert 'data-chart="months"' in text
    assert "按送货线路" in text
    assert "当日订购最多的户" in text
    assert reverse("sources:retailer", args=["451423100001"]) in text
    assert f"{NEW}?hit={hit.pk}" in text


def test_it_is_drawn_within_the_walls(mine, hit):
    with walls_of(None):
        assert "当日订购最多的户" in page(mine, hit)


def test_without_lines_it_says_so(mine):
    other = make.hit(detector="sku_month", subject_kind="sku", subject_id="K9")

    assert "没有可画的销量" in page(mine, other)


def test_only_products_have_such_a_page(mine):
    assert mine.get(reverse("alerts:hit", args=[make.hit().pk])).status_code == 404


def test_an_alert_is_made_of_it(mine, hit):
    form = mine.get(f"{NEW}?hit={hit.pk}").content.decode()
    assert hit.sentence in form
    assert 'value="6901001"' in form

    text = made_of(mine, hit)

    alert = Alert.objects.get()
    assert (alert.subject_kind, alert.subject_id, alert.bureau.code) == ("sku", "6901001", "451423")
    assert (alert.on, alert.detector, alert.origin) == (dt.date(2026, 3, 2), "sku_day", "person")
    assert "当日订购最多的户" in text
    assert "由预警筛成线索的六步" in text
    assert "规则 INT-05" in text
    hit.refresh_from_db()
    assert hit.alert == alert
    event = Event.objects.get(kind="alert.made")
    assert (event.actor, f'"hit":{hit.pk}' in event.details.replace(" ", "")) == ("lz", True)
    assert "由此建预警" not in page(mine, hit)


def test_a_second_time_it_says_where_it_went(mine, hit):
    made_of(mine, hit)

    assert f"已在预警{Alert.objects.get().code}中" in made_of(mine, hit)
    assert Alert.objects.count() == 1


def test_one_that_was_closed_makes_none(mine, hit):
    hit.closed_at, hit.closed_by, hit.causes = make.NOW, make.user(), ["N01"]
    hit.save()

    assert "已核销" in made_of(mine, hit)
    assert not Alert.objects.exists()
    assert "由此建预警" not in page(mine, hit)


def test_a_product_without_its_entry_is_refused(mine, hit):
    other = made_of(mine, hit, subject="6901002")
    assert "请从规则命中台账的那一行新建" in other

    mine.post(NEW, filled(hit))
    assert not Alert.objects.exists()


@pytest.mark.parametrize("number", ["x", "9" * 30, "999999"])
def test_an_entry_that_is_not_there_is_not_found(mine, number):
    assert mine.get(NEW, {"hit": number}).status_code == 404


def test_another_countys_entry_is_not_found(client, hit):
    client.force_login_now(make.user(Role.COUNTY_SUPERVISOR, at=make.bureau("451424")))

    assert client.get(reverse("alerts:hit", args=[hit.pk])).status_code == 404
    assert client.get(NEW, {"hit": hit.pk}).status_code == 404


def test_the_city_makes_one_for_the_county_that_has_it(client, hit):
    client.force_login_now(make.user(Role.CITY_SUPERVISOR, at=make.bureau("4514")))

    made_of(client, hit)

    assert Alert.objects.get().bureau == hit.bureau


def test_who_only_reads_sees_no_button(client, hit):
    client.force_login_now(make.user(Role.COUNTY_HEAD))

    assert "由此建预警" not in page(client, hit)
    assert "由此建预警" not in client.get(reverse("alerts:hits")).content.decode()
