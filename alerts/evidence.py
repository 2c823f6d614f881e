"""Source rows for alerts: how detectors hand over what proves a finding. Pure Ibis."""

import datetime as dt

import ibis
import ibis.expr.types as ir
from ibis import _

from sources.facts import Facts

MOST = 50  # rows a subject; more than anybody reads
LINEAGE = ("bureau", "batch_id", "row_no")


def rows_of(rows: ir.Table, source: str, *columns: str) -> ir.Table:
    """The rows of one fact table as evidence: subject_id, source, lineage and these columns."""
    return rows.select("subject_id", *LINEAGE, *columns, source=ibis.literal(source))


def stacked(*parts: ir.Table, most: int = MOST, by: str | None = None) -> ir.Table:
    """Evidence from several tables below one another; `most` rows of a subject.

    Kept are those with most of `by`, else the newest. A column that a part does not have is null
    there. Masters, which have no day, stay in first.
    """
    types = {name: kind for part in parts for name, kind in part.schema().items()}
    filled = [_with_all(part, types) for part in parts]
    together = filled[0].distinct() if len(filled) == 1 else ibis.union(*filled, distinct=True)
    newest = [
        _[by].desc() if by else ibis.coalesce(_.day, ibis.date(9999, 12, 31)).desc(),
        _.source,
        _.batch_id.desc(),
        _.row_no.desc(),
    ]
    place = ibis.row_number().over(group_by="subject_id", order_by=newest)
    return together.mutate(place=place).filter(_.place < most).drop("place")


def _with_all(part: ir.Table, types: dict[str, object]) -> ir.Table:
    absent = {name: ibis.null(kind) for name, kind in types.items() if name not in part.columns}
    return part.mutate(**absent).select(list(types))


def orders_beside(
    facts: Facts, on: dt.date, found: ir.Table, *, ordered: str, table: str, counted: str
) -> ir.Table:
    """The last nine weeks' orders of each shop found, and what `table` counted of them."""
    wanted = found.select("subject_id", retailer_id="subject_id")
    since = on - dt.timedelta(weeks=9)
    orders = facts.orders.filter(_.day > since, _.day <= on).join(wanted, "retailer_id")
    other = getattr(facts, table).filter(_.day > since, _.day <= on)
    own = other.join(orders.select("subject_id", "order_id"), "order_id")
    return stacked(
        rows_of(orders, "orders", "day", "order_id", ordered),
        rows_of(own, table, "day", "order_id", counted),
        most=40,
    )
