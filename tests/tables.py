"""Small fact tables written as text, with the types of sources/facts.py."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from sources.facts import COLUMNS, LINEAGE, Facts, schema


def facts(*, missing: frozenset[str] = frozenset(), **texts: str) -> Facts:
    """Facts from texts: a header line, then a row a line; `-` is null; unnamed columns are null.

    bureau is 451423, batch_id 1 and row_no the line's number unless a text names them.
    """
    tables = {name: _table(name, text) for name, text in texts.items()}
    return Facts(tables=tables, missing=missing)


def _table(name: str, text: str) -> ir.Table:
    rows = pa.Table.from_pylist(_rows(name, text), schema=schema(name).to_pyarrow())
    return ibis.memtable(rows, schema=schema(name))


def _rows(table: str, text: str) -> list[dict[str, Any]]:
    header, *lines = [line.split() for line in text.strip().splitlines() if line.strip()]
    types = {**COLUMNS[table], **LINEAGE}
    unknown = set(header) - set(types)
    assert not unknown, f"{table} has no {unknown}"
    rows = []
    for number, cells in enumerate(lines, start=1):
        assert len(cells) == len(header), cells
        given = dict(zip(header, cells, strict=True))
        row: dict[str, Any] = {"bureau": "451423", "batch_id": 1, "row_no": number}
        row |= {name: _value(types[name], cell) for name, cell in given.items()}
        rows.append({name: row.get(name) for name in types})
    return rows


def _value(kind: str, cell: str) -> Any:
    if cell == "-":
        return None
    parse: dict[str, Callable[[str], Any]] = {
        "int64": int,
        "float64": float,
        "date": dt.date.fromisoformat,
        "timestamp": dt.datetime.fromisoformat,  # written 2026-03-30T10:20
        "boolean": {"true": True, "false": False}.__getitem__,
    }
    return parse.get(kind, str)(cell)
