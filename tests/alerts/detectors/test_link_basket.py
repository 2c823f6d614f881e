import datetime as dt

import pytest

from alerts.detectors.link_basket import LinkBasket
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
RETAILERS = "retailer_id owner_id chain_id\nR1 A -\nR2 B -\nR3 A -\n"
SAME = {"a": 3, "b": 1, "c": 7, "d": 2}


def guilty():
    return book(order("R1", "10:00"), order("R2", "10:45", bureau="451424"))


def order(shop, clock, ip="ip-1", basket=None, **given):
    return {"shop": shop, "clock": clock, "ip": ip, "basket": basket or SAME, **given}


def book(*orders):
    """The orders, and forty of other shops, each with goods and an address of its own."""
    goods = "abcdefghijklm"
    rest = [
        order(f"N{n}", "09:00", f"n-{n}", {goods[(n * k) % 13]: k for k in range(1, 7)})
        for n in range(1, 41)
    ]
    heads = ["order_id bureau retailer_id day at channel ip"]
    lines = ["order_id bureau sku_id qty day"]
    for one in [*orders, *rest]:
        shop, bureau = one["shop"], one.get("bureau", "451423")
        channel = one.get("channel", "手机")
        heads.append(f"{shop} {bureau} {shop} {ON} {ON}T{one['clock']} {channel} {one['ip']}")
        lines += [f"{shop} {bureau} {sku} {qty} {ON}" for sku, qty in one["basket"].items()]
    shops = RETAILERS + "\n".join(f"N{n} N{n} -" for n in range(1, 41))
    return facts(orders="\n".join(heads), lines="\n".join(lines), retailers=shops)


def found(tables, **params):
    return rows(LinkBasket(**params).find(tables, ON))


def test_it_says_with_how_many_and_how_alike():
    told = {row["subject_id"]: row for row in found(guilty())}

    assert set(told) == {"R1", "R2"}
    assert told["R1"]["cosine"] == pytest.approx(1)
    assert told["R1"]["surprise"] > 1.4
    assert LinkBasket().sentence(told["R1"]) == (
        "当日与本户前后脚从同一网址订货的还有1个经营者，"
        "所订的规格和各规格的比例很相近；当日任取互不相干的两户，这样相近的约百分之3。"
    )


def test_twice_as_much_of_everything_is_the_same_basket():
    double = {sku: 2 * qty for sku, qty in SAME.items()}

    assert len(found(book(order("R1", "10:00"), order("R2", "10:10", basket=double)))) == 2


@pytest.mark.parametrize(
    "other",
    [
        order("R2", "10:46"),
        order("R3", "10:10"),
        order("R2", "10:10", "ip-2"),
        order("R2", "10:10", basket={"e": 1, "f": 5, "g": 2, "h": 3}),
        order("R2", "10:10", channel="电话"),
        order("R2", "10:10", "-"),
    ],
    ids=["later", "one owner", "elsewhere", "other goods", "call centre", "no address"],
)
def test_it_accepts(other):
    assert not found(book(order("R1", "10:00"), other))


def test_a_short_order_is_not_compared():
    few = {"a": 3, "b": 1, "c": 7}

    assert not found(book(order("R1", "10:00", basket=few), order("R2", "10:10", basket=few)))
