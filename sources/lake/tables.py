"""The lake's tables: which kinds of files fill them, their columns and where they stand."""

from collections.abc import Mapping

import pyarrow as pa
from django.conf import settings

from sources.importing.contract import Kind
from sources.importing.kinds import KINDS

PARTITIONS = ("bureau", "month")

# Kinds whose rows are facts, parents before children, and the table that each fills.
TABLES: Mapping[str, str] = {
    "calendar": "calendar",
    "supply_limits": "limits",
    "orders": "orders",
    "changes": "changes",
    "visits": "visits",
    "login_logs": "logins",
    "call_records": "calls",
    "pos_sales": "pos_sales",
    "market_prices": "market_prices",
    "order_lines": "lines",
    "deliveries": "deliveries",
    "payments": "payments",
    "seizures": "seizures",
    "complaints": "complaints",
    "coding": "coding",
}

LINEAGE = pa.schema(
    [
        ("batch_id", pa.int64()),
        ("known_at", pa.timestamp("us")),  # UTC without zone
        ("superseded_by", pa.int64()),  # the batch that corrected the row
        ("superseded_at", pa.timestamp("us")),
    ]
)


def lake_schema(kind: Kind) -> pa.Schema:
    """Columns of a kind's lake files: as checked, then what import adds, then the partition."""
    fields = list(kind.schema())
    if kind.parents.get("order_id") == "orders":
        fields.append(pa.field("retailer_id", pa.string()))
    fields += [pa.field("day", pa.date32()), *LINEAGE, pa.field("month", pa.string())]
    return pa.schema(fields)


def kind_of(table: str) -> Kind:
    """The kind that fills a table."""
    return KINDS[next(kind for kind, name in TABLES.items() if name == table)]


def location(table: str, bureau: str) -> str:
    """Where a table of a bureau stands, below LAKE_URL."""
    return f"{settings.LAKE_URL}/{table}/bureau={bureau}"
