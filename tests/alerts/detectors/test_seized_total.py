import datetime as dt

import pytest

from alerts.detectors.seized_total import SeizedTotal
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
HEADER = "case_no day known_on qty licence_no"
ORDERS = "order_id retailer_id day\no1 R1 2026-03-27"
RETAILERS = "retailer_id licence_no\nR1 451423100001\nR2 451423100002"
THREE = (
    "A1 2025-05-05 - 4 451423100001",
    "A2 2025-11-11 - 5 451423100001",
    "A3 2026-03-01 2026-03-30 6 451423100001",
)


def seized(*lines):
    return facts(retailers=RETAILERS, orders=ORDERS, seizures="\n".join([HEADER, *lines]))


def guilty():
    return seized(*THREE, "A3 2026-03-01 2026-03-30 90 451423100002")


def found(tables, **params):
    return rows(SeizedTotal(**params).find(tables, ON))


def test_the_third_case_of_a_year_is_told():
    (row,) = found(guilty())

    assert (row["subject_id"], row["cases"], row["qty"]) == ("R1", 3, 15)
    assert SeizedTotal().floor(row) == "红"
    assert SeizedTotal().sentence(row) == (
        "近12个月在外查获的卷烟中，条码指向本户的已有3起、共15条。"
    )


def test_two_cases_are_not_enough_nor_is_one_of_a_year_ago():
    assert not found(seized(*THREE[1:]))
    assert not found(seized(THREE[0].replace("2025-05-05", "2025-03-30"), *THREE[1:]))


@pytest.mark.parametrize(("qty", "hits"), [(99, 0), (100, 1)])
def test_a_hundred_cartons_are_enough(qty, hits):
    assert len(found(seized(f"A1 2026-03-30 - {qty} 451423100001"))) == hits


def test_it_is_told_in_the_night_to_which_a_case_is_news():
    assert not found(seized(*(line.replace("2026-03-30", "2026-03-27") for line in THREE)))


def test_it_waits_for_seizures():
    missing = frozenset({"seizures.case_no"})

    assert SeizedTotal.waits_for(facts(missing=missing)) == ["seizures.case_no"]
