import datetime as dt

import pytest

from sources.cartons import by_licence, read_carton, read_cartons

CASE = dt.date(2022, 12, 10)
FIRST, SECOND = "2090100000001234", "YCYC451423100123"


def read(text, on=CASE):
    return read_carton(text, case_on=on)


def test_it_reads_both_lines():
    carton = read(FIRST + SECOND)

    assert carton.sorted_on == dt.date(2022, 9, 1)
    assert (carton.serial, carton.sequence) == ("000000012", 34)
    assert (carton.company, carton.licence_no) == ("YCYC", "451423100123")
    assert carton.division == "451423"
    assert carton.leads_to_licence
    assert not carton.mistakes + carton.doubts


@pytest.mark.parametrize(
    ("on", "sorted_on"),
    [
        (dt.date(2022, 9, 1), dt.date(2022, 9, 1)),  # the day itself is not after the case
        (dt.date(2022, 8, 31), dt.date(2012, 9, 1)),
        (dt.date(2031, 12, 31), dt.date(2022, 9, 1)),
        (dt.date(2032, 9, 1), dt.date(2032, 9, 1)),
    ],
)
def test_the_year_is_the_latest_up_to_the_case(on, sorted_on):
    assert read(FIRST + SECOND, on).sorted_on == sorted_on


def test_a_leap_day_is_of_a_leap_year():
    assert read("4022900000001201" + SECOND, dt.date(2026, 1, 1)).sorted_on == dt.date(2024, 2, 29)
    assert read("3022900000001201" + SECOND).is_forged, "no year that ends in 3 near has that day"


@pytest.mark.parametrize(("number", "genuine"), [("00", 0), ("01", 1), ("50", 1), ("51", 0)])
def test_cartons_of_an_order_are_numbered_to_fifty(number, genuine):
    carton = read(FIRST[:-2] + number + SECOND)

    assert carton.leads_to_licence is bool(genuine)
    assert carton.is_forged is not bool(genuine)
    assert bool(carton.doubts) is not bool(genuine)


def test_an_impossible_day_leads_to_nobody():
    carton = read("2133100000001234" + SECOND)

    assert carton.sorted_on is None
    assert not carton.leads_to_licence
    assert carton.doubts == ("分拣日期“21331”不存在",)


@pytest.mark.parametrize(
    "typed",
    [
        f"{FIRST} {SECOND}",
        f" {FIRST}-{SECOND} ",
        f"{FIRST}/{SECOND.lower()}",
        "２０９０１０００００００１２３４　ＹＣＹＣ４５１４２３１００１２３",
    ],
)
def test_gaps_and_full_width_mean_nothing(typed):
    assert read(typed).text == FIRST + SECOND


def test_the_second_line_alone_leads_to_the_licence():
    carton = read(SECOND)

    assert carton.licence_no == "451423100123"
    assert carton.leads_to_licence
    assert carton.sorted_on is None
    assert carton.doubts == ("只有第二行，分拣日期和序号不明",)


def test_a_company_of_digits_is_told_by_the_impossible_date():
    assert read("9999451423100123").licence_no == "451423100123"


def test_the_licence_alone_leads_to_it():
    assert read("451423100123").leads_to_licence


def test_the_first_line_alone_leads_to_nobody():
    carton = read(FIRST)

    assert carton.sorted_on == dt.date(2022, 9, 1)
    assert carton.licence_no == ""
    assert carton.division == ""
    assert not carton.leads_to_licence


def test_unreadable_characters_are_kept_and_counted():
    carton = read(FIRST + "YCYC4514231001?*")

    assert carton.licence_no == "4514231001??"
    assert carton.division == "451423"
    assert not carton.leads_to_licence
    assert carton.doubts == ("有2位看不清",)


def test_a_date_that_cannot_be_read_is_unknown_and_no_forgery():
    carton = read("2?90100000001234" + SECOND)

    assert carton.sorted_on is None
    assert carton.leads_to_licence


def test_letters_where_digits_belong_lead_to_nobody():
    assert read(FIRST + "YCYC45142310O123").is_forged


@pytest.mark.parametrize("typed", ["2090100000001234YCYC45142310012", "4514", FIRST + SECOND + "1"])
def test_a_wrong_length_is_to_be_mended(typed):
    carton = read(typed)

    assert carton.mistakes
    assert f"现为{len(typed)}位" in carton.mistakes[0]
    assert not carton.leads_to_licence


def test_a_strange_character_is_to_be_mended():
    assert read(FIRST + "YCYC4514231001#3").mistakes == ("有不能识别的字符：#",)


def test_a_box_holds_one_code_a_line():
    cartons = read_cartons(f"\n{FIRST}{SECOND}\n\n  {SECOND}\n", case_on=CASE)

    assert [carton.licence_no for carton in cartons] == ["451423100123"] * 2
    assert list(by_licence(cartons)) == ["451423100123"]


def test_a_code_typed_twice_is_told_at_its_second_line():
    first, second = read_cartons(f"{FIRST}{SECOND}\n{FIRST} {SECOND}", case_on=CASE)

    assert not first.mistakes
    assert second.mistakes == ("与前面某一行重复",)


def test_partial_codes_may_repeat():
    assert not any(one.mistakes for one in read_cartons(f"{SECOND}\n{SECOND}", case_on=CASE))
