"""Rows whose parent has not come yet: kept in PostgreSQL, given back when it comes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
from django.db import connection

from accounts.models import Bureau
from sources.importing.contract import Kind
from sources.lake.engine import Connection
from sources.lake.packing import pack, unpack
from sources.models import Batch, HeldRow

CHUNK = 20_000

_INSERT = """
    INSERT INTO sources_heldrow (batch_id, bureau_id, kind, parent_kind, parent_key, row_no,
                                 row_hash, row)
    SELECT batch_id, %s, %s, parent_kind, parent_key, row_no, row_hash, data::jsonb
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::text[])
        AS new (batch_id, parent_kind, parent_key, row_no, row_hash, data)
    WHERE NOT EXISTS (
        SELECT FROM sources_heldrow old
        WHERE old.bureau_id = %s AND old.kind = %s AND old.row_hash = new.row_hash
            AND old.released_by_id IS NULL)
"""


@dataclass
class Released:
    """Held rows whose parent is there now, and their primary keys."""

    rows: pa.Table  # the kind's columns and batch_id
    ids: list[int]
    columns: set[str] = field(default_factory=set)  # what their files had brought


def hold(con: Connection, kind: Kind, rows: pa.Table, *, root: Bureau) -> None:
    """Keep the rows (with batch_id, parent_kind, parent_key); what is held already stays once."""
    if not rows.num_rows:
        return
    table = pack(con, kind, rows)
    with connection.cursor() as cursor:
        for start in range(0, table.num_rows, CHUNK):
            part = [column.to_pylist() for column in table.slice(start, CHUNK).columns]
            cursor.execute(_INSERT, [root.pk, kind.name, *part, root.pk, kind.name])


def release(
    con: Connection, kind: Kind, fresh: Mapping[str, Iterable[str]], *, root: Bureau
) -> Released | None:
    """Held rows of a kind that waited for one of the fresh keys (by parent kind)."""
    waiting = HeldRow.objects.filter(kind=kind.name, bureau=root, released_by=None)
    if not set(kind.parents.values()) & {name for name, keys in fresh.items() if keys}:
        return None
    if not waiting.exists():
        return None
    found: list[tuple[int, int, str]] = []
    with connection.cursor() as cursor:
        for parent, keys in fresh.items():
            cursor.execute(
                "SELECT id, batch_id, row::text FROM sources_heldrow WHERE kind = %s "
                "AND bureau_id = %s AND released_by_id IS NULL AND parent_kind = %s "
                "AND parent_key = ANY(%s) ORDER BY batch_id, row_no",
                [kind.name, root.pk, parent, list(keys)],
            )
            found += cursor.fetchall()
    if not found:
        return None
    ids, batches, texts = zip(*found, strict=True)
    rows = unpack(con, kind, batches, texts)
    brought: set[str] = set()
    for report in Batch.objects.filter(pk__in=set(batches)).values_list("report", flat=True):
        brought |= set(report.get("columns", []))
    return Released(rows=rows, ids=list(ids), columns=brought)


def settle(released: Released, still: pa.Table, *, batch: Batch) -> None:
    """Note who released the rows; those that miss another parent wait for that one from now on."""
    waiting = HeldRow.objects.filter(pk__in=released.ids)
    others: dict[tuple[int, int], tuple[str, str]] = {}
    for row in still.select(["batch_id", "row_no", "parent_kind", "parent_key"]).to_pylist():
        others[row["batch_id"], row["row_no"]] = (row["parent_kind"], row["parent_key"])
    again = []
    if others:
        for held in waiting.filter(batch__in={number for number, _ in others}):
            if (held.batch_id, held.row_no) in others:
                held.parent_kind, held.parent_key = others[held.batch_id, held.row_no]
                again.append(held)
    HeldRow.objects.bulk_update(again, ["parent_kind", "parent_key"], batch_size=2000)
    waiting.exclude(pk__in=[held.pk for held in again]).update(released_by=batch)
