"""The contract of every detector on Spark: the same rows as on DuckDB."""

import datetime as dt
import importlib
import inspect
import sys

import ibis
import pytest

from alerts import panels
from alerts.detectors import all_detectors
from alerts.trails import Span
from tests.alerts.test_detection import everything, in_order

pytestmark = pytest.mark.spark
STEPS = {"order_days", "supply", "limits_met"}  # shared tables that others are made of


def shared_tables(cls):
    """The names of those that a detector reads."""
    source = inspect.getsource(sys.modules[cls.__module__])
    read = {name for name in panels.PANELS if f"panels.{name}" in source}
    return read | STEPS if read else set()


@pytest.mark.parametrize("cls", all_detectors(), ids=lambda cls: cls.key)
def test_it_finds_and_shows_the_same_rows(cls, spark):
    example = importlib.import_module(f"tests.alerts.detectors.test_{cls.key}")
    detector, facts, on = cls(), example.guilty(), example.ON
    found, evidence = everything(detector, facts, on)
    span = Span(on - dt.timedelta(weeks=panels.HISTORY), on)
    there = panels.kept(facts, span, lambda _name, table: spark.keep(table), shared_tables(cls))

    told = ibis.memtable(spark.to_pyarrow(detector.find(there, on)), schema=found.schema())
    shown = spark.to_pyarrow(detector.evidence(there, on, told))

    assert in_order(told) == in_order(found)
    assert in_order(ibis.memtable(shown, schema=evidence.schema())) == in_order(evidence)
