import datetime as dt

import pytest

from alerts.detectors.cycle_off import CycleOff
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 4, 2)  # a Thursday; everybody's order day is Monday
MONDAY = dt.date(2026, 3, 30)


def orders(extra, *, shops=40, weeks=20):
    """Shops that order on Mondays, and further orders: extra(shop, week) gives days after it."""
    lines = ["order_id retailer_id day week_start qty"]
    for shop in range(shops):
        for week in range(weeks):
            monday = MONDAY - dt.timedelta(weeks=week)
            for later in extra(shop, week):
                day = monday + dt.timedelta(days=later)
                lines.append(f"{shop}-{week}-{later} R{shop:02} {day} {monday} 10")
    retailers = "\n".join(f"R{shop:02} 1" for shop in range(shops))
    return facts(orders="\n".join(lines), retailers="retailer_id order_day\n" + retailers)


def twice(weeks):
    return lambda shop, week: (0, 3) if shop == 3 and week < weeks else (0,)


def away(shops, weeks):
    return lambda shop, week: (3,) if shop in shops and week < weeks else (0,)


def guilty():
    return orders(twice(4))


def found(tables, **params):
    return {row["subject_id"]: row for row in rows(CycleOff(**params).find(tables, ON))}


def test_it_flags_second_orders_week_after_week():
    (row,) = found(guilty()).values()

    assert row["subject_id"] == "R03"
    assert row["surprise"] > 3
    assert (row["off"], row["trials"]) == (4, 8)
    assert CycleOff().sentence(row).startswith("一周内第二次订货；最近8次订货中有4次一周多订")


def test_one_second_order_is_a_smaller_surprise():
    once = found(orders(twice(1)))["R03"]["surprise"]

    assert once < found(guilty())["R03"]["surprise"] - 1


def test_it_flags_orders_on_a_day_of_ones_own():
    row = found(orders(away({3}, 4)))["R03"]

    assert row["surprise"] > 3
    assert not row["again"]
    assert "同访销日的户没有改期" in CycleOff().sentence(row)


def test_it_accepts_a_holiday_that_moves_everybody():
    assert not found(orders(away(set(range(40)), 1)))


@pytest.mark.parametrize(("moved", "hits"), [(4, 4), (5, 0)])
def test_a_day_is_ones_own_when_fewer_than_an_eighth_share_it(moved, hits):
    # 4 of 40 are a tenth, 5 are an eighth
    assert len(found(orders(away(set(range(moved)), 1)))) == hits


@pytest.mark.parametrize(("shops", "hits"), [(10, 1), (9, 0)])
def test_few_shops_of_a_day_tell_nothing(shops, hits):
    assert len(found(orders(away({3}, 4), shops=shops))) == hits


def test_the_own_order_day_is_accepted():
    monday = rows(CycleOff().find(guilty(), MONDAY))

    assert not monday
