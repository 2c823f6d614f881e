"""Masters as they were on a day: the version in force, and the changes that had come by then."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
from django.db.models import QuerySet

from sources.crypto import SEALED as SEALED_TEXT
from sources.facts import COLUMNS
from sources.lake.committed import Scope
from sources.lake.engine import Connection
from sources.lake.sqltypes import SQL_TYPES, null_columns
from sources.models import Licence, RetailerVersion, Sku, Staff

# A change's field -> the column of `retailers` that it sets.
OVERLAID = {
    "phone": "phone",
    "tier": "tier",
    "status": "status",
    "account": "bound_account",
    "address": "address",
    "type": "biz_type",
}
SEALED = {
    "retailers": ("licensee", "address"),
    "licences": ("holder", "address"),
    "staff": ("name",),
}
BEGINNING = dt.date(1, 1, 1)

# table -> model field of each column that is called otherwise in the model
NAMES: dict[str, dict[str, str]] = {
    "retailers": {"retailer_id": "retailer__code", "phone": "phone_hash"},
    "licences": {"retailer_id": "retailer_code"},
    "staff": {"phone": "phone_hash"},
    "skus": {"sku_name": "name"},
}
# table -> what tells versions of one master apart, and since when a version is in force
KEYS = {
    "retailers": (("retailer_id",), "valid_from"),
    "licences": (("licence_no", "valid_from"), "known_from"),
    "staff": (("staff_id",), "known_from"),
    "skus": (("sku_id",), "known_from"),
}
NO_CHANGES = (
    "SELECT NULL::VARCHAR AS retailer_id, NULL::DATE AS day, NULL::VARCHAR AS field, "
    "NULL::VARCHAR AS old_value, NULL::VARCHAR AS new_value, NULL::BIGINT AS batch_id, NULL::BIGINT AS row_no WHERE false"
)


def load_masters(con: Connection, *, scope: Scope, known_at: dt.datetime | None) -> None:
    """Register every version of the masters of some bureaus; products and staff also from above."""
    sets: dict[str, QuerySet[Any]] = {
        "retailers": RetailerVersion.objects.filter(scope.within(bureau="retailer__bureau")),
        "licences": Licence.objects.filter(scope.within()),
        "staff": Staff.objects.filter(scope.wide()),
        "skus": Sku.objects.filter(scope.wide()),
    }
    for table, rows in sets.items():
        known = rows
        if known_at is not None:
            known = rows.filter(batch__known_at__lte=known_at.replace(tzinfo=dt.UTC))
        con.register(f"{table}_versions", _versions(table, known))


def _versions(table: str, rows: QuerySet[Any]) -> pa.Table:
    """All versions: the columns of facts (personal text still sealed), lineage, order, start."""
    _, start = KEYS[table]
    bureau = "retailer__bureau__" if table == "retailers" else "bureau__"
    names = {name: NAMES[table].get(name, name) for name in COLUMNS[table]}
    names |= {"bureau": bureau + "code", "bureau_path": bureau + "path", "batch_id": "batch_id"}
    names |= {"row_no": "row_no", "pk": "pk", "in_force": start}
    if table == "retailers":
        names |= {"phone_is_now": "phone_is_now"}
    found = list(rows.order_by("pk").values_list(*names.values()))
    columns = list(zip(*found, strict=True)) if found else [()] * len(names)
    types = {**COLUMNS[table], "batch_id": "int64", "row_no": "int64", "pk": "int64"}
    types |= {"in_force": "date", "phone_is_now": "boolean"}
    arrays = {
        name: pa.array(_empty_as_null(values), _ARROW[types.get(name, "string")])
        for name, values in zip(names, columns, strict=True)
    }
    return _with_starts(pa.table(arrays)) if table == "retailers" else pa.table(arrays)


_ARROW = {
    "string": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "date": pa.date32(),
    "boolean": pa.bool_(),
}


def _empty_as_null(values: Sequence[Any]) -> list[Any]:
    return [None if value == "" else value for value in values]


def _with_starts(versions: pa.Table) -> pa.Table:
    """Since when each overlaid value was stated: a snapshot that repeats a value says nothing new,
    so that changes before it still count. A phone of the day of export counts from that day."""
    columns = ["retailer_id", "in_force", "pk", "phone_is_now", *OVERLAID.values()]
    frame = versions.select(columns).to_pandas()
    frame = frame.sort_values(["retailer_id", "in_force", "pk"])
    first = ~frame["retailer_id"].duplicated()
    for field, column in OVERLAID.items():
        text = frame[column].astype(object).where(frame[column].notna(), "").astype(str)
        told = first | (text != text.shift())
        start = pd.Series(frame["in_force"]).where(told).mask(first, BEGINNING)
        if field == "phone":
            start = start.mask(frame["phone_is_now"].astype(bool), frame["in_force"])
        starts = start.groupby(frame["retailer_id"]).ffill().sort_index()
        versions = versions.append_column(f"since_{field}", pa.array(starts.to_list(), pa.date32()))
    return versions


def snapshot_sql(table: str, on: dt.date, *, changes: str) -> str:
    """SQL of one master table as of a day. `changes`: SQL of the change rows."""
    if table == "retailers":
        return _retailers_sql(on, changes)
    if table == "licences":
        return _licences_sql(on, changes)
    return f"SELECT {_columns(table, 'b')} FROM ({_in_force(table, on)}) b"


def _in_force(table: str, on: dt.date) -> str:
    """The version in force: the newest that began by then, else the first. A product that several
    catalogues list comes from the nearest."""
    keys, _ = KEYS[table]
    nearest = "length(bureau_path) DESC, " if table == "skus" else ""
    return f"""SELECT * FROM {table}_versions QUALIFY row_number() OVER (
        PARTITION BY {", ".join(keys)} ORDER BY {nearest}(in_force <= DATE '{on}') DESC,
        CASE WHEN in_force <= DATE '{on}' THEN in_force END DESC NULLS LAST,
        in_force, pk DESC) = 1"""


def _columns(table: str, alias: str, **instead: str) -> str:
    parts = []
    for name, kind in {**COLUMNS[table], "bureau": "string"}.items():
        plain = f"{alias}.{name}"
        sealed = name in SEALED.get(table, ())
        value = instead.get(name, f"unseal({plain})" if sealed else plain)
        parts.append(f"({value})::{SQL_TYPES[kind]} AS {name}")
    return ", ".join([*parts, f"{alias}.batch_id", f"{alias}.row_no"])


def _newest(field: str, condition: str) -> str:
    order = (
        "(c.day - DATE '1970-01-01')::HUGEINT * 1000000000000 + c.batch_id * 10000000 + c.row_no"
    )
    return (
        f"arg_max(coalesce(c.new_value, ''), {order}) "
        f"FILTER (WHERE c.field = '{field}' AND {condition} AND {_plausible(field)})"
    )


def _plausible(field: str) -> str:
    """SQL: the value can be one of its field. Sources are seen that put other things there."""
    if field == "tier":
        return "try_cast(c.new_value AS BIGINT) BETWEEN 0 AND 99"
    if field in {"status", "type", "licence_status"}:
        return f"NOT starts_with(coalesce(c.new_value, ''), '{SEALED_TEXT}')"
    return "true"


def _retailers_sql(on: dt.date, changes: str) -> str:
    """Retailers with the changes of phone, tier and so on that had come by then."""
    day = f"DATE '{on}'"
    newest = ", ".join(
        f"{_newest(field, f'c.day BETWEEN b.since_{field} AND {day}')} AS new_{field}"
        for field in OVERLAID
    )
    # a phone of the day of export was, on a day before, what the next change took away
    before = (
        "arg_min(coalesce(c.old_value, ''), c.day) FILTER (WHERE c.field = 'phone' "
        f"AND b.phone_is_now AND c.day > DATE '{on}' AND c.day <= b.in_force)"
    )
    instead = {}
    for field, column in OVERLAID.items():
        old = f"b.{column}"
        new = f"nullif(n.new_{field}, '')"
        if column in SEALED["retailers"]:
            old, new = f"unseal({old})", f"unseal({new})"
        if column == "tier":
            new = f"try_cast({new} AS BIGINT)"
        instead[column] = f"CASE WHEN n.new_{field} IS NULL THEN {old} ELSE {new} END"
    instead["phone"] = (
        f"CASE WHEN n.old_phone IS NULL THEN {instead['phone']} ELSE nullif(n.old_phone, '') END"
    )
    return f"""WITH base AS ({_in_force("retailers", on)}),
        news AS (SELECT b.retailer_id, {newest}, {before} AS old_phone FROM base b
            JOIN ({changes}) c ON c.retailer_id = b.retailer_id
                AND c.day <= greatest(DATE '{on}', b.in_force)
            GROUP BY b.retailer_id)
        SELECT {_columns("retailers", "b", **instead)}
        FROM base b LEFT JOIN news n ON n.retailer_id = b.retailer_id"""


def _licences_sql(on: dt.date, changes: str) -> str:
    """Licences with the changes of status that came after their own."""
    due = "c.day BETWEEN b.valid_from AND b.valid_to AND c.day > coalesce(b.status_date, DATE '1-1-1')"
    return f"""WITH base AS ({_in_force("licences", on)}),
        news AS (SELECT b.licence_no, b.valid_from,
            {_newest("licence_status", "true")} AS status, max(c.day) AS day
            FROM base b JOIN ({changes}) c ON c.retailer_id = b.retailer_id
                AND c.field = 'licence_status' AND c.day <= DATE '{on}' AND {due}
            GROUP BY ALL)
        SELECT {
        _columns(
            "licences",
            "b",
            status="coalesce(n.status, b.status)",
            status_date="coalesce(n.day, b.status_date)",
        )
    }
        FROM base b LEFT JOIN news n USING (licence_no, valid_from)"""


def tier_history_sql(changes: str) -> str:
    """SQL: retailer_id, since, until, tier: the tier of each retailer from a day to another.

    Of several told on one day the last counts: a change, and the later one, before a snapshot.
    """
    return f"""SELECT retailer_id, tier, since,
            coalesce(lead(since) OVER (PARTITION BY retailer_id
                ORDER BY since, is_change, batch_id, row_no), DATE '9999-12-31') AS until
        FROM (SELECT retailer_id, CASE WHEN row_number() OVER (
                PARTITION BY retailer_id ORDER BY in_force, pk) = 1 THEN DATE '1-1-1' ELSE in_force
                END AS since, tier, false AS is_change, pk AS batch_id, 0 AS row_no
            FROM retailers_versions WHERE since_tier IN (in_force, DATE '1-1-1')
            UNION ALL
            SELECT retailer_id, day, try_cast(new_value AS BIGINT), true, batch_id, row_no
            FROM ({changes}) c WHERE field = 'tier' AND {_plausible("tier")})"""


def price_history_sql() -> str:
    """SQL: sku_id, since, until, wholesale_price: what each product cost from a day to another."""
    return """SELECT sku_id, wholesale_price,
            CASE WHEN row_number() OVER versions = 1 THEN DATE '1-1-1' ELSE in_force END AS since,
            coalesce(lead(in_force) OVER versions, DATE '9999-12-31') AS until
        FROM skus_versions WHERE wholesale_price IS NOT NULL
        WINDOW versions AS (PARTITION BY sku_id ORDER BY in_force, pk)
        QUALIFY length(bureau_path) = max(length(bureau_path)) OVER (PARTITION BY sku_id)"""


def empty_sql(table: str) -> str:
    """A table without rows, for what was never imported."""
    return f"SELECT {null_columns(table)} WHERE false"


def master_tables() -> Iterable[str]:
    return KEYS
