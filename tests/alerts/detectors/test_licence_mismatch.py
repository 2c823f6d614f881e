import datetime as dt

import ibis
import pytest

from alerts.detectors.licence_mismatch import LicenceMismatch
from sources.facts import Facts, rows
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
        "营销系统登记负责人为韦**，许可证系统登记为零*，两者不一致。"
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


def addressed(here, there, alike=9):
    """Shop A with the address of each system, and others with the same in both."""
    shops = ["A L0 龙某 " + here] + [f"R{n} L{n} 某某 龙州镇{n}号" for n in range(1, alike + 1)]
    held = ["L0 A 龙某 " + there] + [f"L{n} R{n} 某某 龙州镇{n}号" for n in range(1, alike + 1)]
    return facts(
        retailers="retailer_id licence_no licensee address\n" + "\n".join(shops),
        licences="licence_no retailer_id holder address\n" + "\n".join(held),
        orders="order_id retailer_id day qty\n1 A 2026-03-30 30",
    )


def test_another_address_is_told_but_breaks_no_rule_by_itself():
    (row,) = found(addressed("龙州镇独山路8号", "水口镇共和街2号"))

    assert row["surprise"] == pytest.approx(0.74, abs=0.01)
    assert LicenceMismatch().floor(row) is None
    assert not LicenceMismatch().hit(row)
    assert LicenceMismatch().sentence(row) == "营销系统登记的经营地址与许可证系统登记的不是一处。"


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("龙州镇独山路8号", "广西龙州县龙州镇独山路8-号"),
        ("龙州镇独山路8号", "-"),
        ("龙州镇独山路8号", "龙州镇独山路*号"),
    ],
    ids=["written out", "unknown", "masked"],
)
def test_it_accepts_the_same_place_in_other_words(here, there):
    assert not found(addressed(here, there))


@pytest.mark.parametrize(("alike", "hits"), [(5, 1), (4, 0)])
def test_where_a_fifth_differs_the_systems_merely_write_otherwise(alike, hits):
    assert len(found(addressed("龙州镇独山路8号", "水口镇共和街2号", alike))) == hits


def test_a_person_and_a_place_are_told_together():
    tables = addressed("龙州镇独山路8号", "水口镇共和街2号")
    held = tables.tables["licences"].mutate(holder=ibis.literal("某某"))

    (row,) = found(Facts(tables={**tables.tables, "licences": held}))
    assert LicenceMismatch().sentence(row) == (
        "营销系统登记负责人为龙*，许可证系统登记为某*，两者不一致，经营地址也不一致。"
    )
