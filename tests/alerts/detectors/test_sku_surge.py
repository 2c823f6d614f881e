import datetime as dt

import pytest

from alerts.detectors.sku_surge import SkuSurge
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 24)
PRICES = {"H": 60000, "M": 20000, "L": 19900}


def guilty():
    return book(26, usual=5)


def book(qty, *, sku="L", state="平销", focus="false", usual=10, others=None, cycle="1", closed=()):
    """Ten shops buy `usual` cartons a week of a product; today R0 buys `qty`."""
    lines, orders = ["order_id retailer_id day sku_id qty"], ["retailer_id day"]
    for week in range(8):
        day = ON - dt.timedelta(weeks=week)
        today = [qty, *[usual if others is None else others] * 9]
        if week not in closed:
            lines += [
                f"{shop}-{week} R{shop} {day} {sku} {usual if week else today[shop]}"
                for shop in range(10)
            ]
            orders += [f"R{shop} {day}" for shop in range(10)]
    skus = "sku_id sku_name wholesale_price market_state is_focus\n"
    shops = "\n".join(f"R{shop} {cycle}" for shop in range(10))
    return facts(
        orders="\n".join(orders),
        lines="\n".join(lines),
        skus=skus + f"{sku} 真龙（起源） {PRICES[sku]} {state} {focus}",
        retailers=f"retailer_id order_cycle_weeks\n{shops}",
    )


def found(tables, **params):
    return rows(SkuSurge(**params).find(tables, ON))


def test_it_says_how_many_times_as_much_and_at_what_price():
    (row,) = found(guilty())

    assert row["subject_id"] == "R0"
    assert row["surprise"] == pytest.approx(1.041, abs=0.001)  # the first of ten
    assert SkuSurge().sentence(row) == (
        "平销规格真龙（起源）（每条199元）本次订26条，前3个周期平均5.0条，为其5.20倍；"
        "全县当日订它的户一般为各自平均的1.00倍。"
    )


@pytest.mark.parametrize(
    ("case", "qty", "hits"),
    [
        ({}, 50, 0),
        ({}, 51, 1),
        ({"state": "紧俏"}, 30, 0),
        ({"state": "紧俏"}, 31, 1),
        ({"focus": "true"}, 31, 1),
        ({"state": "顺销", "sku": "M"}, 35, 0),
        ({"state": "顺销", "sku": "M"}, 36, 1),
        ({"state": "顺销", "sku": "L"}, 36, 0),  # fast, but below 200 yuan
        ({"state": "-", "focus": "-"}, 51, 1),
    ],
)
def test_tight_and_dear_products_have_a_stricter_line_that_counts_from_above(case, qty, hits):
    assert len(found(book(qty, **case))) == hits


@pytest.mark.parametrize(
    ("sku", "qty", "hits"),
    [("H", 4, 0), ("H", 5, 1), ("M", 9, 0), ("M", 10, 1), ("L", 19, 0), ("L", 20, 1)],
)
def test_a_few_cartons_are_no_surge_the_fewer_the_dearer(sku, qty, hits):
    assert len(found(book(qty, sku=sku, state="紧俏", usual=0.5))) == hits


def test_it_accepts_what_the_whole_county_bought_more_of():
    assert not found(book(60, others=17))
    assert found(book(60, others=16))


def test_what_the_shop_did_not_buy_before_is_new_and_no_surge():
    assert not found(book(60, usual=0))


def test_cycles_of_two_weeks_look_back_six():
    assert found(book(101, cycle="2"))[0]["mean"] == 20  # six weeks of ten make three cycles


def test_weeks_in_which_nobody_orders_are_no_cycles():
    assert found(book(51, closed=(1, 3, 5)))[0]["mean"] == 10


def test_a_new_shop_has_no_three_cycles():
    assert not found(book(51, closed=(3, 4, 5, 6, 7)))
    assert found(book(51, closed=(4, 5, 6, 7)))


def test_its_evidence_are_the_lines_of_that_product():
    detector = SkuSurge()
    shown = rows(detector.evidence(guilty(), ON, detector.find(guilty(), ON)))

    assert [row["qty"] for row in shown] == [26, 5, 5, 5, 5, 5, 5, 5]


@pytest.mark.parametrize(
    ("case", "qty", "floor"),
    [
        ({"sku": "H", "state": "紧俏"}, 40, "蓝"),
        ({"sku": "H", "state": "紧俏"}, 41, "黄"),
        ({"sku": "H", "focus": "true"}, 41, "黄"),
        ({"sku": "M", "state": "紧俏"}, 41, "蓝"),
        ({"sku": "H", "state": "平销"}, 99, None),
    ],
)
def test_a_watched_product_that_jumps_is_always_listed(case, qty, floor):
    (row,) = found(book(qty, **case))

    assert SkuSurge().floor(row) == floor


@pytest.mark.parametrize(
    ("percent", "price", "state", "focus", "usual", "floor"),
    [
        (220, 23000, "顺销", "false", 10, "not found"),
        (340, 64000, "平销", "true", 10, "蓝"),
        (420, 80000, "紧俏", "false", 10, "黄"),
        (370, 11500, "平销", "true", 10, "蓝"),
    ],
    ids="ABCD",
)
def test_the_four_jumps_of_the_examination_in_a_county_of_ten_shops(
    percent, price, state, focus, usual, floor, monkeypatch
):
    """A rises with everybody's trade; B, C and D are pushed, whatever the rank among ten."""
    monkeypatch.setitem(PRICES, "X", price)
    hits = found(book(usual * percent / 100, sku="X", state=state, focus=focus, usual=usual))

    assert ([SkuSurge().floor(row) for row in hits] or ["not found"]) == [floor]
