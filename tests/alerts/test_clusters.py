import datetime as dt

import pytest

from alerts.clusters import working_days_left


@pytest.mark.parametrize(
    ("day", "left"),
    [("2026-03-31", 0), ("2026-03-30", 1), ("2026-03-27", 2), ("2026-03-26", 3), ("2026-02-27", 0)],
)
def test_it_counts_the_working_days_that_a_month_has_left(day, left):
    assert working_days_left(dt.date.fromisoformat(day)) == left
