"""Data that come after their night: late hits that say so, old against new, nothing rewritten."""

import datetime as dt

import pytest

import jobs.actions
from alerts import panels
from alerts.actions import late, nights, rules
from alerts.models import (
    Alert,
    Correction,
    Hit,
    Night,
    Reason,
    Recheck,
    Sighting,
    Surprise,
)
from audit.models import Event
from jobs.models import Job
from tests import make
from tests.alerts.test_nights import Big, Helped
from tests.sources.exports import bring

ON = dt.date(2026, 3, 2)
EVENING = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)  # all files of the day have come
NIGHT = dt.datetime(2026, 3, 2, 14, tzinfo=dt.UTC)
NOON = dt.datetime(2026, 3, 4, 4, tzinfo=dt.UTC)  # two days later something else comes
RETAILERS = """\
客户编码,县公司,客户名称,送货线路
R1,451423,甲店,线1
R2,451423,乙店,线1
R3,451424,丙店,线2
"""
HEAD = "订单号,客户编码,订单日期,设备标识,订单总量\n"
ORDERS = HEAD + "D1,R1,2026-03-02,,92\nD2,R2,2026-03-02,,12\nD3,R3,2026-03-02,,45\n"


@pytest.fixture
def city(db, monkeypatch):
    for code in ("451423", "451424"):
        make.bureau(code)
    monkeypatch.setattr(rules, "all_detectors", lambda: (Big, Helped))
    monkeypatch.setattr(panels, "PANELS", {})
    place = make.bureau("4514")
    bring("零售客户档案.csv", RETAILERS, at=EVENING, bureau=place)
    bring("订单主表.csv", ORDERS, at=EVENING, bureau=place)
    nights.run_night(on=ON, city=place, now=NIGHT)
    work(NIGHT)
    return place


def work(now):
    """Do all jobs that are due within a day."""
    while jobs.actions.run_next(now=now + dt.timedelta(days=1)):
        pass


@pytest.fixture
def send(city, time_machine=None):
    """Import orders that came late, and do the jobs that follow."""

    def bring_late(rows, *, at=NOON, name="订单主表.csv"):
        batch = bring(name, HEAD + rows, at=at, bureau=city)
        late.look_back(batch=batch, now=at)
        for job in Job.objects.filter(kind="alerts.recheck", done_at=None).order_by("due_at"):
            late.recheck_night(
                on=dt.date.fromisoformat(job.args["on"]),
                city=city,
                arrived_at=dt.datetime.fromisoformat(job.args["arrived"]),
                now=at,
            )
            Job.objects.filter(pk=job.pk).update(done_at=at)
        return batch

    return bring_late


def kept():
    """What a night and its alerts keep, whatever comes later."""
    return [
        list(model.objects.order_by("pk").values())
        for model in (Night, Surprise, Alert, Reason, Sighting, Hit)
    ]


def test_a_correction_is_told_old_against_new_and_the_rule_computed_again(city, send):
    before = kept()

    batch = send("D1,R1,2026-03-02,,60\n")

    note = Correction.objects.get()
    assert note.reason.alert.subject_id == "R1"
    assert note.verdict == Correction.Verdict.HOLDS
    assert note.sentence == "本次订购60条，超过20条。"
    assert note.rows == [
        {"source": "orders", "name": "D1", "column": "qty", "old": 92.0, "new": 60.0,
         "on": "2026-03-04", "batch_id": batch.pk, "row_no": 2},
    ]  # fmt: skip
    assert kept() == before
    event = Event.objects.get(kind="alert.corrected")
    assert event.subject == note.reason.alert.code
    assert set(Recheck.objects.values_list("night__bureau__code", "corrected", "late")) == {
        ("4514", 0, 0), ("451423", 1, 0), ("451424", 0, 0),
    }  # fmt: skip


def test_a_correction_can_take_the_reason_away(city, send):
    before = kept()

    send("D1,R1,2026-03-02,,18\n")

    note = Correction.objects.get()
    assert (note.verdict, note.sentence) == (Correction.Verdict.GONE, "")
    assert kept() == before
