import datetime as dt

import pytest

from alerts.actions.picture import draw
from tests.tables import facts

ON = dt.date(2026, 3, 30)


def tables(*, shops=12, tier=5):
    retailers = "\n".join(f"R{n} {tier if n < 6 else tier + 1} 便利店" for n in range(shops))
    orders = "\n".join(f"O{n} R{n} 2026-03-30 2026-03-30 {10 + n}" for n in range(shops))
    return facts(
        retailers=f"retailer_id tier biz_type\n{retailers}",
        orders=f"order_id retailer_id day week_start qty\n{orders}\nX R0 2026-03-23 2026-03-23 7",
        lines="""
            order_id retailer_id day sku_id qty limit_qty
            O0 R0 2026-03-30 A 5 5
            O0 R0 2026-03-30 B 6 5
            O0 R0 2026-03-30 C 1 -
        """,
        skus="sku_id sku_name market_state\nA 真龙 紧俏\nB 甲天下 顺销",
    )


def test_it_keeps_52_weeks_ending_with_the_nights_own():
    chart = draw(tables(), ON, ["R0"])["R0"]["chart"]

    assert len(chart["weeks"]) == len(chart["qty"]) == 52
    assert (chart["weeks"][-1], chart["qty"][-2:]) == ("26-03-30", [7.0, 10.0])


def test_lines_say_whether_they_are_at_or_over_the_limit():
    picture = draw(tables(), ON, ["R0"])["R0"]

    assert {
        line["sku_name"]: (line["at_limit"], line["over"]) for line in picture["order_lines"]
    } == {
        "真龙": (True, False),
        "甲天下": (False, True),
        "C": (False, False),
    }
    assert picture["order"]["order_id"] == "O0"


@pytest.mark.parametrize(("shops", "size"), [(12, 12), (10, 10)])
def test_peers_widen_until_there_are_ten(shops, size):
    peers = draw(tables(shops=shops), ON, ["R0"])["R0"]["peers"]

    assert sum(peers["n"]) == size
    assert peers["finding"] == f"本户订购 10 条，{size} 户中有 {size - 1} 户比它多。"


def test_with_fewer_than_ten_shops_there_is_no_comparison():
    assert draw(tables(shops=9), ON, ["R0"])["R0"]["peers"] is None


def test_a_shop_without_orders_has_nothing_to_draw():
    assert draw(tables(), ON, ["R99"])["R99"] == {
        "chart": None, "peers": None, "order": None, "order_lines": [],
    }  # fmt: skip
    assert draw(tables(), ON, []) == {}
