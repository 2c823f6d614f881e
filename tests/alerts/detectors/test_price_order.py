import datetime as dt

import pytest

from alerts.detectors.price_order import PriceOrder
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)  # a Monday
RETAILERS = """
    retailer_id  open_date   order_cycle_weeks
    R1           2020-01-01  1
    R2           2020-01-01  1
"""
PAST = """
    order_id  retailer_id  day         week_start  qty  amount
    p1        R1           2026-03-09  2026-03-09  10   100000
    p2        R1           2026-03-16  2026-03-16  10   100000
    p3        R1           2026-03-23  2026-03-23  20   200000
    q1        R2           2026-03-09  2026-03-09  10   100000
    q2        R2           2026-03-16  2026-03-16  10   100000
    q3        R2           2026-03-23  2026-03-23  10   100000
    q4        R2           2026-03-30  2026-03-30  10   110000
"""


def guilty():
    return book("n1 R1 2026-03-30 2026-03-30 10 260000")


def book(orders, past=PAST, retailers=RETAILERS):
    return facts(orders=past + orders, retailers=retailers)


def found(tables, **params):
    return rows(PriceOrder(**params).find(tables, ON))


def test_it_says_both_prices_in_yuan():
    (row,) = found(guilty())

    assert row["subject_id"] == "R1"
    assert PriceOrder().sentence(row) == (
        "本次订购10条，均价每条260元，前3个订货周期均价100元，为其2.60倍；"
        "当日本县各户一般为各自平均的1.85倍。"
    )


@pytest.mark.parametrize(("amount", "hits"), [(200000, 0), (200001, 1), (199999, 0)])
def test_exactly_double_is_not_more_than_double(amount, hits):
    assert len(found(book(f"n1 R1 2026-03-30 2026-03-30 10 {amount}"))) == hits


def test_a_province_may_set_another_ratio():
    assert found(guilty(), ratio=2.59)
    assert not found(guilty(), ratio=2.6)


def test_the_dearest_order_of_the_day_is_judged():
    tables = book("n1 R1 2026-03-30 2026-03-30 50 500000\n n2 R1 2026-03-30 2026-03-30 1 30000")

    (row,) = found(tables)
    assert row["order_id"] == "n2"


def test_the_past_price_is_weighted_by_cartons():
    past = PAST.replace("20   200000", "20   100000")  # 30,000 fen over 40 cartons: 75 yuan

    assert len(found(book("n1 R1 2026-03-30 2026-03-30 10 150001", past))) == 1
    assert not found(book("n1 R1 2026-03-30 2026-03-30 10 150000", past))


def test_a_new_shop_or_one_without_a_past_has_no_price_to_compare_with():
    new = RETAILERS.replace("R1           2020-01-01", "R1  2026-03-20")
    idle = "\n".join(line for line in PAST.splitlines() if " R1 " not in line) + "\n"

    assert not found(book("n1 R1 2026-03-30 2026-03-30 10 260000", retailers=new))
    assert not found(book("n1 R1 2026-03-30 2026-03-30 10 260000", past=idle))


def test_an_order_without_an_amount_cannot_be_judged():
    assert not found(book("n1 R1 2026-03-30 2026-03-30 10 -"))
