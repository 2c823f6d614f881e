import datetime as dt

import pytest

from alerts.detectors.first_orders import FirstOrders
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)


def guilty():
    return book("A1 2026-03-30 12 90")


def book(orders, opened="2026-03-02", peers=40, tier=12, alike=2):
    """Peers order 20 cartons each, `alike` of them 90."""
    lines = ["order_id retailer_id day tier qty"]
    lines += [f"{line.split()[0]} A {' '.join(line.split()[1:])}" for line in orders.splitlines()]
    for n in range(peers):
        lines.append(f"P{n} P{n} 2026-03-23 {tier} {90 if n < alike else 20}")
    return facts(orders="\n".join(lines), retailers=f"retailer_id open_date\nA {opened}")


def found(tables, **params):
    return rows(FirstOrders(**params).find(tables, ON))


def test_it_says_which_order_it_is_and_how_others_order():
    (row,) = found(guilty())

    assert row["subject_id"] == "A"
    assert row["surprise"] == pytest.approx(1.14, abs=0.01)
    assert FirstOrders().sentence(row) == (
        "开户28天的新户，第1次订货90条；同县12档户近8周40单中只有2单达到这个数量。"
    )


def test_five_of_a_hundred_may_be_as_large():
    assert not found(book("A1 2026-03-30 12 90", alike=3))


def test_the_third_order_counts_and_the_fourth_does_not():
    before = "A1 2026-03-09 12 10\nA2 2026-03-16 12 10\n"

    (row,) = found(book(before + "A3 2026-03-30 12 95"))
    assert row["number"] == 3
    assert not found(book(before + "A3 2026-03-23 12 10\nA4 2026-03-30 12 95"))


@pytest.mark.parametrize(("opened", "told"), [("2025-12-29", 1), ("2025-12-28", 0), ("-", 0)])
def test_only_shops_opened_lately_are_new(opened, told):
    assert len(found(book("A1 2026-03-30 12 95", opened=opened))) == told


def test_where_the_tier_has_too_few_the_county_is_compared():
    (row,) = found(book("A1 2026-03-30 20 95"))

    assert not row["is_tier"]
    assert "全县各户近8周40单中" in FirstOrders().sentence(row)
    assert not found(book("A1 2026-03-30 12 95", peers=19))


def test_an_ordinary_first_order_is_no_news():
    assert not found(book("A1 2026-03-30 12 20"))
