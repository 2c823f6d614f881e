"""Whole columns: the quick way must say what the careful way says, cell by cell."""

import math
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.importing import columns
from sources.importing.columns import read_column
from sources.importing.contract import Column, Type
from sources.importing.kinds import KINDS

ALL = [column for kind in KINDS.values() for column in kind.columns]
TEXTS = st.one_of(
    st.text(
        alphabet=st.sampled_from("0123456789.,-\"'= \t\u3000１ＡABZab:/T*年月一营业"), max_size=20
    ),
    st.from_regex(r"\A(=\"|')?-?[0-9]{1,3}(,[0-9]{3}){0,2}(\.[0-9]{1,3})?\"?[ \t]?\Z"),
    st.sampled_from(
        ["2025-06-23 10:00:00", "2025-02-30 10:00:00", "NULL", "-", "ZZ", "是", "10.0.0.1"]
    ),
    st.sampled_from(["13934997140", "451423195001010012", "4.51423E+12", "真龙（起源）", "甲乙"]),
)


def said(column: Column, texts: list[str], few: int) -> object:
    """Values, companions, faults and doubts of a column where `few` texts are cleaned singly."""
    before = columns._FEW
    columns._FEW = few
    try:
        typed = read_column(column, pa.array(texts, pa.string()), hash_key="k")
    finally:
        columns._FEW = before
    values = [
        None if isinstance(v, float) and math.isnan(v) else v for v in typed.values.to_pylist()
    ]
    others = {name: array.to_pylist() for name, array in typed.companions.items()}
    return values, others, set(typed.faults), typed.doubts


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(ALL), st.lists(TEXTS, min_size=1, max_size=6, unique=True))
def test_many_texts_at_once_read_as_each_alone(column, texts):
    assert said(column, texts, few=0) == said(column, texts, few=10**9)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(ALL), st.lists(TEXTS, min_size=2, max_size=6, unique=True))
def test_a_text_reads_the_same_whatever_stands_beside_it(column, texts):
    together = read_column(column, pa.array(texts, pa.string()), hash_key="k")
    alone = [read_column(column, pa.array([text], pa.string()), hash_key="k") for text in texts]

    assert together.values.to_pylist() == [one.values.to_pylist()[0] for one in alone]
    assert together.faults == {n: one.faults[0] for n, one in enumerate(alone) if one.faults}


def test_hundreds_of_wrapped_codes_and_grouped_numbers():
    codes = [f'="{number}"' for number in range(1000)]
    money = [f"{number:,}.50" for number in range(0, 1_000_000, 997)]

    assert read_column(
        KINDS["skus"].column("sku_id"), pa.array(codes), hash_key="k"
    ).values.to_pylist() == [str(number) for number in range(1000)]
    assert read_column(
        KINDS["skus"].column("wholesale_price"), pa.array(money), hash_key="k"
    ).values.to_pylist() == [number * 100 + 50 for number in range(0, 1_000_000, 997)]


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        ("ip", ["10.0.0.1", "255.255.255.255", "2001:db8::1"], ["256.1.1.1", "ip3", "10.0.0"]),
        ("licence", ["451423100123"], ["L0001", "45142310012"]),
        ("id", ["45142319500101001X", "451423500101001", "91450100MA5K12345X"], ["O12", "4514"]),
    ],
)
def test_faults_of_form_are_doubts_and_the_value_stays(check, good, bad):
    column = Column("x", "列", check=check)

    typed = read_column(column, pa.array([*good, *bad]), hash_key="k")

    assert set(typed.doubts) == set(range(len(good), len(good) + len(bad)))
    assert typed.values.to_pylist() == [*good, *bad]
    assert not typed.faults


@pytest.mark.parametrize(
    ("yuan", "fen"), [("0.005", 1), ("-0.005", -1), ("1.004", 100), ("28.3186", 2832)]
)
def test_money_beyond_the_fen_is_rounded_half_up(yuan, fen):
    column = Column("x", "金额", type=Type.MONEY)

    assert read_column(column, pa.array([yuan]), hash_key="k").values.to_pylist() == [fen]


def test_a_factor_counts_for_plain_cells_and_not_for_cells_with_a_unit():
    column = Column("x", "量", type=Type.QUANTITY)

    typed = read_column(column, pa.array(["2", "3条"]), hash_key="k", factor=Decimal(50))

    assert typed.values.to_pylist() == [100.0, 3.0]
