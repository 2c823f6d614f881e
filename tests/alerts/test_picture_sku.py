import contextlib
import datetime as dt
import json
from dataclasses import dataclass

import pytest
from django.urls import reverse
from ibis import _

from alerts import panels
from alerts.actions import nights, rules
from alerts.actions.picture_sku import trace
from alerts.detection import Detector
from alerts.evidence import rows_of
from alerts.models import Alert
from tests import make
from tests.tables import facts

ON = dt.date(2026, 3, 24)


def tables(lines="", **more):
    return facts(
        lines="""
            order_id retailer_id day sku_id qty bureau
            a R1 2026-02-03 K1 10 451423
            b R2 2026-02-10 K1 10 451423
            c R1 2026-02-27 K1 30 451423
            d R1 2026-03-03 K1 20 451423
            e R2 2026-03-24 K1 70 451423
            f R9 2026-03-24 K1 500 451499
            g R1 2026-03-24 K2 5 451423
        """
        + lines,
        retailers="""
            retailer_id name town route tier market_type
            R1 阿兰便利店 水口镇 一线 12 C
            R2 百货店 - 二线 3 X
        """,
        **{
            "skus": """
                sku_id sku_name wholesale_price is_focus market_state launch_date
                K1 真龙（起源） 30000 true 紧俏 2026-02-01
                K2 真龙（海韵） 20000 false - -
                K3 云霞 10000 false - -
            """,
            **more,
        },
    )


def sku(lines="", detector="sku_month", **more):
    return trace(tables(lines, **more), ON, "451423", "K1", detector)["sku"]


def test_the_month_stands_beside_the_one_before_added_up_by_day():
    whole = sku()["whole"]

    assert (whole["name"], len(whole["this"]), len(whole["last"])) == ("真龙（起源）", 24, 28)
    assert (whole["this"][2], whole["this"][-1]) == (20, 90)
    assert (whole["last"][2], whole["last"][-1]) == (10, 50)


def test_it_says_which_town_route_and_shops_grew_against_the_same_days():
    found = sku()
    towns, routes, brand = found["groups"]

    assert [(row["name"], row["grown"]) for row in towns["rows"]] == [
        ("未登记", 60),
        ("水口镇", 10),
    ]
    assert [row["name"] for row in routes["rows"]] == ["二线", "一线"]
    assert [row["name"] for row in brand["rows"]] == ["真龙（海韵）"]
    assert brand["curves"] == []  # a single one needs no curve
    assert [(row["retailer_id"], row["grown"]) for row in found["shops"]] == [
        ("R2", 60),
        ("R1", 10),
    ]
    assert (
        found["shops"][0] | {"this": 70, "same": 10, "last": 10, "today": 70} == found["shops"][0]
    )
    assert found["finding"] == (
        "本月1日至24日售出90条，上月同期20条，上月全月50条。"
        "乡镇「未登记」增60条，送货线路「二线」增60条，增订最多的2户占增订总量100%。"
    )


def test_for_a_days_concentration_the_largest_of_the_day_come_first():
    others = "h R3 2026-03-05 K1 400 451423\ni R1 2026-03-24 K1 8 451423"
    grown = [row["retailer_id"] for row in sku(others)["shops"]]

    found = sku(others, detector="sku_day")

    assert grown == ["R3", "R2", "R1"]
    assert [(row["retailer_id"], row["today"]) for row in found["shops"]] == [("R2", 70), ("R1", 8)]
    assert [row["name"] for row in found["groups"][1]["rows"]][:2] == ["二线", "一线"]
    assert found["finding"].startswith("当日售出78条，本月1日至24日售出498条")
    assert found["finding"].endswith("送货线路「二线」当日70条，当日订购最多的2户占当日销量100%。")
    assert found["helps"][4].startswith("当日订购最多的户中有")


def test_another_county_is_not_shown_to_this_one_but_to_the_city():
    assert "R9" not in json.dumps(sku())
    assert "R9" in json.dumps(trace(tables(), ON, "4514", "K1"))


def test_every_curve_has_a_block_of_its_own():
    ids = [curve["id"] for group in sku()["groups"] for curve in group["curves"]]

    assert len(ids) == len(set(ids)) == 4


def test_at_most_twenty_shops_are_shown():
    many = "\n".join(f"m{n} S{n:02} 2026-03-24 K1 1 451423" for n in range(30))

    assert len(sku(many)["shops"]) == 20


def test_the_six_principles_come_with_what_is_known():
    helps = sku(
        market_prices="day sku_id price\n2026-03-02 K1 29000",
        calendar="week_start is_holiday_week\n2026-02-16 true\n2026-01-26 true\n2026-01-19 true",
    )["helps"]

    assert helps == [
        "上市不满90天；两个月内节假日周2个；本月2天有售，上月3天有售。",
        "本月最多的一天是3月24日，70条，距今0天。",
        "该规格是重点关注品规，市场状态紧俏；市场价格中位290元，批发价300元，倒挂。",
        "见上方曲线和分乡镇、分线路、同品牌合计。",
        "增订最多的户中有1户本月超过上月全月的2倍。",
        "增订最多的户中有1户在乡村。",
    ]


def test_without_prices_or_launch_date_it_says_so():
    skus = "sku_id sku_name wholesale_price\nK1 真龙（起源） 30000"
    helps = "".join(sku(skus=skus)["helps"])

    assert "没有上市日期" in helps
    assert "没有近90天的市场价格可比" in helps


def test_a_product_that_was_not_sold_has_no_picture():
    assert trace(tables(), ON, "451423", "K3") == {"sku": None}


def test_an_alert_without_a_picture_is_better_than_none():
    assert trace(None, ON, "451423", "K1") == {}  # type: ignore[arg-type]


@pytest.mark.django_db
def test_the_page_shows_the_curves_and_leads_to_the_shops(client, supervisor):
    alert = make.alert(
        subject_kind="sku", subject_id="K1", subject_name="真龙（起源）", detector="sku_month",
        family="INT", picture=trace(tables(), ON, "451423", "K1"),
    )  # fmt: skip

    page = client.get(reverse("alerts:alert", args=[alert.code])).content.decode()

    assert 'data-chart="months"' in page
    assert 'id="sku-curve-1"' in page
    assert "乡镇「未登记」增60条" in page
    assert "增订最多的户</h3>" in page
    assert reverse("sources:retailer", args=["R2"]) in page


@pytest.mark.django_db
def test_other_alerts_have_no_such_part(client, supervisor):
    page = client.get(reverse("alerts:alert", args=[make.alert().code])).content.decode()

    assert 'id="sku"' not in page


@dataclass(frozen=True, kw_only=True)
class Sold(Detector):
    key = "sold"
    code = "T-3"
    family = "INT"
    scope = "bureau"
    subject = "sku"
    inputs = ("lines.sku_id", "lines.day", "lines.qty", "lines.bureau")
    title = looks_for = why_it_matters = innocent_causes = next_steps = "卖得多的规格"

    def find(self, facts, on):
        sums = facts.lines.filter(_.day == on).group_by("bureau", "sku_id").agg(qty=_.qty.sum())
        return sums.filter(_.qty > 60).select("bureau", "qty", subject_id=_.sku_id, surprise=_.qty)

    def sentence(self, row):
        return f"当日售出{row['qty']:.0f}条，多于平常。"

    def evidence(self, facts, on, found):
        mine = facts.lines.join(found.select("subject_id"), _.sku_id == found.subject_id)
        return rows_of(mine, "lines", "day", "qty")


def test_a_night_keeps_the_picture_with_the_alert(db, monkeypatch):
    for code in ("451423", "451499"):
        make.bureau(code)
    known = tables(orders="order_id retailer_id day qty bureau\ne R2 2026-03-24 70 451423")

    @contextlib.contextmanager
    def open_facts(*, on, bureaus, since=None):
        yield known

    monkeypatch.setattr(rules, "all_detectors", lambda: (Sold,))
    monkeypatch.setattr(panels, "PANELS", {})
    monkeypatch.setattr("sources.lake.open_facts", open_facts)

    nights.run_night(on=ON, city=make.bureau("4514"), now=dt.datetime(2026, 3, 25, tzinfo=dt.UTC))

    alert = Alert.objects.get(bureau__code="451423")
    assert alert.picture == trace(known, ON, "451423", "K1", "sold")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("detector", "document"),
    [("sku_month", "国烟专〔2011〕49号"), ("big_shop", "国烟专〔2010〕448号"), ("vol_robust", "")],
)
def test_a_reason_names_the_document_of_its_rule(client, supervisor, detector, document):
    alert = make.alert(detector=detector)

    page = client.get(alert.get_absolute_url()).content.decode()

    assert (f"· {document}" in page) if document else ("国烟专" not in page)
