"""`detect` and `export_alerts`: what other tools call."""

import contextlib
import csv
import io

import pytest
from django.core.management import CommandError, call_command

from alerts import panels
from alerts.actions import rules
from alerts.models import Alert, Hit, Night
from tests import make
from tests.alerts.test_nights import Big, Helped, orders

TABLES = orders(
    "1 R1 2026-03-30 45 - 451423\n2 R2 2026-03-30 40 - 451423\n"
    "3 R1 2026-03-31 99 - 451423\n4 R3 2026-03-31 40 - 451424\n"
    "5 R1 2026-04-01 99 - 451423"
)


class Session:
    def facts(self, on):
        return TABLES

    def store(self, table):
        return table

    def replaying(self, on, facts_of):
        return facts_of(on)


@pytest.fixture(autouse=True)
def _lake(db, monkeypatch):
    @contextlib.contextmanager
    def session(*, bureaus, since, until):
        yield Session()

    for code in ("451423", "451424", "460101"):
        make.bureau(code)
    monkeypatch.setattr("sources.lake.session", session)
    monkeypatch.setattr(rules, "all_detectors", lambda: (Big, Helped))
    monkeypatch.setattr(panels, "PANELS", {})


def detect(*options):
    out = io.StringIO()
    call_command("detect", *options, stdout=out)
    return out.getvalue().splitlines()


def exported(tmp_path, *options):
    path = tmp_path / "alerts.csv"
    call_command("export_alerts", str(path), *options, stdout=io.StringIO())
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_it_runs_day_by_day_and_says_a_line_a_day():
    lines = detect("--from", "2026-03-30", "--to", "2026-03-31", "--bureau", "451423")

    assert [line[:10] for line in lines] == ["2026-03-30", "2026-03-31"]
    assert "订单 2 推送 1" in lines[0]
    assert Night.objects.filter(bureau__code="4514").count() == 2
    assert not Night.objects.filter(bureau__code="4601").exists()


def test_without_a_bureau_all_cities_run():
    detect("--on", "2026-03-30")

    cities = Night.objects.filter(bureau__level="city")
    assert set(cities.values_list("bureau__code", flat=True)) == {"4514", "4601"}


def test_run_twice_it_changes_nothing():
    detect("--on", "2026-03-30")
    before = list(Alert.objects.values_list("code", "score", "version"))

    detect("--on", "2026-03-30")

    assert list(Alert.objects.values_list("code", "score", "version")) == before


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--from", "2026-03-30"),
        ("--on", "2026-03-30", "--from", "2026-03-30"),
        ("--from", "2026-03-31", "--to", "2026-03-30"),
        ("--on", "2026-03-30", "--bureau", "999999"),
    ],
)
def test_it_says_what_is_wrong_with_its_options(options):
    with pytest.raises(CommandError):
        detect(*options)
    assert not Night.objects.exists()


def test_the_export_has_listed_nights_and_unpushed_hits(tmp_path):
    detect("--from", "2026-03-30", "--to", "2026-03-31")

    rows = exported(tmp_path)

    assert [(row["retailer_id"], row["date"], row["pushed"], row["grade"]) for row in rows] == [
        ("R1", "2026-03-30", "1", "橙"),
        ("R1", "2026-03-31", "1", "红"),  # raised: a floor is never cooled down
        ("R3", "2026-03-31", "1", "黄"),
        ("R2", "2026-03-30", "0", "黄"),
    ]
    first = rows[0]
    assert (first["alert_type"], first["family"]) == ("big", "VOL")
    assert (first["object_type"], first["object_id"]) == ("retailer", "R1")
    assert first["reason"] == "本次订购45条，超过20条。"
    assert Hit.objects.count() == 4


def test_the_export_is_cut_by_day_and_one_row_a_subject_day_and_type(tmp_path):
    detect("--from", "2026-03-30", "--to", "2026-03-31")

    rows = exported(tmp_path, "--from", "2026-03-31", "--to", "2026-03-31")

    assert {row["date"] for row in rows} == {"2026-03-31"}
    keys = [(row["object_id"], row["date"], row["alert_type"]) for row in exported(tmp_path)]
    assert len(keys) == len(set(keys))


def test_what_goes_on_is_no_row_of_its_own_but_its_hit_is(tmp_path):
    detect("--from", "2026-03-30", "--to", "2026-04-01")

    rows = exported(tmp_path, "--from", "2026-03-31")

    mine = [
        (row["date"], row["pushed"], row["grade"]) for row in rows if row["retailer_id"] == "R1"
    ]
    assert mine == [("2026-03-31", "1", "红"), ("2026-04-01", "0", "红")]
    assert Alert.objects.get(subject_id="R1").sightings.filter(listed=True).count() == 3
