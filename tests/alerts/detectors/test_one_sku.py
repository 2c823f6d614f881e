import datetime as dt

import pytest

from alerts.detectors.one_sku import OneSku
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)


def guilty():
    return book("K1 24 7200\nK2 4 2400\nK3 2 400")


def book(basket, focus="true", state="-"):
    """R0 ordered the basket (product, cartons, fen); nine others a bit of everything."""
    lines = [f"0 R0 {ON} {line}" for line in basket.splitlines()]
    lines += [f"{n} R{n} {ON} K{k} 10 1000" for n in range(1, 10) for k in range(1, 5)]
    return facts(
        lines="order_id retailer_id day sku_id qty amount\n" + "\n".join(lines),
        skus=(
            "sku_id sku_name market_state is_focus\n"
            f"K1 真龙（起源） {state} {focus}\nK2 云霞 - false\nK3 云海 - false\nK4 云山 - false"
        ),
    )


def found(tables, **params):
    return rows(OneSku(**params).find(tables, ON))


def test_it_names_the_product_and_its_share():
    (row,) = found(guilty())

    assert row["subject_id"] == "R0"
    assert row["surprise"] == pytest.approx(1.041, abs=0.001)  # the first of ten
    assert OneSku().sentence(row) == (
        "当日订货30条、3个规格，其中「真龙（起源）」24条，占金额72.0%；订得这样集中的，当日本县订20条以上的户中约百分之9。"
    )


@pytest.mark.parametrize(("rest", "hits"), [(5000, 0), (4999, 1)])
def test_an_index_of_one_half_is_not_more(rest, hits):
    assert len(found(book(f"K1 20 5000\nK2 4 {rest}"), share=0.1)) == hits


@pytest.mark.parametrize(("first", "hits"), [(5999, 0), (6000, 1)])
def test_sixty_per_cent_are_included(first, hits):
    assert len(found(book(f"K1 20 {first}\nK2 9 {10000 - first}"))) == hits


@pytest.mark.parametrize(("qty", "hits"), [(18, 0), (19, 1)])
def test_a_small_order_is_concentrated_anyway(qty, hits):
    assert len(found(book(f"K1 {qty} 9000\nK2 1 1000"))) == hits


def test_it_accepts_a_product_that_nobody_watches():
    assert not found(book("K1 30 9000\nK2 4 1000", focus="false"))


def test_a_tight_product_is_watched_as_well():
    assert found(book("K1 30 9000\nK2 4 1000", focus="false", state="紧俏"))


def test_it_is_always_listed_as_blue():
    """The first of ten shops of a day is not rare enough for a place."""
    (row,) = found(guilty())

    assert row["surprise"] < 3
    assert OneSku().floor(row) == "蓝"
