"""SQL of the fact tables over lake files: rows in force, under the names of `sources.facts`."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sources.crypto import SEALED as SEALED_TEXT
from sources.facts import COLUMNS
from sources.lake.engine import scan
from sources.lake.sqltypes import SQL_TYPES
from sources.lake.tables import TABLES, kind_of

TIMELESS = ("changes", "limits", "calendar")  # old rows still say how things stand
SLACK = dt.timedelta(days=31)  # an order that is corrected moves by less
# "table.column" -> the source's column, where it is called otherwise
SOURCES = {"orders.at": "order_time"}
DERIVED = {"day", "retailer_id", "known_on", "case_qty"}  # there as soon as the table is
SEALED = {"payments": ("payer_name",), "complaints": ("subject", "text")}
KNOWN_ON = "(x.known_at + INTERVAL 8 HOUR)"  # in China
ORDER_CHILDREN = ("deliveries", "payments")
CANCELLED = "cancelled"  # made of the files of two kinds: those orders, and what was paid for them
FILES_OF = {CANCELLED: "orders"}
# Columns that kinds came to have later: files written before do not hold them.
LATER = {
    "orders": {"ip_city": "VARCHAR"},
    "logins": {"ip_city": "VARCHAR"},
    "deliveries": {"sign_lat": "DOUBLE", "sign_lon": "DOUBLE"},
}


@dataclass(frozen=True)
class Window:
    """Which rows count: those of these days, as known at a moment (UTC, naive; null: now)."""

    since: dt.date | None
    until: dt.date | None
    known_at: dt.datetime | None

    def in_force(self, alias: str) -> str:
        """SQL: the row was known, and nothing had corrected it."""
        if self.known_at is None:
            return f"{alias}.superseded_by IS NULL"
        moment = f"TIMESTAMP '{self.known_at}'"
        return (
            f"{alias}.known_at <= {moment} AND "
            f"({alias}.superseded_at IS NULL OR {alias}.superseded_at > {moment})"
        )

    def files(self, table: str, names: list[str]) -> list[str]:
        """Those of a table's files whose month may hold rows that count."""
        if self.since is None or table in TIMELESS:
            return names
        first = f"month={self.since - SLACK:%Y-%m}"
        return [name for name in names if _month(name) >= first]

    def days(self, alias: str, *, slack: dt.timedelta = dt.timedelta(0)) -> str:
        """SQL: the row's day is within, or it has none."""
        ends = []
        if self.since is not None:
            ends.append(f"{alias}.day >= DATE '{self.since - slack}'")
        if self.until is not None:
            ends.append(f"{alias}.day <= DATE '{self.until + slack}'")
        return f"({alias}.day IS NULL OR ({' AND '.join(ends)}))" if ends else "true"


def _month(name: str) -> str:
    return next((part for part in name.split("/") if part.startswith("month=")), "month=9999")


def fact_sql(
    table: str,
    files: Mapping[str, list[str]],
    window: Window,
    *,
    tiers: bool,
    prices: bool = False,
    sums: bool = False,
) -> str:
    """SQL of one fact table. `files` names every table's lake files; needs the views of `orders`,
    `limits` and, where `tiers` and `prices`, `tier_history` and `price_history`. `sums`: an order
    without a quantity has that of its lines. Those of lines are without `moved_lines_sql`'s: so a
    condition on the day of a line reaches its files."""
    rows = _rows(FILES_OF.get(table, table), files)
    if table == CANCELLED:
        return _cancelled(rows, files, window)
    if table == "orders":
        return _orders(rows, window, tiers=tiers, lines=files["lines"] if sums else [])
    if table == "lines":
        same_day = "orders o ON o.order_id = x.order_id AND o.day = x.day"
        return _lines(files, window, of_orders=same_day, days=window.days("x"), prices=prices)
    dated = "true"
    if "day" in COLUMNS[table] and table != "changes":  # old changes still tell a snapshot
        dated = window.days("x")
    where = f"{window.in_force('x')} AND {dated}"
    if table in ORDER_CHILDREN:
        columns = _columns(table, "x", retailer_id="o.retailer_id")
        return f"SELECT {columns} FROM {rows} x JOIN orders o USING (order_id) WHERE {where}"
    known = {"known_on": KNOWN_ON} if table == "seizures" else {}
    return f"SELECT {_columns(table, 'x', **known)} FROM {rows} x WHERE {where}"


def _rows(table: str, files: Mapping[str, list[str]]) -> str:
    """SQL of a table's rows; a column that none of its files has yet is null."""
    rows = scan(files[table])
    later = ", ".join(f"NULL::{kind} AS {name}" for name, kind in LATER.get(table, {}).items())
    if not later:
        return rows
    return f"(SELECT * FROM {rows} UNION ALL BY NAME SELECT {later} WHERE false)"


def _cancelled(rows: str, files: Mapping[str, list[str]], window: Window) -> str:
    """Cancelled orders, with the first day and the sum of what was paid for them."""
    paid = (
        "SELECT NULL::VARCHAR AS order_id, NULL::DATE AS paid_on, NULL::BIGINT AS paid_amount "
        "WHERE false"
    )
    if files["payments"]:
        paid = (
            f"SELECT order_id, min(day) AS paid_on, sum(paid_amount)::BIGINT AS paid_amount "
            f"FROM {scan(files['payments'])} p WHERE {window.in_force('p')} "
            f"AND {window.days('p', slack=SLACK)} AND coalesce(p.result, '成功') = '成功' "
            "GROUP BY order_id"
        )
    return (
        "SELECT x.order_id, x.retailer_id, x.day, x.qty::DOUBLE AS qty, x.amount::BIGINT AS amount, "
        f"p.paid_on, p.paid_amount, x.bureau, x.batch_id, x.row_no FROM {rows} x "
        f"LEFT JOIN ({paid}) p USING (order_id) WHERE {window.in_force('x')} "
        f"AND coalesce(x.is_cancelled, false) AND {window.days('x')}"
    )


def _columns(table: str, alias: str, **instead: str) -> str:
    has = {column.name for column in kind_of(table).columns} | {"day"}
    parts = []
    for name, kind in COLUMNS[table].items():
        source = SOURCES.get(f"{table}.{name}", name)
        value = f"{alias}.{source}" if source in has else "NULL"
        if name in SEALED.get(table, ()):
            value = f"unseal({value})"
        if table == "changes" and name in {"old_value", "new_value"}:
            value = f"CASE WHEN {value} LIKE '{SEALED_TEXT}%' THEN unseal({value}) ELSE {value} END"
        parts.append(f"({instead.get(name, value)})::{SQL_TYPES[kind]} AS {name}")
    lineage = ("bureau", "batch_id", "row_no")
    return ", ".join([*parts, *(f"{alias}.{name} AS {name}" for name in lineage)])


def _orders(rows: str, window: Window, *, tiers: bool, lines: list[str]) -> str:
    """Neither cancelled orders nor returns; the tier is the order's own, else that of its day, the
    quantity its own, else that of its `lines` (files)."""
    live = (
        f"{window.in_force('x')} AND NOT coalesce(x.is_cancelled, false) "
        f"AND NOT coalesce(x.is_return, false) AND {window.days('x')}"
    )
    joined, instead = "", {"week_start": "coalesce(x.week_start, date_trunc('week', x.day)::DATE)"}
    if tiers:
        joined += (
            " LEFT JOIN tier_history t "
            "ON t.retailer_id = x.retailer_id AND x.day >= t.since AND x.day < t.until"
        )
        instead["tier"] = "coalesce(x.tier, t.tier)"
    if lines:
        joined += (
            f" LEFT JOIN (SELECT y.order_id, sum(y.qty) AS qty FROM {scan(lines)} y "
            f"WHERE {window.in_force('y')} GROUP BY y.order_id) s ON s.order_id = x.order_id"
        )
        instead["qty"] = "coalesce(x.qty, s.qty)"
    return f"SELECT {_columns('orders', 'x', **instead)} FROM {rows} x{joined} WHERE {live}"


def moved_orders_sql(files: Mapping[str, list[str]]) -> str:
    """SQL of the orders that once had another day: their lines keep the day from when they came."""
    return (
        f"SELECT o.* FROM orders o WHERE o.order_id IN (SELECT y.order_id FROM "
        f"{_rows('orders', files)} y JOIN orders n ON n.order_id = y.order_id "
        "WHERE y.superseded_by IS NOT NULL AND y.day <> n.day)"
    )


def moved_lines_sql(files: Mapping[str, list[str]], window: Window, *, prices: bool) -> str:
    """SQL of the lines of `moved_orders` that have another day than their order."""
    of_orders = "moved_orders o ON o.order_id = x.order_id AND o.day <> x.day"
    slack = window.days("x", slack=SLACK)
    return _lines(files, window, of_orders=of_orders, days=slack, prices=prices)


def _lines(
    files: Mapping[str, list[str]], window: Window, *, of_orders: str, days: str, prices: bool
) -> str:
    """Lines of such orders; a line without a limit has that of its week, product and tier.

    Where `prices`, lines come without amounts: each is what it costs at the product's price then.
    `of_orders`: what they are joined with (as `o`) and how; `days`: which of them count.
    """
    joined, limit, instead = "", "x.limit_qty", {}
    if files.get("limits"):
        joined = (
            "LEFT JOIN limits m ON m.week_start = o.week_start AND m.sku_id = x.sku_id "
            "AND m.tier = o.tier"
        )
        limit = "coalesce(x.limit_qty, m.limit_qty)"
    if prices:
        joined += (
            " LEFT JOIN price_history p ON p.sku_id = x.sku_id "
            "AND o.day >= p.since AND o.day < p.until"
        )
        instead["amount"] = "round(x.qty * p.wholesale_price)"
    columns = _columns(
        "lines", "x", retailer_id="o.retailer_id", day="o.day", limit_qty=limit, **instead
    )
    return (
        f"SELECT {columns} FROM {_rows('lines', files)} x JOIN {of_orders} {joined} "
        f"WHERE {window.in_force('x')} AND {days}"
    )


def brought_to_cancelled(brought: Mapping[str, set[str]]) -> set[str] | None:
    """The columns of cancelled orders that follow from what was brought of the two kinds."""
    if not {"order_id", "status"} <= brought.get("orders", set()):
        return None
    payments = brought.get("payments", set())
    paid = {"paid_on", "paid_amount"} if "paid_amount" in payments else set()
    return brought["orders"] | paid


def missing_columns(table: str, brought: set[str] | None) -> set[str]:
    """Those "table.column"s that no import has brought; null: the table never came."""
    names = COLUMNS[table]
    if brought is None:
        return {f"{table}.{name}" for name in names}
    return {
        f"{table}.{name}"
        for name in names
        if name not in DERIVED and SOURCES.get(f"{table}.{name}", name) not in brought
    }


def fact_tables() -> list[str]:
    """The tables of the lake, those first that others look into."""
    first = ["changes", "limits", "orders"]
    return first + [name for name in TABLES.values() if name not in first] + [CANCELLED]
