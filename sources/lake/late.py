"""What an import changed in the past: the order days it speaks of, and rows that it replaced."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sources.crypto import SEALED
from sources.facts import COLUMNS
from sources.lake import writing
from sources.lake.committed import below, committed_tables
from sources.lake.engine import Connection, connect, scan
from sources.lake.tables import TABLES, kind_of
from sources.lake.views import SOURCES

Place = tuple[str, int, int]  # table, batch_id, row_no

OWN_DAY = ("orders", "lines")  # their day is the order day
WEEKLY = ("limits", "calendar")  # they hold for all days of their week
ALWAYS = {"orders": ("is_cancelled", "is_return")}  # compared although no detector reads them


@dataclass(frozen=True)
class Changed:
    """What one import changed: (bureau, order day) of each night that would have seen it, and the
    rows that are no longer in force."""

    days: frozenset[tuple[str, dt.date]]
    replaced: frozenset[Place]


@dataclass(frozen=True)
class Successor:
    """A replaced row's values and those in force now: under the columns of facts, and by whom."""

    old: Mapping[str, Any]
    new: Mapping[str, Any]
    batch_id: int
    row_no: int
    known_at: dt.datetime


def changed_by(*, known_at: dt.datetime, path: str, since: dt.date) -> Changed:
    """What the import of a moment changed below a bureau, in rows of a day or later.

    A row that is no order tells the night of its shop's next order day, since detectors speak of
    what is new since the last one; where that has not come, no night would have seen it.
    """
    moment = f"TIMESTAMP '{known_at.astimezone(dt.UTC).replace(tzinfo=None)}'"
    found = committed_tables(TABLES.values(), below(path))
    days: set[tuple[str, dt.date]] = set()
    replaced: set[Place] = set()
    con = connect()
    try:
        for table, files in found.items():
            if not files:
                continue
            rows = (
                f"SELECT * FROM {scan(files)} WHERE month >= '{since:%Y-%m}' "
                f"AND day >= DATE '{since}'"
            )
            fresh = f"SELECT * FROM ({rows}) WHERE known_at = {moment} OR superseded_at = {moment}"
            days |= _days(con, table, fresh, found["orders"])
            gone = f"SELECT batch_id, row_no FROM ({rows}) WHERE superseded_at = {moment}"
            replaced |= {(table, *row) for row in con.execute(gone).fetchall()}
    finally:
        con.close()
    return Changed(frozenset(days), frozenset(replaced))


def _days(
    con: Connection, table: str, fresh: str, orders: Sequence[str]
) -> set[tuple[str, dt.date]]:
    if table in OWN_DAY or not _names_shop(table):
        sql = f"SELECT DISTINCT bureau, day FROM ({fresh})"
    else:
        sql = (
            f"SELECT DISTINCT r.bureau, o.day FROM ({fresh}) r ASOF JOIN "
            f"(SELECT retailer_id, day FROM {scan(list(orders))} WHERE superseded_by IS NULL) o "
            "ON o.retailer_id = r.retailer_id AND r.day <= o.day"
            if orders
            else "SELECT '', DATE '1-1-1' WHERE false"
        )
    week = range(7) if table in WEEKLY else range(1)
    return {
        (bureau, day + dt.timedelta(days=later))
        for bureau, day in con.execute(sql).fetchall()
        for later in week
    }


def earliest_change(then: Mapping[str, int], now: Mapping[str, int]) -> dt.date | None:
    """The first day that rows speak of which came or went between versions ("table:bureau" -> version).

    None where nothing changed. The calendar and limits speak of the week that starts on the day.
    """
    days = []
    con = connect()
    try:
        for key in sorted(now):
            if then.get(key) == now[key]:
                continue
            table, bureau = key.split(":")
            before = writing.files(table, bureau, then.get(key, writing.EMPTY))
            days.append(_first_day(con, before, writing.files(table, bureau, now[key])))
    finally:
        con.close()
    return min((day for day in days if day is not None), default=None)


def _first_day(con: Connection, before: Sequence[str], after: Sequence[str]) -> dt.date | None:
    """The first day of rows that differ between two versions of a table."""
    places = "day, batch_id, row_no, superseded_by"
    fresh = [f"SELECT {places} FROM {scan([one])}" for one in sorted(set(after) - set(before))]
    gone = [f"SELECT {places} FROM {scan([one])}" for one in sorted(set(before) - set(after))]
    if not fresh and not gone:
        return None
    empty = "SELECT NULL::DATE, NULL::BIGINT, NULL::BIGINT, NULL::BIGINT WHERE false"
    one, other = (" UNION ALL ".join(parts or [empty]) for parts in (fresh, gone))
    differing = f"(({one}) EXCEPT ({other})) UNION ALL (({other}) EXCEPT ({one}))"
    first: dt.date | None = con.execute(
        f"SELECT min(day) FROM ({differing}) t(day, b, r, s)"
    ).fetchall()[0][0]
    return first


def _names_shop(table: str) -> bool:
    kind = kind_of(table)
    names = {column.name for column in kind.columns}
    return "retailer_id" in names or kind.parents.get("order_id") == "orders"


def successors(*, places: Iterable[Place], path: str) -> dict[Place, Successor]:
    """The rows in force instead of those of `places` that something has replaced, below a bureau."""
    wanted: dict[str, list[tuple[int, int]]] = {}
    for table, batch_id, row_no in places:
        if table in TABLES.values():
            wanted.setdefault(table, []).append((batch_id, row_no))
    found = committed_tables(wanted, below(path)) if wanted else {}
    made: dict[Place, Successor] = {}
    con = connect()
    try:
        for table, pairs in wanted.items():
            if found[table]:
                made |= _successors(con, table, sorted(set(pairs)), found[table])
    finally:
        con.close()
    return made


def _successors(
    con: Connection, table: str, pairs: list[tuple[int, int]], files: list[str]
) -> dict[Place, Successor]:
    rows = scan(files)
    columns = _columns(table, con.sql(f"SELECT * FROM {rows} LIMIT 0").columns)
    shown = ", ".join(
        f"{side}.{source} AS {side}_{name}" for side in "fn" for name, source in columns.items()
    )
    numbers = ", ".join(f"({batch}, {row})" for batch, row in pairs)
    same = " AND ".join(f"f.{name} IS NOT DISTINCT FROM n.{name}" for name in kind_of(table).key)
    found = con.sql(
        f"SELECT f.batch_id AS batch, f.row_no AS line, n.batch_id, n.row_no, n.known_at, {shown} "
        f"FROM {rows} f JOIN (VALUES {numbers}) w(b, r) ON f.batch_id = w.b AND f.row_no = w.r "
        f"JOIN {rows} n ON {same} AND n.bureau = f.bureau "
        "WHERE f.superseded_by IS NOT NULL AND n.superseded_by IS NULL"
    )
    return {
        (table, row["batch"], row["line"]): Successor(
            old={name: _open(row[f"f_{name}"]) for name in columns},
            new={name: _open(row[f"n_{name}"]) for name in columns},
            batch_id=row["batch_id"],
            row_no=row["row_no"],
            known_at=row["known_at"].replace(tzinfo=dt.UTC),
        )
        for row in found.to_arrow_table().to_pylist()
    }


def _columns(table: str, has: Sequence[str]) -> dict[str, str]:
    """Column of facts -> the lake's column, of those that the files hold."""
    names = {name: SOURCES.get(f"{table}.{name}", name) for name in COLUMNS[table]}
    names |= {name: name for name in ALWAYS.get(table, ())}
    return {name: source for name, source in names.items() if source in has}


def _open(cell: Any) -> Any:
    """A cell to be compared; sealed text is equal to any other, since nobody sees it."""
    return None if isinstance(cell, str) and cell.startswith(SEALED) else cell
