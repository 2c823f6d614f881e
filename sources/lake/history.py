"""One retailer's orders, deliveries, payments and changes, straight from the lake's files."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from sources.crypto import SEALED, unseal
from sources.lake.committed import committed_tables
from sources.lake.engine import connect, scan

Row = dict[str, Any]

_COLUMNS = {
    "orders": "order_id, day, order_time AS at, week_start, channel, qty, amount, tier, ip, device_id, "
    "status, is_cancelled, is_return, batch_id, row_no",
    "deliveries": "order_id, day, delivered_qty, sign_by, gps_offset_m, exception",
    "payments": "order_id, day, paid_amount, payer_name, result",
    "changes": "day, field, old_value, new_value, old_shown, new_shown, operator, approver",
}
_LAST = {"orders": "day DESC, order_id", "changes": "day DESC, field"}


@dataclass(frozen=True)
class History:
    """Rows in force, newest first. Changes have what a screen may show, unless asked in full."""

    orders: list[Row]
    deliveries: list[Row]
    payments: list[Row]
    changes: list[Row]


def history(retailer: str, *, bureau: str, in_full: bool) -> History:
    """What the lake of a bureau holds of a retailer."""
    con = connect()
    found: dict[str, list[Row]] = {}
    within = committed_tables(_COLUMNS, Q(bureau__code=bureau))
    try:
        for table, columns in _COLUMNS.items():
            files = within[table]
            found[table] = []
            if files:
                order = _LAST.get(table, "day, order_id")
                sql = (
                    f"SELECT {columns} FROM {scan(files)} WHERE retailer_id = $1 "
                    f"AND superseded_by IS NULL ORDER BY {order}"
                )
                found[table] = con.sql(sql, params=[retailer]).to_arrow_table().to_pylist()
    finally:
        con.close()
    for row in found["payments"]:
        row["payer_name"] = _opened(row["payer_name"]) if in_full else ""
    for row in found["changes"]:
        for name in ("old", "new"):
            row[f"{name}_value"] = _shown(row, name, in_full=in_full)
    return History(**found)


def _shown(row: Row, name: str, *, in_full: bool) -> str:
    shown = row[f"{name}_shown"] or row[f"{name}_value"] or ""
    if not shown.startswith(SEALED):
        return str(shown)
    return _opened(shown) if in_full else "（已隐去）"


def _opened(text: str | None) -> str:
    return unseal(text) if text and text.startswith(SEALED) else text or ""
