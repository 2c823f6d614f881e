import datetime as dt

import pandas as pd
import pytest

from sources.actions.completeness import judged
from sources.models import Completeness
from tests.sources.exports import FILES, LINES, ORDERS, bring, bring_all

MONDAY = dt.date(2026, 1, 5)


def totals(orders, *, with_lines=None):
    """One Monday after the other, two cartons an order."""
    days = [MONDAY + dt.timedelta(weeks=n) for n in range(len(orders))]
    return pd.DataFrame(
        {
            "bureau": "451423",
            "day": days,
            "orders": orders,
            "cartons": [2.0 * n for n in orders],
            "with_lines": orders if with_lines is None else with_lines,
        }
    )


def test_a_day_is_compared_with_the_last_eight_same_weekdays():
    days = judged(totals([500, 100, 100, 100, 100, 100, 100, 100, 100, 59, 60]))

    assert days["usual_orders"][8] == 100
    assert list(days["is_complete"][8:]) == [True, False, True]
    assert days["reason"][9] == "订单 59 笔，前 8 个同星期日一般为 100 笔"


def test_other_weekdays_and_bureaus_do_not_count():
    monday, tuesday = totals([100] * 6), totals([10] * 6)
    tuesday["day"] = tuesday["day"] + dt.timedelta(days=1)
    elsewhere = totals([1] * 6).assign(bureau="451424")

    assert judged(pd.concat([monday, tuesday, elsewhere]))["is_complete"].all()


def test_without_enough_weeks_nothing_is_usual():
    days = judged(totals([100, 100, 100, 100, 1]))

    assert days["usual_orders"][3] is None
    assert list(days["is_complete"]) == [True, True, True, True, False]


def test_orders_without_lines_are_not_complete():
    days = judged(totals([100, 100], with_lines=[98, 97]))

    assert list(days["is_complete"]) == [True, False]
    assert days["reason"][1] == "订单明细未到齐：100 笔订单中 3 笔没有明细"


@pytest.mark.django_db
def test_a_day_becomes_complete_when_its_lines_come():
    for name in ("零售客户档案.csv", "卷烟目录.csv"):
        bring(name, FILES[name])
    bring("订单主表.csv", ORDERS)
    day = Completeness.objects.get()
    assert (day.day, day.orders, day.cartons) == (dt.date(2026, 3, 2), 2, 7)
    assert not day.is_complete

    bring("订单明细.csv", LINES)

    assert Completeness.objects.get().is_complete


@pytest.mark.django_db
def test_a_correction_is_judged_anew():
    bring_all()
    bring("订单主表.csv", ORDERS.replace("5,400.00", "6,480.00"))

    assert Completeness.objects.get().cartons == 8
