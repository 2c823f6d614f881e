import datetime as dt

import pytest

from alerts.detectors.unpaid_delivered import UnpaidDelivered
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 31)


def guilty():
    return book("0 - - -")


def book(late, others="0", qty=12):
    """Shops and how many days after each of four weekly deliveries they paid; - is never."""
    sent = ["order_id retailer_id day delivered_qty"]
    paid = ["order_id day result"]
    texts = {"A": late} | {f"R{n}": f"{others} " * 4 for n in range(20)}
    for shop, text in texts.items():
        for week, days in enumerate(reversed(text.split())):
            day = ON - dt.timedelta(weeks=week)
            sent.append(f"{shop}w{week} {shop} {day} {qty}")
            if days == "-":
                paid.append(f"{shop}w{week} {day} 余额不足")
            else:
                paid.append(f"{shop}w{week} {day + dt.timedelta(days=int(days))} 成功")
    return facts(
        deliveries="\n".join(sent), payments="\n".join(paid), orders="retailer_id day\nA 2026-03-30"
    )


def found(tables, **params):
    return rows(UnpaidDelivered(**params).find(tables, ON))


def test_it_says_what_was_sent_and_how_often():
    (row,) = found(guilty())

    assert row["subject_id"] == "A"
    assert UnpaidDelivered().sentence(row) == (
        "3月31日送达12条，当日还没有扣款成功的记录；近4单有3单如此，全县平常约4.8%。"
    )


@pytest.mark.parametrize(("late", "told"), [("0 0 1 1", 1), ("0 0 -1 0", 0), ("- - - 0", 0)])
def test_paid_on_the_day_itself_is_in_time(late, told):
    assert len(found(book(late))) == told


def test_where_the_payments_have_not_come_yet_nothing_can_be_said():
    assert not found(book("- - - -", others="-"))
    assert len(found(book("0 0 0 -"), filed=20 / 21)) == 1
    assert not found(book("0 0 0 -"), filed=0.96)


def test_without_a_quantity_it_is_told_all_the_same():
    assert found(book("0 - - -", qty="-"))
