import datetime as dt

import pytest

from alerts.detectors.redirected import Redirected
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 31)


def guilty():
    return book("A 0 10 S1 拒收", "B 14 10 S1 -")


def book(*sent, day=ON):
    """Deliveries: shop, delivered, ordered, courier, exception; thirty others have no trouble."""
    lines = ["order_id retailer_id day delivered_qty courier_id exception"]
    orders = ["order_id retailer_id day qty", "x X 2026-03-30 1", "y X 2026-03-31 1"]
    rest = [f"R{n} 10 10 S9 -" for n in range(30)]
    for one in [*sent, *rest]:
        shop, delivered, ordered, courier, exception = one.split()
        lines.append(f"{shop}1 {shop} {day} {delivered} {courier} {exception}")
        orders.append(f"{shop}1 {shop} {day - dt.timedelta(days=1)} {ordered}")
    return facts(deliveries="\n".join(lines), orders="\n".join(orders))


def found(tables, **params):
    return rows(Redirected(**params).find(tables, ON))


def test_it_says_what_the_same_courier_gave_to_others():
    (row,) = found(guilty())

    assert row["subject_id"] == "A"
    assert Redirected().sentence(row) == (
        "3月31日本户拒收，同一送货员当日给另外1户多送4条；近1单有1单如此，全县平常约3.1%。"
    )


def test_goods_sent_on_are_told_whoever_got_them():
    (row,) = found(book("A 10 10 S1 改送"))

    assert Redirected().sentence(row).startswith("3月31日送货记为改送他处；")


@pytest.mark.parametrize(("more", "told"), [("11", 1), ("10.9", 0)])
def test_one_carton_more_is_enough(more, told):
    assert len(found(book("A 0 10 S1 拒收", f"B {more} 10 S1 -"))) == told


@pytest.mark.parametrize(
    "sent",
    [
        ("A 0 10 S1 拒收", "B 10 10 S1 -"),
        ("A 0 10 S1 拒收", "B 14 10 S2 -"),
        ("A 0 10 S1 未营业", "B 14 10 S1 -"),
        ("A 0 10 - 拒收", "B 14 10 - -"),
        ("A 10 10 S1 -", "B 14 10 S1 -"),
    ],
    ids=["nobody got more", "another courier", "not refused", "courier unknown", "no trouble"],
)
def test_it_accepts(sent):
    assert not found(book(*sent))


def test_it_answers_for_the_days_since_the_last_night_only():
    day = ON - dt.timedelta(days=1)

    assert not found(book("A 0 10 S1 拒收", "B 14 10 S1 -", day=day))
