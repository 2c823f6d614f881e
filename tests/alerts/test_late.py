"""Data that come after their night: late hits that say so, old against new, nothing rewritten."""

import datetime as dt

import pytest
import time_machine

import jobs.actions
from accounts.models import Audience, Notice
from accounts.permissions import Role
from alerts import panels
from alerts.actions import late, nights, rules
from alerts.models import (
    Alert,
    Correction,
    Hit,
    Night,
    Origin,
    Reason,
    Recheck,
    Sighting,
    State,
    Surprise,
)
from audit.models import Event
from jobs.models import Job
from sources.models import Batch
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
    return place


@pytest.fixture
def send(city):
    """Import orders that came late, and do the jobs that follow."""

    def bring_late(rows, *, at=NOON):
        batch = bring("订单主表.csv", HEAD + rows, at=at, bureau=city)
        late.look_back(batch=batch, now=at)
        for job in Job.objects.filter(kind="alerts.recheck", done_at=None).order_by("due_at"):
            recheck(city, dt.datetime.fromisoformat(job.args["arrived"]), now=at)
            Job.objects.filter(pk=job.pk).update(done_at=at)
        return batch

    return bring_late


def recheck(city, arrived_at=NOON, *, now=NOON):
    late.recheck_night(on=ON, city=city, arrived_at=arrived_at, now=now)


def kept(*models):
    """What a night and its alerts keep, whatever comes later."""
    return [
        list(model.objects.order_by("pk").values())
        for model in models or (Night, Surprise, Alert, Reason, Sighting, Hit)
    ]


def counted():
    """Bureau code -> corrected, late, hits of the rechecks."""
    return {
        code: tuple(numbers)
        for code, *numbers in Recheck.objects.values_list(
            "night__bureau__code", "corrected", "late", "hits"
        )
    }


def close(alert):
    alert.state, alert.closed_at, alert.causes = State.INVALID, NIGHT, ["N04"]
    alert.save()


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
    assert Event.objects.get(kind="alert.corrected").subject == note.reason.alert.code
    assert counted() == {"4514": (0, 0, 0), "451423": (1, 0, 0), "451424": (0, 0, 0)}


@pytest.mark.parametrize("row", ["D1,R1,2026-03-02,,18\n", "D1,R1,2026-03-03,,92\n"])
def test_a_correction_can_take_the_reason_away(city, send, row):
    before = kept()

    send(row)

    note = Correction.objects.get()
    assert (note.verdict, note.sentence) == (Correction.Verdict.GONE, "")
    assert kept() == before


def test_whoever_handles_the_alert_is_told(city, send):
    alert = Alert.objects.get(subject_id="R1")
    alert.state, alert.holder = State.CLAIMED, make.user(at=alert.bureau)
    alert.save()

    send("D1,R1,2026-03-02,,60\n")

    notice = Notice.objects.get(user=alert.holder)
    assert "更正" in notice.text
    assert notice.url == alert.get_absolute_url()


def test_a_late_row_makes_a_late_alert_that_says_so(city, send):
    nights_before = kept(Night, Surprise)

    send("D4,R2,2026-03-02,,99\n")

    alert = Alert.objects.get(subject_id="R2")
    assert (alert.origin, alert.on, alert.grade) == (Origin.LATE, ON, "红")
    assert alert.pushed_at == NOON
    assert alert.sentence == "3月4日补报的数据显示：本次订购99条，超过20条。"
    reason = alert.reasons.get()
    assert reason.recheck is not None
    assert reason.recheck.night.bureau == alert.bureau
    assert [row["qty"] for row in reason.evidence] == [99.0, 12.0]
    assert alert.hits.get().sentence == alert.sentence
    assert kept(Night, Surprise) == nights_before
    assert counted()["451423"] == (0, 1, 1)
    assert not Correction.objects.exists()


def test_a_weak_late_hit_goes_to_the_ledger_only(city, send):
    send("D4,R2,2026-03-02,,21\n")

    assert not Alert.objects.filter(subject_id="R2").exists()
    hit = Hit.objects.get(subject_id="R2")
    assert hit.sentence.startswith("3月4日补报的数据显示：")
    assert (hit.alert, hit.why_not_pushed) == (None, "未达下限")
    assert counted()["451423"] == (0, 0, 1)


def test_without_a_place_on_the_list_a_late_row_must_outdo_the_last_one(city, send):
    send("D4,R2,2026-03-02,,44\n")
    assert not Alert.objects.filter(subject_id="R2").exists()
    assert Hit.objects.get(subject_id="R2").why_not_pushed == "预算外"


def test_an_open_alert_of_the_subject_takes_it_in(city, send):
    alert, week_ago = Alert.objects.get(subject_id="R1"), ON - dt.timedelta(weeks=1)
    Alert.objects.filter(pk=alert.pk).update(subject_id="R2", on=week_ago, grade="橙")
    picture, before = alert.picture, alert.reasons.get()
    alert.reasons.update(on=week_ago)
    alert.sightings.update(on=week_ago)

    send("D4,R2,2026-03-02,,99\n")

    folded = Alert.objects.get(subject_id="R2")
    assert (folded.pk, folded.grade, folded.version) == (alert.pk, "红", 2)
    assert folded.picture == picture
    assert folded.reasons.get(on=ON).recheck is not None
    assert folded.reasons.get(pk=before.pk).sentence == before.sentence
    assert folded.sightings.count() == 2
    assert counted()["451423"][1] == 1


def test_a_closed_alert_keeps_what_it_saw(city, send):
    alert = Alert.objects.get(subject_id="R1")
    close(alert)
    before = kept()

    send("D1,R1,2026-03-02,,60\n")

    assert kept() == before
    assert Correction.objects.get().reason.alert == alert


def test_a_closed_alert_does_not_hide_what_comes_late(city, send):
    close(Alert.objects.get(subject_id="R1"))

    send("D1,R1,2026-03-02,dev-1,92\n")

    assert Alert.objects.get(audience=Audience.ABOVE).subject_id == "R1"


def test_looking_again_changes_nothing(city, send):
    send("D1,R1,2026-03-02,dev-1,60\nD4,R2,2026-03-02,,99\n")
    before = kept(), kept(Correction)
    assert len(before[1][0]) == 1

    recheck(city)
    assert Recheck.objects.count() == 3
    recheck(city, NOON + dt.timedelta(hours=1))

    assert (kept(), kept(Correction)) == before


def test_another_correction_is_another_note(city, send):
    send("D1,R1,2026-03-02,,60\n")
    send("D1,R1,2026-03-02,,92\n", at=NOON + dt.timedelta(days=1))

    first, second = Correction.objects.order_by("pk")
    assert [cell["new"] for cell in first.rows] == [60.0]
    assert (second.rows, second.verdict) == ([], Correction.Verdict.HOLDS)


def test_what_concerns_staff_is_not_counted_for_the_county(city, send):
    send("D1,R1,2026-03-02,dev-1,92\n")

    hidden = Alert.objects.get(audience=Audience.ABOVE)
    assert hidden.origin == Origin.LATE
    assert counted()["4514"][1] == 1
    assert counted()["451423"][1] == 0


@pytest.mark.parametrize(
    ("role", "code", "status"),
    [
        (Role.COUNTY_SUPERVISOR, "451423", 404),
        (Role.COUNTY_SUPERVISOR, "451424", 404),
        (Role.CITY_SUPERVISOR, "4514", 200),
    ],
)
def test_notes_on_hidden_alerts_are_for_the_city(city, send, client, role, code, status):
    Alert.objects.filter(subject_id="R1").update(audience=Audience.ABOVE)
    send("D1,R1,2026-03-02,,60\n")
    assert counted()["451423"][0] == 0
    client.force_login_now(make.user(role, at=make.bureau(code)))

    response = client.get(Alert.objects.get(subject_id="R1").get_absolute_url())

    assert response.status_code == status
    assert ("数据有更正" in response.content.decode()) is (status == 200)


def test_files_of_one_quarter_make_one_job(city):
    first = bring("订单主表.csv", HEAD + "D1,R1,2026-03-02,,60\n", at=NOON, bureau=city)
    later = NOON + dt.timedelta(minutes=3)
    second = bring("订单主表.csv", HEAD + "D2,R2,2026-03-02,,13\n", at=later, bureau=city)

    assert late.look_back(batch=first, now=NOON) == 1
    assert late.look_back(batch=second, now=later) == 1

    job = Job.objects.get(kind="alerts.recheck")
    assert job.due_at == NOON + dt.timedelta(minutes=15)
    assert job.args == {"on": "2026-03-02", "code": "4514", "arrived": NOON.isoformat()}


def test_what_the_night_has_seen_or_is_long_past_is_left_alone(city):
    orders = Batch.objects.get(kind="orders")
    assert late.look_back(batch=orders, now=NOON) == 0

    changed = bring("订单主表.csv", HEAD + "D1,R1,2026-03-02,,60\n", at=NOON, bureau=city)
    assert late.look_back(batch=changed, now=NOON + dt.timedelta(days=61)) == 0


def test_a_night_whose_reasons_rest_on_the_row_is_looked_at_too(city):
    Reason.objects.filter(alert__subject_id="R1").update(on=ON + dt.timedelta(weeks=1))
    make.night(at=city, on=ON + dt.timedelta(weeks=1), started_at=NIGHT)

    batch = bring("订单主表.csv", HEAD + "D1,R1,2026-03-02,,60\n", at=NOON, bureau=city)

    assert late.look_back(batch=batch, now=NOON) == 2


def test_a_night_under_way_is_waited_for(city):
    Night.objects.filter(bureau=city).update(state=Night.State.WAITING)

    recheck(city)

    assert not Recheck.objects.exists()
    assert Job.objects.get(kind="alerts.recheck").due_at > NOON


def test_a_killed_job_is_done_by_the_next_worker(city, monkeypatch):
    bring("订单主表.csv", HEAD + "D1,R1,2026-03-02,,60\n", at=NOON, bureau=city)
    before = kept()

    def killed(late):
        raise SystemExit

    with time_machine.travel(NOON, tick=False):
        with monkeypatch.context() as patch:
            patch.setattr("alerts.actions.late.list_late", killed)
            with pytest.raises(SystemExit):
                work()
        assert not Correction.objects.exists()
        work(dt.timedelta(hours=1))

    assert Correction.objects.count() == 1
    assert kept() == before
    assert Job.objects.get(kind="alerts.recheck").attempts == 2


def work(later=dt.timedelta(0)):
    """Do all jobs there are."""
    while jobs.actions.run_next(now=NOON + dt.timedelta(days=365) + later):
        pass
