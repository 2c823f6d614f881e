"""When a month's report is due, and when the city should have received and scored it."""

import datetime as dt

from accounts.calendar import deadline
from accounts.models import Bureau
from reports import months


def due_of(month: dt.date, *, bureau: Bureau, what: str = "report.monthly") -> dt.datetime | None:
    """The last moment for a month's report: the 3rd of the next month at 24:00, moved off days off
    by the bureau's policy. None where no rule sets a limit."""
    return deadline(what, start=months.end_of(month), bureau=bureau)


def submit_from(month: dt.date, *, due_at: dt.datetime | None) -> dt.datetime:
    """From when a month may be submitted: its end, or the due day where that was moved before it."""
    end = months.end_of(month)
    return end if due_at is None else min(end, due_at - months.ONE_DAY)
