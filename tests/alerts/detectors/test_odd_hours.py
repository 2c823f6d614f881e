import datetime as dt

import pytest

from alerts.detectors.odd_hours import OddHours
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)


def guilty():
    return book("10:00 00:00 04:59 03:00")


def book(clocks, channel="手机"):
    lines = ["order_id retailer_id day at channel"]
    shops = {"A": clocks} | {f"R{n}": "09:00 10:00 11:00 08:00" for n in range(20)}
    for shop, text in shops.items():
        for week, clock in enumerate(reversed(text.split())):
            day = ON - dt.timedelta(weeks=week)
            at = "-" if clock == "-" else f"{day}T{clock}"
            lines.append(f"{shop}{week} {shop} {day} {at} {channel}")
    return facts(orders="\n".join(lines))


def found(tables, **params):
    return rows(OddHours(**params).find(tables, ON))


def test_it_says_how_often_and_how_usual_that_is():
    (row,) = found(guilty())

    assert row["subject_id"] == "A"
    assert OddHours().sentence(row) == ("近4次订货有3次在零点到5点之间提交，全县平常约4.8%。")


@pytest.mark.parametrize(
    ("clocks", "told"),
    [
        ("02:00 02:00 02:00 02:00", 1),
        ("10:00 10:00 02:00 02:00", 0),
        ("10:00 02:00 02:00 05:00", 0),
        ("02:00 02:00 05:00 02:00", 1),
        ("02:00 02:00 02:00 -", 0),
    ],
)
def test_three_are_needed_with_todays_and_five_o_clock_is_morning(clocks, told):
    assert len(found(book(clocks))) == told


def test_what_a_clerk_enters_is_not_the_shops_hour():
    assert not found(book("02:00 02:00 02:00 02:00", channel="电话"))


def test_it_stays_off_the_list_by_itself():
    (row,) = found(guilty())

    assert row["surprise"] + OddHours.weight < 3


@pytest.mark.parametrize(
    ("clock", "window", "told"),
    [
        ("21:59", {"closes": 22}, 0),
        ("22:00", {"closes": 22}, 1),
        ("06:59", {"opens": 7}, 1),
        ("07:00", {"opens": 7}, 0),
        ("22:00", {}, 0),
    ],
)
def test_a_bureau_may_set_its_hours_of_ordering(clock, window, told):
    assert len(found(book(f"{clock} {clock} {clock} {clock}"), **window)) == told


def test_it_names_the_hours_of_ordering():
    (row,) = found(book("22:00 22:00 22:00 10:00 22:00"), opens=7, closes=22)

    assert (
        OddHours(opens=7, closes=22)
        .sentence(row)
        .startswith("近5次订货有4次在零点到5点之间或订货时段（7点至22点）以外提交，")
    )
