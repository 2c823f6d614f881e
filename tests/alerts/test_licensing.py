import datetime as dt

from alerts.licensing import held, on_days
from sources.facts import rows
from tests.tables import facts

DAYS = "retailer_id day\nR1 2026-03-30\nR2 2026-03-30"


def stood(licences, resumed="R9 2026-01-01"):
    tables = facts(
        retailers="retailer_id licence_no\nR1 L1\nR2 -",
        licences="licence_no retailer_id valid_from valid_to status status_date\n" + licences,
        orders=DAYS,
        changes="retailer_id day\n" + resumed,
    )
    days = tables.orders.select("retailer_id", "day")
    changes = tables.changes.select("retailer_id", resumed_on="day")
    return {row["retailer_id"]: row for row in rows(on_days(days, held(tables), changes))}


def test_a_licence_found_both_ways_is_one():
    tables = facts(
        retailers="retailer_id licence_no\nR1 L1", licences="licence_no retailer_id\nL1 R1\nL1 -"
    )

    assert sorted(row["row_no"] for row in rows(held(tables))) == [1, 2]


def test_a_valid_licence_goes_before_a_newer_bad_one():
    told = stood("L0 R1 2020-01-01 2030-01-01 有效 -\nL1 R1 2025-01-01 2029-01-01 注销 2026-01-01")

    assert told["R1"]["valid"]
    assert told["R1"]["licence_no"] == "L0"


def test_of_bad_ones_the_newest_is_told_and_who_has_none_has_no_row():
    told = stood("L0 R1 2010-01-01 2015-01-01 有效 -\nL1 R1 2015-01-02 2020-01-01 有效 -")

    assert set(told) == {"R1"}
    assert not told["R1"]["valid"]
    assert told["R1"]["valid_to"] == dt.date(2020, 1, 1)


def test_a_suspension_without_a_date_holds_and_ends_when_trade_is_resumed():
    licence = "L1 R1 2020-01-01 2030-01-01 停业 -"

    assert stood(licence)["R1"]["status"] == "停业"
    assert stood(licence, "R1 2026-03-01")["R1"]["valid"]
