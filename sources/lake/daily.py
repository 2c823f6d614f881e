"""Orders and cartons of each day: what the completeness gate compares."""

import pandas as pd
from django.db.models import Q

from sources.lake.committed import committed_files
from sources.lake.engine import connect, scan


def daily_totals(within: Q) -> pd.DataFrame:
    """bureau, day, orders, cartons (条), with_lines: live orders of each day, and how many of them
    have lines."""
    orders, lines = committed_files("orders", within), committed_files("lines", within)
    if not orders:
        return pd.DataFrame(columns=["bureau", "day", "orders", "cartons", "with_lines"])
    if lines:
        rows = (
            f"SELECT order_id, sum(qty) AS qty FROM {scan(lines)} "
            "WHERE superseded_by IS NULL GROUP BY order_id"
        )
    else:
        rows = "SELECT NULL::VARCHAR AS order_id, NULL::DOUBLE AS qty WHERE false"
    con = connect()
    try:
        table = con.sql(
            f"""SELECT o.bureau, o.day, count(*) AS orders,
                coalesce(sum(coalesce(o.qty, l.qty)), 0)::DOUBLE AS cartons,
                count(l.order_id) AS with_lines
            FROM {scan(orders)} o LEFT JOIN ({rows}) l USING (order_id)
            WHERE o.superseded_by IS NULL AND NOT coalesce(o.is_cancelled, false)
                AND NOT coalesce(o.is_return, false)
            GROUP BY ALL ORDER BY o.bureau, o.day"""
        ).to_arrow_table()
    finally:
        con.close()
    totals: pd.DataFrame = table.to_pandas()
    return totals
