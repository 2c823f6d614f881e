"""Working days and deadlines of a bureau. Days and clocks are rows; the arithmetic is here.

A day's deadline ends at 24:00 of that day, China time. What starts after office hours or on a day
off starts on the next working day; day 1 is the day after the start.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from django.utils import timezone

from accounts.models import Bureau, DeadlineRule, Holiday

ONE_DAY = dt.timedelta(days=1)
Span = tuple[dt.time, dt.time]


def deadline(
    what: str, *, grade: str = "", start: dt.datetime, bureau: Bureau
) -> dt.datetime | None:
    """When `what` is due if it starts now, or None where no rule sets a limit.

    The nearest bureau's rule counts: county, then city, province, then the national default.
    """
    rule = _rule(what, grade, bureau)
    if rule is None:
        return None
    return WorkingTime(bureau).after(timezone.localtime(start), rule.unit, rule.amount)


def _rule(what: str, grade: str, bureau: Bureau) -> DeadlineRule | None:
    codes = bureau.path.strip("/").split("/")
    rules = DeadlineRule.objects.filter(what=what, grade=grade).select_related("bureau")
    known = {rule.bureau.code if rule.bureau else "": rule for rule in rules}
    return next((known[code] for code in [*reversed(codes), ""] if code in known), None)


@dataclass
class WorkingTime:
    """One bureau's working days and office hours."""

    bureau: Bureau

    @cached_property
    def _exceptions(self) -> dict[dt.date, bool]:
        """Days off and make-up days; a nearer bureau's entry outweighs a farther one's."""
        codes = ["", *self.bureau.path.strip("/").split("/")]
        rows = Holiday.objects.select_related("bureau").order_by("on")
        ranked: dict[dt.date, tuple[int, bool]] = {}
        for row in rows:
            code = row.bureau.code if row.bureau else ""
            if code in codes and codes.index(code) >= ranked.get(row.on, (-1, False))[0]:
                ranked[row.on] = codes.index(code), row.is_working
        return {on: is_working for on, (_, is_working) in ranked.items()}

    @cached_property
    def spans(self) -> list[Span]:
        """Office hours of a day, such as [(08:30, 12:00), (14:30, 17:30)]."""
        pairs = [span.split("-") for span in self.bureau.office_hours.split()]
        return [(dt.time.fromisoformat(since), dt.time.fromisoformat(to)) for since, to in pairs]

    def is_working_day(self, day: dt.date) -> bool:
        return self._exceptions.get(day, day.weekday() < 5)

    def next_working_day(self, day: dt.date) -> dt.date:
        """The first working day after a day."""
        return next(later for later in self._from(day + ONE_DAY))

    def last_working_day_by(self, day: dt.date) -> dt.date:
        """The day itself if it is a working day, else the one before."""
        while not self.is_working_day(day):
            day -= ONE_DAY
        return day

    def starts_on(self, start: dt.datetime) -> dt.date:
        """The working day that counts as the start's."""
        too_late = start.time() >= self.spans[-1][1]
        if self.is_working_day(start.date()) and not too_late:
            return start.date()
        return self.next_working_day(start.date())

    def after(self, start: dt.datetime, unit: str, amount: int) -> dt.datetime:
        """The moment at which `amount` of the unit has passed since a start in local time."""
        unit_of = DeadlineRule.Unit
        if unit == unit_of.HOURS:
            return start + dt.timedelta(hours=amount)
        if unit == unit_of.OFFICE_HOURS:
            return self._after_office_hours(start, dt.timedelta(hours=amount))
        if unit == unit_of.WORKING_DAYS:
            day = self.starts_on(start)
            for _ in range(amount):
                day = self.next_working_day(day)
            return _end_of(day)
        if unit == unit_of.WEEKLY:  # the weekday `amount` (Friday is 5) that follows
            ahead = (amount - start.isoweekday()) % 7
            return _end_of(self.last_working_day_by(start.date() + ahead * ONE_DAY))
        return _end_of(self.day_of_month(start.date(), amount))

    def day_of_month(self, day: dt.date, amount: int) -> dt.date:
        """The amount-th of this month, or its last day for 0, moved off a day off by policy."""
        if amount:
            due = day.replace(day=amount)
        else:
            due = (day.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - ONE_DAY
        if self.bureau.report_policy == Bureau.ReportPolicy.ADVANCE:
            return self.last_working_day_by(due)
        return next(self._from(due))

    def _after_office_hours(self, start: dt.datetime, left: dt.timedelta) -> dt.datetime:
        for day in self._from(start.date()):
            for since, to in self.spans:
                begin = max(timezone.make_aware(dt.datetime.combine(day, since)), start)
                end = timezone.make_aware(dt.datetime.combine(day, to))
                if begin < end and left <= end - begin:
                    return begin + left
                left -= max(end - begin, dt.timedelta(0))
        raise AssertionError  # working days never end

    def _from(self, day: dt.date) -> Iterator[dt.date]:
        """Working days from a day on, that day included."""
        while True:
            if self.is_working_day(day):
                yield day
            day += ONE_DAY


def _end_of(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day + ONE_DAY, dt.time()))
