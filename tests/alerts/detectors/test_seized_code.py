import datetime as dt
from typing import Any

import pytest

from alerts.detectors.seized_code import SeizedCode
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
RETAILERS = """
    retailer_id  licence_no
    R1           451423100001
    R2           451423100002
    R3           -
"""
LICENCES = """
    licence_no    retailer_id
    451423100001  R1
    451423100009  R3
"""
ORDERS = """
    order_id  retailer_id  day         qty
    o1        R1           2026-02-27  60
    o2        R1           2026-02-10  50
    o3        R2           2026-03-27  30
    o4        R3           2026-03-27  30
    o5        R2           2026-03-30  30
"""
BESIDE: dict[str, Any] = {
    "deliveries": "order_id day sign_by\no1 2026-02-28 代签",
    "payments": "order_id day payer_account\no1 2026-02-27 A9",
}
SORTED = "60228000000012"  # on 28 February 2026


def code(number="05", licence="451423100001", stamp=SORTED):
    return f"{stamp}{number}YCYC{licence}"


def seized(*lines):
    header = "case_no day known_on place code32 sku_id qty licence_no"
    return facts(
        retailers=RETAILERS, licences=LICENCES, orders=ORDERS, seizures="\n".join([header, *lines]),
        **BESIDE,
    )  # fmt: skip


def guilty():
    return seized(f"A1 2026-03-10 2026-03-30 南宁 {code()} K1 40 -")


def found(tables, **params):
    return rows(SeizedCode(**params).find(tables, ON))


def test_it_leads_from_the_code_to_licence_shop_and_order():
    (row,) = found(guilty())

    assert (row["subject_id"], row["bureau"], row["order_id"]) == ("R1", "451423", "o1")
    assert SeizedCode().sentence(row) == (
        "3月10日在南宁查获的卷烟中，有40条的条码是本户许可证号，对应2月27日的订单，共60条。"
    )
    assert SeizedCode().floor(row) == "橙"


def test_its_evidence_is_the_seizure_the_order_its_receipt_and_its_payment():
    detector = SeizedCode()
    shown = rows(detector.evidence(guilty(), ON, detector.find(guilty(), ON)))

    assert sorted(row["source"] for row in shown) == [
        "deliveries", "orders", "payments", "seizures"
    ]  # fmt: skip
    assert {row["order_id"] for row in shown if row["order_id"]} == {"o1"}


@pytest.mark.parametrize(
    ("quantities", "grade"),
    [((9,), "黄"), ((10,), "橙"), ((49,), "橙"), ((50,), "红"), ((25, 25), "红"), ((5, 4), "黄")],
)
def test_the_grade_follows_the_cartons_of_a_case(quantities, grade):
    lines = [
        f"A1 2026-03-30 - 南宁 {code(f'{number:02}')} K1 {qty} -"
        for number, qty in enumerate(quantities, start=1)
    ]

    (row,) = found(seized(*lines))
    assert SeizedCode().floor(row) == grade


def test_a_second_time_within_a_year_is_red():
    before = f"A0 2025-04-01 2025-04-02 百色 {code('07')} K1 1 -"
    now = f"A1 2026-03-30 2026-03-30 南宁 {code()} K1 2 -"

    (row,) = found(seized(before, now))
    assert SeizedCode().floor(row) == "红"
    assert SeizedCode().sentence(row).endswith("；近12个月共2起、3条。")
    (row,) = found(seized(before.replace("2025-04-01", "2025-03-30"), now))
    assert SeizedCode().floor(row) == "黄"


@pytest.mark.parametrize(
    ("day", "known_on", "hits"),
    [
        ("2026-03-01", "2026-03-30", 1),  # became known today
        ("2026-03-01", "2026-03-28", 1),  # on Saturday, after the last order day
        ("2026-03-01", "2026-03-27", 0),  # the night of that order day has told it
        ("2026-03-28", "2026-09-01", 1),  # a book brought later: the night after the seizure
        ("2026-03-27", "2026-09-01", 0),
        ("2026-03-28", "-", 1),
        ("2026-03-31", "2026-03-31", 0),
    ],
)
def test_the_night_after_it_became_known_tells_it(day, known_on, hits):
    assert len(found(seized(f"A1 {day} {known_on} 南宁 {code()} K1 40 -"))) == hits


@pytest.mark.parametrize(
    ("stamp", "order"),
    [
        ("60302", "o1"),  # three days after the order
        ("60303", None),
        ("60224", "o1"),  # three before it
        ("60223", None),
        ("60213", "o2"),
        ("50227", None),  # a year before
    ],
)
def test_the_order_lies_within_three_days_of_the_sorting(stamp, order):
    (row,) = found(seized(f"A1 2026-03-30 - 南宁 {code(stamp=stamp + '000000012')} K1 40 -"))

    assert row["order_id"] == order
    assert order or "没有找到对应订单" in SeizedCode().sentence(row)


def test_a_stated_licence_is_enough():
    (row,) = found(seized("A1 2026-03-30 - 南宁 - K1 40 451423100002"))

    assert (row["subject_id"], row["order_id"]) == ("R2", None)


def test_the_licence_may_stand_in_the_monopolys_register_only():
    (row,) = found(seized(f"A1 2026-03-30 - - {code(licence='451423100009')} K1 40 -"))

    assert row["subject_id"] == "R3"
    assert "在别处查获" in SeizedCode().sentence(row)


def test_a_code_that_two_sources_report_counts_once():
    line = f"A1 2026-03-30 - 南宁 {code()} K1 40 -"

    (row,) = found(seized(line, line))
    assert row["qty"] == 40


@pytest.mark.parametrize(
    "line",
    [
        f"A1 2026-03-30 - 南宁 {code('51')} K1 40 -",
        f"A1 2026-03-30 - 南宁 {code('00')} K1 40 -",
        f"A1 2026-03-30 - 南宁 {code(licence='460101100001')} K1 40 -",
        f"A1 2026-03-30 - 南宁 {code()[:-1]} K1 40 -",
        "A1 2026-03-30 - 南宁 - K1 40 -",
    ],
    ids=["forged", "number nought", "another county's", "too short", "without a code"],
)
def test_it_leads_to_nobody(line):
    assert not found(seized(line))


def test_of_a_registration_it_says_how_many_codes_were_read_of_how_many_cartons():
    tables = facts(
        retailers=RETAILERS, orders=ORDERS, **BESIDE,
        seizures="case_no day place code32 qty case_qty\n"
        f"A1 2026-03-30 南宁 {code('05')} 1 60\nA1 2026-03-30 南宁 {code('06')} 1 60",
    )  # fmt: skip

    (row,) = found(tables)

    assert "本户许可证号读出2个码，该案共60条；" in SeizedCode().sentence(row)
    assert SeizedCode().floor(row) == "黄"


def test_it_tells_one_case_among_several():
    before = f"A0 2026-03-20 2026-03-20 百色 {code('07')} K1 9 -"
    tables = seized(before, f"A1 2026-03-30 2026-03-30 南宁 {code()} K1 2 -")

    (row,) = rows(SeizedCode().of_case(tables, ON, "A0"))

    assert (row["case_no"], row["qty"], row["cases"]) == ("A0", 9, 2)


def test_it_waits_for_seizures():
    missing = frozenset({"seizures.case_no", "seizures.qty"})

    assert SeizedCode.waits_for(facts(missing=missing)) == sorted(missing)


def test_the_exam_case_of_2017():
    """Forty cartons seized by another city on 10 December lead to the order of the 5th."""
    on = dt.date(2017, 12, 11)
    tables = facts(
        retailers=RETAILERS,
        orders="order_id retailer_id day qty\no1 R1 2017-12-05 40\no2 R2 2017-12-11 10",
        seizures=f"case_no day code32 qty\nA1 2017-12-10 {code(stamp='71206000000012')} 40",
    )

    (row,) = rows(SeizedCode().find(tables, on))
    assert (row["subject_id"], row["order_id"], row["ordered"]) == ("R1", "o1", 40)
    assert SeizedCode().floor(row) == "橙"
