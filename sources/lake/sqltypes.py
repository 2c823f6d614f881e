"""Ibis types of facts as the engine's SQL spells them."""

from sources.facts import COLUMNS, LINEAGE

SQL_TYPES = {
    "string": "VARCHAR",
    "int64": "BIGINT",
    "float64": "DOUBLE",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN",
}


def null_columns(table: str) -> str:
    """All columns of a facts table as typed nulls."""
    kinds = {**COLUMNS[table], **LINEAGE}
    return ", ".join(f"NULL::{SQL_TYPES[kind]} AS {name}" for name, kind in kinds.items())
