"""The engine in this process: DuckDB with bounded threads, memory and a place to spill."""

import duckdb
import ibis
from django.conf import settings

from sources.lake.tables import PARTITIONS

ibis.options.sql.fuse_selects = False  # the engine does that itself, in a fraction of the time

Connection = duckdb.DuckDBPyConnection


def connect() -> Connection:
    """A connection of one's own to an empty database in memory."""
    spill = settings.VAR / "spill"
    spill.mkdir(parents=True, exist_ok=True)
    config = {
        "threads": str(settings.ENGINE_THREADS),
        "memory_limit": settings.ENGINE_MEMORY,
        "temp_directory": str(spill),
    }
    return duckdb.connect(config=config)


def scan(files: list[str]) -> str:
    """SQL that reads lake files; bureau and month come from their paths, as text."""
    names = ", ".join("'" + name.replace("'", "''") + "'" for name in files)
    kinds = ", ".join(f"'{name}': VARCHAR" for name in PARTITIONS)
    return (
        f"read_parquet([{names}], hive_partitioning=true, "
        f"hive_types={{{kinds}}}, union_by_name=true)"
    )
