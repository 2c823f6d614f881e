"""Where each checked row belongs: its bureau and day, its missing parent, its former version.

One SQL pass joins the incoming rows with their parents and with what the lake holds already.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sources.crypto import SEALED
from sources.importing.contract import Kind
from sources.lake.engine import Connection, scan
from sources.lake.tables import lake_schema

PARENT_TABLES = ("retailers", "orders", "skus")


@dataclass(frozen=True)
class Places:
    """What rows are placed by. `parents`: retailers (retailer_id, bureau), licences (licence_no,
    bureau), skus (sku_id). `orders`: lake files of orders; `staged_orders`: those not yet written.
    `files`: the lake files of the kind itself. `home`: the bureau of rows that name no retailer.
    """

    parents: Mapping[str, pa.Table]
    orders: Sequence[str]
    staged_orders: pa.Table | None
    files: Sequence[str]
    home: str
    today: dt.date
    trust_old: bool  # the file was imported before: a former version of a row is no news


@dataclass(frozen=True)
class Placed:
    """The rows sorted out. `rows` has the lake's columns and `bureau`; see `former_marks`.

    `held` has the incoming columns, `parent_kind` and `parent_key`. `states` names added, changed or
    unchanged for each of `states_batch`'s rows.
    """

    rows: pa.Table
    held: pa.Table
    marks: pa.Table  # bureau, month, batch_id, row_no of the former rows
    states: pa.Table  # batch_id, state, n


def place(con: Connection, kind: Kind, rows: pa.Table, by: Places) -> Placed:
    """Sort the rows of one kind out. `rows` has the kind's columns and `batch_id`."""
    position = pa.array(np.arange(rows.num_rows))
    con.register("incoming", rows.append_column("position", position))
    for name, table in by.parents.items():
        con.register(f"parent_{name}", table)
    found = con.sql(_placing_sql(con, kind, by)).to_arrow_table()
    beside = pa.table({**_columns(rows), **_columns(found)})  # the rows themselves are not copied
    placed = _repeats_marked(con, kind, beside)
    con.unregister("incoming")
    state = placed["state"]
    changed = _only(placed, pc.equal(state, "changed"))
    former = _only(changed, pc.is_valid(changed["former_batch"]))
    return Placed(
        rows=_only(placed, pc.is_in(state, pa.array(["added", "changed", "former"]))).select(
            [*lake_schema(kind).names, "bureau"]
        ),
        held=_only(placed, pc.equal(state, "held")).select(
            [*rows.column_names, "parent_kind", "parent_key"]
        ),
        marks=former.select(_FORMER).rename_columns(["bureau", "month", "batch_id", "row_no"]),
        states=_counted(placed),
    )


def _columns(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    return dict(zip(table.column_names, table.columns, strict=True))


_FORMER = ["former_bureau", "former_month", "former_batch", "former_row"]


def _only(rows: pa.Table, wanted: pa.ChunkedArray) -> pa.Table:
    """The wanted rows; all of them without a copy."""
    return rows if pc.all(wanted).as_py() else rows.filter(wanted)


def _counted(placed: pa.Table) -> pa.Table:
    """batch_id, state, n; a row that another of its file superseded was added all the same."""
    counts = (
        placed.select(["batch_id", "state"])
        .group_by(["batch_id", "state"])
        .aggregate([([], "count_all")])
    )
    names = pc.if_else(pc.equal(counts["state"], "former"), "added", counts["state"])
    return pa.table({"batch_id": counts["batch_id"], "state": names, "n": counts["count_all"]})


def _names(columns: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _placing_sql(con: Connection, kind: Kind, by: Places) -> str:
    """Rows with parents and former versions beside them, and their state."""
    joins, bureau, missing = _parent_joins(con, kind, by)
    former = _former_joins(kind, by)
    same = "f.row_hash = i.row_hash" + (" OR ever.row_hash IS NOT NULL" if by.trust_old else "")
    day = _day(kind)
    has_former = bool(by.files)
    state = (
        f"CASE WHEN {missing} IS NOT NULL THEN 'held' "
        + (f"WHEN {same} THEN 'unchanged' WHEN f.batch_id IS NOT NULL THEN 'changed' " * has_former)
        + "ELSE 'added' END"
    )
    retailer = ", o.retailer_id AS retailer_id" * ("orders" in kind.parents.values())
    month = f"strftime(coalesce({day}, DATE '{by.today}'), '%Y-%m')"
    return f"""
        SELECT i.position{retailer}, {day} AS day, NULL::TIMESTAMP AS known_at,
            NULL::BIGINT AS superseded_by, NULL::TIMESTAMP AS superseded_at, {month} AS month,
            {bureau} AS bureau, {missing} AS parent_kind, {_missing_key(kind, missing)} AS parent_key,
            {"f.batch_id" if has_former else "NULL::BIGINT"} AS former_batch,
            {"f.row_no" if has_former else "NULL::BIGINT"} AS former_row,
            {"f.month" if has_former else "NULL::VARCHAR"} AS former_month,
            {"f.bureau" if has_former else "NULL::VARCHAR"} AS former_bureau,
            {"ever.row_hash IS NOT NULL" if has_former else "false"} AS was_seen,
            {state} AS state
        FROM incoming i {joins} {former} ORDER BY i.position
    """


def _parent_joins(con: Connection, kind: Kind, by: Places) -> tuple[str, str, str]:
    """SQL: the joins, the bureau, and the kind of the first parent that is missing."""
    joins, checks = [], []
    home = f"'{by.home}'"
    columns = {column.name for column in kind.columns}
    bureau = home
    if "orders" in kind.parents.values():
        _register_orders(con, by)
        joins.append("LEFT JOIN known_orders o ON o.order_id = i.order_id")
        checks.append("WHEN o.order_id IS NULL THEN 'orders'")
        bureau = "o.bureau"
    elif "retailer_id" in columns:
        joins.append("LEFT JOIN parent_retailers r ON r.retailer_id = i.retailer_id")
        if "retailers" in kind.parents.values():
            checks.append("WHEN r.bureau IS NULL THEN 'retailers'")
        bureau = f"coalesce(r.bureau, {home})"
    elif "licence_no" in columns:
        joins.append("LEFT JOIN parent_licences n ON n.licence_no = i.licence_no")
        bureau = f"coalesce(n.bureau, {home})"
    if kind.parents.get("sku_id") == "skus":
        joins.append("LEFT JOIN parent_skus s ON s.sku_id = i.sku_id")
        checks.append("WHEN s.sku_id IS NULL THEN 'skus'")
    missing = f"CASE {' '.join(checks)} END" if checks else "NULL::VARCHAR"
    return " ".join(joins), bureau, missing


def _missing_key(kind: Kind, missing: str) -> str:
    cases = " ".join(f"WHEN '{parent}' THEN i.{column}" for column, parent in kind.parents.items())
    return f"CASE {missing} {cases} END" if cases else "NULL::VARCHAR"


def _register_orders(con: Connection, by: Places) -> None:
    columns = "order_id, retailer_id, bureau, day"
    parts = [f"SELECT {columns} FROM no_orders"]
    con.execute(
        "CREATE OR REPLACE TEMP TABLE no_orders "
        "(order_id VARCHAR, retailer_id VARCHAR, bureau VARCHAR, day DATE)"
    )
    if by.orders:
        parts.append(f"SELECT {columns} FROM {scan(list(by.orders))} WHERE superseded_by IS NULL")
    if by.staged_orders is not None:
        con.register("staged_orders", by.staged_orders)
        newer = "SELECT order_id FROM staged_orders"
        parts[1:] = [f"{part} AND order_id NOT IN ({newer})" for part in parts[1:]]
        parts.append(f"SELECT {columns} FROM staged_orders")
    con.execute(f"CREATE OR REPLACE TEMP VIEW known_orders AS {' UNION ALL '.join(parts)}")


def _same_key(kind: Kind, left: str, right: str) -> str:
    required = set(kind.required)
    return " AND ".join(
        f'{left}."{name}" {"=" if name in required else "IS NOT DISTINCT FROM"} {right}."{name}"'
        for name in kind.key
    )


def _same_row(kind: Kind, left: str) -> str:
    """The same key as the incoming row `i`. A sealed value never equals another: there the hash of
    the whole row decides."""
    if kind.name != "changes":
        return _same_key(kind, left, "i")
    rest = dataclasses.replace(kind, key=tuple(name for name in kind.key if name != "new_value"))
    return (
        f"{_same_key(rest, left, 'i')} AND ({left}.new_value = i.new_value "
        f"OR (starts_with(i.new_value, '{SEALED}') AND {left}.row_hash = i.row_hash))"
    )


def _former_joins(kind: Kind, by: Places) -> str:
    """SQL: `f` is the row in force with the same key, `ever` any version with the same values."""
    if not by.files:
        return ""
    keys = _names(kind.key)
    files = scan(list(by.files))
    return f"""
        LEFT JOIN (SELECT {keys}, row_hash, batch_id, row_no, month, bureau FROM {files}
            WHERE superseded_by IS NULL) f ON {_same_row(kind, "f")}
        LEFT JOIN (SELECT DISTINCT {keys}, row_hash FROM {files}) ever
            ON ever.row_hash = i.row_hash AND {_same_row(kind, "ever")}
    """


def _day(kind: Kind) -> str:
    if kind.name == "orders":
        return "coalesce(i.order_date, i.order_time::DATE)"
    if "orders" in kind.parents.values() and kind.day_column is None:
        return "o.day"
    return f"i.{kind.day_column or 'week_start'}::DATE"  # the calendar has weeks only


def _repeats_marked(con: Connection, kind: Kind, placed: pa.Table) -> pa.Table:
    """Where a key comes several times, the last row counts; the others are superseded at once."""
    con.register("placed", placed)
    keys = _names(kind.key)
    repeated = con.sql(
        f"SELECT {keys}, max(position) AS last FROM placed WHERE state <> 'held' "
        f"GROUP BY {keys} HAVING count(*) > 1"
    ).to_arrow_table()
    if repeated.num_rows:
        con.register("repeated", repeated)
        placed = con.sql(
            f"""SELECT placed.* REPLACE (
                CASE WHEN position < last THEN batch_id ELSE superseded_by END AS superseded_by,
                CASE WHEN position < last AND was_seen THEN 'unchanged'
                    WHEN position < last THEN 'former'
                    WHEN position = last AND state = 'added' THEN 'changed'
                    ELSE state END AS state)
            FROM placed LEFT JOIN repeated
                ON {_same_key(kind, "placed", "repeated")} AND placed.state <> 'held'
            ORDER BY position"""
        ).to_arrow_table()
    con.unregister("placed")
    return placed


def split_by_bureau(rows: pa.Table) -> dict[str, pa.Table]:
    """The rows of each bureau; `bureau` is left out."""
    codes = pc.unique(rows["bureau"]).to_pylist()
    bare = rows.drop_columns(["bureau"])
    if len(codes) == 1:
        return {codes[0]: bare}
    return {code: bare.filter(pc.equal(rows["bureau"], code)) for code in codes}
