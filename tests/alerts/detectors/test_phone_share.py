import datetime as dt

import pytest

from alerts.detectors.phone_share import PhoneShare
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
ORDERS = """
    order_id  bureau  retailer_id  day
    1         451423  R1           2026-03-30
    2         451424  R2           2026-03-23
"""
RETAILERS = """
    retailer_id  bureau  owner_id  chain_id  phone
    R1           451423  A         -         p1
    R2           451424  B         -         p1
    R3           451423  C         -         p3
"""


def guilty():
    return book("R2 2026-03-01 phone p1")


def book(changes, retailers=RETAILERS, orders=ORDERS):
    staff = "staff_id phone\nS1 p-staff"
    changes = "retailer_id day field new_value\n" + changes
    return facts(orders=orders, retailers=retailers, changes=changes, staff=staff)


def found(tables, **params):
    return rows(PhoneShare(**params).find(tables, ON))


def test_it_says_with_how_many_others_the_phone_is_now_shared():
    (row,) = found(guilty())

    assert (row["subject_id"], row["link"]) == ("R1", "p1")
    assert PhoneShare().sentence(row) == (
        "近13周内他户改用了本户的订货电话，现与另外1个经营者的店相同（其中外县1户）。"
    )


def test_a_shop_that_took_on_anothers_phone_is_told_so():
    (row,) = found(book("R1 2026-03-01 phone p1"))

    assert PhoneShare().sentence(row).startswith("近13周内本户改用的订货电话，现与另外1个")


@pytest.mark.parametrize(("day", "hits"), [("2025-12-30", 1), ("2025-12-29", 0)])
def test_the_window_is_thirteen_weeks(day, hits):
    assert len(found(book(f"R2 {day} phone p1"))) == hits


def test_the_number_of_others_is_a_limit_that_counts():
    assert not found(guilty(), min_others=2)


def test_its_evidence_are_the_masters_and_changes_of_its_own_county():
    detector = PhoneShare()
    tables = book("R1 2026-03-01 phone p1\nR2 2026-03-01 phone p1")

    shown = rows(detector.evidence(tables, ON, detector.find(tables, ON)))

    assert {row["source"] for row in shown} == {"retailers", "changes", "orders"}
    assert {row["retailer_id"] for row in shown} == {"R1", "R2"} - {"R2"}


@pytest.mark.parametrize(
    ("changes", "retailers"),
    [
        ("R2 2026-03-01 account p1", RETAILERS),
        ("", RETAILERS),
        ("R2 2026-03-01 phone p1", RETAILERS.replace("B  ", "A  ")),
        ("R2 2026-03-01 phone p1", RETAILERS.replace("-         p1", "L         p1")),
        ("R2 2026-03-01 phone p-staff", RETAILERS.replace(" p1", " p-staff")),
        ("R2 2026-03-01 phone -", RETAILERS.replace(" p1", " -")),
        ("R2 2026-03-01 phone p9", RETAILERS),
    ],
    ids=[
        "another field",
        "a family that always shared it",
        "one owner",
        "one chain",
        "a member of staff's phone is another detector's",
        "masked numbers",
        "a change to another number",
    ],
)
def test_it_accepts(changes, retailers):
    assert not found(book(changes, retailers))


def test_only_shops_that_ordered_today_are_told():
    assert not found(book("R2 2026-03-01 phone p1", orders=ORDERS.replace("03-30", "03-29")))
