import datetime as dt

import pytest

from alerts.detectors.delivery_far import DeliveryFar
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 31)


def guilty():
    return book({"A": "20 900 850 1200"})


def book(offsets: dict[str, str], retailers="retailer_id pickup_point\nA false"):
    texts = {f"R{n}": "20 35 60 15" for n in range(20)} | offsets
    lines = ["order_id retailer_id day gps_offset_m"]
    for shop, text in texts.items():
        for week, metres in enumerate(reversed(text.split())):
            lines.append(f"{shop}w{week} {shop} {ON - dt.timedelta(weeks=week)} {metres}")
    return facts(deliveries="\n".join(lines), retailers=retailers)


def found(tables, **params):
    return rows(DeliveryFar(**params).find(tables, ON))


def test_it_says_how_far_and_how_often():
    (row,) = found(guilty())

    assert row["subject_id"] == "A"
    assert DeliveryFar().sentence(row) == (
        "3月31日签收位置离登记店址1200米；近4单有3单超过400米，全县平常约4.8%。"
    )


@pytest.mark.parametrize(("metres", "hits"), [("400", 0), ("400.5", 1), ("-", 0)])
def test_exactly_four_hundred_metres_are_not_more(metres, hits):
    assert len(found(book({"A": f"900 900 900 {metres}"}))) == hits


@pytest.mark.parametrize(("limit", "hits"), [(1199, 1), (1200, 0)])
def test_the_distance_is_a_parameter(limit, hits):
    assert len(found(guilty(), metres=limit, rarity=0)) == hits


def test_who_fetches_the_goods_by_agreement_is_left_out():
    assert not found(book({"A": "900 900 900 900"}, "retailer_id pickup_point\nA true"))
