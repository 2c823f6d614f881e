"""Queries that are compiled for one day and asked of others."""

import datetime as dt

import ibis
import ibis.expr.operations as ops
import pyarrow as pa
import pytest
from ibis import _

from sources.lake.prepared import Prepared

MONDAY = dt.date(2026, 3, 30)
ONE = dt.timedelta(days=1)


@pytest.fixture
def table():
    """A row a day of a hundred days up to the last one asked for."""
    backend = ibis.duckdb.connect()
    days = [MONDAY + ONE * (n - 80) for n in range(100)]
    backend.con.register("rows", pa.table({"day": days, "n": list(range(100))}))
    backend.con.execute("CREATE TABLE t AS SELECT * FROM rows")
    return ops.DatabaseTable(
        name="t",
        schema=ibis.schema({"day": "date", "n": "int64"}),
        source=backend,
        namespace=ops.Namespace(),
    ).to_expr()


@pytest.fixture
def prepared(table):
    return Prepared(table.get_backend())


def same_on(days, query, prepared):
    """Whatever is asked, the rows are those of the plain query; says how many plans there are."""
    for on in days:
        assert prepared.rows("q", query, on) == query(on).to_pyarrow().to_pylist()
    return len(prepared._plans["q"])


def test_dates_that_follow_from_the_day_follow_from_the_next(table, prepared):
    def query(on):
        before = on - dt.timedelta(weeks=1)
        return table.filter(_.day > before, _.day <= on, _.day >= on.replace(day=1)).agg(
            n=_.n.sum()
        )

    assert same_on([MONDAY - ONE * n for n in range(12)], query, prepared) == 1


def test_the_third_day_is_not_built_again(table, prepared):
    built = []

    def query(on):
        built.append(on)
        return table.filter(_.day == on)

    for n in range(5):
        prepared.rows("q", query, MONDAY + n * ONE)

    assert len(built) == 2  # the plan, and its proof


def test_what_is_asked_of_the_day_must_be_answered_the_same(table, prepared):
    def query(on):
        monday = on - dt.timedelta(days=on.weekday())
        return table.filter(_.day >= monday, _.day <= on).agg(n=_.n.count())

    assert same_on([MONDAY - ONE * n for n in range(21)], query, prepared) == 7


def test_a_number_made_of_the_day_is_part_of_the_question(table, prepared):
    def query(on):
        return table.filter(_.n < on.day).agg(n=_.n.count())

    assert same_on([MONDAY, MONDAY + ONE, MONDAY + 2 * ONE], query, prepared) == 3


def test_what_escapes_the_notes_is_not_kept(table, prepared):
    def query(on):
        noon = dt.datetime.combine(on, dt.time(12))
        return table.mutate(at=_.day.cast("timestamp")).filter(_.at < noon).agg(n=_.n.count())

    assert same_on([MONDAY + ONE * n for n in range(4)], query, prepared) == 0


def test_a_date_that_may_follow_in_two_ways_is_not_kept(table, prepared):
    first = dt.date(2026, 4, 1)

    def query(on):
        return table.filter(_.day >= on.replace(day=1), _.day <= on).agg(n=_.n.count())

    assert same_on([first], query, prepared) == 0
    assert same_on([first + ONE, first + 2 * ONE, first], query, prepared) == 1


def test_a_constant_date_stays(table, prepared):
    def query(on):
        return table.filter(_.day > dt.date(2026, 2, 10), _.day <= on).agg(n=_.n.count())

    assert same_on([MONDAY, MONDAY + ONE, MONDAY + 2 * ONE], query, prepared) == 1
