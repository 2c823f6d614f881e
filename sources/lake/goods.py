"""What one retailer ordered, product by product, straight from the lake's files."""

import datetime as dt
from typing import Any

from django.db.models import Q

from sources.lake.committed import committed_tables
from sources.lake.engine import connect, scan
from sources.models import Sku

Row = dict[str, Any]


def order_lines(retailer: str, *, bureau: str, since: dt.date, until: dt.date) -> list[Row]:
    """The lines in force of a retailer's orders of some days, both included; the newest order first.

    Each has order_id, day, sku_id, sku_name, qty (cartons) and amount (fen); neither cancelled orders
    nor returns are among them.
    """
    within = committed_tables(["orders", "lines"], Q(bureau__code=bureau))
    if not (within["orders"] and within["lines"]):
        return []
    sql = (
        "SELECT line.order_id, line.day, line.sku_id, line.qty, line.amount "
        f"FROM {scan(within['lines'])} AS line "
        f"JOIN {scan(within['orders'])} AS o ON o.order_id = line.order_id "
        "WHERE o.retailer_id = $1 AND line.retailer_id = $1 AND line.day BETWEEN $2 AND $3 "
        "AND o.superseded_by IS NULL AND line.superseded_by IS NULL "
        "AND NOT coalesce(o.is_cancelled, false) AND NOT coalesce(o.is_return, false) "
        "ORDER BY line.day DESC, line.order_id, line.qty DESC, line.sku_id"
    )
    con = connect()
    try:
        lines = con.sql(sql, params=[retailer, since, until]).to_arrow_table().to_pylist()
    finally:
        con.close()
    names = _names({row["sku_id"] for row in lines}, bureau)
    return [{**row, "sku_name": names.get(row["sku_id"], row["sku_id"])} for row in lines]


def _names(codes: set[str], bureau: str) -> dict[str, str]:
    """Product names by code, of the county's or its city's catalogue; the newest name wins."""
    known = Sku.objects.filter(Q(bureau__code=bureau) | Q(bureau__children__code=bureau))
    return dict(
        known.filter(sku_id__in=codes).order_by("known_from", "pk").values_list("sku_id", "name")
    )
