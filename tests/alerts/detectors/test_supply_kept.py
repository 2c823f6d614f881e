import datetime as dt

import pytest

from alerts.detectors.supply_kept import SupplyKept
from sources.facts import rows
from tests.tables import facts

KNOWN = dt.date(2025, 12, 29)
ON = KNOWN + dt.timedelta(weeks=13)
RETAILERS = "retailer_id licence_no\nR1 451423100001"
CASE = f"A1 2025-12-20 {KNOWN} 50 451423100001"


def book(*cases, later=10, tier=12, weeks=30):
    """A shop that takes ten cartons a week before its case is known, and `later` after."""
    orders = ["order_id retailer_id day qty tier"]
    for week in range(weeks):
        day = ON - dt.timedelta(weeks=week)
        now = day >= KNOWN
        orders.append(f"o{week} R1 {day} {later if now else 10} {tier if now else 12}")
    return facts(
        retailers=RETAILERS,
        orders="\n".join(orders),
        seizures="\n".join(["case_no day known_on qty licence_no", *cases]),
    )


def guilty():
    return book(CASE)


def found(tables, on=ON, **params):
    return rows(SupplyKept(**params).find(tables, on))


def test_a_shop_supplied_as_before_is_told_when_the_cycle_is_over():
    (row,) = found(guilty())

    assert SupplyKept().floor(row) == "黄"
    assert SupplyKept().sentence(row) == (
        "本户条码的卷烟一年内在外查获1起、共50条，12月29日获知最近一起；满13周后，档位仍为12档，"
        "近8周订货80条，为获知前8周的100%，供货未见调整。"
    )
    assert not found(guilty(), ON - dt.timedelta(weeks=1))
    assert not found(guilty(), ON + dt.timedelta(weeks=1))


@pytest.mark.parametrize(
    ("tables", "hits"),
    [
        (book(CASE, tier=11), 0),
        (book(CASE, tier=13), 1),
        (book(CASE, later=7), 0),
        (book(CASE, later=8), 1),
        (book(CASE.replace(" 50 ", " 49 ")), 0),
        (book(CASE.replace(" 50 ", " 1 "), f"A2 2025-12-01 {KNOWN} 1 451423100001"), 1),
        (book(CASE, weeks=13), 0),  # no orders of before to compare with
    ],
)
def test_a_lower_tier_or_less_supply_is_an_answer(tables, hits):
    assert len(found(tables)) == hits


def test_a_new_case_begins_the_cycle_anew():
    again = f"A2 {KNOWN + dt.timedelta(weeks=5)} - 1 451423100001"

    assert not found(book(CASE, again))
    assert found(book(CASE, again), ON + dt.timedelta(weeks=5), kept=0.1)


def test_tiers_may_lack():
    (row,) = found(book(CASE, tier="-"))

    assert "档位" not in SupplyKept().sentence(row | {"tier_now": None})


def test_the_case_and_the_orders_since_are_its_evidence():
    detector = SupplyKept()
    shown = rows(detector.evidence(guilty(), ON, detector.find(guilty(), ON)))

    assert sorted({row["source"] for row in shown}) == ["orders", "seizures"]
    assert len(shown) == 9


def test_it_waits_for_seizures():
    missing = frozenset({"seizures.case_no"})

    assert SupplyKept.waits_for(facts(missing=missing)) == ["seizures.case_no"]
