"""The scorer on a town of four shops and ten weeks; only weeks 6 to 9 (from 0) count."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from bench.scoring import Truth, score, table

START = dt.date(2026, 1, 5)
SHOPS = ("A", "B", "C", "D")


def monday(week: int) -> dt.date:
    return START + dt.timedelta(weeks=week)


def book(folder, labels: str, *, holidays: tuple[int, ...] = (), ordered=range(10)):
    pd.DataFrame(
        [(shop, monday(week)) for shop in SHOPS for week in ordered],
        columns=["retailer_id", "week_start"],
    ).to_csv(folder / "orders.csv", index=False)
    pd.DataFrame(
        [(monday(week), week in holidays) for week in range(10)],
        columns=["week_start", "is_holiday_week"],
    ).to_csv(folder / "calendar.csv", index=False)
    pd.DataFrame(
        [(shop, "县01" if shop in "AB" else "县02", "乡001") for shop in SHOPS],
        columns=["retailer_id", "county", "town"],
    ).to_csv(folder / "retailers.csv", index=False)
    (folder / "truth").mkdir()
    rows = [line.split() for line in labels.strip().splitlines()]
    pd.DataFrame(
        [
            (shop, kind, "subtle", monday(int(first)), monday(int(last)))
            for shop, kind, first, last in rows
        ],
        columns=["retailer_id", "scenario", "severity", "start_date", "end_date"],
    ).to_csv(folder / "truth" / "labels.csv", index=False)
    return folder


def alerts(text: str) -> pd.DataFrame:
    rows = [line.split() for line in text.strip().splitlines()]
    return pd.DataFrame(
        [
            (shop, monday(int(week)) + dt.timedelta(days=2), grade, float(points), 1)
            for shop, week, grade, points in rows
        ],
        columns=["retailer_id", "date", "grade", "score", "pushed"],
    )


def judged(folder, labels, listed, **more):
    return score(alerts(listed), Truth.read(book(folder, labels, **more)), budget=0.25)


def test_an_episode_is_found_by_an_alert_within_the_budget(tmp_path):
    """One place a week: in week 6 B, with the higher score, takes it from A."""
    got = judged(tmp_path, "A DROP 6 8\nB RISE 6 8", "A 6 黄 4\nB 6 红 6\nA 8 黄 4")

    assert got.recall == 1
    assert got.weeks_to_find == 1  # A after two weeks, B at once
    assert got.incident_precision == 1


def test_weeks_before_the_second_half_do_not_count(tmp_path):
    got = judged(tmp_path, "A DROP 2 3\nB RISE 5 7", "A 2 黄 4\nB 5 黄 4\nB 7 黄 4")

    assert got.episodes == 1
    assert got.alerts == 1
    assert got.weeks_to_find == 1  # counted from week 6


def test_an_alert_in_the_week_after_the_end_still_counts_and_no_later_one(tmp_path):
    got = judged(tmp_path, "A DROP 4 6\nB RISE 4 6", "A 7 黄 4\nB 8 黄 4")

    assert got.kinds.to_dict() == {"DROP": 1.0, "RISE": 0.0}


def test_repeats_within_four_weeks_are_no_new_incidents(tmp_path):
    got = judged(tmp_path, "A DROP 6 7", "A 6 黄 4\nA 7 黄 5\nC 8 蓝 3")

    assert got.incident_precision == 0.5


def test_average_precision_counts_an_episode_once_and_the_unfound_as_nothing(tmp_path):
    """Down the list by score: C wrong, A found (1 of 2), A again (neutral), D wrong."""
    got = judged(tmp_path, "A DROP 6 8\nB RISE 6 8", "C 6 红 9\nA 7 橙 8\nA 8 橙 7\nD 9 蓝 3")

    assert got.episode_ap == pytest.approx((1 / 2) / 2)
    assert got.grades.to_dict() == {"红": 0, "橙": 1, "蓝": 0}


def test_false_alerts_are_told_by_the_kind_of_week(tmp_path):
    """Innocent shop-weeks: 4 x 4, less those of A in weeks 6 to 8; week 7 is a holiday."""
    got = judged(tmp_path, "A DROP 6 7", "B 7 蓝 3\nC 6 红 6", holidays=(7,))

    assert got.false["holiday"] == pytest.approx(1000 / 3)
    assert got.false["quiet"] == pytest.approx(1000 / 10)
    assert got.grave["holiday"] == 0
    assert got.grave["quiet"] == pytest.approx(1000 / 10)


def test_a_shock_of_a_county_or_town_is_told_apart(tmp_path):
    folder = book(tmp_path, "A DROP 6 7")
    pd.DataFrame(
        [("county_shock", "县02", -1, monday(6), monday(6)), ("rain", "县01", 1, START, START)],
        columns=["kind", "county", "detail", "start_date", "end_date"],
    ).to_csv(folder / "truth" / "hidden_events.csv", index=False)

    got = score(alerts("C 6 红 6"), Truth.read(folder), budget=0.25)

    assert got.false["shock"] == pytest.approx(1000 / 2)
    assert got.false["quiet"] == 0


def test_what_stands_only_in_the_ledger_is_no_alert(tmp_path):
    truth = Truth.read(book(tmp_path, "A DROP 6 8"))

    got = score(alerts("A 6 红 6").assign(pushed=0), truth, budget=0.25)

    assert (got.alerts, got.recall) == (0, 0)
    assert np.isnan(got.weeks_to_find)


def test_the_table_has_a_column_for_each_list(tmp_path):
    one = judged(tmp_path, "A DROP 6 8", "A 6 红 6")

    lines = table({"ours": one, "other": one}).splitlines()

    assert lines[0] == "| | ours | other |"
    assert "| found: DROP | 1.00 | 1.00 |" in lines
    assert "| precision 橙 | – | – |" in lines
