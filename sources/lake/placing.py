"""Where each checked row belongs: its bureau and day, its missing parent, its former version.

One SQL pass joins the incoming rows with their parents and with what the lake holds already.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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
    position = pa.array(range(rows.num_rows), pa.int64())
    con.register("incoming", rows.append_column("position", position))
    for name, table in by.parents.items():
        con.register(f"parent_{name}", table)
    con.execute(f"CREATE OR REPLACE TEMP TABLE placed AS {_placing_sql(con, kind, by)}")
    _mark_repeats(con, kind)
    lake = lake_schema(kind)
    columns = ", ".join(f'"{name}"' for name in lake.names)
    result = Placed(
        rows=con.sql(
            f"SELECT {columns}, bureau FROM placed WHERE state IN ('added', 'changed', 'former')"
        ).to_arrow_table(),
        held=con.sql(
            f"SELECT {_names(rows.column_names)}, parent_kind, parent_key FROM placed WHERE state = 'held'"
        ).to_arrow_table(),
        marks=con.sql(
            "SELECT former_bureau AS bureau, former_month AS month, former_batch AS batch_id, "
            "former_row AS row_no FROM placed WHERE state = 'changed' AND former_batch IS NOT NULL"
        ).to_arrow_table(),
        states=con.sql(
            "SELECT batch_id, CASE state WHEN 'former' THEN 'added' ELSE state END AS state, "
            "count(*) AS n FROM placed GROUP BY ALL"
        ).to_arrow_table(),
    )
    con.execute("DROP TABLE placed")
    con.unregister("incoming")
    return result


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
        SELECT i.*{retailer}, {day} AS day, NULL::TIMESTAMP AS known_at,
            NULL::BIGINT AS superseded_by, NULL::TIMESTAMP AS superseded_at, {month} AS month,
            {bureau} AS bureau, {missing} AS parent_kind, {_missing_key(kind, missing)} AS parent_key,
            {"f.batch_id" if has_former else "NULL::BIGINT"} AS former_batch,
            {"f.row_no" if has_former else "NULL::BIGINT"} AS former_row,
            {"f.month" if has_former else "NULL::VARCHAR"} AS former_month,
            {"f.bureau" if has_former else "NULL::VARCHAR"} AS former_bureau,
            {"ever.row_hash IS NOT NULL" if has_former else "false"} AS was_seen,
            {state} AS state
        FROM incoming i {joins} {former}
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


def _mark_repeats(con: Connection, kind: Kind) -> None:
    """Where a key comes several times, the last row counts; the others are superseded at once."""
    keys = _names(kind.key)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE repeated AS SELECT {keys}, max(position) AS last FROM placed "
        f"WHERE state <> 'held' GROUP BY {keys} HAVING count(*) > 1"
    )
    if con.execute("SELECT count(*) FROM repeated").fetchall() == [(0,)]:
        return
    con.execute(
        f"""UPDATE placed SET superseded_by = batch_id,
            state = CASE WHEN was_seen THEN 'unchanged' ELSE 'former' END
            FROM repeated WHERE {_same_key(kind, "placed", "repeated")}
            AND placed.position < repeated.last AND placed.state <> 'held'"""
    )
    con.execute(
        f"""UPDATE placed SET state = 'changed' FROM repeated
            WHERE {_same_key(kind, "placed", "repeated")}
            AND placed.position = repeated.last AND placed.state = 'added'"""
    )


def split_by_bureau(rows: pa.Table) -> dict[str, pa.Table]:
    """The rows of each bureau; `bureau` is left out."""
    codes = pc.unique(rows["bureau"]).to_pylist()
    bare = rows.drop_columns(["bureau"])
    if len(codes) == 1:
        return {codes[0]: bare}
    return {code: bare.filter(pc.equal(rows["bureau"], code)) for code in codes}
