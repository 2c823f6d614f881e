"""建议分: every deduction that the records speak for, with its words."""

import dataclasses
import datetime as dt
from decimal import Decimal

import pytest

from reports.content import kept_content
from reports.figures import Figure, figures_of
from reports.models import Submission
from reports.sheet import SHEETS
from reports.suggestions import UNRECORDED, ground_of, suggestions
from reports.summaries import Book
from tests import make

pytestmark = pytest.mark.django_db
DUE = make.HANDED_IN
REPORT, IN_TIME, QUALITY, CALLS, VISITS = 1, 3, 4, 5, 6


@pytest.fixture
def ground():
    """What a complete report of an empty month gives."""
    report = make.submitted()
    figures = figures_of(Book.of(report.bureau, report.month, now=make.HANDED_IN))
    content = kept_content(report.submissions.newest()[0])
    return ground_of(report, content=content, figures=figures)


def suggested(ground, number, **figures):
    found = {name.replace("__", "."): Figure(*figure) for name, figure in figures.items()}
    changed = dataclasses.replace(ground, figures=ground.figures | found)
    return suggestions(SHEETS[1], changed)[number]


def test_a_quiet_month_loses_nothing(ground):
    found = suggestions(SHEETS[1], ground)

    assert sum(one.points for one in found.values()) == 100
    assert [number for number, one in found.items() if one.basis == UNRECORDED] == [2, 7, 8, 9, 10]


@pytest.mark.parametrize(
    ("late", "points"), [(0, 10), (1, 8), (2, 6), (9, 0)], ids=lambda value: str(value)
)
def test_each_day_late_costs_two(ground, late, points):
    first = Submission(due_at=DUE, submitted_at=DUE + dt.timedelta(days=late), is_late=late > 0)

    found = suggested(dataclasses.replace(ground, first=first), REPORT)

    assert found.points == points
    assert ("迟报" in found.basis) is (late > 0)


def test_a_copy_of_last_month_costs_three(ground):
    found = suggested(dataclasses.replace(ground, last=ground.content), REPORT)

    assert found.points == 7
    assert "与上月报告雷同 100%" in found.basis


def test_the_rate_in_time_and_red_ones_overdue_cost(ground):
    found = suggested(
        ground, IN_TIME, total__in_time_rate=(0.75,), total__overdue=(1, ("YJ-1",)),
        red__overdue=(1, ("YJ-1",)),
    )  # fmt: skip

    assert found.points == Decimal("12.0")  # 20 less a quarter, less 3
    assert "按时率 75%" in found.basis
    assert found.codes == ("YJ-1",)


def test_shops_not_called_and_calls_not_recorded_cost(ground):
    found = suggested(
        ground, CALLS, total__calls_due=(2, ("YJ-1", "YJ-2")), total__called=(1, ("YJ-1",)),
        total__unrecorded=(1, ("DHXF-1",)),
    )  # fmt: skip

    assert found.points == Decimal("3.0")  # half of 7, less 0.5
    assert found.codes == ("YJ-2", "DHXF-1")


@pytest.mark.parametrize(
    ("number", "measure", "points"),
    [
        (VISITS, "red__red_unvisited", 8),
        (VISITS, "total__unwitnessed", 10),
        (VISITS, "total__unpictured", 10),
        (QUALITY, "total__sent_back", 9),
    ],
)
def test_each_record_that_lacks_something_costs(ground, number, measure, points):
    found = suggested(ground, number, **{measure: (2, ("A", "B"))})

    assert found.points == points
    assert set(found.codes) == {"A", "B"}
