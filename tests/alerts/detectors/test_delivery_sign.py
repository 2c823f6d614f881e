import datetime as dt

import pytest

from alerts.detectors.delivery_sign import DeliverySign
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 31)


def guilty():
    return book({"A": "本人 代签 代签 代签"})


def book(signed: dict[str, str], retailers="retailer_id pickup_point\nA false", times=1):
    texts = {f"R{n}": "本人 本人 家属 本人 " * times for n in range(20)} | signed
    lines = ["order_id retailer_id day sign_by"]
    for shop, text in texts.items():
        for week, who in enumerate(reversed(text.split())):
            lines.append(f"{shop}w{week} {shop} {ON - dt.timedelta(weeks=week)} {who}")
    return facts(deliveries="\n".join(lines), retailers=retailers)


def found(tables, **params):
    return rows(DeliverySign(**params).find(tables, ON))


def test_it_says_how_often_and_how_usual_that_is():
    (row,) = found(guilty())

    assert row["subject_id"] == "A"
    assert row["surprise"] == pytest.approx(2.6, abs=0.2)
    assert DeliverySign().sentence(row) == (
        "最近一次送货由他人代签；近4单有3单代签，全县平常约4.8%。"
    )


@pytest.mark.parametrize(
    "signed", ["代签 代签 代签 本人", "代签 代签 代签 家属", "本人 本人 本人 -"]
)
def test_it_accepts_a_day_on_which_the_family_signed(signed):
    assert not found(book({"A": signed}))


def test_who_fetches_the_goods_by_agreement_is_left_out():
    assert not found(book({"A": "代签 代签 代签 代签"}, "retailer_id pickup_point\nA true"))


def test_once_is_too_little_to_tell():
    assert not found(book({"A": "本人 本人 本人 代签", "B": "本人 代签 代签 本人"}), rarity=1.2)


def test_orders_are_counted_up_to_eight():
    (row,) = found(book({"A": " ".join(["代签"] * 12)}, times=3))

    assert (row["trials"], row["count"]) == (8, 8)
