import datetime as dt

import pytest

from alerts.detectors.delivery_short import DeliveryShort
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 31)
WEEKS = range(4)


def guilty():
    return book({"A": [30, 24, 30, 20]})


def book(
    delivered: dict[str, list[float]], *, clean: int = 20, extra: str = "", later: str = "", on=ON
):
    """Shops that ordered 30 cartons a week and got what is told a day later; the rest got all."""
    got = {f"R{n}": [30, 30, 30, 30] for n in range(clean)} | delivered
    orders, sent = ["order_id retailer_id day qty"], ["order_id day delivered_qty"]
    for shop, quantities in got.items():
        for week, quantity in zip(WEEKS, quantities, strict=True):
            day = on - dt.timedelta(weeks=len(WEEKS) - 1 - week)
            orders.append(f"{shop}w{week} {shop} {day - dt.timedelta(days=1)} 30")
            sent.append(f"{shop}w{week} {day} {quantity}")
    return facts(orders="\n".join([*orders, later]), deliveries="\n".join(sent) + "\n" + extra)


def found(tables, **params):
    return rows(DeliveryShort(**params).find(tables, ON))


def test_it_says_what_was_ordered_what_came_and_how_often_that_happens():
    (row,) = found(guilty())

    assert (row["subject_id"], row["trials"], row["count"]) == ("A", 4, 2)
    assert row["surprise"] > 1.5
    assert DeliveryShort().sentence(row) == (
        "订购30条，送达20条，少10条；近4单有2单不符，全县平常约2.4%。"
    )


def test_more_than_was_ordered_is_a_difference_too():
    (row,) = found(book({"A": [30, 30, 30, 33]}))

    assert "多3条" in DeliveryShort().sentence(row)


@pytest.mark.parametrize(("quantity", "hits"), [(28, 0), (27.9, 1), (32, 0), (32.1, 1)])
def test_the_tolerance_itself_is_tolerated(quantity, hits):
    assert len(found(book({"A": [30, 30, 30, quantity]}), tolerance=2)) == hits


@pytest.mark.parametrize("last", ["30", "-"])
def test_it_accepts_a_day_on_which_all_came_or_nobody_counted(last):
    assert not found(book({"A": [20, 20, 20, last]}))


def test_what_came_on_a_day_without_orders_is_told_on_the_next_order_day_and_only_then():
    """Friday's goods come on Saturday, when no night runs."""
    more = "9 R1 2026-03-30 30\n10 R1 2026-03-31 30"
    tables = book({"A": [30, 24, 30, 20]}, on=dt.date(2026, 3, 28), later=more)

    told = {day: DeliveryShort().find(tables, dt.date(2026, 3, day)) for day in (27, 30, 31)}
    assert {day: [row["subject_id"] for row in rows(found)] for day, found in told.items()} == {
        27: [], 30: ["A"], 31: [],
    }  # fmt: skip


def test_two_deliveries_of_one_order_are_added():
    assert not found(book({"A": [30, 30, 30, 20]}, extra=f"Aw3 {ON} 10"))


def test_where_it_happens_to_everybody_it_is_no_surprise():
    told = found(book({f"R{n}": [20, 20, 20, 20] for n in range(20)}))

    assert all(row["surprise"] < 0.5 for row in told)


def test_its_evidence_pairs_orders_and_deliveries():
    shown = rows(DeliveryShort().evidence(guilty(), ON, DeliveryShort().find(guilty(), ON)))

    assert {row["source"] for row in shown} == {"orders", "deliveries"}
    assert len(shown) == 8
