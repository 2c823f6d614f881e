import datetime as dt

import pytest

from alerts.detectors.ip_repeat import IpRepeat
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
RETAILERS = """
    retailer_id  owner_id  chain_id
    R1           A         -
    R2           B         -
    R3           A         -
    R4           D         L
    R5           E         L
"""


def at(shop, weeks=0, ip="ip-1", channel="手机", bureau="451423"):
    day = ON - dt.timedelta(weeks=weeks)
    return f"{shop}-{weeks}-{ip} {bureau} {shop} {day} {channel} {ip}\n"


def guilty():
    return book(at("R1"), at("R1", 1), at("R2", bureau="451424"), at("R2", 1, bureau="451424"))


def book(*orders):
    many = "".join(at(f"N{n}", ip=f"n-{n}") for n in range(60))
    header = "order_id bureau retailer_id day channel ip\n"
    shops = RETAILERS + "\n".join(f"N{n} N{n} -" for n in range(60))
    return facts(orders=header + "".join(orders) + many, retailers=shops)


def found(tables, **params):
    return rows(IpRepeat(**params).find(tables, ON))


def test_it_says_in_how_many_weeks_and_with_how_many():
    told = {row["subject_id"]: row for row in found(guilty())}

    assert set(told) == {"R1", "R2"}
    assert told["R1"]["surprise"] == pytest.approx(1.32, abs=0.01)
    assert IpRepeat().sentence(told["R1"]) == (
        "近4周有2周，本户与另外1个经营者在同一天从同一网址订货，其中外县1户，9至34周前没有共用记录。"
    )


@pytest.mark.parametrize(("weeks", "told"), [(3, 2), (4, 0)])
def test_four_weeks_are_looked_back_at(weeks, told):
    assert len(found(book(at("R1"), at("R2"), at("R1", weeks), at("R2", weeks)))) == told


@pytest.mark.parametrize(("weeks", "told"), [(8, 2), (9, 0), (34, 0), (35, 2)])
def test_company_of_long_ago_is_nobodys_news(weeks, told):
    before = (at("R1", weeks), at("R2", weeks))

    assert len(found(book(at("R1"), at("R2"), at("R1", 1), at("R2", 1), *before))) == told


@pytest.mark.parametrize(
    "orders",
    [
        (at("R1"), at("R2")),
        (at("R1", 1), at("R2", 1), at("R1", 2), at("R2", 2)),
        (at("R1"), at("R3"), at("R1", 1), at("R3", 1)),
        (at("R4"), at("R5"), at("R4", 1), at("R5", 1)),
        (at("R1"), at("R2", 0, "ip-2"), at("R1", 1), at("R2", 1)),
        tuple(at(shop, week, channel="电话") for shop in ("R1", "R2") for week in (0, 1)),
    ],
    ids=["once", "not today", "one owner", "one chain", "today apart", "call centre"],
)
def test_it_accepts(orders):
    assert not found(book(*orders))


def test_where_everybody_comes_by_nobody_is_told():
    crowd = [at(f"N{n}", week) for n in range(4) for week in (0, 1)]

    assert len(found(book(*crowd), crowd=4)) == 4
    assert not found(book(*crowd), crowd=3)
