import datetime as dt

import pytest

from alerts.detectors.paid_cancelled import PaidCancelled
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 31)
ORDERS = "retailer_id day\nB 2026-03-30\nB 2026-03-31"


def guilty():
    return book("2026-03-10 2026-03-10 40000", "2026-03-30 2026-03-31 2550")


def book(*orders):
    lines = ["order_id retailer_id day paid_on amount paid_amount"]
    for number, order in enumerate(orders):
        day, paid_on, amount = order.split()
        lines.append(f"{number} A {day} {paid_on} {amount} {amount}")
    shops = "retailer_id\nA\n" + "\n".join(f"R{n}" for n in range(98))
    return facts(cancelled="\n".join(lines), orders=ORDERS, retailers=shops)


def found(tables, **params):
    return rows(PaidCancelled(**params).find(tables, ON))


def test_it_says_how_many_and_how_much():
    (row,) = found(guilty())

    assert row["subject_id"] == "A"
    assert row["surprise"] == pytest.approx(1.7, abs=0.01)
    assert PaidCancelled().sentence(row) == "本月已有2张订单付款后又取消，涉及货款425.50元。"


@pytest.mark.parametrize(
    "orders",
    [
        ("2026-03-31 2026-03-31 100",),
        ("2026-03-10 2026-03-10 100", "2026-03-30 2026-03-30 100"),
        ("2026-02-28 2026-03-02 100", "2026-03-31 2026-03-31 100"),
        ("2026-03-31 2026-03-31 100", "2026-03-31 - -"),
        ("2026-03-31 2026-03-31 100", "2026-03-31 2026-04-01 100"),
    ],
    ids=["one is allowed", "told before", "ordered last month", "not paid", "paid tomorrow"],
)
def test_it_accepts(orders):
    assert not found(book(*orders))
