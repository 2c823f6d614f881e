import datetime as dt

import pytest

from alerts.detectors.limit_unpublished import LimitUnpublished
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 31)
ORDERS = "order_id day\no1 2026-03-27\no2 2026-03-31"


def limits(*lines, orders=ORDERS):
    header = "week_start sku_id tier limit_qty published_on bureau"
    return facts(orders=orders, limits="\n".join([header, *lines]))


def guilty():
    return limits(
        "2026-03-30 K1 15 5 - 4514", "2026-03-30 K2 15 5 2026-03-31 4514",
        "2026-03-30 K3 15 5 2026-03-27 4514", "2026-03-23 K4 15 5 - 4514",
    )  # fmt: skip


def found(tables, on=ON, **params):
    return rows(LimitUnpublished(**params).find(tables, on))


def test_limits_that_nobody_could_read_beforehand_are_told_to_who_sets_them():
    (row,) = found(guilty())

    assert (row["subject_id"], row["products"], row["unpublished"]) == ("4514", 2, 1)
    assert LimitUnpublished().sentence(row) == (
        "本周投放限量中，1个规格没有公示日期，1个规格在本周开始后才公示（最晚3月31日）。"
    )


@pytest.mark.parametrize(("published", "hits"), [("2026-03-30", 0), ("2026-03-31", 1), ("-", 1)])
def test_the_first_day_of_the_week_is_in_time(published, hits):
    assert len(found(limits(f"2026-03-30 K1 15 5 {published} 4514"))) == hits


def test_a_week_is_told_once():
    orders = ORDERS + "\no3 2026-03-30"

    assert not found(limits("2026-03-30 K1 15 5 - 4514", orders=orders))


def test_it_waits_for_the_days_of_publication():
    missing = frozenset({"limits.published_on"})

    assert LimitUnpublished.waits_for(facts(missing=missing)) == ["limits.published_on"]
