"""Orders that come without a quantity hold what their lines do."""

import datetime as dt

import pytest

from sources import lake
from tests.sources.exports import FILES, LINES, ORDERS, bring, bring_all, fact

LATER = dt.datetime(2026, 3, 10, 4, tzinfo=dt.UTC)
BARE = "\n".join(",".join(line.split(",")[:3] + line.split(",")[5:]) for line in ORDERS.split("\n"))


def is_missing(on=dt.date(2026, 3, 31)):
    with lake.open_facts(on=on, bureaus=["451423"]) as facts:
        return "orders.qty" in facts.missing


@pytest.mark.django_db
def test_an_order_without_a_quantity_has_that_of_its_lines():
    bring_all({**FILES, "订单主表.csv": BARE})

    assert fact("orders", "qty") == {"CO1": 5, "CO2": 2}
    assert not is_missing()


@pytest.mark.django_db
def test_a_corrected_line_counts_once():
    bring_all({**FILES, "订单主表.csv": BARE})
    bring("订单明细.csv", LINES.replace("CO1,6901001,5", "CO1,6901001,7"), at=LATER)

    assert fact("orders", "qty") == {"CO1": 7, "CO2": 2}


@pytest.mark.django_db
def test_an_order_with_a_quantity_keeps_it():
    bring_all({**FILES, "订单明细.csv": LINES.replace("CO1,6901001,5", "CO1,6901001,4")})

    assert fact("orders", "qty") == {"CO1": 5, "CO2": 2}


@pytest.mark.django_db
def test_without_lines_there_is_none():
    rest = {name: text for name, text in FILES.items() if name != "订单明细.csv"}
    bring_all({**rest, "订单主表.csv": BARE})

    assert fact("orders", "qty") == {"CO1": None, "CO2": None}
    assert is_missing()
