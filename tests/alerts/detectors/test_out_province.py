import datetime as dt

import pytest

from alerts.detectors.out_province import OutProvince
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 3)


def guilty():
    return book()


def book(outside=40, *, rest=10, origin="省外", near=12, usual=5, far=5, last=ON):
    """R00 and `near` others stand together, the rest of 40 ten kilometres away."""
    orders, lines, shops = [], [], []
    for shop in range(40):
        orders.append(f"R{shop:02} {last}")
        out = outside if shop == 0 else usual if shop <= near else far
        kept = rest if shop == 0 else 50 - out
        lines += [
            f"{shop} R{shop:02} {last} {sku} {qty} 100"
            for sku, qty in (("O", out), ("I", kept))
            if qty
        ]
        lat = 23.0 + shop * 0.0001 if shop <= near else 23.1
        shops.append(f"R{shop:02} {lat} 107")
    return facts(
        orders="retailer_id day\n" + "\n".join(orders),
        lines="order_id retailer_id day sku_id qty amount\n" + "\n".join(lines),
        skus=f"sku_id origin\nO {origin}\nI 省内",
        retailers="retailer_id lat lon\n" + "\n".join(shops),
    )


def found(tables, on=ON, **params):
    return rows(OutProvince(**params).find(tables, on))


def test_it_says_the_share_and_that_of_the_neighbours():
    (row,) = found(guilty())

    assert row["subject_id"] == "R00"
    assert row["surprise"] == pytest.approx(1.613, abs=0.001)  # the first of 40
    assert OutProvince().sentence(row) == (
        "近四周订货50条，其中省外烟40条，占80.0%；周边1公里内12户平均10.0%，占比这样高的，本县订货户中约百分之2。"
    )


@pytest.mark.parametrize("origin", ["省外烟", "外省", "1"])
def test_other_words_for_other_provinces(origin):
    assert found(book(origin=origin))


def test_it_accepts_goods_of_the_province():
    assert not found(book(origin="省内"))


def test_it_accepts_a_street_in_which_all_sell_them():
    assert not found(book(usual=40))
    assert found(book(usual=5, far=40))  # what is usual elsewhere in the county does not help


@pytest.mark.parametrize(("near", "is_near"), [(9, False), (10, True)])
def test_few_neighbours_are_no_measure_but_the_county(near, is_near):
    (row,) = found(book(near=near))

    assert row["is_near"] is is_near
    assert ("全县40户一般10.0%" in OutProvince().sentence(row)) is not is_near


@pytest.mark.parametrize(("outside", "rest", "hits"), [(20, 61, 0), (20, 59, 1)])
def test_three_sigmas_are_not_more_than_three(outside, rest, hits):
    """The neighbours have ten per cent, and a sigma is at least five."""
    assert len(found(book(outside, rest=rest))) == hits


@pytest.mark.parametrize(("outside", "hits"), [(19, 0), (20, 1)])
def test_a_few_cartons_are_nothing(outside, hits):
    assert len(found(book(outside, rest=1))) == hits


def test_a_small_county_without_neighbours_says_nothing():
    assert not found(book(near=3), least=41)


def test_each_shop_is_looked_at_with_its_first_order_of_the_month():
    assert not found(guilty(), ON + dt.timedelta(days=1))


@pytest.mark.parametrize(("sigmas", "floor"), [(4.0, None), (4.01, "蓝"), (-9.0, None)])
def test_far_above_its_like_it_is_always_listed(sigmas, floor):
    assert OutProvince().floor({"sigmas": sigmas}) == floor
    assert OutProvince(pushed=5).floor({"sigmas": sigmas}) is None
