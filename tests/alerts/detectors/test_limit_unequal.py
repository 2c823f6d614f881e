import datetime as dt

import pytest

from alerts.detectors.limit_unequal import LimitUnequal
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
SKUS = "sku_id sku_name\nK1 真龙（起源）"


def book(*limits, tiers=None, day="2026-03-24", first="2026-03-30"):
    """An order a limit, of tier 15 unless told, last week; and the first order of this week."""
    tiers = tiers or [15] * len(limits)
    orders = [f"o{n} {day} {tier}" for n, tier in enumerate(tiers)]
    lines = [f"o{n} {day} K1 3 {limit}" for n, limit in enumerate(limits)]
    return facts(
        skus=SKUS,
        orders="\n".join(["order_id day tier", *orders, f"now {first} 15"]),
        lines="\n".join(["order_id day sku_id qty limit_qty", *lines]),
    )


def guilty():
    return book(*[5] * 20, *[50] * 5)


def found(tables, on=ON, **params):
    return rows(LimitUnequal(**params).find(tables, on))


def test_two_limits_for_one_tier_are_told():
    (row,) = found(guilty())

    assert (row["subject_id"], row["others"], row["products"]) == ("451423", 5, 1)
    assert LimitUnequal().sentence(row) == (
        "上周有1个规格对同一档位执行了不同限量，如真龙（起源）15档有的限5条、有的限50条（5笔与多数不同）。"
    )


@pytest.mark.parametrize(("many", "hits"), [(4, 0), (5, 1)])
def test_five_orders_are_the_line(many, hits):
    assert len(found(book(*[5] * 20, *[50] * many))) == hits


def test_tiers_have_limits_of_their_own():
    assert not found(book(*[5] * 20, *[50] * 5, tiers=[15] * 20 + [30] * 5))


def test_it_is_about_last_week_and_told_once():
    assert not found(book(*[5] * 20, *[50] * 5, day="2026-03-22"))
    assert not found(guilty(), dt.date(2026, 3, 31))


def test_it_waits_for_limits():
    missing = frozenset({"lines.limit_qty"})

    assert LimitUnequal.waits_for(facts(missing=missing)) == ["lines.limit_qty"]
