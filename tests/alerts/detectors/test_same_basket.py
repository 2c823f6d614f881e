import datetime as dt

import pytest

from alerts.detectors.same_basket import SameBasket
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
BASKET = {"K1": 2, "K2": 3, "K3": 1, "K4": 5, "K5": 2, "K6": 4}


def guilty():
    return book({"R1": BASKET, "R2": BASKET, "R3": BASKET, "R4": BASKET | {"K6": 12}})


def book(baskets, owners="A B C D E", *, limit=99, bureau="451423", day=ON):
    lines = ["order_id retailer_id bureau day sku_id qty limit_qty"]
    for place, (shop, basket) in enumerate(baskets.items()):
        where = bureau if place else "451424"
        kinds = sorted(basket.items(), reverse=bool(place % 2))
        lines += [f"o{shop} {shop} {where} {day} {sku} {qty} {limit}" for sku, qty in kinds]
    retailers = ["retailer_id owner_id"]
    retailers += [f"R{n} {owner}" for n, owner in enumerate(owners.split(), start=1)]
    return facts(lines="\n".join(lines), retailers="\n".join(retailers))


def found(tables, **params):
    return rows(SameBasket(**params).find(tables, ON))


def test_it_finds_equal_orders_whatever_the_order_of_their_lines():
    told = {row["subject_id"]: row for row in found(guilty())}

    assert set(told) == {"R1", "R2", "R3"}
    assert len({row["link"] for row in told.values()}) == 1
    assert SameBasket().sentence(told["R2"]) == (
        "当日订单6个规格共17条，与另外2个经营者的订单规格、数量完全相同（其中外县1户）。"
    )


@pytest.mark.parametrize(("shops", "hits"), [(3, 3), (4, 0)])
def test_the_number_of_shops_is_a_limit_that_counts(shops, hits):
    assert len(found(guilty(), shops=shops)) == hits


@pytest.mark.parametrize(("kinds", "hits"), [(6, 3), (7, 0)])
def test_short_orders_may_be_equal_by_chance(kinds, hits):
    assert len(found(guilty(), least_lines=kinds)) == hits


@pytest.mark.parametrize(("limit", "hits"), [(3, 3), (2, 0)])
def test_orders_that_all_stand_at_the_limit_are_equal_by_rule(limit, hits):
    """Below a limit of three stand K1, K3 and K5; below two only K3."""
    baskets = dict.fromkeys(("R1", "R2", "R3"), BASKET)

    assert len(found(book(baskets, limit=limit))) == hits


def test_it_accepts_shops_of_one_owner_and_other_days():
    baskets = dict.fromkeys(("R1", "R2", "R3"), BASKET)

    assert not found(book(baskets, owners="A A B"))
    assert not found(book(baskets, day=ON - dt.timedelta(days=1)))


def test_swapped_quantities_are_another_order():
    swapped = BASKET | {"K1": 5, "K4": 2}

    assert not found(book({"R1": BASKET, "R2": BASKET, "R3": swapped}))


@pytest.mark.parametrize(("last", "hits"), [(4, 4), (6, 4), (7, 3), (12, 3)])
def test_nearly_the_same_proportions_are_alike(last, hits):
    """The fourth order has 6 instead of 4 of the last product: cosine 0.981; with 7, 0.964."""
    baskets = dict.fromkeys(("R1", "R2", "R3"), BASKET) | {"R4": BASKET | {"K6": last}}

    assert len(found(book(baskets))) == hits


def test_it_says_how_many_are_equal_and_how_many_nearly():
    baskets = dict.fromkeys(("R1", "R2"), BASKET) | {"R3": BASKET | {"K6": 5}}
    told = {row["subject_id"]: row for row in found(book(baskets))}

    assert SameBasket().sentence(told["R2"]) == (
        "当日订单6个规格共17条，与另外2个经营者的订单规格相同，各规格数量的比例几乎一样，"
        "其中1个数量完全相同（其中外县1户）。"
    )


def test_another_product_is_another_order():
    other = {("K9" if sku == "K3" else sku): qty for sku, qty in BASKET.items()}

    assert not found(book({"R1": BASKET, "R2": BASKET, "R3": other}))
