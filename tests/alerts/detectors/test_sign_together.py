import datetime as dt

import pytest

from alerts.detectors.sign_together import SignTogether
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 31)
METRE = 1 / 111_320
SHOPS = {"A": 0.0, "B": 250.0, "C": 190.0}  # metres north of the first


def guilty():
    return book(("A", "10:00:00", 0), ("B", "10:03:00", 29))


def book(*signed, day=ON, pickup="false"):
    lines = ["order_id retailer_id day signed_at sign_lat sign_lon"]
    for number, (shop, clock, metres) in enumerate(signed):
        north = f"{22.3 + metres * METRE:.8f}"
        lines.append(f"{number} {shop} {day} {day}T{clock} {north} 106.8")
    lines += [f"r{n} R{n} {ON} {ON}T12:00 {23 + n} 106.8" for n in range(30)]
    places = [f"{shop} {22.3 + north * METRE:.8f} 106.8 {pickup}" for shop, north in SHOPS.items()]
    places += [f"R{n} {23 + n} 106.8 false" for n in range(30)]
    return facts(
        deliveries="\n".join(lines),
        retailers="retailer_id lat lon pickup_point\n" + "\n".join(places),
        orders="retailer_id day\nA 2026-03-30\nA 2026-03-31",
    )


def found(tables, **params):
    return rows(SignTogether(**params).find(tables, ON))


def test_it_says_with_how_many_and_how_far_the_shops_are():
    told = {row["subject_id"]: row for row in found(guilty())}

    assert set(told) == {"A", "B"}
    assert SignTogether().sentence(told["A"]) == (
        "3月31日本户的货与另外1户在3分钟、30米以内签收，而店址相距最远250米。"
    )


@pytest.mark.parametrize(
    "second",
    [("B", "10:03:01", 29), ("B", "10:03:00", 31), ("C", "10:03:00", 29), ("A", "10:01:00", 0)],
    ids=["later", "farther", "neighbours", "the same shop"],
)
def test_it_accepts(second):
    assert not found(book(("A", "10:00:00", 0), second))


def test_who_fetches_the_goods_by_agreement_is_left_out():
    assert not found(book(("A", "10:00:00", 0), ("B", "10:03:00", 29), pickup="true"))


def test_it_answers_for_the_days_since_the_last_night_only():
    day = ON - dt.timedelta(days=1)

    assert not found(book(("A", "10:00:00", 0), ("B", "10:03:00", 29), day=day))


def test_more_shops_are_rarer():
    two = found(guilty())
    three = found(book(("A", "10:00:00", 0), ("B", "10:01:00", 0), ("C", "10:02:00", 0)), apart=50)

    assert max(row["others"] for row in three) == 2
    assert three[0]["surprise"] > two[0]["surprise"]
