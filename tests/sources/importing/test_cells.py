import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.importing import cells, phones
from sources.importing.columns import READERS

TRICKY = st.text(
    alphabet=st.sampled_from("0123456789.,-+eE=\"' \t\u3000\xa0/：:年月日*()（）１ＡNULnaZ条件元¥"),
    max_size=25,
)
ANY = st.one_of(st.text(max_size=40), TRICKY)
ALL_READERS = [*READERS.values(), lambda text: cells.read_amount(text, cells.CARTONS, Decimal(50))]


@given(ANY)
def test_no_reader_ever_raises_and_every_fault_speaks_chinese(text):
    for reader in ALL_READERS:
        cell = reader(text)
        assert not (cell.fault and cell.value is not None)
        for reason in (cell.fault, cell.doubt):
            assert not reason or any("\u4e00" <= letter <= "\u9fff" for letter in reason)


@given(ANY)
def test_cleaning_twice_changes_nothing(text):
    assert cells.tidy(cells.tidy(text)) == cells.tidy(text)
    assert cells.half_width(cells.half_width(text)) == cells.half_width(text)
    for reader in (cells.read_text, cells.read_code, cells.read_account, phones.read_phone):
        cell = reader(text)
        assert cell.value is None or cell.doubt or reader(cell.value) == cell


@given(st.dates(min_value=dt.date(1900, 1, 1)))
def test_every_spelling_of_a_date_is_the_same_day(day):
    for form in ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y-%m-%d 00:00:00"):
        assert cells.read_date(day.strftime(form)).value == day


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_thousands_separators_do_not_change_a_number(number):
    assert cells.read_number(f"{number:,}").value == number == cells.read_number(str(number)).value


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('="69010111"', "69010111"),
        ("'6217590137162948185", "6217590137162948185"),
        ("4514230000001\t", "4514230000001"),
        ("４５１４２３", "451423"),
        ("ＣＯ２０２４", "CO2024"),
        ("\u30004514 2300\xa0", "45142300"),
        ("4514230000001.0", "4514230000001"),
        ("0123", "0123"),
        ("12E5", "12E5"),
        ("NULL", None),
        ("n", None),
        ("—", None),
        ("/", None),
    ],
)
def test_a_code_loses_its_wrapping_and_keeps_its_digits(text, code):
    assert cells.read_code(text) == cells.Cell(code)


@pytest.mark.parametrize("text", ["4.51423E+12", "4.51423e12", "4E+17", "6217590137162948000.0"])
def test_a_code_that_lost_digits_is_refused_with_the_value_and_the_remedy(text):
    cell = cells.read_code(text)

    assert cell.value is None
    assert text in cell.fault
    assert "设为文本" in cell.fault


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,234,567.5", "1234567.5"),
        ("１２", "12"),
        ("(1,234.00)", "-1234.00"),
        ("12-", "-12"),
        ("¥ 28.00", "28.00"),
        ("−3", "-3"),
        (".5", "0.5"),
        ("-", None),
        ("NULL", None),
    ],
)
def test_a_number(text, number):
    assert cells.read_number(text) == cells.Cell(number and Decimal(number))


@pytest.mark.parametrize("text", ["十二", "abc", "1,23", "1.2E+3", "12%", "1 234x", "9" * 16])
def test_what_is_no_number_is_refused(text):
    assert cells.read_number(text).fault


@pytest.mark.parametrize(
    ("text", "cartons"),
    [("3件", 150), ("1箱", 250), ("200支", 1), ("5包", 0.5), ("2万支", 100), ("7", 350)],
)
def test_a_quantity_knows_its_unit(text, cartons):
    assert cells.read_amount(text, cells.CARTONS, Decimal(50)).value == Decimal(str(cartons))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-11-18 10:23:45", "2024-11-18T10:23:45"),
        ("20241118102345", "2024-11-18T10:23:45"),
        ("2024/1/8 9:05", "2024-01-08T09:05:00"),
        ("2024-11-18T10:23:45.500", "2024-11-18T10:23:45.500000"),
        ("2024-11-18 02:00:00Z", "2024-11-18T10:00:00"),
        ("2024-11-18 02:00:00+08:00", "2024-11-18T02:00:00"),
        ("2024/11/18 下午 2:03", "2024-11-18T14:03:00"),
        ("2024/11/18 12:03 AM", "2024-11-18T00:03:00"),
        ("45614.5", "2024-11-18T12:00:00"),
        ("2012.10.09", "2012-10-09T00:00:00"),
        ("２０２４０６２３", "2024-06-23T00:00:00"),
        ("9999-12-31", "9999-12-31T00:00:00"),
        ("00000000", None),
        ("0000-00-00 00:00:00", None),
    ],
)
def test_a_moment(text, moment):
    found = cells.read_datetime(text)

    assert not found.fault
    assert (found.value and found.value.isoformat()) == moment


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("10月9日", "没有年份"),
        ("10/9/2012", "次序不明"),
        ("2024-02-30", "不是日期"),
        ("20241340", "不是日期"),
        ("昨天", "不是日期"),
        ("12", "不是日期"),
        ("2024-01-01 25:00", "不是日期"),
    ],
)
def test_what_is_no_date_says_why(text, hint):
    assert hint in cells.read_datetime(text).fault


def test_a_week_begins_on_monday():
    monday = dt.date(2024, 11, 18)

    assert cells.read_week("20241118") == cells.Cell(monday)
    assert cells.read_week("2024W47") == cells.Cell(monday)
    assert cells.read_week("2024年第47周") == cells.Cell(monday)
    assert cells.read_week("2024-11-20").value == monday
    assert "不是星期一" in cells.read_week("2024-11-20").doubt
    assert cells.read_week("2024W60").fault


@pytest.mark.parametrize(
    ("text", "number", "doubt"),
    [
        ("13934997140", "13934997140", ""),
        ("139-3499-7140", "13934997140", ""),
        ("+86 13934997140", "13934997140", ""),
        ("0771-8812345", "07718812345", ""),
        ("(0771)8812345", "07718812345", ""),
        ("13934997140.0", "13934997140", ""),
        ("13934997140/0771-8812345", "13934997140", "几个号码"),
        ("13934997140、13934997141", "13934997140", "几个号码"),
        ("13934997140 13934997141", "13934997140", "几个号码"),
        ("138****1234", "138****1234", "脱敏"),
        ("１３８＊＊＊＊１２３４", "138****1234", "脱敏"),
        ("12345", "12345", "不像"),
        ("1.39350E+10", None, "尾数已丢失"),
        ("NULL", None, ""),
        ("//", None, "不是电话"),
    ],
)
def test_a_phone(text, number, doubt):
    cell = phones.read_phone(text)

    assert cell.value == number
    assert doubt in cell.doubt
    assert bool(doubt) == bool(cell.doubt)
    assert not cell.fault


@pytest.mark.parametrize(
    ("word", "value"),
    [("营业", True), ("Y", True), ("是", True), ("N", False), ("歇业", False), ("", None)],
)
def test_a_flag(word, value):
    assert cells.read_flag(word) == cells.Cell(value)


def test_an_unknown_word_for_a_flag_is_doubted_and_not_used():
    assert cells.read_flag("也许") == cells.Cell(doubt="「也许」不是“是”或“否”，按未填处理")


def test_masked_accounts_cannot_be_compared():
    assert cells.read_account("4514**********0012") == cells.Cell(doubt="已被脱敏，无法比对")
    assert cells.read_account("6217 5901-37x").value == "6217590137X"


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("13812341234", "138****1234"),
        ("12345", "****45"),
        ("138****1234", "138****1234"),
        (None, None),
    ],
)
def test_phones_are_masked(number, masked):
    assert phones.mask_phone(number) == masked


def test_accounts_and_ids_are_masked():
    assert phones.mask_account("6217590137162948185") == "****8185"
    assert phones.mask_id("451423195001010012") == "4514**********0012"
    assert phones.mask_id("O1") == "****1"
    assert phones.mask_id(None) is None


def test_reasons_quote_at_most_eighty_characters():
    assert len(cells.shorten("x" * 10_000)) == 80
    assert cells.shorten("a\nb") == "a b"
