import datetime as dt

import pytest

from alerts.detectors.info_shared import InfoShared
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
RETAILERS = """
    retailer_id  bureau  owner_id  chain_id  phone  bound_account
    R1           451423  A         -         p1     a1
    R2           451424  B         -         p1     a2
    R3           451423  C         -         p3     a3
    R4           451423  D         -         p4     a3
"""


def guilty():
    return book()


def book(retailers=RETAILERS, orders="1 R1 2026-03-30\n2 R3 2026-03-30", changes=""):
    return facts(
        retailers=retailers,
        orders="order_id retailer_id day\n" + orders,
        changes="retailer_id day field\n" + changes,
    )


def found(tables, **params):
    return rows(InfoShared(**params).find(tables, ON))


def test_it_says_what_is_the_same_and_with_how_many():
    told = {row["subject_id"]: InfoShared().sentence(row) for row in found(guilty())}

    assert told == {
        "R1": "本户登记的订货电话与另外1个经营者的店相同（其中外县1户）。",
        "R3": "本户登记的结算账户与另外1个经营者的店相同。",
    }
    assert all(InfoShared().hit(row) for row in found(guilty()))


def test_a_standing_fact_is_told_at_the_first_order_of_a_month():
    assert not found(book(orders="1 R1 2026-03-02\n2 R1 2026-03-30"))
    assert found(book(orders="1 R1 2026-02-27\n2 R1 2026-03-30"))


@pytest.mark.parametrize(("day", "hits"), [("2026-03-24", 1), ("2026-03-23", 0)])
def test_a_change_of_the_last_seven_days_is_told_at_once(day, hits):
    tables = book(orders="1 R1 2026-03-02\n2 R1 2026-03-30", changes=f"R1 {day} phone")

    assert len(found(tables)) == hits


def test_the_number_of_others_is_a_limit_that_counts():
    assert not found(guilty(), others=2)


@pytest.mark.parametrize(
    "retailers",
    [
        RETAILERS.replace("B    ", "A    ").replace("D    ", "C    "),
        RETAILERS.replace("-         p", "L         p"),
        RETAILERS.replace(" p1 ", " -  ").replace(" a3", " -"),
    ],
    ids=["one owner", "one chain", "masked numbers and no account"],
)
def test_it_accepts(retailers):
    assert not found(book(retailers))


def test_it_is_told_on_order_days_only():
    assert not found(book(orders="1 R1 2026-03-27"))
