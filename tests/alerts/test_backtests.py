"""Past nights decided again: the same rows under the same rules, and what other rules would do."""

import datetime as dt
from collections import Counter

import pandas as pd
import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

import jobs.actions
from alerts import backtest_report as report
from alerts import backtesting, panels
from alerts.actions import backtests, changing, nights, replaying, rules
from alerts.actions.raising import Suspicion, raise_alert
from alerts.grading import SUBJECT, Policy
from alerts.models import (
    Alert,
    BackTest,
    Origin,
    RuleChange,
    RuleVersion,
    ShadowListing,
    Sighting,
    Surprise,
)
from alerts.rulebook import Book
from audit.models import Event
from jobs.models import Job
from tests import make
from tests.alerts.test_nights import NOW, Big, Helped, orders

pytestmark = pytest.mark.django_db

FIRST = dt.date(2026, 1, 5)
WEEKS = 10
LAST = FIRST + dt.timedelta(weeks=WEEKS - 1)
SPAN = (FIRST, LAST)


class Bigger(Big):
    """The same, able to judge its stored rows."""

    judges = ("above",)

    def holds(self, row):
        return row["qty"] > self.above


def book_of_orders():
    """Ten weeks of forty shops in two counties: some large, some helped, none alike."""
    lines, shops = [], []
    for shop in range(40):
        bureau = "451423" if shop % 3 else "451424"
        shops.append(f"S{shop:02} 店{shop} {bureau} 线{shop % 4}")
        for week in range(WEEKS):
            qty = 12 + (shop * 7 + week * 13) % 47 + (25 if (shop + week) % 17 == 0 else 0)
            device = f"dev-{week % 3}" if (shop * 3 + week) % 29 == 0 else "-"
            day = FIRST + dt.timedelta(weeks=week)
            lines.append(
                f"{shop}-{week} S{shop:02} {day} {99 if qty == 58 else qty} {device} {bureau}"
            )
    return "\n".join(lines), "retailer_id name bureau route\n" + "\n".join(shops)


@pytest.fixture
def city(monkeypatch):
    for code in ("451423", "451424"):
        make.bureau(code)
    for module in ("alerts.actions.rules", "alerts.actions.replaying", "alerts.rulebook"):
        monkeypatch.setattr(f"{module}.all_detectors", lambda: (Bigger, Helped))
    monkeypatch.setattr(panels, "PANELS", {})
    return make.bureau("4514")


@pytest.fixture
def history(city):
    """Ten real nights, whose alerts are closed now and then so that the cool-down matters."""
    lines, shops = book_of_orders()
    tables = orders(lines)
    tables.tables["retailers"] = orders("").tables["retailers"] if not shops else facts_of(shops)
    for week in range(WEEKS):
        on = FIRST + dt.timedelta(weeks=week)
        nights.run_night(on=on, city=city, now=NOW, known=tables)
        if week % 3 == 1:
            Alert.objects.open().update(state="invalid", closed_at=NOW, causes=["N04"])
    return city


def facts_of(shops):
    from tests.tables import facts

    return facts(retailers=shops).tables["retailers"]


def listed(frame):
    """The rows of a replay as the database keeps them."""
    names = ["on", "bureau", "subject_kind", "subject_id", "audience", "score", "grade", "detector"]
    rows = frame.assign(score=frame["score"].round(4))[names]
    return Counter(rows.itertuples(index=False, name=None))


def really_listed(first=FIRST, last=LAST):
    return Counter(
        Sighting.objects.listed_by_nights().filter(on__range=(first, last)).values_list(
            "on", "alert__bureau__code", "alert__subject_kind", "alert__subject_id",
            "alert__audience", "score", "grade", "detector",
        )
    )  # fmt: skip


def again(city, book=None, first=FIRST, last=LAST):
    stored = replaying.stored_nights(city=city, first=first, last=last)
    return replaying.replay_as(stored, book or Book())[0]


def test_unchanged_rules_give_the_very_list_of_the_time(history):
    assert sum(really_listed().values()) > 30
    assert listed(again(history)) == really_listed()


def test_so_they_do_for_a_part_that_begins_within_a_cool_down(history):
    first = FIRST + dt.timedelta(weeks=4)

    assert listed(again(history, first=first)) == really_listed(first=first)


def reported(city, shop, on, origin="person", reference=""):
    """Somebody raises an alert about a shop that day."""
    bureau = make.bureau("451423" if int(shop[1:]) % 3 else "451424")
    suspicion = Suspicion(
        origin=Origin(origin), family="VOL", grade="红", sentence="群众反映该店近来大量囤货待查。",
        subject_kind="retailer", subject_id=shop, reference=reference,
    )  # fmt: skip
    noon = dt.datetime.combine(on, dt.time(4), tzinfo=dt.UTC)
    raise_alert(suspicion=suspicion, bureau=bureau, by=make.user("county_lead"), now=noon)


def test_what_people_raise_in_between_changes_no_nights_list(city):
    lines, shops = book_of_orders()
    tables = orders(lines)
    tables.tables["retailers"] = facts_of(shops)
    for week in range(WEEKS):
        on = FIRST + dt.timedelta(weeks=week)
        for number in range(8):  # on the day itself, before its night, and days ahead
            shop = (week * 5 + number * 7) % 40
            day = on if number % 2 else on - dt.timedelta(days=3)
            origin = ("person", "tip", "complaint")[number % 3]
            reported(city, f"S{shop:02}", day, origin, f"{week}-{number}")
        if week % 3 == 1:
            Alert.objects.open().update(state="invalid", closed_at=NOW, causes=["N04"])
        nights.run_night(on=on, city=city, now=NOW, known=tables)

    assert Sighting.objects.exclude(pk__in=Sighting.objects.of_nights()).exists()
    assert sum(really_listed().values()) > 30
    assert listed(again(city)) == really_listed()


def test_versions_in_between_are_each_replayed_as_they_were(history):
    versions = RuleVersion.objects.create(
        number=1, bureau=history, since=LAST + dt.timedelta(days=1), made_at=NOW,
        policy={"budget_share": 0.1, "blue": 2.5},
    )  # fmt: skip
    lines, shops = book_of_orders()
    later = LAST + dt.timedelta(weeks=1)
    tables = orders(lines.replace(str(LAST), str(later)))
    tables.tables["retailers"] = facts_of(shops)
    nights.run_night(on=later, city=history, now=NOW, known=tables)

    stored = replaying.stored_nights(city=history, first=FIRST, last=later)

    assert stored.versions[later] == versions
    assert listed(replaying.replay_as_recorded(stored)) == really_listed(last=later)


def test_what_was_exempted_or_parked_takes_no_part(history):
    rows = again(history)
    one = rows[rows["detector"] == "big"].iloc[0]
    stored = replaying.stored_nights(city=history, first=FIRST, last=LAST)
    surprise = Surprise.objects.get(pk=int(one["pk"]))
    surprise.parked = True
    surprise.save()

    fewer = replaying.stored_nights(city=history, first=FIRST, last=LAST)

    assert len(fewer.past.found) == len(stored.past.found) - 1
    assert fewer.missed == 1


def test_a_smaller_budget_and_a_switched_off_detector_shorten_the_list(history):
    before = again(history)

    assert len(again(history, Book(policy={"off": ["helped"]}))) < len(before)
    assert set(again(history, Book(policy={"off": ["helped"]}))["detector"]) == {"big"}
    wider = again(history, Book(policy={"budget_share": 0.1}))
    assert len(wider) > len(before)


def test_a_tighter_parameter_is_judged_by_the_stored_numbers(history):
    rows = again(history, Book({"big": {"above": 60}}))

    kept = Surprise.objects.in_bulk([int(pk) for pk in rows["pk"]]).values()
    assert {one.numbers["qty"] > 60 for one in kept if one.detector == "big"} == {True}


def test_what_numbers_cannot_tell_is_named(history, monkeypatch):
    monkeypatch.setattr(Bigger, "judges", ())
    stored = replaying.stored_nights(city=history, first=FIRST, last=LAST)

    _, unjudged = replaying.replay_as(stored, Book({"big": {"above": 60}}))

    assert unjudged == [("big", "above")]


@pytest.fixture
def lead(city):
    return make.user("city_lead", at=city)


def asked(city, by, book=None):
    return backtests.ask_for_test(
        city=city, book=book or Book(policy={"off": ["helped"]}), span=SPAN, by=by, now=NOW
    )


def test_a_test_counts_what_would_be_kept_and_lost(history, lead):
    proven = Alert.objects.filter(detector="helped").earliest("pk")
    Alert.objects.filter(pk=proven.pk).update(
        state="closed", outcome="X", closed_at=NOW, last_on=proven.on
    )

    result = asked(history, lead).result

    assert result["outcomes"]["baseline"]["confirmed"] == [1, 1]
    assert result["outcomes"]["candidate"]["confirmed"] == [0, 1]
    assert {"code": proven.code, "outcome": "confirmed", "kept": False} in result["alerts"]
    assert result["check"] == {
        "same": sum(really_listed().values()), "only_replay": 0, "only_real": 0
    }  # fmt: skip
    assert result["sides"]["candidate"]["total"] < result["sides"]["baseline"]["total"]
    assert Event.objects.filter(kind="rules.tested", actor=lead.code).exists()


def test_unchanged_rules_keep_every_decided_alert(history, lead):
    result = asked(history, lead, Book(policy={"cooldown_days": 42, "yellow": 3.7})).result

    assert result["new_count"] == result["gone_count"] == 0
    kept, of = result["outcomes"]["candidate"]["innocent"]
    assert kept == of > 0
    assert result["alerts"] == []


def test_the_page_shows_both_lists_and_the_export_their_differences(client, history, lead):
    test = asked(history, lead)
    client.force_login_now(lead)

    text = client.get(test.get_absolute_url()).content.decode()
    export = client.get(reverse("alerts:export_test", args=[test.pk]))

    assert "逐条相同" in text
    assert "停用" in text
    assert "不再上榜" in text
    assert export.content[:2] == b"PK"
    assert Event.objects.filter(kind="rules.exported").count() == 1


def test_new_ones_come_with_their_sentences_under_the_new_parameters(history, lead):
    result = asked(history, lead, Book({"big": {"above": 10}}, {"budget_share": 0.1})).result

    sentences = [row["sentence"] for row in result["new"][:10] if row["detector"] == "big"]
    assert sentences
    assert all(text.endswith("超过10条。") for text in sentences)


def test_a_long_one_runs_as_a_job_and_survives_a_killed_worker(history, lead, monkeypatch):
    monkeypatch.setattr(backtests, "AT_ONCE", 0)
    test = asked(history, lead)
    job = Job.objects.get(kind="alerts.back_test")
    assert (test.state, job.key) == ("waiting", backtests.job_key(test))
    later = NOW + dt.timedelta(days=400)
    with time_machine.travel(later, tick=False):
        jobs.actions._take(now=later)  # a worker takes it and dies
        past_lease = later + dt.timedelta(hours=1)
        assert jobs.actions.run_next(now=past_lease)

    test.refresh_from_db()
    assert test.state == BackTest.State.DONE
    assert test.result["check"]["only_replay"] == 0
    backtests.run_test(test=test, now=NOW)  # twice is harmless


@pytest.mark.parametrize(
    ("book", "span"),
    [
        (Book({"big": {"above": 900}}), SPAN),
        (Book(), (LAST, FIRST)),
        (Book(), (FIRST - dt.timedelta(days=500), LAST)),
        (Book(), (FIRST - dt.timedelta(days=90), FIRST - dt.timedelta(days=60))),
    ],
    ids=["out of range", "turned round", "too long", "no nights"],
)
def test_it_refuses(history, lead, book, span):
    with pytest.raises(ValidationError):
        backtests.ask_for_test(city=history, book=book, span=span, by=lead, now=NOW)


def test_a_change_in_trial_is_decided_every_night_beside_the_rules(city, lead):
    change = changing.draft_change(
        city=city, words=changing.Words("停用一项"), book=Book(policy={"off": ["helped"]}),
        by=lead, now=NOW,
    )  # fmt: skip
    change = changing.switch_shadow(change=change, on=True, by=lead, now=NOW, version=1)
    change.shadow_since = FIRST
    change.save()
    lines, shops = book_of_orders()
    tables = orders(lines)
    tables.tables["retailers"] = facts_of(shops)
    for week in (0, 1, 1, 2):  # one of them twice
        on = FIRST + dt.timedelta(weeks=week)
        nights.run_night(on=on, city=city, now=NOW, known=tables)

    last = FIRST + dt.timedelta(weeks=2)
    alone = again(city, Book(policy={"off": ["helped"]}), last=last)
    shadow = Counter(
        ShadowListing.objects.values_list("on", "bureau__code", "subject_id", "score", "detector")
    )
    assert shadow == Counter(
        alone.assign(score=alone["score"].round(4))[
            ["on", "bureau", "subject_id", "score", "detector"]
        ].itertuples(index=False, name=None)
    )
    assert Sighting.objects.filter(detector="helped").exists()
    assert not ShadowListing.objects.filter(detector="helped").exists()


def test_the_page_of_a_trial_shows_what_only_one_list_has(client, city, lead):
    test_a_change_in_trial_is_decided_every_night_beside_the_rules(city, lead)
    client.force_login_now(lead)

    text = client.get(reverse("alerts:shadow", args=[RuleChange.objects.get().pk])).content.decode()

    assert "只在现行" in text
    assert "本次订单由工作人员设备提交。" in text


def test_a_trial_that_breaks_leaves_the_night_alone(city, lead, monkeypatch):
    change = make.change(at=city, made_by=lead, in_shadow=True, shadow_since=FIRST, parameters={})
    monkeypatch.setattr(replaying, "replay_as", lambda *_: 1 / 0)
    lines, shops = book_of_orders()
    tables = orders(lines)
    tables.tables["retailers"] = facts_of(shops)

    nights.run_night(on=FIRST, city=city, now=NOW, known=tables)

    assert Sighting.objects.exists()
    assert not change.listings.exists()


def test_dates_in_stored_numbers_are_dates_again():
    row = backtesting.as_row({"day": "2026-03-02", "text": "2026-3", "qty": 2.0})

    assert row == {"day": dt.date(2026, 3, 2), "text": "2026-3", "qty": 2.0}


def test_lists_apart_by_more_than_the_cool_down_are_new():
    names = ["on", *SUBJECT]
    one = pd.DataFrame([(LAST, "a", "retailer", "R1", "everyone")], columns=names)
    other = one.assign(on=LAST - dt.timedelta(days=42))

    assert len(backtesting.apart(one, other, days=42)) == 0
    assert len(backtesting.apart(one, other, days=41)) == 1


def test_the_traditional_list_costs_as_much_a_row_as_ours():
    names = ["on", *SUBJECT, "score", "grade", "detector", "pk"]
    rows = [(LAST, "a", "retailer", f"R{n}", "everyone", 4.0, g, "big", n)
            for n, g in enumerate("红橙黄蓝")]  # fmt: skip
    ours = pd.DataFrame(rows, columns=names)
    theirs = pd.concat([ours] * 5).assign(detector="traditional", floor="")
    decided = pd.DataFrame(columns=["code", *SUBJECT, "on", "until", "outcome"])

    lists = report.Lists(ours, ours, report.traditional(theirs))
    sides = report.compared(lists, decided, nights=1, days=42)["sides"]

    assert sides["baseline"]["hours"] == 12  # 6 + 4 + 1.5 + 0.5
    assert sides["traditional"]["hours"] == 5 * 12


def test_nothing_stored_is_nothing_listed(city):
    stored = replaying.stored_nights(city=city, first=FIRST, last=LAST)

    assert backtesting.replay(stored.past, Policy(), {}).empty
    assert rules.policy_in(RuleVersion(bureau=city)).off == ()
