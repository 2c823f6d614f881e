"""The figures of a month: hand-counted, at the edges of the month, and what must always add up."""

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Audience
from alerts.models import Alert
from reports.figures import ROWS, TOTAL, figures_of, plain, unplain
from reports.summaries import MEASURES, RATES, Book
from tests import make
from tests.reports.conftest import OCTOBER, alert, at, inspection, interview

pytestmark = pytest.mark.django_db
LATER = at(3, month=11)


def october(county, now=LATER):
    return figures_of(Book.of(county, OCTOBER, now=now))


def values(figures, row, *keys):
    return [figures[f"{row}.{key}"].value for key in keys]


ALERTS = (
    "carried", "new", "duty", "closed", "in_time", "overdue", "normal", "reminded", "proven",
    "moved", "watched", "left",
)  # fmt: skip


@pytest.fixture
def planted(county):
    """Nine alerts, three talks, two visits."""
    red = alert(grade="红", pushed_at=at(28, month=9), closed_at=at(3), outcome="X")
    late = alert(grade="红", closed_at=at(25), outcome="Y", state="closed", causes=[])
    explained = alert(grade="橙", closed_at=at(12), outcome="N")
    alert(grade="橙", closed_at=at(20, 23, 59), outcome="G")
    alert(grade="黄", closed_at=at(12), state="invalid", outcome="", causes=["N03"])
    alert(grade="黄", closed_at=at(12), state="monitoring", outcome="Z", watch_until="2026-12-01")
    alert(grade="黄")  # open, and over its limit
    alert(grade="蓝", conclude_by=at(1, 0, month=11))  # open, due at the very end
    alert(grade="蓝", pushed_at=at(28, month=9), closed_at=at(30, month=9), outcome="N")  # before
    interview(explained)
    interview(late, state="unreached", result="")
    interview(explained, ended_at=None, state="planned")
    inspection(late, gap=-1.5, signed="refused", unsigned_reason="不愿签")
    inspection(explained)
    return {"red": red, "late": late, "explained": explained}


def test_the_alerts_of_a_planted_month_are_as_counted_by_hand(county, planted):
    figures = october(county)

    assert values(figures, "red", *ALERTS) == [1, 1, 2, 2, 1, 1, 0, 0, 1, 1, 0, 0]
    assert values(figures, "orange", *ALERTS) == [0, 2, 2, 2, 2, 0, 1, 1, 0, 0, 0, 0]
    assert values(figures, "yellow", *ALERTS) == [0, 3, 3, 2, 2, 1, 1, 0, 0, 0, 1, 1]
    assert values(figures, "blue", *ALERTS) == [0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    assert values(figures, TOTAL, *ALERTS) == [1, 7, 8, 6, 5, 2, 2, 1, 1, 1, 1, 2]
    assert values(figures, TOTAL, *RATES) == [0.75, 0.7143, 0.1667, 0.5, 0.5]


def test_interviews_and_visits_are_as_counted_by_hand(county, planted):
    figures = october(county)

    # two talks ended, one waits; orange reminded without a talk, red and watched without either
    keys = ("called", "reached", "calls_due", "to_visit", "unrecorded")
    assert values(figures, TOTAL, *keys) == [2, 1, 6, 2, 1]
    of_visits = ("visited", "visits_due", "refused", "unequal", "red_visited", "red_unvisited")
    assert values(figures, TOTAL, *of_visits) == [2, 3, 1, 1, 1, 1]
    assert values(figures, TOTAL, "unwitnessed", "unpictured") == [1, 2]


def test_a_figure_is_exactly_its_list(county, planted):
    figures = october(county)

    assert figures["red.overdue"].codes == (planted["late"].code,)
    assert figures["red.carried"].codes == (planted["red"].code,)
    assert all(
        one.value == len(one.codes) for key, one in figures.items() if key.split(".")[1] in MEASURES
    )
    assert unplain(plain(figures)) == figures


def test_all_figures_come_in_one_query(county, planted, django_assert_num_queries):
    with django_assert_num_queries(1):
        october(county)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [(at(30, 23, 59, month=9), 0), (at(1, 0), 1), (at(31, 23, 59), 1), (at(1, 0, month=11), 0)],
)
def test_a_month_is_from_midnight_to_midnight_of_china(county, moment, expected):
    alert(pushed_at=moment, conclude_by=None)

    assert october(county)["yellow.new"].value == expected


@pytest.mark.parametrize(
    ("closed_at", "expected"), [(at(21, 0), [1, 0]), (at(21, 0, 1), [0, 1]), (at(20), [1, 0])]
)
def test_on_time_includes_the_last_moment(county, closed_at, expected):
    alert(closed_at=closed_at)

    assert values(october(county), "yellow", "in_time", "overdue") == expected


def test_a_running_month_is_counted_up_to_now(county):
    alert(pushed_at=at(5), closed_at=at(20))
    alert(pushed_at=at(25))

    figures = october(county, now=at(10))

    assert values(figures, "yellow", "new", "closed", "left") == [1, 0, 1]
    assert october(county, now=at(2, month=9))["yellow.new"].value == 0


def test_rates_over_nothing_are_nothing(county):
    figures = october(county)

    assert {figures[f"{row}.{key}"].value for row in (*ROWS, TOTAL) for key in RATES} == {None}
    assert {figures[f"{row}.{key}"].value for row in (*ROWS, TOTAL) for key in MEASURES} == {0}


def test_what_the_county_may_not_see_and_other_counties_are_left_out(county):
    hidden = alert(audience=Audience.ABOVE, closed_at=at(8), outcome="J")
    interview(hidden)
    inspection(hidden, gap=2)
    foreign = alert(at=make.bureau("451424"), closed_at=at(8))
    interview(foreign)

    figures = october(county)

    assert not any(one.value for one in figures.values())


def test_a_watched_alert_that_comes_back_is_new_in_that_month(county):
    back = alert(pushed_at=at(10, month=9), revived_at=at(15))

    figures = october(county)

    assert values(figures, "yellow", "carried", "new", "left") == [0, 1, 1]
    assert figures["yellow.new"].codes == (back.code,)


def test_what_stands_open_now_is_what_the_list_calls_open(county, planted):
    shown = Alert.objects.open().filter(bureau=county).order_by("code")

    assert october(county)["total.left"].codes == tuple(shown.values_list("code", flat=True))


BEGIN = at(1, 0, month=8)
HOURS = st.integers(0, 24 * 150)
HISTORY = st.tuples(
    st.sampled_from("红橙黄蓝"), HOURS, st.none() | HOURS, st.none() | HOURS,
    st.sampled_from(["N", "G", "X", "Y", "J", "S", "Z", ""]),
)  # fmt: skip


@given(histories=st.lists(HISTORY, max_size=12), asked=HOURS)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_annex_adds_up_whatever_happened(db, histories, asked):
    Alert.objects.all().delete()  # those of the last example
    county = make.bureau("451423")
    for number, (grade, pushed, took, limit, outcome) in enumerate(histories):
        pushed_at = BEGIN + dt.timedelta(hours=pushed)
        ended = {"state": "closed", "outcome": outcome} if outcome else {"state": "invalid"}
        ended |= {"closed_at": pushed_at + dt.timedelta(hours=took or 0), "causes": ["N04"]}
        make.alert(
            code=f"YJ-{number}", subject_id=f"{number}", grade=grade, pushed_at=pushed_at,
            conclude_by=None if limit is None else BEGIN + dt.timedelta(hours=limit),
            **({} if took is None else ended),
        )  # fmt: skip

    figures = october(county, now=BEGIN + dt.timedelta(hours=asked))

    for row in (*ROWS, TOTAL):
        carried, new, duty, closed, in_time, _, *outcomes, left = values(figures, row, *ALERTS)
        assert carried + new == duty == closed + left
        assert sum(outcomes) == closed
        assert in_time <= closed
    for key in MEASURES:
        assert sum(values(figures, row, key)[0] for row in ROWS) == values(figures, TOTAL, key)[0]
