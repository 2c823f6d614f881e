"""A detector that looks inside one bureau finds the same, and shows the same rows, in a whole city.

A night runs it once over all counties together. The first county is the detector's own example; two
more have other shops that order the same goods in other quantities, on other days, with gaps.
Catalogue, calendar, limits and staff are the city's.
"""

import datetime as dt
import importlib
import inspect
import sys

import ibis
import pyarrow as pa
import pytest

from alerts.detectors import all_detectors
from sources.facts import COLUMNS, Facts, schema
from tests.alerts.test_detection import NUMBERS, arrow, in_order, later

CLASSES = all_detectors()
SHARED = {"skus", "limits", "calendar", "staff"}
OWN = NUMBERS | {"retailer_id", "licence_no"}  # what two counties never have in common
AMOUNTS = {"qty", "amount", "paid_amount", "delivered_qty", "gps_offset_m", "qty_need", "price"}
LOST = dt.timedelta(days=9)


@pytest.fixture(params=[cls for cls in CLASSES if cls.scope == "bureau"], ids=lambda cls: cls.key)
def detector(request):
    return request.param()


@pytest.fixture
def example(detector):
    return importlib.import_module(f"tests.alerts.detectors.test_{detector.key}")


@pytest.fixture
def counties(example):
    """The tables of three counties, and what is the city's with the first."""
    first = arrow(example.guilty())
    return [first, *(county(first, code, make, example.ON) for code, make in OTHERS.items())]


def county(first, code, make, on):
    return {
        name: pa.Table.from_pylist(
            [belonging(row, code) for row in make(name, table.to_pylist(), on)],
            schema=table.schema,
        )
        for name, table in first.items()
        if name not in SHARED
    }


def thinned(name, rows, on):
    """Fewer rows, larger quantities, no order in most of the last days."""
    kept = [row for row in rows if row["row_no"] % 7 != 3 or name == "retailers"]
    if name == "orders":
        kept = [row for row in kept if not on - LOST < row["day"] < on]
    return [other(row, factor=3) for row in kept]


def moved(name, rows, on):
    """All rows, the dated ones once more on the days up to the night."""
    told = [other(row, factor=2) for row in rows]
    if "day" in COLUMNS[name]:
        again = [later(row, on - dt.timedelta(weeks=1)) for row in rows]
        told += [other(row, factor=5) for row in again]
    return told


def other(row, factor):
    return row | {
        name: row[name] * (factor + row["row_no"] % 3)
        for name in AMOUNTS & row.keys()
        if row[name] is not None
    }


def belonging(row, code):
    own = {name: f"{row[name]}-{code}" for name in OWN & row.keys() if row[name] is not None}
    return row | own | {"bureau": code}


OTHERS = {"451498": thinned, "451499": moved}


def together(*parts: dict[str, pa.Table]) -> Facts:
    names = {name for part in parts for name in part}
    tables = {
        name: pa.concat_tables(part[name] for part in parts if name in part) for name in names
    }
    return Facts(tables={name: ibis.memtable(t, schema=schema(name)) for name, t in tables.items()})


def test_counties_together_are_what_each_is_alone(detector, example, counties):
    shared = {name: table for name, table in counties[0].items() if name in SHARED}
    both = together(*counties)
    alone = [together(shared | tables) for tables in counties]

    found = detector.find(both, example.ON)
    apart = [detector.find(tables, example.ON) for tables in alone]
    assert in_order(found) == in_order(ibis.union(*apart))
    if detector.subject != "retailer":
        assert "bureau" in found.columns
        return  # shown county by county
    shown = detector.evidence(both, example.ON, found)
    rows = [
        detector.evidence(tables, example.ON, mine)
        for tables, mine in zip(alone, apart, strict=True)
    ]
    assert in_order(shown) == in_order(ibis.union(*rows))


def test_whose_night_is_a_citys_asks_for_anybodys_night_before():
    """`cycles.with_news` looks for the bureau's own unless told otherwise."""
    for cls in CLASSES:
        source = inspect.getsource(sys.modules[cls.__module__])
        if cls.scope == "all" and "with_news(" in source:
            assert "by=None" in source, cls.key
