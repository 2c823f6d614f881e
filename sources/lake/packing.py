"""Typed rows as JSON and back: how held rows are kept outside the lake."""

from collections.abc import Sequence

import pyarrow as pa

from sources.importing.contract import Kind
from sources.lake.engine import Connection


def pack(con: Connection, kind: Kind, rows: pa.Table) -> pa.Table:
    """batch_id, parent_kind, parent_key, row_no, row_hash, and `data`: the kind's columns as JSON."""
    con.register("held_rows", rows)
    fields = ", ".join(f'"{name}" := "{name}"' for name in kind.schema().names)
    packed = con.sql(
        "SELECT batch_id, parent_kind, parent_key, row_no, row_hash, "
        f"to_json(struct_pack({fields}))::VARCHAR AS data FROM held_rows"
    ).to_arrow_table()
    con.unregister("held_rows")
    return packed


def unpack(con: Connection, kind: Kind, batches: Sequence[int], texts: Sequence[str]) -> pa.Table:
    """The kind's columns, typed as they were, and batch_id."""
    schema = kind.schema()
    con.register("packed_rows", pa.table({"batch_id": batches, "data": texts}))
    con.register("packed_types", schema.empty_table())
    described = con.execute("DESCRIBE packed_types").fetchall()
    types = ", ".join(f'"{name}": "{sql}"' for name, sql, *_ in described)
    rows = con.sql(
        f"SELECT batch_id, unnest(from_json(data, '{{{types}}}')) FROM packed_rows"
    ).to_arrow_table()
    con.unregister("packed_rows")
    con.unregister("packed_types")
    return rows.select(schema.names).cast(schema).append_column("batch_id", rows["batch_id"])
