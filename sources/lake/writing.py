"""Writing one table of one bureau: from the committed version, in as few Delta commits as possible.

Whatever a killed import left behind lies above the committed version; the next writer restores that
version first. The caller holds the writer's lock and commits the returned version in PostgreSQL.
"""

from collections import Counter
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, Transaction, WriterProperties, write_deltalake

from sources.importing.contract import Kind
from sources.lake.tables import TABLES, lake_schema, location

EMPTY = 0  # the version in which every table is created
COMPRESSED = WriterProperties(compression="ZSTD", compression_level=1)
_SHIFT = 2**40  # row numbers stay below it
MOST_FILES = 8  # of the newest month; every query opens all of them


class ForeignCommitError(Exception):
    """Another writer committed in between: it lost its lock without noticing. Run again."""


@dataclass
class Staged:
    """What becomes of one table of one bureau: rows to add, and former rows to mark.

    `former` maps a month to the (batch_id, row_no) of its rows that are superseded now.
    """

    rows: list[pa.Table] = field(default_factory=list)
    former: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def count(self) -> int:
        return sum(rows.num_rows for rows in self.rows)


@dataclass(frozen=True)
class Writer:
    """Who writes: the batch, when its rows became known (UTC, naive), and a token of this attempt."""

    batch_id: int
    known_at: object  # datetime without zone, for Arrow
    token: str

    def properties(self) -> CommitProperties:
        return CommitProperties(
            custom_metadata={"batch": str(self.batch_id), "attempt": self.token},
            app_transactions=[Transaction("neiguan", self.batch_id)],
        )


def write(kind: Kind, bureau: str, committed: int | None, staged: Staged, writer: Writer) -> int:
    """Put the staged rows into the table and return the version that holds them.

    Raises ForeignCommitError where somebody else wrote meanwhile.
    """
    table = _at_committed(kind, bureau, committed)
    base = table.version()
    rows = _with_lineage(kind, staged, writer)
    if staged.former:
        _overwrite_months(table, kind, rows, staged, writer)
        rows = rows.filter(pc.invert(_in_months(rows, staged)))
    if rows.num_rows:
        write_deltalake(
            table,
            rows,
            mode="append",
            schema_mode="merge",  # a kind may have a column that the table does not know yet
            commit_properties=writer.properties(),
            writer_properties=COMPRESSED,
        )
    _put_together(table, writer)
    return _checked(table, base, writer)


def files(table: str, bureau: str, version: int) -> list[str]:
    """The files of one version of a table."""
    return DeltaTable(location(table, bureau), version=version).file_uris()


def _at_committed(kind: Kind, bureau: str, committed: int | None) -> DeltaTable:
    """The table with the committed version's content as its newest, created where it is missing."""
    place = location(TABLES[kind.name], bureau)
    if not DeltaTable.is_deltatable(place):
        DeltaTable.create(place, lake_schema(kind), mode="ignore", partition_by=["month"])
    table = DeltaTable(place)
    wanted = EMPTY if committed is None else committed
    if table.version() != wanted:
        table.restore(wanted)
        table = DeltaTable(place)
    return table


def _with_lineage(kind: Kind, staged: Staged, writer: Writer) -> pa.Table:
    """All staged rows in the lake's schema; rows staged as superseded keep their mark."""
    schema = lake_schema(kind)
    parts = [part.select(schema.names).cast(schema) for part in staged.rows]
    rows = pa.concat_tables([schema.empty_table(), *parts])
    known = pa.repeat(pa.scalar(writer.known_at, pa.timestamp("us")), rows.num_rows)
    over = pc.if_else(pc.is_valid(rows["superseded_by"]), known, rows["superseded_at"])
    for name, values in (("known_at", known), ("superseded_at", over)):
        rows = rows.set_column(schema.get_field_index(name), schema.field(name), values)
    return rows


def _in_months(rows: pa.Table, staged: Staged) -> pa.ChunkedArray:
    return pc.is_in(rows["month"], pa.array(list(staged.former), pa.string()))


def _overwrite_months(
    table: DeltaTable, kind: Kind, rows: pa.Table, staged: Staged, writer: Writer
) -> None:
    """Write the months that hold superseded rows anew: same rows, marked, and the new ones."""
    months = sorted(staged.former)
    schema = lake_schema(kind)
    held = table.to_pyarrow_table(filters=[("month", "in", months)])
    held = _with_all(held, schema)
    whole = pa.concat_tables([_marked(held, staged, writer), rows.filter(_in_months(rows, staged))])
    wanted = ", ".join(f"'{month}'" for month in months)
    write_deltalake(
        table,
        whole,
        mode="overwrite",
        schema_mode="merge",
        predicate=f"month IN ({wanted})",
        commit_properties=writer.properties(),
        writer_properties=COMPRESSED,
    )


def _put_together(table: DeltaTable, writer: Writer) -> None:
    """One file a month, but for the newest: its files are put together when they are many.

    Imports come daily. Two years of files of a day made every query of a night five times dearer.
    """
    table.update_incremental()
    counts = Counter(_month_of(name) for name in table.file_uris())
    newest = max(counts, default="")
    for month, number in counts.items():
        if number > (MOST_FILES if month == newest else 1):
            table.optimize.compact(
                partition_filters=[("month", "=", month)],
                commit_properties=writer.properties(),
                writer_properties=COMPRESSED,
            )


def _month_of(name: str) -> str:
    return name.split("month=")[1].split("/")[0]


def _with_all(held: pa.Table, schema: pa.Schema) -> pa.Table:
    """Rows read back, in the schema of today; what they had no column for is null."""
    for one in schema:
        if one.name not in held.column_names:
            held = held.append_column(one, pa.nulls(held.num_rows, one.type))
    return held.select(schema.names).cast(schema)


def _marked(held: pa.Table, staged: Staged, writer: Writer) -> pa.Table:
    marks = [batch * _SHIFT + row for rows in staged.former.values() for batch, row in rows]
    number = pc.add(pc.multiply(held["batch_id"], _SHIFT), held["row_no"])
    hit = pc.and_(pc.is_in(number, pa.array(marks, pa.int64())), pc.is_null(held["superseded_by"]))
    known = pa.scalar(writer.known_at, pa.timestamp("us"))
    by = pc.if_else(hit, pa.scalar(writer.batch_id, pa.int64()), held["superseded_by"])
    at = pc.if_else(hit, known, held["superseded_at"])
    names = held.schema.names
    held = held.set_column(names.index("superseded_by"), "superseded_by", by)
    return held.set_column(names.index("superseded_at"), "superseded_at", at)


def _checked(table: DeltaTable, base: int, writer: Writer) -> int:
    """The newest version, once every commit since `base` is known to be ours."""
    table.update_incremental()
    version: int = table.version()
    commits = table.history(version - base)
    if any(commit.get("attempt") != writer.token for commit in commits):
        raise ForeignCommitError(table.table_uri)
    return version
