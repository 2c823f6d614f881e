import datetime as dt

import pytest

from alerts.detectors.slow_push import SlowPush
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)


def guilty():
    return book()


def book(shops=3, *, qty=5, price=50000, states="滞销 顺销", gap=None, managers="M1", extra=""):
    """Ten shops a manager buy the common product weekly; some take the slow one today."""
    lines = []
    for week in range(20):
        day = ON - dt.timedelta(weeks=week)
        lines += [f"{n}-{week} R{n} {day} C 10" for n in range(10)]
        if week in {0, gap}:
            lines += [f"{n}-{week} R{n} {day} S {qty}" for n in range(shops)]
    slow, common = states.split()
    names = "\n".join(f"R{n} {managers}" for n in range(10))
    return facts(
        lines="order_id retailer_id day sku_id qty\n" + "\n".join(lines) + extra,
        skus=(f"sku_id wholesale_price market_state\nS {price} {slow}\nC 60000 {common}"),
        retailers=f"retailer_id manager_id\n{names}",
    )


def found(tables, **params):
    return rows(SlowPush(**params).find(tables, ON))


def test_it_names_the_manager_and_counts_the_shops():
    (row,) = found(guilty())

    assert (row["subject_id"], row["bureau"]) == ("M1", "451423")
    assert row["surprise"] > 3
    assert SlowPush().staff_concerned(row)
    assert SlowPush().sentence(row) == (
        "该经理辖区当日有3户各订本县滞销高端烟5条以上，共15条，此前8周均未订过；"
        "全县同日共3户，该经理平常每日0.00户。"
    )


@pytest.mark.parametrize(("shops", "hits"), [(2, 0), (3, 1)])
def test_the_number_of_shops_is_a_limit_that_counts(shops, hits):
    assert len(found(book(shops))) == hits


@pytest.mark.parametrize(("qty", "hits"), [(4, 0), (5, 1)])
def test_five_cartons_are_included(qty, hits):
    assert len(found(book(qty=qty))) == hits


@pytest.mark.parametrize(("price", "hits"), [(49999, 0), (50000, 1)])
def test_five_hundred_yuan_are_included(price, hits):
    assert len(found(book(price=price))) == hits


@pytest.mark.parametrize(("gap", "hits"), [(8, 0), (9, 1)])
def test_who_bought_it_lately_was_not_pushed(gap, hits):
    assert len(found(book(gap=gap))) == hits


def test_it_accepts_a_product_that_sells():
    assert not found(book(states="顺销 滞销"))


def test_without_a_market_state_the_slowest_quarter_counts():
    assert found(book(states="- -"))
    assert not found(book(states="- -", qty=1000))  # then it is the other one that is slow


def test_shops_without_a_manager_name_nobody():
    assert not found(book(managers="-"))


def test_a_manager_whose_shops_often_do_so_is_less_of_a_surprise():
    often = "".join(f"\nx{n} R{n} {ON - dt.timedelta(weeks=12)} S 5" for n in range(3, 10))

    assert found(book(extra=often))[0]["surprise"] < found(guilty())[0]["surprise"]


def test_its_evidence_are_the_lines_of_those_shops():
    detector = SlowPush()
    shown = rows(detector.evidence(guilty(), ON, detector.find(guilty(), ON)))

    assert {row["retailer_id"] for row in shown} == {"R0", "R1", "R2"}
