import datetime as dt

import pytest

from alerts.detectors.till_odd import TillOdd
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
LAST = ON - dt.timedelta(days=7)  # the last day before the week looked at


def till(days, *, shop="R1", qty=1, more=""):
    return "\n".join(f"{shop} {day} {qty}" for day in days) + more


def before(many=12):
    return [LAST - dt.timedelta(days=n) for n in range(many)]


def week(many=7):
    return [ON - dt.timedelta(days=n) for n in range(many)]


def book(*parts, ordered=20):
    others = [till([*before(), *week()], shop=f"S{n}") for n in range(9)]
    orders = [f"o{n} S{n} 2026-03-30 20" for n in range(9)]
    return facts(
        orders="\n".join(["order_id retailer_id day qty", f"o R1 2026-03-30 {ordered}", *orders]),
        pos_sales="\n".join(["retailer_id day qty", *parts, *others]),
    )


def guilty():
    return book(till(before()))


def found(tables, **params):
    return rows(TillOdd(**params).find(tables, ON))


def test_a_till_that_fell_silent_while_orders_go_on_is_told():
    (row,) = found(guilty())

    assert row["subject_id"] == "R1"
    assert row["surprise"] == pytest.approx(0.740, abs=1e-3)  # two of eleven, itself included
    assert TillOdd().sentence(row) == (
        "本户此前四周有12天扫码销售，近7天没有一天扫码（最后3月23日），当日仍订20条。"
    )


@pytest.mark.parametrize(("days", "hits"), [(1, 1), (2, 0)])
def test_one_day_a_week_is_as_good_as_none(days, hits):
    told = found(book(till([*before(), *week(days)])))

    assert len(told) == hits
    assert not told or "近7天只有1天扫码" in TillOdd().sentence(told[0])


@pytest.mark.parametrize(("qty", "hits"), [(20, 0), (25, 0), (26, 1)])
def test_a_day_of_more_than_five_times_the_mean_is_told(qty, hits):
    busy = till([*before(), *week()], qty=5, more=f"\nR1 {ON} {qty - 5}")

    told = found(book(busy))
    assert len(told) == hits
    assert not told or TillOdd().sentence(told[0]) == (
        "本户3月30日扫码销售26条，为此前7天平均的5.2倍。"
    )


def test_who_seldom_used_the_till_is_no_news():
    assert not found(book(till(before(11))))


def test_a_small_order_is_no_news():
    assert not found(book(till(before()), ordered=19))


def test_it_waits_for_the_till():
    missing = frozenset({"pos_sales.qty"})

    assert TillOdd.waits_for(facts(missing=missing)) == ["pos_sales.qty"]
