"""Order days that shops let pass. Pure Ibis."""

import datetime as dt

import ibis
import ibis.expr.types as ir
from ibis import _


def chances_since(shops: ir.Table, orders: ir.Table, on: dt.date) -> ir.Table:
    """How many order days each shop has let pass: shops (bureau, retailer_id, since ...) with more.

    `missed` counts the days at whole weeks after `since`, up to `on`, on which anybody of the bureau
    ordered; `is_todays` says whether `on` is one of them. Weeks without ordering thus do not count.
    """
    open_days = orders.filter(_.day <= on).select("bureau", "day").distinct()
    near = shops.join(open_days, "bureau").mutate(gone=_.day.delta(_.since, unit="day"))
    near = near.filter(_.gone > 0, _.gone % 7 == 0)
    missed = near.group_by("retailer_id").agg(missed=_.count(), newest=_.day.max())
    told = shops.left_join(missed, "retailer_id").select(*shops.columns, "missed", "newest")
    return told.mutate(
        missed=ibis.coalesce(_.missed, 0), is_todays=ibis.coalesce(_.newest == on, False)
    ).drop("newest")
