import datetime as dt

import pytest

from alerts import links
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
RETAILERS = """
    retailer_id  bureau  owner_id  chain_id
    R1           1       A         -
    R2           1       A         -
    R3           2       B         L
    R4           2       C         L
    R5           2       -         -
"""


def uses(text):
    tables = facts(orders="retailer_id bureau day device_id\n" + text, retailers=RETAILERS)
    who = links.principals(tables.retailers)
    return tables.orders.join(who, "retailer_id").mutate(key="device_id", is_new=True)


def test_a_chain_stands_before_its_owners_and_an_unknown_owner_for_itself():
    known = rows(links.principals(facts(retailers=RETAILERS).retailers))

    assert {row["retailer_id"]: row["principal"] for row in known} == {
        "R1": "A", "R2": "A", "R3": "L", "R4": "L", "R5": "R5",
    }  # fmt: skip


def test_orders_of_the_call_centre_are_not_the_shops_own():
    orders = facts(orders="order_id channel\n1 电话\n2 网上\n3 -").orders

    assert sorted(row["order_id"] for row in rows(links.self_ordered(orders))) == ["2", "3"]


def test_others_are_principals_and_those_elsewhere_shops():
    found = links.newcomers(
        uses(f"R1 1 {ON} d\nR2 1 {ON} d\nR3 2 {ON} d\nR4 2 {ON} d"), ON, weeks=4
    )

    told = {row["retailer_id"]: (row["others"], row["elsewhere"]) for row in rows(found)}
    assert told == {"R1": (1, 2), "R2": (1, 2), "R3": (1, 2), "R4": (1, 2)}


def test_a_shop_with_two_keys_is_told_for_the_one_with_more():
    found = links.newcomers(
        uses(f"R1 1 {ON} d\nR3 2 {ON} d\nR5 2 {ON} d\nR1 1 {ON} e\nR3 2 {ON} e"), ON, weeks=4
    )

    told = {row["retailer_id"]: (row["key"], row["others"]) for row in rows(found)}
    assert told == {"R1": ("d", 2), "R3": ("d", 2), "R5": ("d", 2)}


@pytest.mark.parametrize(("others", "surprise"), [(1, 0.301), (2, 0.821), (90, 12.0)])
def test_each_further_sharer_is_rarer_up_to_a_limit(others, surprise):
    tables = facts(retailers=RETAILERS)
    shared = tables.retailers.filter(tables.retailers.retailer_id.isin(["R1", "R2"]))

    told = rows(links.with_rarity(shared.mutate(others=others), tables.retailers))
    assert [row["surprise"] for row in told] == [pytest.approx(surprise, abs=1e-3)] * 2
