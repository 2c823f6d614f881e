import datetime as dt

import pytest

from sources import lake
from tests.sources.exports import RETAILERS, bring, fact

pytestmark = pytest.mark.django_db
MARCH = dt.date(2026, 3, 31)


def with_areas(header, *areas):
    title, *shops = RETAILERS.splitlines()
    lines = [f"{shop},{area}" for shop, area in zip(shops, areas, strict=True)]
    return "\n".join([f"{title},{header}", *lines]) + "\n"


def is_missing():
    with lake.open_facts(on=MARCH, bureaus=["451423"]) as facts:
        return "retailers.floor_area" in facts.missing


@pytest.mark.parametrize("header", ["经营面积", "营业面积", "经营面积(平方米)"])
def test_a_register_may_bring_the_floor_area(header):
    bring("零售客户档案.csv", with_areas(header, "25.5", ""))

    assert not is_missing()
    assert set(fact("retailers", "floor_area").values()) == {25.5, None}


def test_most_registers_do_not():
    bring("零售客户档案.csv", RETAILERS)

    assert is_missing()


def test_what_is_no_area_is_left_out_and_the_shop_stays():
    bring("零售客户档案.csv", with_areas("经营面积", "-3", "20"))

    assert set(fact("retailers", "floor_area").values()) == {None, 20}
