"""Opens Facts: the lake's committed files and the masters, as known on a day.

Only this package names an engine; ENGINE says which. `open_facts` serves one night; a replay takes a
`session`, which loads its window once and cuts it by day for each night.
"""

import contextlib
import dataclasses
import datetime as dt
import itertools
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from duckdb.func import PythonUDFType

from accounts.models import Bureau
from sources.crypto import unseal_column
from sources.facts import COLUMNS, Facts, Query, schema
from sources.lake import cluster, spark
from sources.lake.committed import Scope, committed_files, committed_versions
from sources.lake.engine import Connection, connect, scan
from sources.lake.prepared import Day, Prepared
from sources.lake.seized import registered
from sources.lake.snapshots import (
    NO_CHANGES,
    empty_sql,
    load_masters,
    master_tables,
    price_history_sql,
    snapshot_sql,
    tier_history_sql,
)
from sources.lake.sqltypes import SQL_TYPES
from sources.lake.views import (
    CANCELLED,
    FILES_OF,
    Window,
    brought_to_cancelled,
    fact_sql,
    fact_tables,
    missing_columns,
    moved_lines_sql,
    moved_orders_sql,
)
from sources.lake.views import SEALED as SEALED_TABLES
from sources.models import TableVersion

# Read from their files each time: of the largest a query needs few columns and months, and sealed
# text is opened only for who asks.
LARGEST = "lines"
UNLOADED = (LARGEST, *SEALED_TABLES)


@dataclass
class Session:
    """An opened window of the lake. `facts(on)` may be asked for any day within it."""

    con: Connection
    backend: ibis.BaseBackend
    missing: frozenset[str]
    missing_in: dict[str, frozenset[str]]
    tables: dict[str, ir.Table]
    changes: str
    versions: dict[str, int] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)  # SQL of each fact table over its files
    files: dict[str, list[str]] = field(default_factory=dict)
    _snapshots: dict[dt.date, dict[str, ir.Table]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._prepared = Prepared(self.backend)
        self._numbers = itertools.count()

    def facts(self, on: dt.date) -> Facts:
        """What had happened by the end of a day, masters as they were on it."""
        cut = Facts(tables=self.tables).until(on)
        return Facts(
            tables={**cut.tables, **self._masters(on)},
            missing=self.missing,
            missing_in=self.missing_in,
            shelf=self,
        )

    def replaying(self, on: dt.date, facts_of: Callable[[dt.date], Facts]) -> Facts:
        """facts_of(on), whose queries are compiled once for many days. facts_of builds on `facts`."""

        def ask(query: Query, day: dt.date, key: Hashable) -> list[dict[str, Any]]:
            self._turn_to(day)
            return self._prepared.rows(key, lambda traced: query(facts_of(traced), traced), day)

        return dataclasses.replace(facts_of(on), prepared=ask)

    def store(self, table: ir.Table) -> ir.Table:
        """The table, computed now and kept for as long as the session."""
        return self._named(f"TABLE {{name}} AS {self._compiled(table)}", table.schema())

    def write(self, table: ir.Table, folder: Path) -> dict[str, list[Path]]:
        """Write a table with `day` to Parquet files of a month each; returns month -> files."""
        folder.mkdir(parents=True)
        cells = ", ".join(
            f'"{name}"::{SQL_TYPES[str(kind)]} AS "{name}"' for name, kind in table.schema().items()
        )
        self.con.execute(
            f"COPY (SELECT {cells}, strftime(day, '%Y-%m') AS month FROM ({self._compiled(table)}) "
            f"ORDER BY day) TO '{folder}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (month))"
        )
        return {
            place.name.removeprefix("month="): sorted(place.iterdir())
            for place in sorted(folder.iterdir())
        }

    def read(self, files: Iterable[Path]) -> ir.Table:
        """The rows of such files."""
        paths = [str(path) for path in files]
        schema = ibis.Schema.from_pyarrow(pyarrow.parquet.read_schema(paths[0]))
        rows = f"SELECT * FROM read_parquet({paths}, hive_partitioning=false)"
        return self._named(f"VIEW {{name}} AS {rows}", schema)

    def _compiled(self, table: ir.Table) -> str:
        self.backend._run_pre_execute_hooks(table)
        sql: str = self.backend.compile(table)
        return sql

    def _named(self, what: str, schema: ibis.Schema) -> ir.Table:
        name = f"kept_{next(self._numbers)}"
        self.con.execute("CREATE " + what.replace("{name}", name, 1))
        return ops.DatabaseTable(
            name=name, schema=schema, source=self.backend, namespace=ops.Namespace()
        ).to_expr()

    def _masters(self, on: dt.date) -> dict[str, ir.Table]:
        if isinstance(on, Day):  # a query for many days: the tables of the one asked for
            return {one: _table(self.backend, f"{one}_then", one) for one in master_tables()}
        if on not in self._snapshots:
            found = {}
            for table in master_tables():
                name = f"{table}_{on:%Y%m%d}"
                sql = snapshot_sql(table, on, changes=self.changes)
                self.con.execute(f"CREATE OR REPLACE TABLE {name} AS {sql}")
                found[table] = _table(self.backend, name, table)
            self._snapshots = {on: found}
        return self._snapshots[on]

    def _turn_to(self, on: dt.date) -> None:
        for table in self._masters(on):
            source = f"{table}_{on:%Y%m%d}"
            self.con.execute(f"CREATE OR REPLACE VIEW {table}_then AS SELECT * FROM {source}")


Opened = Session | spark.SparkSession


@contextlib.contextmanager
def open_facts(
    *,
    on: dt.date,
    bureaus: Sequence[str],
    since: dt.date | None = None,
    known_at: dt.datetime | None = None,
) -> Iterator[Facts]:
    """Facts of these bureaus (codes; what lies below them too) by the end of a day.

    `since` leaves out older facts; then most tables are loaded once, for many queries
    to come. `known_at` leaves out what was imported later. The engine's connection closes with the
    block.
    """
    loaded = () if since is None else set(fact_tables()).difference(UNLOADED)
    with _opened(bureaus, Window(since, on, _naive(known_at)), loaded) as opened:
        yield opened.facts(on)


@contextlib.contextmanager
def session(
    *,
    bureaus: Sequence[str],
    since: dt.date | None = None,
    until: dt.date | None = None,
    known_at: dt.datetime | None = None,
) -> Iterator[Opened]:
    """The facts of a window, loaded once into the engine, to be cut for one night after another."""
    with _opened(bureaus, Window(since, until, _naive(known_at)), fact_tables()) as opened:
        yield opened


def _naive(moment: dt.datetime | None) -> dt.datetime | None:
    return moment.astimezone(dt.UTC).replace(tzinfo=None) if moment else None


def put_away(table: ir.Table) -> ir.Table:
    """The table, computed now: kept by a cluster's executors, else in this process's memory."""
    kept = spark.put_away(table)
    return ibis.memtable(table.to_pyarrow(), schema=table.schema()) if kept is None else kept


@contextlib.contextmanager
def _opened(bureaus: Sequence[str], window: Window, loaded: Collection[str]) -> Iterator[Opened]:
    if settings.ENGINE not in {"duckdb", "spark"}:
        raise ImproperlyConfigured(f"ENGINE={settings.ENGINE}：只能是 duckdb 或 spark")
    on_spark = settings.ENGINE == "spark"
    con = connect()
    try:
        opened = _open(con, bureaus, window, () if on_spark else loaded)
        if not on_spark:
            yield opened
            return
        with cluster.connected() as backend:
            yield spark.lay_out(opened, backend, keep=LARGEST in loaded)
    finally:
        con.close()


def _open(
    con: Connection, bureaus: Sequence[str], window: Window, loaded: Collection[str]
) -> Session:
    """Lay every table out in the engine: as a view over its files, or loaded."""
    scope = Scope.of(bureaus)
    versions = committed_versions(scope.wide())  # before the files are named: never newer than they
    con.create_function("unseal", _unseal, ["VARCHAR"], "VARCHAR", type=PythonUDFType.ARROW)
    load_masters(con, scope=scope, known_at=window.known_at)
    files = {
        table: window.files(table, committed_files(FILES_OF.get(table, table), scope.wide()))
        for table in fact_tables()
    }
    brought = _brought(scope)
    has_tiers = "tier" in brought.get("retailers", set()) or bool(files["changes"])
    has_prices = _prices_lines(brought)
    lacks_sums = _sums_orders(scope)
    backend = ibis.duckdb.from_connection(con)
    tables, texts, changes = {}, {}, NO_CHANGES
    for table in fact_tables():
        if table == "orders":
            con.execute(f"CREATE TABLE tier_history AS {tier_history_sql(changes)}")
        if table == "lines" and has_prices:
            con.execute(f"CREATE TABLE price_history AS {price_history_sql()}")
        sql = _text(con, table, files, window, tiers=has_tiers, prices=has_prices, sums=lacks_sums)
        if table == "seizures" and (typed := registered(con, scope, window)):
            sql = f"{sql} UNION ALL BY NAME {typed}"
            brought.setdefault(table, set()).update(COLUMNS[table])
        texts[table] = sql
        kind = "TABLE" if table in loaded else "VIEW"
        order = " ORDER BY day" if table in loaded and table in {"orders", "lines"} else ""
        con.execute(f"CREATE {kind} {table} AS {sql}{order}")
        if table == "changes" and files[table]:
            changes = _sealed_changes(con, files[table], window)
        tables[table] = _table(backend, table, table)
    return Session(
        con=con,
        backend=backend,
        missing=_missing(brought),
        missing_in=_missing_in(scope, brought),
        tables=tables,
        changes=changes,
        versions=versions,
        texts=texts,
        files=files,
    )


def _text(
    con: Connection, table: str, files: dict[str, list[str]], window: Window, **derived: bool
) -> str:
    """SQL of one fact table. derived: see `fact_sql`."""
    if not files[table]:
        return empty_sql(table)
    sql = fact_sql(table, files, window, **derived)
    if table != "lines" or not files["orders"]:
        return sql
    con.execute(f"CREATE TABLE moved_orders AS {moved_orders_sql(files)}")
    if not con.execute("FROM moved_orders LIMIT 1").fetchall():
        return sql
    moved = moved_lines_sql(files, window, prices=derived["prices"])
    con.execute(f"CREATE TABLE moved_lines AS {moved}")
    return f"{sql} UNION ALL BY NAME SELECT * FROM moved_lines"


def _brought(scope: Scope) -> dict[str, set[str]]:
    """Table -> the source columns that imports have brought."""
    found: dict[str, set[str]] = {}
    for table, columns in TableVersion.objects.filter(scope.wide()).values_list("table", "columns"):
        found.setdefault(table, set()).update(columns)
    return found


def _missing_in(scope: Scope, whole: dict[str, set[str]]) -> dict[str, frozenset[str]]:
    """County -> what no import has brought to it or to those above it."""
    versions = TableVersion.objects.filter(scope.wide())
    known = list(versions.values_list("bureau__path", "table", "columns"))
    found = {}
    for code, path in Bureau.objects.counties().values_list("code", "path"):
        if not path.startswith(tuple(scope.paths)):
            continue
        brought = {"seizures": set(whole["seizures"])} if "seizures" in whole else {}
        for place, table, columns in known:
            if path.startswith(place) or place.startswith(path):
                brought.setdefault(table, set()).update(columns)
        found[code] = _missing(brought)
    return found


def _missing(brought: dict[str, set[str]]) -> frozenset[str]:
    """What no import has brought, less what follows from something else."""
    known = {**brought, CANCELLED: brought_to_cancelled(brought)}
    missing = {name for table in COLUMNS for name in missing_columns(table, known.get(table))}
    if "orders" in brought:
        missing.discard("orders.week_start")
        if "tier" in brought.get("retailers", set()):
            missing.discard("orders.tier")
    if "calendar" not in brought:  # then ordering was suspended in no week
        missing -= {"calendar.week_start", "calendar.orders_suspended"}
    if "qty" in brought.get("lines", set()):
        missing.discard("orders.qty")
    if _prices_lines(brought):
        missing.discard("lines.amount")
    if {"lines", "limits"} <= set(brought):
        missing.discard("lines.limit_qty")
    return frozenset(missing)


def _sums_orders(scope: Scope) -> bool:
    """Whether what some orders hold follows from their lines, for no import brought it."""
    orders = TableVersion.objects.filter(scope.wide(), table="orders")
    return any("qty" not in columns for columns in orders.values_list("columns", flat=True))


def _prices_lines(brought: dict[str, set[str]]) -> bool:
    """Whether what lines cost follows from their products' prices, for no import brought it."""
    lines = brought.get("lines")
    return (
        lines is not None
        and "amount" not in lines
        and "wholesale_price" in brought.get("skus", set())
    )


def _sealed_changes(con: Connection, files: list[str], window: Window) -> str:
    """The change rows for snapshots, once; addresses stay sealed until somebody reads one."""
    from_files = f"SELECT * FROM {scan(files)} x WHERE {window.in_force('x')}"
    con.execute(
        "CREATE TABLE change_rows AS SELECT retailer_id, day, field, old_value, new_value, batch_id, "
        f"row_no FROM ({from_files})"
    )
    return "SELECT * FROM change_rows"


def _table(backend: ibis.BaseBackend, name: str, table: str) -> ir.Table:
    """A table of the engine as Ibis sees it, its schema known without asking."""
    return ops.DatabaseTable(
        name=name, schema=schema(table), source=backend, namespace=ops.Namespace()
    ).to_expr()


def _unseal(column: pa.ChunkedArray) -> pa.Array:
    return unseal_column(pa.chunked_array([column]) if isinstance(column, pa.Array) else column)
