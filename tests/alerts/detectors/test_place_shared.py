import datetime as dt

import pytest

from alerts.detectors.place_shared import PlaceShared
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
METRE = 1 / 111_320


def guilty():
    return book("A O 龙州镇独山路8号 22.3 106.8", "B P 龙州镇独山路8-号 22.5 106.8")


def book(*shops, orders="1 A 2026-03-30"):
    retailers = "\n".join(["retailer_id owner_id address lat lon", *shops])
    return facts(retailers=retailers, orders="order_id retailer_id day\n" + orders)


def found(tables, **params):
    return rows(PlaceShared(**params).find(tables, ON))


def test_the_same_address_is_told_whatever_its_marks():
    (row,) = found(guilty())

    assert row["subject_id"] == "A"
    assert PlaceShared().sentence(row) == "本户与另外1个经营者的店经营地址相同。"


@pytest.mark.parametrize(("metres", "told"), [(9.9, 1), (10.1, 0)])
def test_ten_metres_between_are_enough(metres, told):
    beside = 22.3 + metres * METRE

    assert len(found(book("A O - 22.3 106.8", f"B P - {beside:.7f} 106.8"))) == told


def test_the_distance_is_said():
    (row,) = found(book("A O - 22.3 106.8", f"B P - {22.3 + 4 * METRE:.7f} 106.8"))

    assert PlaceShared().sentence(row) == "本户与另外1个经营者的店坐标最近相距4米。"


@pytest.mark.parametrize(
    "shops",
    [
        ("A O 龙州镇独山路8号 22.3 106.8", "B O 龙州镇独山路8号 22.3 106.8"),
        ("A O 独山路8号 - -", "B P 独山路8号 - -"),
        ("A O - - -", "B P - - -"),
        ("A O 龙州镇独山路8号 22.3 106.8", "B P 龙州镇独山路9号 22.3 106.801"),
    ],
    ids=["one owner", "an address too short", "nothing known", "a hundred metres away"],
)
def test_it_accepts(shops):
    assert not found(book(*shops), letters=7)


def test_it_is_told_at_the_first_order_of_a_month():
    shops = ("A O 龙州镇独山路8号 - -", "B P 龙州镇独山路8号 - -")

    assert not found(book(*shops, orders="1 A 2026-03-02\n2 A 2026-03-30"))
