import datetime as dt

import pytest

from alerts.detectors.seized_near import SeizedNear
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
RETAILERS = """
    retailer_id  licence_no    owner_id  phone  bound_account  address  lat      lon
    R1           451423100001  A         p1     a1             一号     22.3400  106.8500
    R2           451423100002  B         p1     a2             二号     22.9000  106.8500
    R3           451423100003  A         p1     a1             三号     22.3400  106.8500
    R4           451423100004  D         p4     a4             四号     22.3440  106.8500
    R5           451423100005  E         p5     a5             五号     22.3450  106.8500
"""
SEIZURES = "case_no day known_on sku_id qty licence_no\nA1 2026-03-20 2026-03-30 K1 40 451423100001"
ORDERS = "order_id retailer_id day ip\no1 R1 2026-03-25 10.0.0.1\no2 R4 2026-03-27 10.0.0.2"
LINES = """
    retailer_id  day         sku_id  qty
    R4           2026-02-20  K1      5
    R4           2026-03-20  K1      10
    R5           2026-02-20  K1      5
    R5           2026-03-20  K1      10
"""


def book(retailers=RETAILERS, orders=ORDERS, lines=LINES, seizures=SEIZURES):
    return facts(retailers=retailers, orders=orders, lines=lines, seizures=seizures)


def guilty():
    return book()


def found(tables, **params):
    return {row["subject_id"]: row for row in rows(SeizedNear(**params).find(tables, ON))}


def test_it_names_who_shares_a_phone_and_who_is_close_and_grows():
    told = found(guilty())

    assert set(told) == {"R2", "R4"}
    assert SeizedNear().sentence(told["R2"]) == (
        "本户与一户卷烟在外被查获的店共用订货电话，两家的经营者不是同一人。"
    )
    assert SeizedNear().sentence(told["R4"]) == (
        "本户距一户卷烟在外被查获的店445米，被查获的规格近4周订货为前4周的2.0倍。"
    )


def test_the_next_shop_is_556_metres_away():
    assert "R5" in found(guilty(), metres=557)
    assert "R5" not in found(guilty(), metres=556)


@pytest.mark.parametrize("column", ["a2", "二号"])
def test_account_and_address_tie_too(column):
    tied = {"a2": "a1", "二号": "一号"}[column]
    shops = RETAILERS.replace("R2           451423100002  B         p1", "R2  451423100002  B  p2")

    assert "R2" not in found(book(shops))
    assert found(book(shops.replace(column, tied)))["R2"]["tie"] in {"account", "address"}


def test_a_network_address_ties_few_shops_only():
    orders = ORDERS.replace("10.0.0.2", "10.0.0.1")

    assert found(book(orders=orders, lines="qty\n1"))["R4"]["tie"] == "ip"
    many = orders + "".join(f"\nx{n} X{n} 2026-03-27 10.0.0.1" for n in range(4))
    assert "R4" not in found(book(orders=many, lines="qty\n1"))


@pytest.mark.parametrize(("now", "hits"), [("9", 0), ("10", 1)])
def test_the_growth_must_be_twofold_and_ten_cartons(now, hits):
    lines = f"retailer_id day sku_id qty\nR4 2026-02-20 K1 5\nR4 2026-03-20 K1 {now}"

    assert ("R4" in found(book(lines=lines))) is bool(hits)


def test_another_product_is_nothing():
    assert "R4" not in found(book(lines=LINES.replace("K1", "K2")))


def test_a_seizure_known_before_is_not_told_again():
    assert not found(book(seizures=SEIZURES.replace("2026-03-30", "2026-03-21")))


def test_it_waits_for_seizures():
    assert SeizedNear.waits_for(facts(missing=frozenset({"seizures.case_no"}))) == [
        "seizures.case_no"
    ]
