import datetime as dt

import pytest

from alerts.detectors.capacity import Capacity
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 3)


def guilty():
    return book()


def book(qty=300, *, area="20", shops=40, last=ON):
    """The larger a shop, the more it orders: three cartons a square metre. R00 orders `qty`."""
    orders, register = [], []
    for shop in range(shops):
        size = 10 + shop
        orders.append(f"{shop} R{shop:02} {last} {qty if shop == 0 else size * 3} 100")
        register.append(f"R{shop:02} {area if shop == 0 else size}")
    return facts(
        orders="order_id retailer_id day qty amount\n" + "\n".join(orders),
        retailers="retailer_id floor_area\n" + "\n".join(register),
    )


def found(tables, on=ON, **params):
    return rows(Capacity(**params).find(tables, on))


def test_it_says_what_such_a_floor_usually_sells():
    (row,) = found(guilty())

    assert row["subject_id"] == "R00"
    assert row["surprise"] == pytest.approx(1.613, abs=0.001)  # the first of 40
    assert row["usual"] == pytest.approx(60, rel=0.3)
    sentence = Capacity().sentence(row)
    assert sentence.startswith(
        "近四周订货300条，经营面积20平方米；按本县40户面积与订货的关系，这样的面积一般订"
    )


def test_it_accepts_a_large_shop_that_orders_much():
    assert not found(book(qty=300, area="100"))


def test_too_little_is_no_finding():
    assert not found(book(qty=1))


@pytest.mark.parametrize("area", ["-", "0"])
def test_a_shop_without_an_area_is_left_out(area):
    assert not found(book(area=area))


@pytest.mark.parametrize(("least", "hits"), [(40, 1), (41, 0)])
def test_few_shops_make_no_law(least, hits):
    assert len(found(guilty(), least=least)) == hits


def test_exactly_so_many_sigmas_are_not_more():
    (row,) = found(book(140), sigmas=1)

    assert found(book(140), sigmas=row["sigmas"] - 0.01)
    assert not found(book(140), sigmas=row["sigmas"])


@pytest.mark.parametrize(("cartons", "hits"), [(300, 1), (301, 0)])
def test_a_little_is_nothing(cartons, hits):
    assert len(found(guilty(), cartons=cartons)) == hits


def test_each_shop_is_looked_at_with_its_first_order_of_the_month():
    assert not found(guilty(), ON + dt.timedelta(days=1))


def test_it_waits_for_the_floor_area():
    tables = facts(missing=frozenset({"retailers.floor_area"}))

    assert Capacity.waits_for(tables) == ["retailers.floor_area"]


@pytest.mark.parametrize(("sigmas", "floor"), [(4.0, None), (4.01, "蓝"), (-9.0, None)])
def test_far_above_its_like_it_is_always_listed(sigmas, floor):
    assert Capacity().floor({"sigmas": sigmas}) == floor
    assert Capacity(pushed=5).floor({"sigmas": sigmas}) is None
