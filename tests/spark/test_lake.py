"""Facts opened on Spark: the same rows as on DuckDB, from the same files."""

import datetime as dt

import pytest

from sources import lake
from sources.facts import rows
from tests import make
from tests.sources import exports

pytestmark = [pytest.mark.spark, pytest.mark.django_db]

LIMITS = "周期起,卷烟编码,档位,每户上限\n20260302,6901002,5,3\n20260302,6901002,12,9\n"
PRICED = exports.ORDERS.replace("5,400.00", "6,480.00")
LATER = exports.NOON + dt.timedelta(days=1)


@pytest.fixture
def imported(settings):
    """Files of every sort: sealed names, a tier that changes, limits, a correction."""
    settings.ENGINE = "duckdb"
    exports.bring_all()
    exports.bring("投放策略.csv", LIMITS)
    exports.bring("订单主表2.csv", PRICED, at=LATER)
    paid = exports.PAYMENTS.splitlines()[0] + "\nCO3,2026-03-10,6217000011112222,320.00,黄某兰\n"
    exports.bring("结算2.csv", paid)


@pytest.mark.parametrize("known_at", [None, exports.NOON], ids=["now", "before the correction"])
def test_all_tables_have_the_same_rows(imported, spark, settings, known_at):
    settings.ENGINE = "duckdb"
    expected = exports.known(known_at=known_at)
    settings.ENGINE = "spark"

    assert exports.known(known_at=known_at) == expected
    assert len(expected["orders"]) == len(expected["lines"]) == 2
    assert {row[5] for row in expected["payments"]} == {"黄某兰", "陆某"}


def test_a_session_serves_many_nights_and_keeps_tables(imported, spark):
    days = [dt.date(2026, 3, day) for day in (1, 2, 5)]

    with lake.session(bureaus=["451423"], until=dt.date(2026, 3, 31)) as opened:
        kept = opened.store(opened.tables["orders"].select("order_id", "qty"))
        orders = [len(rows(opened.facts(on).orders)) for on in days]
        tiers = [
            {row["retailer_id"]: row["tier"] for row in rows(opened.facts(on).retailers)}
            for on in days
        ]
        assert len(rows(kept)) == 2

    assert orders == [0, 2, 2]
    assert [found["451423100001"] for found in tiers] == [12, 12, 20]


def test_where_nothing_was_imported_all_is_empty(spark):
    make.bureau()

    assert not any(exports.known().values())
