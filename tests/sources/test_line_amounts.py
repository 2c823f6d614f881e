"""Lines that come without amounts cost what their product cost on the day of the order."""

import datetime as dt

import pytest

from sources import lake
from tests.sources.exports import FILES, LINES, SKUS, bring, bring_all, fact

DEARER = dt.datetime(2026, 3, 10, 4, tzinfo=dt.UTC)


def is_missing(on=dt.date(2026, 3, 31)):
    with lake.open_facts(on=on, bureaus=["451423"]) as facts:
        return "lines.amount" in facts.missing


@pytest.mark.django_db
def test_a_line_without_an_amount_is_priced_by_its_product():
    bring_all()

    assert fact("lines", "amount") == {"CO1": 5 * 8000, "CO2": 2 * 15000}
    assert not is_missing()


@pytest.mark.django_db
def test_lines_of_files_with_amounts_keep_theirs():
    priced = [
        line + tail for line, tail in zip(LINES.split(), (",金额", ",1", ",", ",3"), strict=True)
    ]
    bring_all({**FILES, "订单明细.csv": "\n".join(priced) + "\n"})

    assert fact("lines", "amount") == {"CO1": 100, "CO2": None}


@pytest.mark.django_db
def test_without_prices_there_are_no_amounts():
    bring_all({**FILES, "卷烟目录.csv": SKUS.replace("80.00", "").replace("150.00", "")})

    assert is_missing() or fact("lines", "amount") == {"CO1": None, "CO2": None}


@pytest.mark.django_db
def test_a_price_counts_from_its_day():
    """The catalogue of 10 March raises a price: the order of 2 March keeps the old one."""
    orders = FILES["订单主表.csv"].replace("4,320.00,90", "4,320.00,60")
    bring_all({**FILES, "订单主表.csv": orders.replace("2026-03-09", "2026-03-16")})
    bring("卷烟目录.csv", SKUS.replace("80.00", "90.00"), at=DEARER)

    amounts = fact("lines", "amount")

    assert (amounts["CO1"], amounts["CO3"]) == (5 * 8000, 4 * 9000)
