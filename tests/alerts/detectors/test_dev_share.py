import datetime as dt

import pytest

from alerts.detectors.dev_share import DevShare
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
RETAILERS = """
    retailer_id  owner_id  chain_id
    R1           A         -
    R2           B         -
    R3           B         -
    R4           C         -
    R5           D         L
    R6           E         L
"""
ORDERS = "order_id bureau retailer_id day channel device_id\n"
STAFF = """
    staff_id  device_id
    S1        dev-staff
"""


def guilty():
    return book(
        """
        1  451423  R1  2026-03-30  手机  dev-8f2a
        2  451424  R2  2026-03-10  手机  dev-8f2a
        3  451423  R4  2026-03-30  手机  dev-77c0
        4  451423  R4  2026-03-09  手机  dev-8f2a
        """
    )


def book(orders):
    return facts(orders=ORDERS + orders, retailers=RETAILERS, staff=STAFF)


def found(tables, **params):
    return rows(DevShare(**params).find(tables, ON))


def pair(day="2026-03-30", who="R2", device="dev-1", channel="手机", when="2026-03-30"):
    return book(f"""
        1  451423  R1     {when}  {channel}  {device}
        2  451423  {who}  {day}   {channel}  {device}
    """)


def test_it_counts_other_principals_and_says_how_many_are_elsewhere():
    (row,) = found(guilty())

    assert (row["subject_id"], row["link"]) == ("R1", "dev-8f2a")
    assert row["surprise"] == pytest.approx(
        0.301 + 0.52, abs=1e-3
    )  # one of three shops, two others
    assert DevShare().sentence(row) == (
        "近4周内，本户当日所用的订货设备（尾号8f2a）还为另外2个经营者的店订过货（其中外县1户），"
        "9至34周前没有共用记录。"
    )


def test_its_evidence_are_the_orders_of_its_own_county():
    detector = DevShare()

    shown = rows(detector.evidence(guilty(), ON, detector.find(guilty(), ON)))

    assert sorted(row["order_id"] for row in shown) == ["1", "4"]


@pytest.mark.parametrize(("day", "hits"), [("2026-03-03", 1), ("2026-03-02", 0)])
def test_the_window_is_four_weeks(day, hits):
    assert len([row for row in found(pair(day)) if row["subject_id"] == "R1"]) == hits


def test_only_shops_that_ordered_today_are_told():
    assert not found(pair(when="2026-03-29", day="2026-03-29"))


def test_the_number_of_others_is_a_limit_that_counts():
    assert found(guilty(), min_others=2)
    assert not found(guilty(), min_others=3)


@pytest.mark.parametrize(
    ("then", "hits"),
    [("2025-08-04", 0), ("2025-08-03", 2), ("2026-01-26", 0), ("2026-01-27", 2)],
    ids=["34 weeks ago", "longer ago", "9 weeks ago", "more recently"],
)
def test_sharing_of_9_to_34_weeks_ago_is_established(then, hits):
    tables = book(f"""
        1  451423  R1  2026-03-30  手机  dev-1
        2  451423  R2  2026-03-30  手机  dev-1
        3  451423  R1  {then}      手机  dev-1
        4  451423  R2  {then}      手机  dev-1
    """)

    assert len(found(tables)) == hits


def test_a_newcomer_to_a_family_phone_is_news_for_all():
    tables = book("""
        1  451423  R1  2026-03-30  手机  dev-1
        2  451423  R2  2026-03-30  手机  dev-1
        3  451423  R4  2026-03-30  手机  dev-1
        4  451423  R1  2025-12-01  手机  dev-1
        5  451423  R2  2025-12-01  手机  dev-1
    """)

    assert {row["subject_id"]: row["others"] for row in found(tables)} == {
        "R1": 1,
        "R2": 1,
        "R4": 2,
    }


@pytest.mark.parametrize(
    "orders",
    [
        "1 451423 R2 2026-03-30 手机 dev-1\n2 451423 R3 2026-03-30 手机 dev-1",
        "1 451423 R5 2026-03-30 手机 dev-1\n2 451423 R6 2026-03-30 手机 dev-1",
        "1 451423 R1 2026-03-30 电话 dev-1\n2 451423 R2 2026-03-30 电话 dev-1",
        "1 451423 R1 2026-03-30 手机 -\n2 451423 R2 2026-03-30 手机 -",
        "1 451423 R1 2026-03-30 手机 dev-staff\n2 451423 R2 2026-03-30 手机 dev-staff",
    ],
    ids=["one owner", "one chain", "call centre", "no device", "a member of staff's device"],
)
def test_it_accepts(orders):
    assert not found(book(orders))
