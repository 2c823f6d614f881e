import datetime as dt

import pytest

from alerts.detectors.delivery_mixed import DeliveryMixed
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 31)
FINE = "本人 30 20"
MIXED = "代签 24 20"


def book(told: dict[str, list[str]], retailers="retailer_id pickup_point\nA false"):
    """Shops that ordered 30 cartons a week: who signed, for how much, how far from the shop."""
    shops = {f"R{n}": [FINE] * 4 for n in range(20)} | told
    orders = ["order_id retailer_id day qty"]
    sent = ["order_id retailer_id day sign_by delivered_qty gps_offset_m"]
    for shop, weeks in shops.items():
        for week, text in enumerate(reversed(weeks)):
            day = ON - dt.timedelta(weeks=week)
            orders.append(f"{shop}w{week} {shop} {day - dt.timedelta(days=1)} 30")
            sent.append(f"{shop}w{week} {shop} {day} {text}")
    return facts(orders="\n".join(orders), deliveries="\n".join(sent), retailers=retailers)


def guilty():
    return book({"A": [MIXED, FINE, FINE, "代签 30 1200"]})


def found(tables, **params):
    return rows(DeliveryMixed(**params).find(tables, ON))


def test_it_says_what_did_not_fit_and_how_often_that_was():
    (row,) = found(guilty())

    assert (row["subject_id"], row["trials"], row["count"]) == ("A", 4, 2)
    assert DeliveryMixed().sentence(row) == (
        "3月31日的送货由他人代签，且签收位置离登记店址1200米；近4单有2单如此。"
    )


def test_it_tells_of_goods_that_are_missing():
    (row,) = found(book({"A": [FINE, FINE, FINE, MIXED]}))

    assert DeliveryMixed().sentence(row) == (
        "3月31日的送货由他人代签，且订购30条而送达24条；近4单有1单如此。"
    )


def test_its_surprise_is_what_the_county_is_used_to():
    rare = book({"A": [FINE, FINE, FINE, MIXED]})
    common = book({f"R{n}": [MIXED] * 4 for n in range(8)} | {"A": [FINE, FINE, FINE, MIXED]})

    assert found(rare)[0]["surprise"] == pytest.approx(2.2, abs=0.1)
    assert all(row["surprise"] < 2.2 for row in found(common) if row["count"] == 1)


@pytest.mark.parametrize(("times", "more"), [(1, 0), (2, 0.8), (3, 1.6), (4, 2)])
def test_each_further_one_adds_to_it_up_to_two(times, more):
    tables = book({"A": [FINE] * (8 - times) + [MIXED] * times})
    (with_them,), (alone,) = found(tables, per_more=0.8), found(tables, per_more=0)

    assert with_them["surprise"] - alone["surprise"] == pytest.approx(more)


@pytest.mark.parametrize(
    "delivery",
    ["代签 30 20", "本人 24 1200", "家属 24 20", "代签 30 400", "- 24 1200", "代签 - -"],
)
def test_it_accepts_one_thing_alone(delivery):
    assert not found(book({"A": [FINE, FINE, FINE, delivery]}))


@pytest.mark.parametrize(("metres", "seen"), [(399, True), (400, False)])
def test_far_is_more_than_the_metres(metres, seen):
    assert bool(found(book({"A": [FINE, FINE, FINE, "代签 30 400"]}), metres=metres)) is seen


@pytest.mark.parametrize(("tolerance", "seen"), [(5.5, True), (6, False)])
def test_short_is_more_than_the_tolerance(tolerance, seen):
    assert bool(found(book({"A": [FINE, FINE, FINE, MIXED]}), tolerance=tolerance)) is seen


def test_who_fetches_the_goods_by_agreement_is_left_out():
    assert not found(book({"A": [MIXED] * 4}, "retailer_id pickup_point\nA true"))


def test_a_delivery_of_an_earlier_night_is_not_told_again():
    assert not found(book({"A": [FINE, FINE, MIXED, FINE]}))
