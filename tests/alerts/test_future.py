"""A replay of a day, through the lake and with every detector there is, sees nothing of later days.

The lake of a replay holds the later days too: they are its next nights. What is planted after the
day would each be found, had it come by then: a large order from a device that two owners share and
that pays from a foreign account, a licence given up, a phone that is a staff member's.
"""

import datetime as dt

import pytest

from alerts.actions import nights, rules
from alerts.detectors import all_detectors
from alerts.models import Step, Surprise
from tests import make
from tests.sources.exports import bring

ON = dt.date(2026, 3, 2)  # a Monday
LATER = dt.date(2026, 3, 9)
NOW = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
SHOPS, WEEKS = 14, 20
TOLD_LATER = {
    ("licence_invalid", "R3"),
    ("dev_share", "R0"),
    ("payer_foreign", "R1"),
    ("phone_staff", "R4"),
}
BRANDS = (("6901", 5000, 3), ("6902", 9000, 2), ("6903", 30000, 1))


def days():
    return [ON - dt.timedelta(weeks=weeks) for weeks in range(WEEKS, -1, -1)]


def quantity(shop, week, brand):
    return 3 + (shop * 7 + week * 5 + brand * 3) % 6


def masters():
    shops = "".join(
        f"R{n},451423,{n}店,乡{n % 2},{n % 5 + 8},1,2020-01-06,O{n},1380000000{n % 10},A{n},线{n % 3}\n"
        for n in range(SHOPS)
    )
    licences = "".join(f"4514231{n:05},R{n},2024-01-01,2028-12-31,有效\n" for n in range(SHOPS))
    skus = "".join(f"{code},卷烟{code},{price / 100},{kind}\n" for code, price, kind in BRANDS)
    return {
        "零售客户档案.csv": (
            "retailer_id,county,name,town,tier,order_day,open_date,owner_id,phone,bound_account,route\n"
            + shops
        ),
        "许可证.csv": "licence_no,retailer_id,valid_from,valid_to,status\n" + licences,
        "人员.csv": (
            "staff_id,name,role,county,phone,device_id,account\n"
            "S1,张三,客户经理,451423,13911112222,dev-s1,SA1\n"
        ),
        "卷烟目录.csv": "sku_id,sku_name,wholesale_price,price_class\n" + skus,
    }


def facts_of(orders):
    """Files of orders, lines, deliveries and payments: (number, shop, day, cartons, device, payer)."""
    heads, lines, sent, paid = [], [], [], []
    for number, shop, day, cartons, device, payer in orders:
        amount = sum(qty * price for qty, (_, price, _) in zip(cartons, BRANDS, strict=True)) / 100
        heads.append(
            f"{number},R{shop},{day} 10:{shop:02}:00,网上,10.0.0.{shop},{device},{sum(cartons)},{amount}"
        )
        lines += [
            f"{number},{code},{qty},{limit},{qty * price / 100}"
            for qty, (code, price, _), limit in zip(cartons, BRANDS, (9, 9, 9), strict=True)
        ]
        sent.append(f"{number},{day},{sum(cartons)},本人,20,S1")
        paid.append(f"{number},{day},{payer},{amount}")
    return {
        "订单主表.csv": rows(
            "order_id,retailer_id,order_time,channel,ip,device_id,qty,amount", heads
        ),
        "订单明细.csv": rows("order_id,sku_id,qty,limit_qty,amount", lines),
        "配送.csv": rows(
            "order_id,delivered_date,delivered_qty,sign_by,gps_offset_m,courier_id", sent
        ),
        "结算.csv": rows("order_id,pay_date,payer_account,paid_amount", paid),
    }


def rows(header, lines):
    return "\n".join([header, *lines, ""])


def usual():
    return [
        (
            f"D{n}-{week}",
            n,
            day,
            [quantity(n, week, brand) for brand in range(3)],
            f"dev{n}",
            f"A{n}",
        )
        for week, day in enumerate(days())
        for n in range(SHOPS)
    ]


def planted():
    """Rows of the week after: what they tell is nobody's business on `ON`."""
    changes = [
        f"R3,{ON + dt.timedelta(days=1)},licence_status,有效,注销",
        f"R4,{ON + dt.timedelta(days=1)},phone,13800000004,13911112222",
        f"R5,{ON + dt.timedelta(days=1)},tier,10,29",
    ]
    orders = [(f"F{n}", n, LATER, [40, 40, 40], "dev-shared", "A-foreign") for n in range(6)]
    return facts_of(orders) | {
        "客户信息变更.csv": rows("retailer_id,change_date,field,old_value,new_value", changes),
        "市场检查.csv": rows(
            "retailer_id,visit_date,shop_open", [f"R{n},{LATER},否" for n in range(6)]
        ),
    }


@pytest.fixture
def city(db):
    make.bureau("451423")
    place = make.bureau("4514")
    early = {
        "客户信息变更.csv": "retailer_id,change_date,field,old_value,new_value\nR1,2026-01-05,tier,8,9\n",
        "市场检查.csv": "retailer_id,visit_date,shop_open\nR1,2026-01-06,是\n",
    }
    for name, text in (masters() | facts_of(usual()) | early).items():
        bring(name, text, bureau=place, at=NOW)
    return place


def found(city, on):
    """What each detector found in the replay of a day, all numbers of the sentences included."""
    with nights.replay(city=city, first=ON, last=LATER) as known:
        nights.run_night(on=on, city=city, now=NOW, known=known(on))
    assert not Step.objects.exclude(error="").exists()
    return sorted(
        Surprise.objects.filter(night__on=on).values_list(
            "detector", "subject_kind", "subject_id", "surprise", "sentence"
        )
    )


def test_no_detector_sees_a_later_day(city, monkeypatch):
    before = found(city, ON)
    ran = set(Step.objects.filter(missing="").values_list("detector", flat=True))
    assert {key for key, _ in TOLD_LATER} | {"vol_robust", "over_limit", "found_shut"} <= ran

    for name, text in planted().items():
        bring(name, text, bureau=city, at=NOW)

    assert found(city, ON) == before
    few = [kind for kind in all_detectors() if kind.key in dict(TOLD_LATER)]
    monkeypatch.setattr(rules, "all_detectors", lambda: few)
    told = {(detector, subject) for detector, _, subject, _, _ in found(city, LATER)}
    assert told >= TOLD_LATER
