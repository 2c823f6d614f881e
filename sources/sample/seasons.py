"""When everybody buys more or less: lunar festivals, the suspended week, the order calendar."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

import pandas as pd
from lunardate import LunarDate

# days from the festival (first, last) and what a shop buys then, times its normal week
SPRING = ((-28, -22, 1.12), (-21, -15, 1.3), (-14, -8, 1.55), (-7, -1, 1.45),
          (0, 13, 0.6), (14, 20, 0.78), (21, 27, 0.94))  # fmt: skip
MID_AUTUMN = ((-14, -8, 1.18), (-7, -1, 1.32), (0, 7, 0.82))
NATIONAL_DAY = ((-5, -1, 1.1), (0, 6, 0.9))
FAIR_FACTOR = 1.35
FAIR_WEEKS_AGO = 6


def monday_of(day: dt.date) -> dt.date:
    """The Monday of that day's week."""
    return day - dt.timedelta(days=day.weekday())


@lru_cache
def spring_festival(year: int) -> dt.date:
    """The first day of the lunar year that begins in this year."""
    day: dt.date = LunarDate(year, 1, 1).to_solar_date()
    return day


@lru_cache
def mid_autumn(year: int) -> dt.date:
    """The fifteenth day of the eighth lunar month."""
    day: dt.date = LunarDate(year, 8, 15).to_solar_date()
    return day


def suspended(monday: dt.date) -> bool:
    """Whether nobody may order in this week: the one that holds most of the Spring Festival."""
    return monday == monday_of(spring_festival(monday.year) + dt.timedelta(days=2))


def season(day: dt.date) -> float:
    """What an average shop buys on this order day, times its normal week."""
    factor = 1.0
    for festival, curve in (
        (spring_festival(day.year), SPRING),
        (mid_autumn(day.year), MID_AUTUMN),
        (dt.date(day.year, 10, 1), NATIONAL_DAY),
    ):
        away = (day - festival).days
        factor *= next((f for low, high, f in curve if low <= away <= high), 1.0)
    return factor


def fair_week(anchor: dt.date) -> dt.date:
    """The Monday of the county fair: everybody buys more, and nobody is guilty of it."""
    monday = monday_of(anchor) - dt.timedelta(weeks=FAIR_WEEKS_AGO)
    return monday - dt.timedelta(weeks=1) if suspended(monday) else monday


def holiday_week(monday: dt.date) -> bool:
    """Whether a national holiday of several days falls on this week's working days."""
    year = monday.year
    starts = (spring_festival(year), mid_autumn(year), dt.date(year, 5, 1), dt.date(year, 10, 1))
    return any(0 <= (start - monday).days < 5 or start == monday for start in starts)


def mondays(since: dt.date, until: dt.date) -> list[dt.date]:
    """The Mondays of all weeks that hold a day of the span."""
    return [day.date() for day in pd.date_range(monday_of(since), until, freq="7D")]


def order_days_before(anchor: dt.date, n: int) -> list[dt.date]:
    """The last n days up to the anchor on which shops may order, latest first."""
    days: list[dt.date] = []
    day = anchor
    while len(days) < n:
        if day.weekday() < 5 and not suspended(monday_of(day)):
            days.append(day)
        day -= dt.timedelta(days=1)
    return days


def calendar(first: dt.date, until: dt.date) -> pd.DataFrame:
    """订货日历: a row for each week whose Monday lies in the span."""
    weeks = [day for day in mondays(first, until) if day >= first]
    return pd.DataFrame(
        {
            "周期起": [day.isoformat() for day in weeks],
            "是否节日周": ["是" if holiday_week(day) else "否" for day in weeks],
            "是否停订": ["是" if suspended(day) else "否" for day in weeks],
        }
    )
