"""A job happens once, whatever fails on the way; what cannot be done is put aside for a person."""

import datetime as dt

import pytest
from django.db import connection
from django.utils import timezone

import jobs.actions
from audit.models import Event
from jobs import kinds
from jobs.models import MOST_ATTEMPTS, Heartbeat, Job, Timetable
from jobs.tasks import tick
from tests import make

pytestmark = pytest.mark.django_db

DONE: list[str] = []


@kinds.job("test.note")
def note(*, text: str) -> None:
    jobs.actions.report_progress(1, total=2, note=text)
    DONE.append(text)


@kinds.job("test.fail")
def fail() -> None:
    Heartbeat.objects.create(name="half done", at=timezone.now())
    raise ValueError("no")


@pytest.fixture(autouse=True)
def _clear():
    DONE.clear()
    Timetable.objects.all().delete()


def run(now=None):
    return jobs.actions.run_next(now=now or timezone.now())


def test_it_does_a_job_once():
    job = make.job("test.note", text="a")

    assert run()
    assert not run()

    job.refresh_from_db()
    assert DONE == ["a"]
    assert job.done_at is not None
    assert job.percent == 100


def test_a_job_waits_until_it_is_due():
    job = jobs.actions.enqueue(
        "test.note", due_at=timezone.now() + dt.timedelta(hours=1), text="later"
    )

    assert not run()
    assert run(now=job.due_at + dt.timedelta(seconds=1))


def test_asking_twice_with_a_key_is_one_job():
    first = jobs.actions.enqueue("test.note", key="once", text="a")
    second = jobs.actions.enqueue("test.note", key="once", text="b")

    assert first == second
    assert Job.objects.count() == 1


def test_a_failure_leaves_nothing_behind_and_waits_before_the_next_attempt():
    job = make.job("test.fail")

    assert run()

    job.refresh_from_db()
    assert not Heartbeat.objects.filter(name="half done").exists()
    assert "ValueError: no" in job.last_error
    assert not run()
    assert run(now=timezone.now() + dt.timedelta(minutes=1))


def test_after_the_last_attempt_it_is_put_aside_and_a_person_may_revive_it():
    job = make.job("test.fail")
    now = timezone.now()
    for _ in range(MOST_ATTEMPTS):
        now += dt.timedelta(hours=1)
        assert run(now=now)

    job.refresh_from_db()
    assert job.parked_at is not None
    assert not run(now=now + dt.timedelta(days=1))
    assert Event.objects.filter(kind="job.parked", subject=str(job.pk)).count() == 1

    jobs.actions.revive_job(job=job, by="admin")
    assert run(now=now + dt.timedelta(days=1))


def test_a_job_whose_worker_died_every_time_is_put_aside_too():
    job = make.job("test.note", text="x")
    Job.objects.filter(pk=job.pk).update(attempts=MOST_ATTEMPTS, leased_until=timezone.now())

    assert not run(now=timezone.now() + dt.timedelta(minutes=5))

    job.refresh_from_db()
    assert job.parked_at is not None
    assert DONE == []


def test_a_leased_job_is_left_alone_until_the_lease_ends():
    job = make.job("test.note", text="x")
    until = timezone.now() + dt.timedelta(minutes=2)
    Job.objects.filter(pk=job.pk).update(leased_until=until)

    assert not run()
    assert run(now=until + dt.timedelta(seconds=1))


def test_whoever_lost_the_lease_changes_nothing():
    job = make.job("test.steal")

    @kinds.job("test.steal")
    def steal() -> None:
        Job.objects.filter(pk=job.pk).update(lease="00000000-0000-4000-8000-000000000000")
        Heartbeat.objects.create(name="stolen", at=timezone.now())

    assert run()

    job.refresh_from_db()
    assert job.done_at is None
    assert not Heartbeat.objects.filter(name="stolen").exists()


def test_an_unknown_kind_fails_like_any_other():
    job = make.job("test.nobody_does_this")

    assert run()

    job.refresh_from_db()
    assert "KeyError" in job.last_error


def test_the_timetable_asks_daily_once_and_makes_up_for_a_missed_time():
    Timetable.objects.create(kind="test.note", at=dt.time(2, 0))
    before = dt.datetime(2026, 3, 2, 17, 59, tzinfo=dt.UTC)  # 01:59 in China
    after = dt.datetime(2026, 3, 2, 23, 0, tzinfo=dt.UTC)  # 07:00: the machine was off at two

    jobs.actions.ask_by_timetable(now=before)
    assert not Job.objects.exists()
    jobs.actions.ask_by_timetable(now=after)
    jobs.actions.ask_by_timetable(now=after)

    assert Job.objects.count() == 1


def test_what_happens_every_so_often_uses_one_row():
    Timetable.objects.create(kind="test.fail", every_seconds=30)
    now = timezone.now()

    for second in (0, 10, 31, 62):
        jobs.actions.ask_by_timetable(now=now + dt.timedelta(seconds=second))

    assert Job.objects.count() == 1
    assert Timetable.objects.get().asked_at == now + dt.timedelta(seconds=62)


def test_a_ring_shows_a_heartbeat_and_does_all_that_is_due(monkeypatch):
    monkeypatch.setattr("jobs.tasks.ring", lambda: None)
    make.job("test.note", text="a")
    make.job("test.note", text="b")

    tick()

    assert sorted(DONE) == ["a", "b"]
    assert Heartbeat.objects.get(name="worker").at <= timezone.now()


def test_jobs_see_all_bureaus():
    shown = []

    @kinds.job("test.walls")
    def walls() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('app.bureaus', true)")
            shown.append(cursor.fetchone()[0])

    make.job("test.walls")
    run()

    assert shown == ["all"]
