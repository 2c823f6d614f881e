import datetime as dt

import pytest

from alerts.detectors.tier_multiple import TierMultiple
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
SKUS = "sku_id sku_name market_state\nK1 真龙（海韵） 紧俏\nK2 云霞 平销"


def book(qty, *, others=30, sku="K1", tier=15, day="2026-03-23"):
    """R1 takes qty today; as many others of tier 15 took 2 each."""
    orders = [f"p{n} {day} 15" for n in range(others)]
    lines = [f"p{n} P{n} {day} {sku} 2" for n in range(others)]
    return facts(
        skus=SKUS,
        orders="\n".join(["order_id day tier", f"o1 2026-03-30 {tier}", *orders]),
        lines="\n".join(
            ["order_id retailer_id day sku_id qty", f"o1 R1 2026-03-30 {sku} {qty}", *lines]
        ),
    )


def guilty():
    return book(100)


def found(tables, **params):
    return rows(TierMultiple(**params).find(tables, ON))


def test_fifty_times_what_the_tier_gets_is_told():
    (row,) = found(guilty())

    assert (row["subject_id"], row["times"]) == ("R1", 50)
    assert row["surprise"] == pytest.approx(5.199, abs=1e-3)
    assert TierMultiple().sentence(row) == (
        "本日订真龙（海韵）100条，同县15档其余户近4周每次平均2条，为50倍。"
    )


@pytest.mark.parametrize(("qty", "hits"), [(19, 0), (20, 1)])
def test_ten_times_is_the_line(qty, hits):
    assert len(found(book(qty))) == hits


@pytest.mark.parametrize(
    "tables",
    [book(100, others=29), book(100, sku="K2"), book(100, tier=20), book(100, day="2026-03-02")],
    ids=["few others", "not scarce", "another tier", "too long ago"],
)
def test_it_accepts(tables):
    assert not found(tables)


def test_it_waits_for_the_state_of_the_market():
    missing = frozenset({"skus.market_state"})

    assert TierMultiple.waits_for(facts(missing=missing)) == ["skus.market_state"]
