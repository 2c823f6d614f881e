"""Months as reports count them: calendar months of China, from 00:00 of the 1st."""

import datetime as dt
import re

from django.utils import timezone

ONE_DAY = dt.timedelta(days=1)
_WRITTEN = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


def local(moment: dt.datetime) -> dt.datetime:
    """A moment as China's clocks show it."""
    return timezone.localtime(moment)


def month_of(day: dt.date) -> dt.date:
    """The first day of a day's month."""
    return day.replace(day=1)


def next_month(month: dt.date) -> dt.date:
    return (month.replace(day=28) + 4 * ONE_DAY).replace(day=1)


def last_month(month: dt.date) -> dt.date:
    return month_of(month.replace(day=1) - ONE_DAY)


def begin_of(month: dt.date) -> dt.datetime:
    """The first moment of a month, China time."""
    return timezone.make_aware(dt.datetime.combine(month.replace(day=1), dt.time()))


def end_of(month: dt.date) -> dt.datetime:
    """The first moment after a month, China time."""
    return begin_of(next_month(month))


def written(month: dt.date) -> str:
    """As addresses have it: 2026-11."""
    return f"{month:%Y-%m}"


def read(text: str) -> dt.date | None:
    """The month of an address, or None for what is none."""
    found = _WRITTEN.fullmatch(text)
    return dt.date(int(found[1]), int(found[2]), 1) if found and int(found[1]) else None


def title(month: dt.date) -> str:
    """As people write it: 2026 年 11 月."""
    return f"{month.year} 年 {month.month} 月"
