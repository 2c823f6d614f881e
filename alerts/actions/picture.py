"""What an alert's page draws, kept as it was on the night: weeks, peers, the order's lines."""

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import ibis.expr.types as ir
import structlog
from ibis import _

from alerts.actions.finding import as_json
from sources.facts import Facts, rows

log = structlog.get_logger()

WEEKS = 52
BAND = 2.0  # standard deviations of one order to either side of the shop's normal
BINS = 10
LEAST_PEERS = 10
NEAR_TIERS = 2

Picture = dict[str, Any]
Row = dict[str, Any]


def draw(facts: Facts, on: dt.date, retailers: Iterable[str]) -> dict[str, Picture]:
    """The pictures of some retailers, by code: chart, peers, order and order_lines, where known.

    A picture that cannot be drawn is left out: an alert without it is better than none.
    """
    wanted = sorted(set(retailers))
    if not wanted:
        return {}
    try:
        return _draw(facts, on, wanted)
    except Exception:  # whatever an engine raises
        log.exception("no pictures", on=on.isoformat())
        return {}


def _draw(facts: Facts, on: dt.date, wanted: list[str]) -> dict[str, Picture]:
    weekly = _weekly(facts, on, wanted)
    bands = _bands(facts, on, wanted)
    cohort = _of_the_day(facts, on, wanted)
    orders = _by_retailer(_orders(facts, on, wanted))
    lines = _by_retailer(_lines(facts, on, wanted))
    mondays = _mondays(on)
    return {
        code: {
            "chart": _chart(mondays, weekly.get(code, {}), bands.get(code, {})),
            "peers": _peers(code, cohort),
            "order": _order(orders[code]),
            "order_lines": [_line(row) for row in lines[code]],
        }
        for code in wanted
    }


def _mondays(on: dt.date) -> list[dt.date]:
    last = on - dt.timedelta(days=on.weekday())
    return [last - dt.timedelta(weeks=back) for back in reversed(range(WEEKS))]


def _weekly(facts: Facts, on: dt.date, wanted: list[str]) -> dict[str, dict[dt.date, float]]:
    """retailer -> week -> cartons ordered."""
    since = _mondays(on)[0]
    mine = facts.orders.filter(_.retailer_id.isin(wanted), _.week_start >= since)
    found: dict[str, dict[dt.date, float]] = defaultdict(dict)
    for row in rows(mine.group_by("retailer_id", "week_start").agg(qty=_.qty.sum())):
        found[row["retailer_id"]][row["week_start"]] = row["qty"]
    return found


def _bands(
    facts: Facts, on: dt.date, wanted: list[str]
) -> dict[str, dict[dt.date, tuple[float, float]]]:
    """retailer -> week -> what its order was to be expected between, in cartons."""
    book = facts.tables.get("volume")
    if book is None:
        return {}
    mine = book.filter(_.retailer_id.isin(wanted), _.day <= on, _.own.notnull(), _.sigma.notnull())
    found: dict[str, dict[dt.date, tuple[float, float]]] = defaultdict(dict)
    for row in rows(mine.select("retailer_id", "week_start", "own", "market", "sigma")):
        middle, spread = row["own"] + row["market"], BAND * row["sigma"]
        low, high = (max(0.0, math.expm1(middle + side * spread)) for side in (-1, 1))
        found[row["retailer_id"]][row["week_start"]] = round(low, 1), round(high, 1)
    return found


def _chart(
    mondays: Sequence[dt.date],
    weekly: dict[dt.date, float],
    bands: dict[dt.date, tuple[float, float]],
) -> Picture | None:
    if not weekly:
        return None
    quantities = [round(weekly.get(week) or 0.0, 1) for week in mondays]
    low = [bands[week][0] if week in bands else None for week in mondays]
    high = [bands[week][1] if week in bands else None for week in mondays]
    beyond = [
        place
        for place, (qty, top) in enumerate(zip(quantities, high, strict=True))
        if top is not None and qty > top
    ]
    last, usual = quantities[-1], high[-1]
    finding = f"本周订购 {last:g} 条"
    if low[-1] is not None and usual is not None:
        finding += f"，自身常态为 {low[-1]:.0f} 至 {usual:.0f} 条"
    return {
        "weeks": [f"{week:%y-%m-%d}" for week in mondays],
        "qty": quantities,
        "lo": low,
        "hi": high,
        "anom": beyond,
        "from": None,
        "unit": "条",
        "finding": f"{finding}；近一年有 {len(beyond)} 周超出常态。",
    }


def _of_the_day(facts: Facts, on: dt.date, wanted: list[str]) -> list[Row]:
    """Every shop that ordered that day in the counties of the wanted."""
    shops = facts.retailers.select("retailer_id", "tier", "biz_type", county="bureau")
    counties = shops.filter(_.retailer_id.isin(wanted)).select("county").distinct()
    today = facts.orders.filter(_.day == on).group_by("retailer_id").agg(qty=_.qty.sum())
    return rows(today.inner_join(shops.semi_join(counties, "county"), "retailer_id"))


def _like(me: Row, cohort: list[Row]) -> tuple[str, list[float]]:
    """The closest group of enough shops: tier and kind, then tiers about it, then the county."""
    county = [row for row in cohort if row["county"] == me["county"]]
    tiers = [row for row in county if None not in (row["tier"], me["tier"])]
    groups = (
        (
            f"{me['tier']} 档{me['biz_type'] or ''}",
            [
                one
                for one in tiers
                if (one["tier"], one["biz_type"]) == (me["tier"], me["biz_type"])
            ],
        ),
        (
            f"{me['tier']} 档上下两档",
            [one for one in tiers if abs(one["tier"] - me["tier"]) <= NEAR_TIERS],
        ),
        ("全部订货户", county),
    )
    title, found = next((one for one in groups if len(one[1]) >= LEAST_PEERS), groups[-1])
    return title, [row["qty"] for row in found]


def _peers(code: str, cohort: list[Row]) -> Picture | None:
    """How the day's orders of comparable shops of the county are spread."""
    me = next((row for row in cohort if row["retailer_id"] == code), None)
    if me is None:
        return None
    title, like = _like(me, cohort)
    if len(like) < LEAST_PEERS:
        return None
    step = max(1.0, math.ceil(max(like) / BINS))
    counted = [0] * BINS
    for qty in like:
        counted[_bin(qty, step)] += 1
    above = sum(qty > me["qty"] for qty in like)
    return {
        "bins": [f"{int(place * step)}–{int((place + 1) * step)}" for place in range(BINS)],
        "n": counted,
        "me": _bin(me["qty"], step),
        "note": f"同县同日{title}，共 {len(like)} 户",
        "finding": f"本户订购 {me['qty']:g} 条，{len(like)} 户中有 {above} 户比它多。",
    }


def _bin(qty: float, step: float) -> int:
    return min(BINS - 1, max(0, int(qty // step)))


def _orders(facts: Facts, on: dt.date, wanted: list[str]) -> ir.Table:
    mine = facts.orders.filter(_.retailer_id.isin(wanted), _.day == on)
    return mine.select(
        "retailer_id", "order_id", "day", "at", "channel", "ip", "device_id", "qty", "amount"
    )


def _lines(facts: Facts, on: dt.date, wanted: list[str]) -> ir.Table:
    mine = facts.lines.filter(_.retailer_id.isin(wanted), _.day == on)
    skus = facts.skus.group_by("sku_id").agg(
        sku_name=_.sku_name.max(), market_state=_.market_state.max()
    )
    return mine.left_join(skus, "sku_id").select(
        "retailer_id", "order_id", "sku_id", "sku_name", "market_state", "qty", "qty_need",
        "limit_qty", "price", "amount",
    )  # fmt: skip


def _by_retailer(table: ir.Table) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows(table):
        found[row["retailer_id"]].append(row)
    return found


def _order(orders: list[Row]) -> Picture | None:
    """The day's order; where there were several, the largest one with the day's sums."""
    if not orders:
        return None
    largest = max(orders, key=lambda row: (row["qty"] or 0.0, row["order_id"]))
    order = {name: as_json(cell) for name, cell in largest.items() if name != "retailer_id"}
    order["qty"] = sum(row["qty"] or 0.0 for row in orders)
    order["amount"] = sum(row["amount"] or 0 for row in orders)
    return order


def _line(row: Row) -> Picture:
    limit = row["limit_qty"]
    line = {name: as_json(cell) for name, cell in row.items() if name != "retailer_id"}
    line["sku_name"] = row["sku_name"] or row["sku_id"]
    line["at_limit"] = limit is not None and row["qty"] == limit
    line["over"] = limit is not None and row["qty"] > limit
    return line
