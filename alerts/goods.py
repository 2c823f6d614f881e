"""What the register says of products that were found. Pure Ibis."""

import datetime as dt

import ibis
import ibis.expr.types as ir
from ibis import _


def described(found: ir.Table, skus: ir.Table, on: dt.date, launched: int) -> ir.Table:
    """found (sku_id) with its name, is_focus and is_new (launched less than so many days ago)."""
    known = skus.select("sku_id", "sku_name", "is_focus", "launch_date")
    told = found.left_join(known, "sku_id")
    return told.select(
        *found.columns,
        name=ibis.coalesce(_.sku_name, _.sku_id),
        is_focus=ibis.coalesce(_.is_focus, False),
        is_new=ibis.coalesce(_.launch_date > on - dt.timedelta(days=launched), False),
    )
