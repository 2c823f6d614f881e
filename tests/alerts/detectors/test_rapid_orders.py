import datetime as dt

import pytest

from alerts.detectors.rapid_orders import RapidOrders
from sources.facts import Facts, rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
RETAILERS = """
    retailer_id  owner_id  chain_id
    R1           A         -
    R2           B         -
    R3           C         -
    R4           A         -
    R5           E         L
    R6           F         L
    R7           G         L
"""
HEADER = "order_id bureau retailer_id day at channel device_id placed_by ip\n"


def order(shop, clock, *, day=ON, device="d-1", by="-", ip="-", channel="手机", bureau="451423"):
    number = f"{shop}-{day}-{clock}"
    return f"{number} {bureau} {shop} {day} {day}T{clock} {channel} {device} {by} {ip}\n"


def guilty():
    return book(
        order("R1", "10:00:00", bureau="451424"),
        order("R2", "10:01:29"),
        order("R3", "10:02:58"),
    )


def book(*orders):
    many = "".join(order(f"N{n}", "11:00:00", device=f"n-{n}") for n in range(97))
    return facts(orders=HEADER + "".join(orders) + many, retailers=RETAILERS)


def found(tables, **params):
    return rows(RapidOrders(**params).find(tables, ON))


def test_it_says_from_what_how_many_and_how_fast():
    told = {row["subject_id"]: row for row in found(guilty())}

    assert set(told) == {"R1", "R2", "R3"}
    assert told["R2"]["link"] == "d-1"
    assert RapidOrders().sentence(told["R2"]) == (
        "当日10:00起，同一设备在178秒内接连提交3单，其中外县1单，"
        "除本户外还有2个经营者，相邻两单不到90秒。"
    )


def test_ninety_seconds_between_break_the_chain():
    slow = book(order("R1", "10:00:00"), order("R2", "10:01:30"), order("R3", "10:02:59"))

    assert not found(slow)


@pytest.mark.parametrize("source", [{"by": "x-1"}, {"ip": "ip-1"}], ids=str)
def test_an_account_or_an_address_counts_as_well(source):
    chain = [
        order(shop, clock, device="-", **source)
        for shop, clock in (("R1", "10:00:00"), ("R2", "10:00:20"), ("R3", "10:00:40"))
    ]

    assert len(found(book(*chain))) == 3


@pytest.mark.parametrize(
    "orders",
    [
        (order("R1", "10:00:00"), order("R2", "10:00:20")),
        (order("R1", "10:00:00"), order("R4", "10:00:20"), order("R1", "10:00:40")),
        tuple(order(shop, "10:00:00") for shop in ("R5", "R6", "R7")),
        tuple(order(shop, "10:00:00", channel="电话") for shop in ("R1", "R2", "R3")),
        tuple(order(shop, "10:00:00", device="-") for shop in ("R1", "R2", "R3")),
    ],
    ids=["two orders", "one owner's shops", "one chain", "call centre", "no device noted"],
)
def test_it_accepts(orders):
    assert not found(book(*orders))


@pytest.mark.parametrize(("weeks", "told"), [((9, 10), 0), ((9,), 3), ((8, 10), 3)])
def test_what_was_shared_long_before_is_nobodys_news(weeks, told):
    chain = [order(f"R{n}", f"10:00:{n}0") for n in (1, 2, 3)]
    before = [
        order(f"R{n}", "09:00:00", day=ON - dt.timedelta(weeks=week))
        for n in (1, 2)
        for week in weeks
    ]

    assert len(found(book(*chain, *before))) == told


@pytest.mark.parametrize(("staff", "concerned"), [("S1 d-1", True), ("S1 d-2", False)])
def test_a_device_of_the_staff_goes_above(staff, concerned):
    tables = guilty().tables
    people = facts(staff="staff_id device_id\n" + staff).tables

    told = found(Facts(tables={**tables, **people}))
    assert [RapidOrders().staff_concerned(row) for row in told] == [concerned] * 3
