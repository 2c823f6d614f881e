import datetime as dt

import pytest

from alerts.detectors.county_push import CountyPush
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 31)  # a Tuesday, the last order day of the month
LAST = [dt.date(2026, 3, 27), dt.date(2026, 3, 30), ON]


def book(pushed, *, usual=1000, until=ON):
    """The county sells `usual` on Mondays, Tuesdays and Fridays, `pushed` on the last three days."""
    lines, day = [], LAST[0] - dt.timedelta(weeks=8)
    while day <= until:
        if day.weekday() in (0, 1, 4):
            lines.append(f"o{day} R1 {day} {pushed if day in LAST else usual}")
        day += dt.timedelta(days=1)
    return facts(orders="\n".join(["order_id retailer_id day qty", *lines]))


def guilty():
    return book(3000)


def found(tables, on=ON, **params):
    return rows(CountyPush(**params).find(tables, on))


def test_a_third_of_the_month_in_its_last_days_is_told_to_the_city():
    (row,) = found(guilty())

    assert (row["subject_id"], row["qty"], row["month"]) == ("451423", 9000, 20000)
    assert CountyPush().staff_concerned(row)
    assert CountyPush().sentence(row) == (
        "全县当月售20000条，最后3个订货日售9000条，占45%；前8周同样几天平均3000条，为3.0倍。"
    )


@pytest.mark.parametrize(("pushed", "hits"), [(1974, 0), (1975, 1)])
def test_thirty_five_per_cent_are_not_enough(pushed, hits):
    assert len(found(book(pushed))) == hits


@pytest.mark.parametrize(("times", "hits"), [(3.0, 1), (3.01, 0)])
def test_the_same_weekdays_are_the_measure(times, hits):
    assert len(found(guilty(), times=times)) == hits


@pytest.mark.parametrize(("least", "hits"), [(9000, 1), (9001, 0)])
def test_a_small_quantity_says_nothing(least, hits):
    assert len(found(guilty(), least=least)) == hits


def test_it_is_told_on_the_last_order_day():
    assert not found(book(3000, until=LAST[1]), LAST[1])
