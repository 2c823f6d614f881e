import datetime as dt

import pytest

from alerts.detectors.month_end_push import MonthEndPush
from sources.facts import Facts, rows
from tests.tables import facts

ON = dt.date(2026, 3, 31)  # a Tuesday, the last working day of the month
LAST = [dt.date(2026, 3, 27), dt.date(2026, 3, 30), ON]


def book(pushed, *, usual=100, days=(0, 1, 4), until=ON, market=1):
    """L1 sells `usual` on Mondays, Tuesdays and Fridays, and `pushed` on the last three days; L2, far
    larger, sells `market` times as much on those as always."""
    first = LAST[0] - dt.timedelta(weeks=8)
    lines, day = [], first
    while day <= until:
        if day in LAST or day.weekday() in days:
            lines.append(f"o{day} R1 {day} {pushed if day in LAST else usual}")
            lines.append(f"q{day} R2 {day} {1000000 * (market if day in LAST else 1)}")
        day += dt.timedelta(days=1)
    return facts(
        retailers="retailer_id route\nR1 L1\nR2 L2",
        orders="\n".join(["order_id retailer_id day qty", *lines]),
    )


def guilty():
    return book(300)


def found(tables, on=ON, **params):
    return rows(MonthEndPush(**params).find(tables, on))


def test_a_third_of_the_month_in_its_last_days_is_told():
    (row,) = found(guilty())

    assert (row["subject_id"], row["qty"], row["month"]) == ("L1", 900, 2000)
    assert MonthEndPush().staff_concerned(row)
    assert MonthEndPush().sentence(row) == (
        "线路L1当月售2000条，最后3个订货日售900条，占45%；前8周同样几天平均300条，为3.0倍（全县1.0倍）。"
    )


@pytest.mark.parametrize(("pushed", "hits"), [(197, 0), (198, 1)])
def test_thirty_five_per_cent_are_not_enough(pushed, hits):
    assert len(found(book(pushed))) == hits


def test_a_line_that_orders_on_those_weekdays_only_is_compared_with_itself():
    assert found(book(300), times=2.9)
    assert not found(book(300), times=3.01)
    assert not found(book(300, usual=250), share=0.1)


@pytest.mark.parametrize(("market", "hits"), [(1.9, 1), (2.1, 0)])
def test_what_the_whole_county_does_is_the_season(market, hits):
    assert len(found(book(300, market=market))) == hits


def test_a_small_line_says_nothing():
    assert not found(guilty(), least=901)
    assert found(guilty(), least=900)


def test_it_is_told_on_the_last_order_day():
    assert not found(book(300, until=LAST[1]), LAST[1])


@pytest.mark.parametrize(("suspended", "hits"), [("true", 1), ("false", 0)])
def test_a_week_without_ordering_at_the_end_of_the_month_is_left_out(suspended, hits):
    """The last week of March is a holiday: the month ends on Friday the 27th."""
    tables = book(300, until=LAST[0])
    calendar = facts(calendar=f"week_start orders_suspended\n2026-03-30 {suspended}")
    whole = Facts(tables={**tables.tables, **calendar.tables})

    assert len(found(whole, LAST[0], share=0.1, least=1, times=1.2)) == hits


@pytest.mark.parametrize(("days", "hits"), [((0, 4), 1), ((0, 1, 4), 0)])
def test_a_county_that_never_orders_on_the_last_weekday_ends_its_month_before(days, hits):
    """March ends on a Tuesday; without orders on Tuesdays Monday the 30th is its end."""
    tables = book(300, days=days, until=LAST[1])

    assert len(found(tables, LAST[1], times=1.2)) == hits


def test_it_waits_for_lines_of_delivery():
    missing = frozenset({"retailers.route"})

    assert MonthEndPush.waits_for(facts(missing=missing)) == ["retailers.route"]
