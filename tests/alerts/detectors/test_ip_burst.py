import datetime as dt

import ibis
import pytest

from alerts.detectors.ip_burst import IpBurst
from sources.facts import Facts, rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
RETAILERS = """
    retailer_id  owner_id  chain_id
    R1           A         -
    R2           B         -
    R3           C         -
    R4           D         L
    R5           E         L
    R6           A         -
"""
ORDERS = "order_id bureau retailer_id day at channel ip\n"


def guilty():
    return book(
        at("R1", "10:00", "ip-1")
        + at("R2", "10:30", "ip-1", bureau="451424")
        + at("R3", "10:45", "ip-1")
    )


def at(shop, clock, ip, *, day=ON, channel="手机", bureau="451423"):
    return f"{shop}-{day} {bureau} {shop} {day} {day}T{clock} {channel} {ip}\n"


def book(orders):
    return facts(orders=ORDERS + orders, retailers=RETAILERS)


def found(tables, **params):
    return rows(IpBurst(**params).find(tables, ON))


def test_it_says_how_many_how_close_and_what_the_address_is_used_to():
    told = {row["subject_id"]: row for row in found(guilty())}

    assert set(told) == {"R1", "R2", "R3"}
    assert IpBurst().sentence(told["R1"]) == (
        "当日与本户同一网址订货的还有2个经营者，2个与本户相隔45分钟以内，外县1个；"
        "4周以前该网址没有用过。"
    )
    assert told["R1"]["surprise"] == pytest.approx(1.477, abs=1e-3)


@pytest.mark.parametrize(("minutes", "near"), [(45, 2), (44, 1)])
def test_the_minutes_include_their_limit(minutes, near):
    told = {row["subject_id"]: row for row in found(guilty(), minutes=minutes, min_surprise=0)}

    assert told["R1"]["near"] == near


def test_who_merely_came_by_on_the_same_day_is_not_counted():
    spread = book(at("R1", "09:00", "ip-1") + at("R2", "12:00", "ip-1") + at("R3", "15:00", "ip-1"))

    assert not found(spread, min_surprise=0)


def test_where_no_time_was_noted_the_day_counts():
    untimed = guilty().tables["orders"].mutate(at=ibis.null("timestamp"))

    assert len(found(Facts(tables={**guilty().tables, "orders": untimed}))) == 3


def test_three_who_never_met_before_are_more_than_two():
    two = book(at("R1", "10:00", "ip-1") + at("R2", "10:10", "ip-1"))

    (row, _other) = found(two, min_surprise=0)
    assert row["surprise"] == pytest.approx(0.973, abs=1e-3)
    assert not found(two)


def village(days, others=("R1", "R2", "R3")):
    return "".join(
        at(shop, "09:00", "ip-1", day=ON - dt.timedelta(days=7 * week))
        for week in range(1, days + 1)
        for shop in others
    )


def test_an_address_that_always_serves_the_village_accuses_nobody():
    today = "".join(at(shop, "09:00", "ip-1") for shop in ("R1", "R2", "R3"))

    assert not found(book(today + village(10)))


def test_an_address_that_always_served_one_shop_makes_company_news():
    today = "".join(at(shop, "09:00", "ip-1") for shop in ("R1", "R2"))
    told = found(book(today + village(10, others=("R1",))))

    assert {row["subject_id"] for row in told} == {"R1", "R2"}
    assert told[0]["surprise"] > 1.5
    assert "4周以前该网址平均0.0个。" in IpBurst().sentence(told[0])


@pytest.mark.parametrize(("recent", "told"), [(4, True), (3, False)])
def test_a_ring_of_the_last_four_weeks_is_no_history_of_its_own(recent, told):
    ring = "".join(at(shop, "09:00", "ip-1") for shop in ("R1", "R2", "R3"))
    before = "".join(ring.replace(str(ON), str(ON - dt.timedelta(weeks=week))) for week in (3.5, 4))

    assert bool(found(book(ring + before), recent=recent)) is told


def test_what_was_more_than_half_a_year_ago_is_forgotten():
    today = "".join(at(shop, "09:00", "ip-1") for shop in ("R1", "R2", "R3"))
    long_ago = today.replace(str(ON), str(ON - dt.timedelta(weeks=26)))

    assert len(found(book(today + long_ago))) == 3


@pytest.mark.parametrize(
    "orders",
    [
        at("R1", "10:00", "ip-1") + at("R6", "10:01", "ip-1"),
        at("R4", "10:00", "ip-1") + at("R5", "10:01", "ip-1"),
        at("R1", "10:00", "ip-1", channel="电话") + at("R2", "10:01", "ip-1", channel="电话"),
        at("R1", "10:00", "-") + at("R2", "10:01", "-") + at("R3", "10:01", "-"),
        at("R1", "10:00", "ip-1") + at("R2", "10:01", "ip-1", day=ON - dt.timedelta(days=1)),
    ],
    ids=["one owner", "one chain", "call centre", "no address", "not the same day"],
)
def test_it_accepts(orders):
    assert not found(book(orders), min_surprise=0)
