import datetime as dt

import pytest

from alerts.detectors.paid_undelivered import PaidUndelivered
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 31)


def guilty():
    return book()


def book(day="2026-03-23", *, sent="", result="成功", open_too=0, qty=30):
    """A's order of the day was paid; of nineteen others of that day all but some are delivered."""
    orders = [f"A1 A {day} {qty}", "B1 B 2026-03-30 5", "B2 B 2026-03-31 5"]
    orders += [f"R{n} R{n} {day} 10" for n in range(19)]
    deliveries = [f"R{n} {day}" for n in range(open_too, 19)] + ([f"A1 {sent}"] if sent else [])
    return facts(
        orders="order_id retailer_id day qty\n" + "\n".join(orders),
        payments=f"order_id day result\nA1 {day} {result}",
        deliveries="order_id day\n" + "\n".join(deliveries),
    )


def found(tables, **params):
    return rows(PaidUndelivered(**params).find(tables, ON))


def test_it_says_which_order_and_that_the_others_came():
    (row,) = found(guilty())

    assert row["subject_id"] == "A"
    assert row["surprise"] == pytest.approx(1.02, abs=0.01)
    assert PaidUndelivered().sentence(row) == (
        "3月23日订购30条，已付款，7天后仍无送货记录；全县同日20单中19单已送达。"
    )


@pytest.mark.parametrize(("day", "told"), [("2026-03-22", 0), ("2026-03-23", 1), ("2026-03-24", 0)])
def test_it_is_told_once_when_seven_days_are_over(day, told):
    assert len(found(book(day))) == told


@pytest.mark.parametrize(
    "given",
    [{"sent": "2026-03-31"}, {"result": "余额不足"}, {"open_too": 4}],
    ids=["delivered", "not paid", "the county's deliveries have not come"],
)
def test_it_accepts(given):
    assert not found(book(**given))


def test_four_of_five_delivered_are_enough_to_judge():
    assert len(found(book(open_too=3))) == 1


def test_what_comes_later_does_not_count():
    assert len(found(book(sent="2026-04-01"))) == 1
