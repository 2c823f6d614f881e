"""A city's night, run over small tables by two detectors made for the test."""

import contextlib
import datetime as dt
import json
from dataclasses import dataclass

import ibis
import pytest
from ibis import _

from accounts.models import Audience
from alerts import panels
from alerts.actions import nights, rules
from alerts.detection import Detector, param
from alerts.evidence import rows_of
from alerts.models import Alert, Hit, Night, RuleVersion, Sighting, Step, Surprise
from audit.models import Event
from sources.facts import Facts
from tests import make
from tests.tables import facts

ON = dt.date(2026, 3, 30)  # a Monday
NOW = dt.datetime(2026, 3, 30, 22, tzinfo=dt.UTC)

RETAILERS = """
    retailer_id  name    bureau  route
    R1           甲店    451423  线1
    R2           乙店    451423  线1
    R3           丙店    451424  线2
"""


@dataclass(frozen=True, kw_only=True)
class Big(Detector):
    key = "big"
    code = "T-1"
    family = "VOL"
    scope = "bureau"
    subject = "retailer"
    statutory = True
    inputs = ("orders.retailer_id", "orders.day", "orders.qty")
    title = looks_for = why_it_matters = innocent_causes = next_steps = "订得多的户"
    deviation = "订货{:.0f}条"
    measure = "qty"

    above: float = param(20, help="超过", unit="条", low=0, high=500, source="测试")

    def find(self, facts, on):
        big = facts.orders.filter(_.day == on, _.qty > self.above)
        return big.select("qty", "day", subject_id=_.retailer_id, surprise=_.qty / 10)

    def sentence(self, row):
        return f"本次订购{row['qty']:.0f}条，超过{self.above:.0f}条。"

    def evidence(self, facts, on, found):
        mine = facts.orders.join(found.select("subject_id"), _.retailer_id == found.subject_id)
        return rows_of(mine, "orders", "day", "qty")

    def floor(self, row):
        return "红" if row["qty"] == 99 else None


@dataclass(frozen=True, kw_only=True)
class Helped(Detector):
    key = "helped"
    code = "T-2"
    family = "INT"
    scope = "all"
    subject = "retailer"
    inputs = ("orders.retailer_id", "orders.day", "orders.device_id")
    title = looks_for = why_it_matters = innocent_causes = next_steps = "工作人员设备下单"
    deviation = "与另外{:.0f}户同一设备"
    measure = "others"

    def find(self, facts, on):
        helped = facts.orders.filter(_.day == on, _.device_id.notnull())
        return helped.select(
            subject_id=_.retailer_id, surprise=ibis.literal(6.0), link=_.device_id,
            others=ibis.literal(1), other=_.device_id,
        )  # fmt: skip

    def sentence(self, row):
        return "本次订单由工作人员设备提交。"

    def evidence(self, facts, on, found):
        mine = facts.orders.join(found.select("subject_id", "link"), _.device_id == found.link)
        return rows_of(mine, "orders", "day", "qty")

    def floor(self, row):
        return "红"

    def staff_concerned(self, row):
        return True


def orders(text):
    return facts(
        retailers=RETAILERS,
        orders=f"order_id  retailer_id  day  qty  device_id  bureau\n{text}",
    )


@pytest.fixture
def city(db, monkeypatch):
    for code in ("451423", "451424"):
        make.bureau(code)
    monkeypatch.setattr(rules, "all_detectors", lambda: (Big, Helped))
    monkeypatch.setattr(panels, "PANELS", {})
    return make.bureau("4514")


@pytest.fixture
def lake(monkeypatch):
    """Puts tables where the night looks for them."""
    tables: dict[str, Facts] = {}

    @contextlib.contextmanager
    def open_facts(*, on, bureaus, since=None):
        yield tables["facts"]

    monkeypatch.setattr("sources.lake.open_facts", open_facts, raising=False)
    return lambda text: tables.update(facts=orders(text))


def run(city, on=ON):
    return nights.run_night(on=on, city=city, now=NOW)


def everything():
    """All that a night writes, without keys and moments."""
    return {
        model.__name__: [
            {
                name: value
                for name, value in row.items()
                if name
                not in {
                    "id",
                    "night_id",
                    "alert_id",
                    "started_at",
                    "finished_at",
                    "round",
                    "seconds",
                }
            }
            for row in model.objects.order_by("pk").values()
        ]
        for model in (Alert, Sighting, Hit, Surprise, Step, Night)
    }


def test_it_raises_an_alert_with_reason_rows_and_parameters(city, lake):
    lake("1 R1 2026-03-30 45 - 451423\n2 R2 2026-03-30 5 - 451423")

    night = run(city)

    alert = Alert.objects.get()
    assert alert.code == "YJ-451423-20260330-001"
    assert (alert.bureau.code, alert.subject_id, alert.subject_name) == ("451423", "R1", "甲店")
    assert (alert.grade, alert.score, alert.sentence) == ("橙", 4.5, "本次订购45条，超过20条。")
    assert (alert.route, alert.on, alert.pushed_at) == ("线1", ON, NOW)
    reason = alert.reasons.get()
    assert reason.parameters == {"above": 20}
    assert reason.evidence == [
        {"bureau": "451423", "batch_id": 1, "row_no": 1, "day": "2026-03-30", "qty": 45.0,
         "source": "orders"}
    ]  # fmt: skip
    assert (night.state, night.pushed, night.hits) == (Night.State.DONE, 0, 0)
    mine = Night.objects.get(bureau=alert.bureau)
    assert (mine.orders, mine.retailers, mine.pushed, mine.hits) == (2, 2, 1, 1)
    assert mine.steps.get().pushed == 1


def test_it_tells_the_audit_trail(city, lake):
    lake("1 R1 2026-03-30 45 - 451423")

    run(city)

    pushed, graded = Event.objects.filter(actor="system").order_by("number")
    assert (pushed.kind, pushed.subject) == ("alert.pushed", "YJ-451423-20260330-001")
    assert (graded.kind, graded.subject) == ("night.graded", "4514:2026-03-30")
    assert json.loads(graded.details)["pushed"] == 1


def test_it_notifies_those_who_work_the_list_once(city, lake):
    mine = make.user("county_supervisor", at=make.bureau("451423"))
    other = make.user("county_supervisor", at=make.bureau("451424"))
    reader = make.user("county_head", at=make.bureau("451423"))
    lake("1 R1 2026-03-30 45 - 451423\n2 R2 2026-03-30 5 - 451423")

    run(city)
    run(city)

    assert mine.notices.get().text == "3 月 30 日订货：新推送预警 1 条（橙色 1 条）。"
    assert not other.notices.exists()
    assert not reader.notices.exists()


def test_a_replay_of_an_old_day_notifies_nobody(city, lake):
    mine = make.user("county_supervisor", at=make.bureau("451423"))
    lake("1 R1 2026-03-24 45 - 451423")

    run(city, on=dt.date(2026, 3, 24))

    assert Alert.objects.count() == 1
    assert not mine.notices.exists()


def test_run_again_it_changes_nothing(city, lake):
    lake(
        "1 R1 2026-03-30 45 - 451423\n2 R2 2026-03-30 21 - 451423\n3 R3 2026-03-30 40 dev-1 451424"
    )
    run(city)
    before = everything()

    run(city)

    assert everything() == before


def test_run_again_with_a_late_file_it_adds_what_is_new(city, lake):
    lake("1 R1 2026-03-30 45 - 451423")
    run(city)
    first = Alert.objects.get()
    lake("1 R1 2026-03-30 45 - 451423\n2 R3 2026-03-30 99 - 451424")

    run(city)

    assert set(Alert.objects.values_list("subject_id", flat=True)) == {"R1", "R3"}
    assert Alert.objects.get(subject_id="R1").pk == first.pk


def test_run_again_it_does_not_bring_back_what_somebody_closed(city, lake):
    lake("1 R1 2026-03-30 45 - 451423")
    run(city)
    Alert.objects.update(state="invalid", closed_at=NOW, causes=["N04"])

    run(city)

    assert Alert.objects.get().state == "invalid"


def test_hits_beyond_the_budget_stand_in_the_ledger(city, lake):
    lake("1 R1 2026-03-30 45 - 451423\n2 R2 2026-03-30 40 - 451423")

    run(city)

    assert Alert.objects.get().subject_id == "R1"
    assert dict(Hit.objects.values_list("subject_id", "why_not_pushed")) == {
        "R1": "",
        "R2": "预算外",
    }


def test_hits_without_much_surprise_stand_in_the_ledger_too(city, lake):
    RuleVersion.objects.create(
        number=1, bureau=city, since=ON, made_at=NOW, parameters={"big": {"above": 1}}
    )
    lake("1 R1 2026-03-30 2 - 451423")

    run(city)

    hit = Hit.objects.get()
    assert (hit.why_not_pushed, hit.alert, hit.grade) == ("未达下限", None, "蓝")
    assert hit.sentence == "本次订购2条，超过1条。"


def test_a_later_night_is_folded_into_the_open_alert(city, lake):
    lake("1 R1 2026-03-30 45 - 451423\n2 R1 2026-04-06 42 - 451423")
    run(city)

    run(city, ON + dt.timedelta(weeks=1))

    alert = Alert.objects.get()
    assert (alert.on, alert.last_on) == (ON, ON + dt.timedelta(weeks=1))
    assert alert.score == 4.5
    assert list(alert.sightings.order_by("on").values_list("score", "listed")) == [
        (4.5, True),
        (4.2, False),
    ]
    assert Night.objects.get(bureau__code="451423", on=alert.last_on).repeated == 1


def test_a_much_rarer_night_raises_the_open_alert(city, lake):
    lake("1 R1 2026-03-30 38 - 451423\n2 R1 2026-04-06 60 - 451423")
    run(city)

    run(city, ON + dt.timedelta(weeks=1))

    alert = Alert.objects.get()
    assert (alert.grade, alert.score, alert.sentence) == ("红", 6.0, "本次订购60条，超过20条。")
    assert alert.reasons.count() == 2
    assert Event.objects.filter(kind="alert.raised", subject=alert.code).exists()


def test_within_six_weeks_of_a_closed_alert_it_is_counted_only(city, lake):
    lake("1 R1 2026-03-30 45 - 451423\n2 R1 2026-04-06 45 - 451423")
    run(city)
    Alert.objects.update(state="invalid", closed_at=NOW, causes=["N04"])

    run(city, ON + dt.timedelta(weeks=1))

    assert Alert.objects.count() == 1
    assert Night.objects.get(bureau__code="451423", on=dt.date(2026, 4, 6)).suppressed == 1
    assert Hit.objects.get(on=dt.date(2026, 4, 6)).why_not_pushed == "冷却期"


def test_a_red_floor_is_listed_whatever_went_before(city, lake):
    lake("1 R1 2026-03-30 99 - 451423\n2 R1 2026-04-06 99 - 451423")
    run(city)
    Alert.objects.update(state="invalid", closed_at=NOW, causes=["N04"])

    run(city, ON + dt.timedelta(weeks=1))

    assert list(Alert.objects.order_by("on").values_list("grade", flat=True)) == ["红", "红"]


def test_evidence_about_staff_becomes_an_alert_that_the_county_does_not_see(city, lake):
    lake("1 R1 2026-03-30 45 dev-1 451423\n2 R3 2026-03-30 5 dev-1 451424")

    run(city)

    open_one = Alert.objects.get(subject_id="R1", audience=Audience.EVERYONE)
    hidden = Alert.objects.get(subject_id="R1", audience=Audience.ABOVE)
    assert [one.detector for one in open_one.reasons.all()] == ["big"]
    assert [one.detector for one in hidden.reasons.all()] == ["helped"]
    assert hidden.staff_concerned
    assert not Hit.objects.filter(detector="helped").exists()  # not a rule of a document


def test_members_of_a_link_share_it_and_see_the_others_as_a_number(city, lake):
    lake("1 R1 2026-03-30 5 dev-1 451423\n2 R3 2026-03-30 5 dev-1 451424")

    run(city)

    links = set(Alert.objects.values_list("link", flat=True))
    assert links == {"2026-03-30|dev-1"}
    reason = Alert.objects.get(subject_id="R3").reasons.get()
    assert [row["bureau"] for row in reason.evidence] == ["451424"]
    assert reason.elsewhere == 1


def test_what_no_import_brought_is_said_in_words(city, lake, monkeypatch):
    lake("1 R1 2026-03-30 45 - 451423")

    def lacks(self, facts):
        return ["orders.device_id"]

    monkeypatch.setattr(Helped, "waits_for", lacks)

    run(city)

    assert Step.objects.filter(detector="helped").get().missing == "未能计算：缺 订单的设备标识"


def test_a_detector_that_breaks_fails_alone(city, lake, monkeypatch):
    lake("1 R1 2026-03-30 45 - 451423")

    def breaks(self, facts, on):
        return facts.orders.select("nonsense")

    monkeypatch.setattr(Helped, "find", breaks)

    night = run(city)

    assert night.state == Night.State.DONE
    assert Alert.objects.get().subject_id == "R1"
    assert "nonsense" in Step.objects.get(detector="helped").error


def test_shared_out_as_jobs_it_comes_to_the_same(city, lake):
    lake("1 R1 2026-03-30 45 dev-1 451423\n3 R3 2026-03-30 40 dev-1 451424")
    run(city)
    before = everything()
    for model in (Hit, Alert, Night):
        model.objects.all().delete()

    nights.start_night(on=ON, city=city, now=NOW)
    for codes in (["451424"], ["4514"], ["451423"]):
        nights.find_share(on=ON, city=city, codes=codes, now=NOW)
    nights.grade_city(on=ON, city=city, now=NOW)

    def in_order(tables):
        return {name: sorted(map(str, rows)) for name, rows in tables.items()}

    assert in_order(everything()) == in_order(before)
