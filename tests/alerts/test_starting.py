"""When a night starts, and that its shares come together whatever their order."""

import contextlib
import datetime as dt

import pytest

import jobs.actions
from alerts import panels
from alerts.actions import nights, rules, starting
from alerts.models import Alert, Night
from jobs.models import Job
from sources.models import Completeness
from tests import make
from tests.alerts.test_nights import Big, Helped, orders

ON = dt.date(2026, 3, 30)
EVENING = dt.datetime(2026, 3, 30, 12, tzinfo=dt.UTC)  # 20:00 in China
AT_TWO = dt.datetime(2026, 3, 30, 18, tzinfo=dt.UTC)
TABLES = orders("1 R1 2026-03-30 45 dev-1 451423\n3 R3 2026-03-30 40 dev-1 451424")


@pytest.fixture
def counties(db, monkeypatch):
    @contextlib.contextmanager
    def open_facts(*, on, bureaus, since=None):
        yield TABLES

    monkeypatch.setattr("sources.lake.open_facts", open_facts, raising=False)
    monkeypatch.setattr(rules, "all_detectors", lambda: (Big, Helped))
    monkeypatch.setattr(panels, "PANELS", {})
    return make.bureau("451423"), make.bureau("451424")


def has_data(county, *, on=ON, complete=True):
    Completeness.objects.update_or_create(
        bureau=county, day=on, defaults={"orders": 9, "cartons": 9.0, "is_complete": complete}
    )


def work(now=AT_TWO):
    """Do all jobs there are."""
    while jobs.actions.run_next(now=now + dt.timedelta(days=365)):
        pass


def test_it_starts_when_every_county_is_complete(counties):
    for county in counties:
        has_data(county)

    assert starting.start_due_nights(now=EVENING) == 1
    work()

    assert set(Night.objects.values_list("bureau__code", "state")) == {
        ("4514", "done"),
        ("451423", "done"),
        ("451424", "done"),
    }
    assert Alert.objects.count() == 3


def test_it_waits_for_a_county_that_usually_orders(counties):
    has_data(counties[0])
    has_data(counties[1], on=ON - dt.timedelta(weeks=1))
    has_data(counties[0], on=ON - dt.timedelta(weeks=1))
    starting.share_out(
        on=ON - dt.timedelta(weeks=1), city=counties[0].city, now=EVENING, by="system"
    )

    assert starting.start_due_nights(now=EVENING) == 0


@pytest.mark.parametrize(("minutes", "started"), [(-1, 0), (0, 1)])
def test_at_two_of_the_next_day_it_waits_no_longer(counties, minutes, started):
    has_data(counties[0], complete=False)

    assert starting.start_due_nights(now=AT_TWO + dt.timedelta(minutes=minutes)) == started


def test_what_ran_on_half_the_data_runs_again_when_the_rest_comes(counties):
    has_data(counties[0])
    has_data(counties[1], complete=False)
    starting.start_due_nights(now=AT_TWO)
    work()
    assert starting.start_due_nights(now=AT_TWO) == 0

    has_data(counties[1])

    assert starting.start_due_nights(now=AT_TWO) == 1
    work()
    assert not Night.objects.filter(is_complete=False).exists()
    assert Alert.objects.count() == 3


def test_it_catches_up_with_nights_that_were_missed(counties):
    for days in (0, 1, 3):
        has_data(counties[0], on=ON - dt.timedelta(days=days))

    assert starting.start_due_nights(now=AT_TWO) == 3
    work()

    assert starting.start_due_nights(now=AT_TWO) == 0


def test_a_share_done_twice_changes_nothing(counties):
    for county in counties:
        has_data(county)
    starting.start_due_nights(now=EVENING)
    work()
    before = list(Alert.objects.order_by("pk").values())

    Job.objects.update(done_at=None)
    work()

    assert list(Alert.objects.order_by("pk").values()) == before
    assert set(Night.objects.values_list("state", flat=True)) == {"done"}


def test_small_counties_are_searched_together(counties):
    starting.share_out(on=ON, city=counties[0].city, now=EVENING, by="system")

    shares = Job.objects.filter(kind="alerts.find").order_by("key")
    assert [job.args["codes"] for job in shares] == [["451423", "451424"], ["4514"]]


def test_a_share_that_was_given_up_does_not_hold_up_the_city(counties, monkeypatch):
    monkeypatch.setattr(nights, "TOGETHER", 1)
    for county in counties:
        has_data(county)
    starting.start_due_nights(now=EVENING)
    lost = Job.objects.filter(kind="alerts.find", bureau="451424")
    lost.update(parked_at=EVENING, last_error="DiskFull: no space")
    work()
    assert not Alert.objects.exists()

    starting.start_due_nights(now=EVENING)
    work()

    assert Alert.objects.filter(bureau__code="451423").exists()
    night = Night.objects.get(bureau__code="451424")
    assert (night.state, night.error) == ("failed", "DiskFull: no space")
