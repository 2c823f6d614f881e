import datetime as dt

import pytest

from alerts.detectors.code_absent import CodeAbsent
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
ORDERS = "order_id retailer_id day\no1 R1 2026-03-27"
HEADER = "case_no day known_on code32 qty licence_no"
WHOLE = "6022800000001205YCYC451423100001"


def seized(*lines):
    return facts(orders=ORDERS, seizures="\n".join([HEADER, *lines]))


def guilty():
    return seized(
        "A1 2026-01-10 - - 4 -", f"A2 2026-03-30 - {WHOLE[:-2]}?? 6 -", f"A3 2026-03-30 - {WHOLE} 9 -"
    )  # fmt: skip


def found(tables, **params):
    return rows(CodeAbsent(**params).find(tables, ON))


def test_it_adds_up_what_no_licence_can_be_read_from():
    (row,) = found(guilty())

    assert (row["subject_id"], row["qty"], row["cases"]) == ("451423", 10, 2)
    assert CodeAbsent().sentence(row) == (
        "近90天有2起案件、10条卷烟没有条码或码已损毁，不能追溯到零售户。"
    )


@pytest.mark.parametrize(("qty", "hits"), [("9.5", 0), ("10", 1)])
def test_ten_cartons_are_the_line(qty, hits):
    assert len(found(seized(f"A1 2026-03-30 - - {qty} -"))) == hits


@pytest.mark.parametrize(
    "line",
    [
        f"A1 2026-03-30 - {WHOLE} 40 -",
        "A1 2026-03-30 - - 40 451423100001",
        "A1 2025-12-30 2026-03-30 - 40 -",
        "A1 2026-03-20 2026-03-21 - 40 -",
    ],
    ids=["whole", "licence stated", "90 days ago", "told before"],
)
def test_it_accepts(line):
    assert not found(seized(line))


def test_it_waits_for_seizures():
    assert CodeAbsent.waits_for(facts(missing=frozenset({"seizures.qty"}))) == ["seizures.qty"]
