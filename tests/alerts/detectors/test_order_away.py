import datetime as dt

import pytest

from alerts.detectors.order_away import OrderAway
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)


def guilty():
    return book("崇左市 崇左市 南宁市 南宁市")


def book(cities, channel="手机", ip="ip-1", *, last=ON):
    lines = ["order_id retailer_id day channel ip ip_city"]
    shops = {"A": cities} | {f"R{n}": "崇左市 崇左市 崇左市 崇左市" for n in range(20)}
    for shop, text in shops.items():
        for week, city in enumerate(reversed(text.split())):
            day = last - dt.timedelta(weeks=week)
            own = ip if shop == "A" else f"ip-{shop}"
            lines.append(f"{shop}{week} {shop} {day} {channel} {own} {city}")
    return facts(orders="\n".join(lines))


def found(tables, **params):
    return rows(OrderAway(**params).find(tables, ON))


def test_it_says_from_where_and_how_often():
    (row,) = found(guilty())

    assert row["subject_id"] == "A"
    assert row["link"] == "ip-1"
    assert OrderAway().sentence(row) == (
        "当日订货网址归属南宁市，不在本县常见的订货地；最近连续2次如此，"
        "近4单有2单，全县平常约2.4%。"
    )


@pytest.mark.parametrize(
    ("cities", "told"),
    [
        ("崇左市 崇左市 崇左市 南宁市", 0),
        ("南宁市 南宁市 南宁市 崇左市", 0),
        ("崇左市 南宁市 - 南宁市", 1),
        ("崇左市 南宁市 崇左市 南宁市", 0),
        ("- - - -", 0),
    ],
)
def test_two_in_a_row_with_todays_are_needed(cities, told):
    assert len(found(book(cities))) == told


def test_a_city_from_which_many_of_the_county_order_is_at_home():
    nearby = book("南宁市 南宁市 南宁市 南宁市")

    assert not found(nearby, home_share=0.04)
    assert found(nearby, home_share=0.05)


def test_orders_by_telephone_and_of_another_day_are_left_out():
    assert not found(book("崇左市 崇左市 南宁市 南宁市", channel="电话"))
    assert not found(book("崇左市 崇左市 南宁市 南宁市", last=ON - dt.timedelta(days=1)))


def test_without_an_address_the_shop_stands_alone():
    (row,) = found(book("崇左市 崇左市 南宁市 南宁市", ip="-"))

    assert row["link"] == "A"
