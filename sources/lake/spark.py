"""Facts on a Spark cluster, over the same committed files and from the same SQL as on DuckDB.

DuckDB stays beside: it computes what is small and comes from PostgreSQL (masters, histories of tiers
and prices, registered seizures) and hands it over. The texts of the fact tables are translated: a
scan of files becomes a Spark table with the lake's schema, and everything they name is there under
the same name.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa
import sqlglot
from django.conf import settings
from sqlglot import exp

from sources.crypto import opener
from sources.facts import Facts, schema
from sources.lake.snapshots import master_tables
from sources.lake.tables import PARTITIONS, kind_of, lake_schema
from sources.lake.views import FILES_OF

if TYPE_CHECKING:
    from sources.lake import Session
    from sources.lake.spark_backend import Backend

MOST_DAYS = 5  # whose masters are held at once; a replay goes on from day to day


@dataclass
class SparkSession:
    """An opened window of the lake on a cluster; asked like `sources.lake.Session`, its twin."""

    beside: "Session"  # the same window in this process's engine
    backend: "Backend"
    tables: dict[str, ir.Table]
    _masters: dict[dt.date, dict[str, ir.Table]] = field(default_factory=dict)

    def facts(self, on: dt.date) -> Facts:
        """What had happened by the end of a day, masters as they were on it."""
        if on not in self._masters:
            self._masters[on] = self._handed_over(on)
        if len(self._masters) > MOST_DAYS:
            oldest = next(iter(self._masters))
            del self._masters[oldest]
            self.backend.drop(_name(table, oldest) for table in master_tables())
        cut = Facts(tables=self.tables).until(on)
        return Facts(
            tables={**cut.tables, **self._masters[on]},
            missing=self.beside.missing,
            missing_in=self.beside.missing_in,
        )

    def replaying(self, on: dt.date, facts_of: Callable[[dt.date], Facts]) -> Facts:
        """facts_of(on): compiling is little beside what a cluster does for a query."""
        return facts_of(on)

    def store(self, table: ir.Table) -> ir.Table:
        """The table, computed now and kept by the executors for as long as the session."""
        return self.backend.keep(table)

    def _handed_over(self, on: dt.date) -> dict[str, ir.Table]:
        return {
            name: self.backend.put(_name(name, on), table.to_pyarrow(), schema(name))
            for name, table in self.beside.facts(on).tables.items()
            if name in master_tables()
        }


def _name(table: str, on: dt.date) -> str:
    return f"{table}_{on:%Y%m%d}"


def lay_out(beside: "Session", backend: "Backend", *, keep: bool) -> SparkSession:
    """Every fact table as a view over its files; where `keep`, read once for many nights."""
    backend.register_text_function("unseal", opener(settings.FIELD_KEY))
    layout = _Layout(beside, backend)
    tables = {}
    for name, text in beside.texts.items():
        frame = backend.query(layout.translated(text))
        tables[name] = backend.view(name, frame, schema(name))
        if keep and beside.files[name]:
            tables[name] = backend.keep(tables[name])
    return SparkSession(beside, backend, tables)


def put_away(table: ir.Table) -> ir.Table | None:
    """The table kept by the executors, where it is computed by them."""
    for source in table.op().find(ops.DatabaseTable):
        if keep := getattr(source.source, "keep", None):
            kept: ir.Table = keep(table)
            return kept
    return None


class _Layout:
    """Translates the texts and puts in place what they name."""

    def __init__(self, beside: "Session", backend: "Backend") -> None:
        self._beside = beside
        self._backend = backend
        self._there = set(beside.texts)  # a text names only such as stand before it
        self._table_of = {
            tuple(files): FILES_OF.get(name, name) for name, files in beside.files.items()
        }

    def translated(self, text: str) -> str:
        """DuckDB's SQL as Spark's. Columns stand in one order wherever rows are put together."""
        tree = sqlglot.parse_one(text, read="duckdb")
        for table in list(tree.find_all(exp.Table)):
            if isinstance(table.this, exp.ReadParquet):
                table.replace(self._scanned(table.this, table.alias))
        for union in list(tree.find_all(exp.Union)):
            union.set("by_name", None)
            if _is_empty(union.expression):  # the lake's schema has the columns that it adds
                union.replace(union.this)
        for kind in tree.find_all(exp.DataType):
            if kind.is_type("timestamp", "timestampntz"):
                kind.set("this", exp.DType.TIMESTAMPLTZ)  # in UTC; what Ibis takes them for
        for table in tree.find_all(exp.Table):
            self._put(table.name)
        return tree.sql("spark")

    def _scanned(self, scan: exp.ReadParquet, alias: str) -> exp.Table:
        files = [one.this for one in scan.expressions[0].expressions]
        name = self._table_of[tuple(files)]
        view = f"lake_{name}"
        if view not in self._there:
            self._there.add(view)
            self._backend.scan(view, files, f"{settings.LAKE_URL}/{name}", _schema_of(name))
        return exp.to_table(view, alias=alias or None)

    def _put(self, name: str) -> None:
        if name not in self._there:
            self._there.add(name)
            found = self._beside.con.sql(f'SELECT * FROM "{name}"').to_arrow_table()
            self._backend.put(name, found)


def _is_empty(query: exp.Expression) -> bool:
    where = query.args.get("where")
    return where is not None and where.this == exp.false()


def _schema_of(table: str) -> pa.Schema:
    """The columns of a table's files, and those that stand in their paths, as text."""
    names = set(lake_schema(kind_of(table)).names)
    paths = [pa.field(name, pa.string()) for name in PARTITIONS if name not in names]
    return pa.schema([*lake_schema(kind_of(table)), *paths])
