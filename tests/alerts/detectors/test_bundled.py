import datetime as dt

import pytest

from alerts.detectors.bundled import Bundled
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
SKUS = """
    sku_id  sku_name      market_state
    T1      真龙（海韵）  紧俏
    S1      云霞（软）    滞销
    N1      黄山          平销
"""


def book(both=10, *, tight=10, alone=0, rest=30, qty=2, odd=0, slow="S1"):
    """Of the manager's shops `tight` take the scarce brand, `both` of them the slow one too (`odd` in
    another quantity), `alone` only that, and `rest` neither."""
    lines = [f"o{n} R{n} {ON} N1 5" for n in range(tight + rest)]
    lines += [f"o{n} R{n} {ON} T1 2" for n in range(tight)]
    lines += [f"o{n} R{n} {ON} {slow} {9 if n < odd else qty}" for n in range(both)]
    lines += [f"o{n} R{n} {ON} {slow} 1" for n in range(tight, tight + alone)]
    shops = "\n".join(f"R{n} M1" for n in range(tight + rest))
    return facts(
        skus=SKUS,
        retailers=f"retailer_id manager_id\n{shops}",
        lines="\n".join(["order_id retailer_id day sku_id qty", *lines]),
    )


def guilty():
    return book()


def found(tables, on=ON, **params):
    return rows(Bundled(**params).find(tables, on))


def test_who_took_the_scarce_brand_took_the_slow_one_too():
    (row,) = found(guilty())

    assert (row["subject_id"], row["both"], row["takers"]) == ("M1", 10, 10)
    assert Bundled().staff_concerned(row)
    assert Bundled().sentence(row) == (
        "该客户经理的户当日订真龙（海韵）的10户中有10户同时订了云霞（软）（10户都是2条），"
        "全部订货户中只有25%订它。"
    )


@pytest.mark.parametrize(
    ("given", "hits"),
    [
        ({"both": 9}, 0),
        ({"odd": 2}, 1),
        ({"odd": 3}, 0),
        ({"alone": 13}, 1),
        ({"alone": 14}, 0),  # 24 of 40: exactly .4 less than all
        ({"slow": "N1"}, 0),
    ],
    ids=str,
)
def test_each_line_counts(given, hits):
    assert len(found(book(**given))) == hits


def test_it_is_about_one_day():
    assert not found(guilty(), dt.date(2026, 3, 31))


def test_it_waits_for_the_state_of_the_market():
    missing = frozenset({"skus.market_state"})

    assert Bundled.waits_for(facts(missing=missing)) == ["skus.market_state"]
