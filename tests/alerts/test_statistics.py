import datetime as dt

import ibis
import pyarrow as pa
import pytest
from ibis import _

from alerts import panels, statistics
from alerts.trails import Span
from sources.facts import rows
from tests.alerts.books import ON, book, noise, times, usual

SPAN = Span(ON - dt.timedelta(weeks=panels.HISTORY), ON)
POINTS = {"q900": 1.0, "q950": 2.0, "q980": 3.0, "q995": 4.0, "q9988": 5.0}
NEAR = {"q920": 1.0, "q980": 2.0, "q995": 3.0}


def surprise(value, points=POINTS):
    columns = {"value": pa.array([value], pa.float64()), **{k: [v] for k, v in points.items()}}
    table = ibis.memtable(pa.table(columns))
    told = statistics.tail_surprise(table.value, {name: table[name] for name in points})
    return rows(table.select(s=told))[0]["s"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.9, 0), (1, 1), (2, 1.301), (3, 1.699), (4, 2.301), (5, 2.903)],
)
def test_the_surprise_at_a_known_point_is_its_share(value, expected):
    assert surprise(value) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize(
    ("value", "expected"), [(0.9, 0), (1, 1.097), (1.5, 1.398), (2, 1.699), (3, 2.301)]
)
def test_what_lasts_is_read_off_nearer_points(value, expected):
    assert surprise(value, NEAR) == pytest.approx(expected, abs=0.02)


def test_beyond_the_last_point_it_goes_on_rising():
    assert surprise(5) < surprise(6) < surprise(8) < surprise(100)
    assert surprise(3, NEAR) < surprise(4, NEAR) < surprise(6, NEAR) < surprise(100, NEAR)


def test_a_value_that_is_not_known_is_no_surprise():
    assert surprise(None) == 0


def test_few_rows_are_filled_up_with_the_default_tail():
    table = ibis.memtable(pa.table({"bureau": ["B"] * 10, "z": [100.0] * 10}))
    (points,) = rows(statistics.tail_points(table, ["z"]))

    assert points["z_q980"] == pytest.approx((100 * 10 + 2.5 * 150) / 160)


def test_a_few_shops_that_go_on_for_months_do_not_hide_themselves():
    calm = [noise(shop, week) for shop in range(60) for week in range(50)]

    def told(values, levels):
        table = ibis.memtable(pa.table({"bureau": ["B"] * len(values), "z": values}))
        (points,) = rows(statistics.tail_points(table, ["z"], levels))
        return surprise(6.0, {name: points[f"z_{name}"] for name in levels})

    masked = [*calm, *[6.0] * 9]  # 3 in 1,000 of the trailing rows

    assert told(masked, statistics.FAR) < 3 < told(masked, statistics.NEAR)


def test_the_index_is_what_the_cohort_did():
    tables = book(lambda shop, week: usual(shop, week) * (2 if week == 0 else 1))
    today = rows(panels.volume(tables, ON).filter(_.day == ON))

    assert len(today) == 24
    assert all(1.6 < 2.718 ** row["market"] < 2.3 for row in today)


def test_one_shop_does_not_move_the_index():
    quiet = rows(panels.volume(book(), ON).filter(_.day == ON))[0]["market"]
    loud = rows(panels.volume(book(times(20)), ON).filter(_.day == ON))[0]["market"]

    assert loud == pytest.approx(quiet, abs=0.05)


def test_rows_of_a_night_are_the_same_in_every_later_night():
    """What makes one table serve a replay: no row depends on a later one."""
    before = book(lambda shop, week: 0 if week == 0 else usual(shop, week))

    def earlier(tables):
        table = panels.volume(tables, ON).filter(_.day < ON).order_by("retailer_id", "day")
        return [
            {k: round(v, 9) if isinstance(v, float) else v for k, v in row.items()}
            for row in rows(table)
        ]

    assert earlier(before) == earlier(book())


def test_kept_panels_give_what_computed_ones_give():
    tables = book(times(3))
    put_away = []

    def keep(name, table):
        put_away.append(name)
        return ibis.memtable(table.to_pyarrow())

    kept = panels.kept(tables, SPAN, keep)

    assert set(kept.tables) - set(tables.tables) == set(panels.PANELS)
    assert put_away == list(panels.PANELS)
    z = [row["z1"] for row in rows(panels.volume(tables, ON).order_by("retailer_id", "day"))]
    again = [row["z1"] for row in rows(panels.volume(kept, ON).order_by("retailer_id", "day"))]
    assert again == pytest.approx(z, nan_ok=True) or again == z


def test_panels_whose_columns_are_missing_are_left_out():
    tables = book()
    lacking = type(tables)(tables=tables.tables, missing=frozenset({"lines.limit_qty"}))

    kept = panels.kept(lacking, SPAN, lambda _name, table: ibis.memtable(table.to_pyarrow()))

    assert "volume" in kept.tables
    assert "limits_met" not in kept.tables


def test_a_skipped_chance_counts_and_a_suspended_week_does_not():
    def skips(shop, week):
        return 0 if (shop, week) in {(3, 1), (4, 1), (4, 2), (4, 3)} else usual(shop, week)

    def lapses(tables):
        today = panels.order_days(tables, ON).filter(_.day == ON)
        return {row["retailer_id"]: (row["skipped"], row["lapse"]) for row in rows(today)}

    assert lapses(book(skips))["R03"] == (1, 1)
    assert lapses(book(skips))["R04"] == (3, 2)
    assert lapses(book(skips))["R05"] == (0, 0)
    closed = "week_start orders_suspended\n2026-03-23 true\n2026-03-16 true"
    assert lapses(book(skips, calendar=closed))["R03"] == (0, 0)
    assert lapses(book(skips, calendar=closed))["R04"] == (1, 1)


def test_the_noise_of_the_examples_is_about_normal():
    draws = [noise(shop, week) for shop in range(40) for week in range(40)]

    assert abs(sum(draws) / len(draws)) < 0.1
    assert sum(draw * draw for draw in draws) / len(draws) == pytest.approx(1, abs=0.1)
