import datetime as dt

import pytest

from alerts.detectors.top_buyers import TopBuyers
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
SKUS = "sku_id sku_name\nK1 真龙（海韵）"


def book(top, *, shops=100, before=2, on="2026-03-30"):
    """Of so many shops the first five take `top`, the others 2; they all took 2, the five `before`,
    in the eight weeks before."""
    lines = []
    for n in range(shops):
        then, now = (before, top) if n < 5 else (2, 2)
        lines += [f"a{n} R{n} 2026-02-10 K1 {then}", f"b{n} R{n} {on} K1 {now}"]
    return facts(
        skus=SKUS,
        orders=f"order_id day\no1 {on}",
        lines="\n".join(["order_id retailer_id day sku_id qty", *lines]),
        retailers="retailer_id\n" + "\n".join(f"R{n}" for n in range(shops)),
    )


def towns(here, *, size=20, before=2, sold=2, sku="K1"):
    """Of a hundred shops `size` are of 龙州镇 and take `here`, the others 2; all took 2 before, those
    of the town `before`."""
    lines = []
    for n in range(100):
        then, now = (before, here) if n < size else (sold, 2)
        lines += [f"a{n} R{n} 2026-02-10 {sku} {then}", f"b{n} R{n} {ON} K1 {now}"]
    shops = [f"R{n} {'龙州镇' if n < size else '上龙乡'}" for n in range(100)]
    return facts(
        skus=SKUS,
        orders=f"order_id day\no1 {ON}",
        lines="\n".join(["order_id retailer_id day sku_id qty", *lines]),
        retailers="\n".join(["retailer_id town", *shops]),
    )


def guilty():
    return book(60)


def found(tables, on=ON, **params):
    return rows(TopBuyers(**params).find(tables, on))


def test_a_few_who_take_more_than_half_are_told():
    (row,) = found(guilty())

    assert (row["subject_id"], row["shops"], row["few"], row["qty"]) == ("451423", 100, 5, 490)
    assert TopBuyers().sentence(row) == (
        "近4周真龙（海韵）售490条，订过的100户中最多的5户占61%，此前8周占5%。"
    )


@pytest.mark.parametrize(("top", "hits"), [(38, 0), (39, 1)])
def test_half_is_the_line(top, hits):
    assert len(found(book(top))) == hits


def test_few_buyers_say_nothing():
    assert found(book(60, shops=100))
    assert not found(book(60, shops=99))


def test_what_was_so_before_is_the_market():
    assert not found(book(60, before=60))


def test_a_small_quantity_says_nothing():
    assert not found(guilty(), least=491)
    assert found(guilty(), least=490)


def test_it_is_told_on_the_first_order_day_of_the_week():
    assert not found(guilty(), dt.date(2026, 3, 31))


def test_it_waits_for_lines():
    assert TopBuyers.waits_for(facts(missing=frozenset({"lines.qty"}))) == ["lines.qty"]


def test_a_town_that_takes_more_than_twice_its_part_is_told():
    (row,) = found(towns(10))

    assert (row["town"], row["part"], row["few"], row["shops"]) == ("龙州镇", 0.2, 20, 100)
    assert TopBuyers().sentence(row) == (
        "近4周真龙（海韵）售360条，其中龙州镇占56%，该乡镇零售户只占全县的20%；此前8周该乡镇占20%。"
    )
    evidence = rows(TopBuyers().evidence(towns(10), ON, TopBuyers().find(towns(10), ON)))
    assert {row["qty"] for row in evidence} == {10}


@pytest.mark.parametrize(("here", "hits"), [(5.3, 0), (5.4, 1)])
def test_twice_its_part_is_the_line(here, hits):
    """A fifth of the shops: 106 of 266 cartons are less than two fifths, 108 of 268 more."""
    assert len(found(towns(here))) == hits


def test_a_town_that_always_took_so_much_says_nothing():
    assert not found(towns(10, before=10))


def test_a_product_that_is_new_in_the_county_begins_somewhere():
    assert not found(towns(10, sku="K2"))


def test_a_small_growth_of_a_town_says_nothing():
    assert found(towns(10), more=0.35)
    assert not found(towns(10), more=0.36)
