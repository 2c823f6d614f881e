import datetime as dt

import pytest

from alerts.detectors.vol_peers import VolPeers
from sources.facts import rows
from tests.alerts.books import noise
from tests.tables import facts

ON = dt.date(2026, 3, 3)


def guilty():
    return book({"R00": 400})


def usual(shop):
    return round(40 + 6 * noise(shop, 1))


def book(given=None, *, shops=40, tiers="10", opened="2020-01-01", last=ON, bureau="451423"):
    """Each shop orders a quarter of its four weeks' cartons on each of four Tuesdays."""
    given = given or {}
    orders = ["order_id retailer_id day tier qty amount bureau"]
    for shop in range(shops):
        name = f"R{shop:02}"
        qty = given.get(name, usual(shop)) / 4
        orders += [
            f"{name}-{week} {name} {last - dt.timedelta(weeks=week)} {tiers} {qty} 100 {bureau}"
            for week in range(4)
        ]
    retailers = "\n".join(f"R{shop:02} {opened}" for shop in range(shops))
    return facts(orders="\n".join(orders), retailers=f"retailer_id open_date\n{retailers}")


def found(tables, on=ON, **params):
    return {row["subject_id"]: row for row in rows(VolPeers(**params).find(tables, on))}


def test_it_says_what_the_others_order():
    (row,) = found(guilty()).values()

    assert row["subject_id"] == "R00"
    assert row["surprise"] == pytest.approx(1.613, abs=0.001)  # the first of 40
    assert VolPeers().sentence(row) == (
        "近四周订货400条，同县10档上下的40户一般40条，为其10.00倍；与同档户相差这样多的，本县订货户中约百分之2。"
    )


def test_far_too_little_is_told_as_well():
    (row,) = found(book({"R00": 4})).values()

    assert "为其0.10倍" in VolPeers().sentence(row)


def test_it_accepts_the_whole_county_ordering_ten_times_as_much():
    assert not found(book({f"R{shop:02}": usual(shop) * 10 for shop in range(40)}))


def test_exactly_so_many_sigmas_are_not_more():
    sigmas = found(book({"R00": 80}), sigmas=1)["R00"]["sigmas"]

    assert 3 < sigmas < 10
    assert not found(book({"R00": 80}), sigmas=sigmas)
    assert found(book({"R00": 80}), sigmas=sigmas - 0.01)


@pytest.mark.parametrize(("least", "hits"), [(40, 1), (41, 0)])
def test_a_small_group_is_no_measure(least, hits):
    assert len(found(guilty(), least=least)) == hits


def test_other_tiers_are_no_peers():
    tables = book({"R00": 400}, tiers="10")

    assert found(tables)["R00"]["like"] == 40


def test_each_shop_is_looked_at_with_its_first_order_of_the_month():
    later = ON + dt.timedelta(weeks=1)

    assert not found(book({"R00": 400}, last=later), later)


@pytest.mark.parametrize(("opened", "hits"), [("2025-12-02", 1), ("2025-12-03", 0)])
def test_a_new_shop_is_left_out(opened, hits):
    tables = book({"R00": 400})
    retailers = facts(retailers=f"retailer_id open_date\nR00 {opened}").retailers

    assert len(found(type(tables)(tables={**tables.tables, "retailers": retailers}))) == hits


def test_counties_are_measured_each_by_itself():
    one, other = book({"R00": 400}), book(shops=40, bureau="451424")
    both = other.orders.mutate(
        retailer_id="X" + other.orders.retailer_id, qty=other.orders.qty * 10
    )
    tables = type(one)(tables={**one.tables, "orders": one.orders.union(both)})

    assert found(tables) == found(one)


@pytest.mark.parametrize(("sigmas", "floor"), [(4.0, None), (4.01, "蓝"), (-9.0, None)])
def test_far_above_its_like_it_is_always_listed(sigmas, floor):
    assert VolPeers().floor({"sigmas": sigmas}) == floor
    assert VolPeers(pushed=5).floor({"sigmas": sigmas}) is None
