import datetime as dt

import pytest

from alerts.detectors.price_inverted import PriceInverted
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
SKUS = "sku_id sku_name wholesale_price\nK1 真龙（起源） 20000\nK2 云霞 10000"
ORDERS = "order_id retailer_id day\no1 R1 2026-03-27"


def prices(*lines):
    text = "\n".join(["day sku_id price town", *lines])
    return facts(skus=SKUS, orders=ORDERS, market_prices=text)


def guilty():
    return prices(
        "2026-03-05 K1 19599 甲镇", "2026-03-20 K1 19000 乙镇", "2026-03-28 K1 18000 丙镇",
        "2026-03-28 K2 10500 丙镇",
    )  # fmt: skip


def found(tables, **params):
    return rows(PriceInverted(**params).find(tables, ON))


def test_three_samples_below_the_wholesale_price_are_told():
    (row,) = found(guilty())

    assert (row["subject_id"], row["samples"]) == ("K1", 3)
    assert PriceInverted().sentence(row) == (
        "真龙（起源）近28天有3个市场价低于批发价，中间价每条190.00元、最低180.00元，批发价200.00元。"
    )


@pytest.mark.parametrize(("price", "hits"), [(19599, 1), (19600, 0)])
def test_two_per_cent_below_is_the_line(price, hits):
    assert len(found(prices(*[f"2026-03-30 K1 {price} -"] * 3))) == hits


def test_two_samples_are_not_enough():
    assert not found(prices(*["2026-03-30 K1 15000 -"] * 2))


def test_samples_of_before_the_window_do_not_count():
    lines = ["2026-03-30 K1 15000 -"] * 2

    assert found(prices("2026-03-03 K1 15000 -", *lines))
    assert not found(prices("2026-03-02 K1 15000 -", *lines))


def test_without_a_new_sample_it_was_told_before():
    assert not found(prices(*["2026-03-27 K1 15000 -"] * 3))


def test_it_waits_for_market_prices():
    missing = frozenset({"market_prices.price"})

    assert PriceInverted.waits_for(facts(missing=missing)) == ["market_prices.price"]
