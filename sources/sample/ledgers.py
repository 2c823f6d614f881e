"""A span's orders as tables with the headers of the real systems, still without any dirt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sources.sample import masters, seasons
from sources.sample.masters import County, Ints
from sources.sample.orders import Orders, week_orders
from sources.sample.stories import Story
from sources.sample.words import Rng, Words

KIND_SALE, KIND_RETURN, DONE, CANCELLED = "10", "90", "60", "90"


@dataclass(frozen=True)
class Ledger:
    """Five tables; each holds the rows whose own date lies in the span."""

    orders: pd.DataFrame
    lines: pd.DataFrame
    deliveries: pd.DataFrame
    payments: pd.DataFrame
    logs: pd.DataFrame


def ledger(
    county: County,
    stories: Sequence[Story],
    *,
    since: dt.date,
    until: dt.date,
    anchor: dt.date,
    opening: dt.date = dt.date.min,
) -> Ledger:
    """What the county's systems wrote from one day to another.

    Nothing is told of orders before the `opening`, not even that they were delivered later.
    """
    fair = seasons.fair_week(anchor) if county.place is masters.PLACES[0] else None
    parts = [
        _week(county, monday, week_orders(county, monday, deeds=stories, fair=fair), opening)
        for monday in seasons.mondays(since - dt.timedelta(days=3), until)
    ]
    spans = (since.toordinal(), until.toordinal())
    return Ledger(
        *(
            _within(pd.concat([getattr(p, name) for p in parts], ignore_index=True), *spans)
            for name in ("orders", "lines", "deliveries", "payments", "logs")
        )
    )


def _within(table: pd.DataFrame, since: int, until: int) -> pd.DataFrame:
    """The rows of these days, in the order of their day; `day` stays for the monthly files."""
    chosen = table[table["day"].between(since, until)]
    return chosen.sort_values("day", kind="stable", ignore_index=True)


def _stamps(days: Ints, seconds: Ints) -> Words:
    moments = (days - dt.date(1970, 1, 1).toordinal()) * 86_400 + seconds
    text = np.datetime_as_string(moments.astype("datetime64[s]"))
    return np.array([stamp.replace("T", " ") for stamp in text.tolist()], dtype=object)


def _dates(days: Ints) -> Words:
    since = days - dt.date(1970, 1, 1).toordinal()
    return np.datetime_as_string(since.astype("datetime64[D]")).astype(object)


def _week(county: County, monday: dt.date, orders: Orders, opening: dt.date) -> Ledger:
    rng = county.rng(10, monday.toordinal())
    codes = county.shops["code"].to_numpy()
    dates = _dates(orders.day)
    ids = np.array(
        [
            f"{'TH' if mark == 'T' else 'CO'}{date.replace('-', '')}{code[4:6]}{code[-4:]}{mark[:1] if mark == 'Q' else ''}"
            for date, code, mark in zip(dates, codes[orders.shop], orders.mark, strict=True)
        ],
        dtype=object,
    )
    price = masters.products(county.seed)["price"].to_numpy().astype(np.int64)
    amount = orders.qty @ price
    qty = orders.qty.sum(axis=1)
    done = (orders.mark == "") & (orders.day >= opening.toordinal())
    return Ledger(
        orders=pd.DataFrame(
            {
                "day": orders.day,
                "订单号": ids,
                "客户编码": codes[orders.shop],
                "提交时间": _stamps(orders.day, orders.second),
                "周期起": monday.strftime("%Y%m%d"),
                "档位": orders.tier,
                "订货方式": orders.channel,
                "IP": orders.ip,
                "设备标识": orders.device,
                "操作账号": orders.placed_by,
                "订单总量": qty,
                "金额": amount,
                "状态": np.where(orders.mark == "Q", CANCELLED, DONE),
                "订单类型": np.where(orders.mark == "T", KIND_RETURN, KIND_SALE),
                "修改次数": orders.amended,
                "最后修改人": orders.amender,
            }
        ),
        lines=_lines(orders, ids, price),
        deliveries=_deliveries(county, orders, ids, qty, rng)[done],
        payments=_payments(county, orders, ids, amount, rng)[done],
        logs=_logs(codes, orders, ids, rng),
    )


def _lines(orders: Orders, ids: Words, price: Ints) -> pd.DataFrame:
    order, product = np.nonzero(orders.qty)
    qty = orders.qty[order, product]
    return pd.DataFrame(
        {
            "day": orders.day[order],
            "订单号": ids[order],
            "product": product,
            "需求量": orders.need[order, product],
            "限量": orders.limit[order, product],
            "订购量": qty,
            "批发价": price[product],
            "金额": qty * price[product],
        }
    )


def _deliveries(county: County, orders: Orders, ids: Words, qty: Ints, rng: Rng) -> pd.DataFrame:
    drivers = county.staff.loc[county.staff["role"] == "送货员", "staff_id"].to_numpy()
    manager = county.shops["manager"].to_numpy()[orders.shop]
    day = orders.day + 1
    return pd.DataFrame(
        {
            "day": day,
            "订单号": ids,
            "送货日期": [date.replace("-", ".") for date in _dates(day)],
            "送达量": np.maximum(qty - orders.short, 0),
            "签收方式": orders.signed,
            "签收偏离": orders.gps,
            "送货员": drivers[manager % len(drivers)],
            "签收时间": _stamps(day, rng.integers(8 * 3600, 17 * 3600, len(orders))),
            "异常": "",
        }
    )


def _payments(county: County, orders: Orders, ids: Words, amount: Ints, rng: Rng) -> pd.DataFrame:
    day = orders.day + (rng.random(len(orders)) < 0.007)
    return pd.DataFrame(
        {
            "day": day,
            "订单号": ids,
            "扣款日期": _dates(day),
            "付款账户": orders.payer,
            "金额": amount,
            "户名": _account_names(county, orders.payer),
            "结果": "成功",
        }
    )


def _account_names(county: County, accounts: Words) -> Words:
    """Whose name the bank knows each account by."""
    owners: dict[str, str] = {}
    for table, name in ((county.shops, "licensee"), (county.staff, "name")):
        for column in ("account", "new_account"):
            if column in table:
                owners.update(zip(table[column], table[name], strict=True))
    return np.array([owners[account] for account in accounts], dtype=object)


def _logs(codes: Words, orders: Orders, ids: Words, rng: Rng) -> pd.DataFrame:
    """A log-in and a submission for each order that did not come by telephone."""
    online = (orders.channel != "电话") & (orders.mark != "T")
    before = rng.integers(90, 900, len(orders))
    rows = []
    for action, seconds in (("登录", orders.second - before), ("提交", orders.second)):
        rows.append(
            pd.DataFrame(
                {
                    "day": orders.day,
                    "时间": _stamps(orders.day, seconds),
                    "客户编码": codes[orders.shop],
                    "操作": action,
                    "操作账号": codes[orders.shop],
                    "IP": orders.ip,
                    "设备标识": orders.device,
                    "订单号": ids if action == "提交" else "",
                }
            )
        )
    both: pd.DataFrame = pd.concat([table[online] for table in rows], ignore_index=True)
    return both
