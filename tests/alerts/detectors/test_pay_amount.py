import datetime as dt

import pytest

from alerts.detectors.pay_amount import PayAmount
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 31)


def guilty():
    return book({"A": "300000 250000 300000 200050"})


def book(paid: dict[str, str], extra=""):
    """Shops whose four orders were 3,000 yuan each, and what was paid for them."""
    texts = {f"R{n}": "300000 300000 300000 300000" for n in range(20)} | paid
    orders, payments = ["order_id retailer_id day amount"], ["order_id day paid_amount result"]
    for shop, text in texts.items():
        for week, amount in enumerate(reversed(text.split())):
            day = ON - dt.timedelta(weeks=week)
            orders.append(f"{shop}w{week} {shop} {day} 300000")
            payments.append(f"{shop}w{week} {day} {amount} -")
    return facts(orders="\n".join(orders), payments="\n".join(payments) + "\n" + extra)


def found(tables, **params):
    return rows(PayAmount(**params).find(tables, ON))


def test_it_says_the_difference_in_yuan():
    (row,) = found(guilty())

    assert row["subject_id"] == "A"
    assert PayAmount().sentence(row) == (
        "订单金额3000.00元，实际付款2000.50元，少付999.50元；近4单有2单不符，全县平常约2.4%。"
    )


def test_too_much_is_a_difference_too():
    (row,) = found(book({"A": "300000 300000 300000 310000"}))

    assert "多付100.00元" in PayAmount().sentence(row)


@pytest.mark.parametrize(("amount", "hits"), [(299900, 0), (299899, 1), (300100, 0), (300101, 1)])
def test_one_yuan_is_tolerated(amount, hits):
    assert len(found(book({"A": f"300000 300000 300000 {amount}"}))) == hits


def test_parts_are_added_and_failed_payments_are_not():
    parts = book({"A": "300000 300000 300000 200000"}, f"Aw0 {ON} 100000 成功")
    failed = book({"A": "300000 300000 300000 300000"}, f"Aw0 {ON} 300000 余额不足")

    assert not found(parts)
    assert not found(failed)


def test_it_accepts_a_day_on_which_the_sum_was_right():
    assert not found(book({"A": "200000 200000 200000 300000"}))
