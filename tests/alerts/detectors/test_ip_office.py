import datetime as dt

import pytest

from alerts.detectors.ip_office import IpOffice
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)


def guilty():
    return book(at("A"))


def at(shop, days=0, channel="网上", ip="office"):
    day = ON - dt.timedelta(days=days)
    return f"{shop}-{days}-{channel} {shop} {day} {channel} {ip}\n"


def book(*orders, days=5, shops=5):
    """Telephone orders of some shops, entered on some days from the office."""
    calls = [at(f"T{n % shops}", n + 1, "电话") for n in range(max(days, shops))]
    calls = [line for n, line in enumerate(calls) if n < days] or calls
    return facts(orders="order_id retailer_id day channel ip\n" + "".join([*orders, *calls]))


def found(tables, **params):
    return rows(IpOffice(**params).find(tables, ON))


def test_it_goes_above_and_says_how_often():
    (row,) = found(guilty())

    assert (row["subject_id"], row["link"]) == ("A", "office")
    assert IpOffice().staff_concerned(row)
    assert IpOffice().floor(row) is None
    assert IpOffice().sentence(row) == (
        "当日网上订货的网址与公司代录电话订单的办公网址相同；近8周本户从这个网址订货1次。"
    )


def test_others_who_did_so_are_counted():
    told = found(book(at("A"), at("B", 7), at("A", 7)))

    assert [row["subject_id"] for row in told] == ["A"]
    assert IpOffice().sentence(told[0]).endswith("订货2次，同样的共2户。")


@pytest.mark.parametrize(("days", "shops", "told"), [(5, 5, 1), (4, 5, 0), (6, 4, 0), (6, 5, 1)])
def test_an_office_enters_orders_of_several_shops_on_several_days(days, shops, told):
    assert len(found(book(at("A"), days=days, shops=shops))) == told


@pytest.mark.parametrize(
    "order",
    [at("A", channel="电话"), at("A", ip="home"), at("A", 1), at("A", ip="-")],
    ids=["by telephone", "from home", "another day", "no address"],
)
def test_it_accepts(order):
    assert not found(book(order))
