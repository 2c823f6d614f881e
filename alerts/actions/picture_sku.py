"""What the page of a product's alert draws, kept as it was on the night: where the jump came from.

The month's curve beside last month's, by brand, town and delivery route, and the shops whose orders
grew most, or were the largest of the day where a day is in question; with what the machine can say to
the six screening principles.
"""

import datetime as dt
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog
from ibis import _

from alerts.detectors.remote_top import RURAL
from alerts.detectors.sku_day import SkuDay
from alerts.models import Hit
from sources import lake
from sources.facts import Facts, rows

log = structlog.get_logger()

MOST_SHOPS = 20
MOST_CURVES = 6  # of one kind; the table below them has more
MOST_ROWS = 20
NEW = dt.timedelta(days=90)  # since its launch
UNKNOWN = "未登记"
GROWN, TODAY = "grown", "today"  # what the shops are sorted by
MOSTLY = {GROWN: "增订最多的", TODAY: "当日订购最多的"}
BRAND = re.compile(r"[^（(\s]+")

Picture = dict[str, Any]
Row = dict[str, Any]


def trace(facts: Facts, on: dt.date, bureau: str, sku: str, detector: str = "") -> Picture:
    """The picture of a product in a bureau (code; what lies below it too): {"sku": {...}}.

    `detector`: whose finding it explains, the month's growth or the day's concentration. An alert
    without it is better than none: one that cannot be drawn is empty.
    """
    by = TODAY if detector == SkuDay.key else GROWN
    try:
        return {"sku": _trace(facts, on, bureau, sku, by)}
    except Exception:  # whatever an engine raises
        log.exception("no picture", on=on.isoformat(), sku=sku)
        return {}


def curves_of(hit: Hit) -> Picture:
    """The picture of a product's entry in the ledger, from what is known of its day by now."""
    with lake.open_facts(on=hit.on, bureaus=[hit.bureau.code]) as facts:
        return trace(facts.until(hit.on), hit.on, hit.bureau.code, hit.subject_id, hit.detector)


def _trace(facts: Facts, on: dt.date, bureau: str, sku: str, by: str) -> Picture | None:
    goods = {row["sku_id"]: row for row in rows(facts.skus)}
    me = goods.get(sku, {"sku_id": sku, "sku_name": None})
    bought = _bought(facts, on, bureau, [sku])
    if not bought:
        return None
    name = me["sku_name"] or sku
    kin = [one for one in goods if one != sku and _brand(goods[one]) == _brand(me)]
    brand = _bought(facts, on, bureau, kin) if kin and _brand(me) else []
    for row in brand:
        row["label"] = goods[row["sku_id"]]["sku_name"] or row["sku_id"]
    shops = _shops(bought, on, by)
    groups: list[Picture] = [
        _group("乡镇", bought, on, by, lambda row: row["town"] or UNKNOWN),
        _group("送货线路", bought, on, by, lambda row: row["route"] or UNKNOWN),
        _group("同品牌其他规格", brand, on, by, lambda row: row["label"]),
    ]
    curves = (curve for group in groups for curve in group["curves"])
    for number, curve in enumerate(curves, start=1):
        curve["id"] = f"sku-curve-{number}"  # of its block in the page
    return {
        "name": name,
        "whole": {"name": name, **_curve(bought, on)},
        "groups": [one for one in groups if one["rows"]],
        "by": by,
        "shops": shops[:MOST_SHOPS],
        "finding": _finding(bought, shops, groups[:2], on, by),
        "helps": _helps(facts, on, me, bought, shops, MOSTLY[by]),
    }


def _months(on: dt.date) -> tuple[dt.date, dt.date]:
    """The first days of this month and of the one before."""
    first = on.replace(day=1)
    return first, (first - dt.timedelta(days=1)).replace(day=1)


def _bought(facts: Facts, on: dt.date, bureau: str, skus: list[str]) -> list[Row]:
    """Two months' cartons by shop, product and day, with what tells where the shop is."""
    lines = facts.lines.filter(
        _.sku_id.isin(skus), _.day >= _months(on)[1], _.day <= on, _.bureau.startswith(bureau)
    )
    daily = lines.group_by("retailer_id", "sku_id", "day").agg(qty=_.qty.sum())
    shops = facts.retailers.select(
        "name", "town", "route", "tier", "market_type", shop="retailer_id"
    )
    return rows(daily.left_join(shops, daily.retailer_id == shops.shop).drop("shop"))


def _brand(sku: Mapping[str, Any]) -> str:
    """真龙（起源） is of the brand 真龙."""
    found = BRAND.match(sku.get("sku_name") or "")
    return found[0] if found else ""


def _curve(bought: Iterable[Row], on: dt.date) -> Picture:
    """Cartons added up by day of the month, this month and last: whole numbers of a day each."""
    first, before = _months(on)
    length = (first - before).days
    this, last = [0.0] * on.day, [0.0] * length
    for row in bought:
        day = row["day"]
        (this if day >= first else last)[day.day - 1] += row["qty"]
    summed = [[round(one, 1) for one in itertools.accumulate(part)] for part in (this, last)]
    return {"days": list(range(1, max(31, length) + 1)), "this": summed[0], "last": summed[1]}


def _sums(bought: Iterable[Row], on: dt.date) -> Picture:
    """this, last (whole month), same (last month up to the same day), today and grown."""
    first, _before = _months(on)
    this = last = same = today = 0.0
    for row in bought:
        if row["day"] >= first:
            this += row["qty"]
            today += row["qty"] if row["day"] == on else 0.0
        else:
            last += row["qty"]
            same += row["qty"] if row["day"].day <= on.day else 0.0
    sums = {"this": this, "last": last, "same": same, "today": today, "grown": this - same}
    return {name: round(value, 1) for name, value in sums.items()}


def _group(
    title: str, bought: list[Row], on: dt.date, by: str, key: Callable[[Row], str]
) -> Picture:
    """The rows by something, the largest first; the first of them with a curve."""
    parts: dict[str, list[Row]] = defaultdict(list)
    for row in bought:
        parts[key(row)].append(row)
    told = [
        {"name": name, "shops": len({one["retailer_id"] for one in part}), **_sums(part, on)}
        for name, part in parts.items()
    ]
    told.sort(key=lambda row: (-row[by], -row[GROWN], row["name"]))
    curves = [{"name": row["name"], **_curve(parts[row["name"]], on)} for row in told[:MOST_CURVES]]
    return {
        "title": title,
        "rows": told[:MOST_ROWS],
        "more": max(0, len(told) - MOST_ROWS),
        "curves": curves if len(told) > 1 else [],
    }


def _shops(bought: list[Row], on: dt.date, by: str) -> list[Picture]:
    """The shops, those that grew most, or ordered most that day, first."""
    parts: dict[str, list[Row]] = defaultdict(list)
    for row in bought:
        parts[row["retailer_id"]].append(row)
    told = []
    for code, part in parts.items():
        where = {name: part[0][name] for name in ("name", "town", "route", "tier", "market_type")}
        told.append({"retailer_id": code, **where, **_sums(part, on)})
    if by == TODAY:
        told = [row for row in told if row[TODAY] > 0]
    return sorted(told, key=lambda row: (-row[by], -row[GROWN], row["retailer_id"]))


def _finding(
    bought: list[Row], shops: list[Picture], groups: list[Picture], on: dt.date, by: str
) -> str:
    """Where the growth against the same days of last month, or the day's sales, come from."""
    sums = _sums(bought, on)
    whole = sum(row[by] for row in shops if row[by] > 0)
    text = (
        f"本月1日至{on.day}日售出{sums['this']:.0f}条，上月同期{sums['same']:.0f}条，"
        f"上月全月{sums['last']:.0f}条。"
    )
    if by == TODAY:
        text = f"当日售出{sums['today']:.0f}条，{text}"
    if whole <= 0:
        return text
    top = sum(row[by] for row in shops[:MOST_SHOPS] if row[by] > 0)
    verb, total = ("当日", "当日销量") if by == TODAY else ("增", "增订总量")
    parts = [
        f"{group['title']}「{group['rows'][0]['name']}」{verb}{group['rows'][0][by]:.0f}条"
        for group in groups
        if len(group["rows"]) > 1 and group["rows"][0][by] > 0
    ]
    number = min(MOST_SHOPS, sum(row[by] > 0 for row in shops) if by == TODAY else len(shops))
    leads = "，".join([*parts, f"{MOSTLY[by]}{number}户占{total}{top / whole:.0%}"])
    return f"{text}{leads}。"


def _helps(
    facts: Facts,
    on: dt.date,
    me: Mapping[str, Any],
    bought: list[Row],
    shops: list[Picture],
    mostly: str,
) -> list[str]:
    """What is known to each of the six screening steps (`alerts.actions.screening`)."""
    top = shops[:MOST_SHOPS]
    remote = sum(row["market_type"] in RURAL for row in top)
    above = sum(row["this"] > 2 * row["last"] > 0 for row in top)
    focus = "是重点关注品规" if me.get("is_focus") else "不是重点关注品规"
    state = f"，市场状态{me['market_state']}" if me.get("market_state") else ""
    return [
        _excuses(facts, on, me, bought),
        _peak(bought, on),
        f"该规格{focus}{state}；{_street(facts, on, me)}。",
        "见上方曲线和分乡镇、分线路、同品牌合计。",
        f"{mostly}户中有{above}户本月超过上月全月的2倍。",
        f"{mostly}户中有{remote}户在乡村。",
    ]


def _excuses(facts: Facts, on: dt.date, me: Mapping[str, Any], bought: list[Row]) -> str:
    first, before = _months(on)
    launched = me.get("launch_date")
    new = launched is not None and on - NEW < launched <= on
    weeks = facts.calendar.filter(
        _.is_holiday_week, _.week_start > before - dt.timedelta(days=7), _.week_start <= on
    )
    holidays = {row["week_start"] for row in rows(weeks.select("week_start"))}
    days = {row["day"] for row in bought}
    here = sum(day >= first for day in days)
    return (
        f"{'上市不满90天' if new else '不是近90天上市的新品' if launched else '没有上市日期'}；"
        f"两个月内节假日周{len(holidays)}个；本月{here}天有售，上月{len(days) - here}天有售。"
    )


def _peak(bought: list[Row], on: dt.date) -> str:
    first, _before = _months(on)
    daily: Counter[dt.date] = Counter()
    for row in bought:
        if row["day"] >= first:
            daily[row["day"]] += row["qty"]
    if not daily:
        return "本月没有销售。"
    day, qty = min(daily.items(), key=lambda item: (-item[1], item[0]))
    return f"本月最多的一天是{day.month}月{day.day}日，{qty:.0f}条，距今{(on - day).days}天。"


def _street(facts: Facts, on: dt.date, me: Mapping[str, Any]) -> str:
    """The newest price seen in the market against the wholesale price."""
    seen = facts.market_prices.filter(
        _.sku_id == me["sku_id"], _.day <= on, _.day > on - NEW, _.price.notnull()
    )
    ((price,),) = [tuple(row.values()) for row in rows(seen.agg(price=_.price.median()))]
    wholesale = me.get("wholesale_price")
    if price is None or wholesale is None:
        return "没有近90天的市场价格可比"
    told = f"市场价格中位{price / 100:.0f}元，批发价{wholesale / 100:.0f}元"
    return f"{told}，{'倒挂' if price < wholesale else '没有倒挂'}"
