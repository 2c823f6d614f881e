import datetime as dt

import pytest

from alerts.detectors.licence_mismatch import LicenceMismatch
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
RETAILERS = """
    retailer_id  licence_no    licensee
    R1           451423100001  黄某兰
    R2           451423100002  韦某宝
    R3           451423100003  农某福
"""
LICENCES = """
    licence_no    retailer_id  valid_from  holder
    451423100009  R2           2015-01-01  陆某
    451423100002  R2           2024-01-01  韦某宝
    451423100003  -            2024-01-01  农某福
"""


def guilty():
    return book(orders="1 R1 2026-03-30 30")


def book(licences=LICENCES, orders="1 R2 2026-03-30 30\n2 R3 2026-03-30 20", retailers=RETAILERS):
    return facts(
        retailers=retailers, licences=licences, orders="order_id retailer_id day qty\n" + orders
    )


def found(tables):
    return rows(LicenceMismatch().find(tables, ON))


def test_a_shop_that_the_licence_system_does_not_know_is_red():
    (row,) = found(guilty())

    assert row["subject_id"] == "R1"
    assert LicenceMismatch().floor(row) == "红"
    assert LicenceMismatch().sentence(row) == (
        "登记证号451423100001，许可证系统中查不到本户，当日订购30条。"
    )


def test_it_may_be_known_by_its_code_or_by_its_number_and_the_newest_licence_counts():
    assert not found(book())


def test_another_person_is_yellow():
    (row,) = found(book(LICENCES.replace("韦某宝", "零某")))

    assert LicenceMismatch().floor(row) == "黄"
    assert LicenceMismatch().sentence(row) == (
        "营销系统登记负责人为韦某宝，许可证系统登记为零某，两者不一致。"
    )


def test_another_person_is_told_at_the_first_order_of_a_month():
    orders = "1 R2 2026-03-02 30\n2 R2 2026-03-30 30"

    assert not found(book(LICENCES.replace("韦某宝", "零某"), orders))


def test_a_shop_without_a_licence_is_told_each_time():
    assert len(found(book(orders="1 R1 2026-03-02 30\n2 R1 2026-03-30 30"))) == 1


@pytest.mark.parametrize("holder", ["韦某·宝", "韦\u3000某宝".replace("\u3000", "．"), "-"])
def test_dots_in_a_name_and_an_unknown_holder_are_no_difference(holder):
    assert not found(book(LICENCES.replace("韦某宝", holder)))


def test_without_any_licence_book_nothing_can_be_said():
    assert not found(facts(retailers=RETAILERS, orders="order_id retailer_id day\n1 R1 2026-03-30"))


def test_a_shop_without_a_number_is_told_so():
    retailers = RETAILERS.replace("R1           451423100001", "R1 -")

    (row,) = found(book(orders="1 R1 2026-03-30 30", retailers=retailers))
    assert LicenceMismatch().sentence(row).startswith("客户档案没有证号，")
