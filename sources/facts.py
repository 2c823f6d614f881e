"""The tables that detectors read: their columns, and `Facts`, which holds them as Ibis tables.

Units: quantities in cartons (条, float64), money in fen (int64), days as dates of China time, weeks
as the Monday they start on. Phones, ID numbers and accounts are keyed hashes (32 hex digits): equal
means the same, null means "cannot be evaluated". `batch_id` and `row_no` lead back to the imported
file; `bureau` is the county's code. Columns that an import did not bring are null throughout and
listed in `Facts.missing`.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

import ibis
import ibis.expr.types as ir
from ibis import _

LINEAGE = {"bureau": "string", "batch_id": "int64", "row_no": "int64"}

# table -> column -> Ibis type; `day` marks a fact's date, by which a replay cuts it.
COLUMNS: dict[str, dict[str, str]] = {
    "retailers": {
        "retailer_id": "string",
        "name": "string",
        "licence_no": "string",
        "licensee": "string",
        "owner_id": "string",
        "phone": "string",
        "address": "string",
        "town": "string",
        "lat": "float64",
        "lon": "float64",
        "market_type": "string",
        "biz_type": "string",
        "tier": "int64",
        "credit_grade": "string",
        "order_day": "int64",
        "order_cycle_weeks": "int64",
        "order_channel": "string",
        "open_date": "date",
        "status": "string",
        "chain_id": "string",
        "manager_id": "string",
        "route": "string",
        "bound_account": "string",
        "pickup_point": "boolean",
        "floor_area": "float64",  # square metres
        "own_store": "boolean",  # the company's own shop
    },
    "licences": {
        "licence_no": "string",
        "retailer_id": "string",
        "valid_from": "date",
        "valid_to": "date",
        "status": "string",
        "status_date": "date",
        "holder": "string",
        "address": "string",
    },
    "staff": {
        "staff_id": "string",
        "name": "string",
        "role": "string",
        "phone": "string",
        "device_id": "string",
        "account": "string",
        "related_retailers": "string",
    },
    "skus": {
        "sku_id": "string",
        "sku_name": "string",
        "wholesale_price": "int64",
        "price_class": "int64",
        "retail_price": "int64",
        "market_state": "string",
        "is_focus": "boolean",
        "origin": "string",
        "launch_date": "date",
    },
    "limits": {
        "week_start": "date",
        "sku_id": "string",
        "tier": "int64",
        "limit_qty": "float64",
        "published_on": "date",
    },
    "calendar": {
        "week_start": "date",
        "is_holiday_week": "boolean",
        "orders_suspended": "boolean",
    },
    "orders": {
        "order_id": "string",
        "retailer_id": "string",
        "day": "date",
        "at": "timestamp",
        "week_start": "date",
        "tier": "int64",
        "channel": "string",
        "ip": "string",
        "ip_city": "string",
        "device_id": "string",
        "placed_by": "string",
        "qty": "float64",
        "amount": "int64",
        "amend_count": "int64",
        "last_amended_by": "string",
        "kind": "string",
    },
    "cancelled": {
        "order_id": "string",
        "retailer_id": "string",
        "day": "date",
        "qty": "float64",
        "amount": "int64",
        "paid_on": "date",
        "paid_amount": "int64",
    },
    "lines": {
        "order_id": "string",
        "retailer_id": "string",
        "day": "date",
        "sku_id": "string",
        "qty": "float64",
        "qty_need": "float64",
        "limit_qty": "float64",
        "price": "int64",
        "amount": "int64",
    },
    "deliveries": {
        "order_id": "string",
        "retailer_id": "string",
        "day": "date",
        "delivered_qty": "float64",
        "sign_by": "string",
        "gps_offset_m": "float64",
        "courier_id": "string",
        "signed_at": "timestamp",
        "sign_lat": "float64",
        "sign_lon": "float64",
        "exception": "string",
    },
    "payments": {
        "order_id": "string",
        "retailer_id": "string",
        "day": "date",
        "payer_account": "string",
        "paid_amount": "int64",
        "payer_name": "string",
        "result": "string",
    },
    "visits": {
        "retailer_id": "string",
        "day": "date",
        "shop_open": "boolean",
        "result": "string",
        "inspectors": "string",
    },
    "changes": {
        "retailer_id": "string",
        "day": "date",
        "field": "string",
        "old_value": "string",
        "new_value": "string",
        "operator": "string",
        "approver": "string",
    },
    "seizures": {
        "case_no": "string",
        "day": "date",
        "known_on": "date",
        "place": "string",
        "code32": "string",
        "sku_id": "string",
        "qty": "float64",
        "licence_no": "string",
        "case_qty": "float64",  # of the whole case, where only the codes that were read are rows
    },
    "complaints": {
        "ticket_no": "string",
        "day": "date",
        "channel": "string",
        "category": "string",
        "subject": "string",
        "text": "string",
    },
    "pos_sales": {
        "retailer_id": "string",
        "day": "date",
        "sku_id": "string",
        "qty": "float64",
        "price": "int64",
    },
    "market_prices": {
        "day": "date",
        "sku_id": "string",
        "price": "int64",
        "town": "string",
        "retailer_id": "string",
    },
    "logins": {
        "at": "timestamp",
        "day": "date",
        "retailer_id": "string",
        "action": "string",
        "account": "string",
        "ip": "string",
        "ip_city": "string",
        "device_id": "string",
        "order_id": "string",
    },
    "coding": {
        "day": "date",
        "sorted_qty": "float64",
        "coded_qty": "float64",
        "route": "string",
        "sku_id": "string",
    },
    "calls": {
        "record_id": "string",
        "retailer_id": "string",
        "day": "date",
        "started_at": "timestamp",
        "seconds": "int64",
        "agent": "string",
        "file": "string",
        "order_id": "string",
    },
    "interviews": {
        "record_id": "string",
        "retailer_id": "string",
        "day": "date",
        "order_id": "string",
        "ordered_by": "string",
    },
}


def schema(table: str) -> ibis.Schema:
    """Names and types of one fact table, its lineage columns last."""
    return ibis.schema({**COLUMNS[table], **LINEAGE})


def empty(table: str) -> ir.Table:
    """The table without rows: what a detector sees when nothing was imported."""
    columns = schema(table)
    return ibis.memtable(columns.to_pyarrow().empty_table(), schema=columns)


@dataclass(frozen=True)
class Facts:
    """What was known at the end of one day: `facts.orders`, `facts.lines` ... as Ibis tables.

    Orders hold neither cancelled orders nor returns; `cancelled` has the former, with what was paid
    for them. `interviews` waits: no file carries what people answered. `retailers` is the snapshot
    of that day.
    `missing` names the "table.column"s that no import has brought.
    """

    tables: Mapping[str, ir.Table] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    missing_in: Mapping[str, frozenset[str]] = field(default_factory=dict)  # by county
    prepared: "Prepared | None" = None  # of a replay: its way to ask a query of one of its days
    shelf: "Shelf | None" = None  # where the engine that holds them puts tables away

    def __getattr__(self, table: str) -> ir.Table:
        if table not in COLUMNS:
            raise AttributeError(table)
        return self.tables[table] if table in self.tables else empty(table)

    def only(self, inputs: Iterable[str]) -> Self:
        """The same facts with no more than these "table.column"s: what a detector declared."""
        wanted: dict[str, list[str]] = {}
        for name in inputs:
            table, column = name.split(".")
            wanted.setdefault(table, []).append(column)
        tables = {name: getattr(self, name).select(columns) for name, columns in wanted.items()}
        panels = {name: made for name, made in self.tables.items() if name not in COLUMNS}
        return dataclasses.replace(self, tables=tables | panels, prepared=None)

    def brought_to(self, bureau: str) -> Self:
        """The same tables; `missing` is what no import has brought to this county."""
        return dataclasses.replace(self, missing=self.missing_in.get(bureau, self.missing))

    def answer(self, query: "Query", on: dt.date, *, key: Hashable) -> list[dict[str, Any]]:
        """The rows of query(facts, on); with the same key it is the same query, for any day.

        Facts of a replay compile it once for many days.
        """
        return self.prepared(query, on, key) if self.prepared else rows(query(self, on))

    def lacking(self, inputs: Iterable[str]) -> list[str]:
        """Those of the "table.column"s that no import has brought, sorted."""
        return sorted(self.missing.intersection(inputs))

    def until(self, on: dt.date) -> Self:
        """The facts that had happened by the end of a day."""
        cut: dict[str, ir.Table] = {
            name: table.filter(_.day <= on) if "day" in table.columns else table
            for name, table in self.tables.items()
        }
        return dataclasses.replace(self, tables=cut, prepared=None)


class Shelf(Protocol):
    """Where an engine puts tables away that were made of its facts."""

    @property
    def versions(self) -> Mapping[str, int]:
        """ "table:bureau" of the lake -> the version that the facts show."""

    def store(self, table: ir.Table) -> ir.Table:
        """The table, computed now and kept for as long as the facts are open."""

    def write(self, table: ir.Table, folder: Path) -> dict[str, list[Path]]:
        """Write a table with `day` to Parquet files of a month each; returns month -> files."""

    def read(self, files: Iterable[Path]) -> ir.Table:
        """The rows of such files."""


Query = Callable[[Facts, dt.date], ir.Table]
Prepared = Callable[[Query, dt.date, Hashable], list[dict[str, Any]]]


def rows(table: ir.Table) -> list[dict[str, Any]]:
    """A small result as Python rows."""
    found: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return found
