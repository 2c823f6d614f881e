"""One county's orders of one week: what shops want, what they may have, how they order."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from sources.sample import masters, seasons
from sources.sample.masters import County, Floats, Ints
from sources.sample.words import Rng, Words, carrier_addresses

OPENS, CLOSES = 7 * 3600 + 1800, 20 * 3600  # seconds of the order day
Bools = npt.NDArray[np.bool_]


@dataclass
class Orders:
    """Orders side by side; `need`, `limit`, `qty` are orders x products, in cartons."""

    shop: Ints  # row in county.shops
    day: Ints  # ordinal
    second: Ints
    tier: Ints
    channel: Words
    ip: Words
    device: Words
    placed_by: Words
    payer: Words
    amended: Ints
    amender: Words
    mark: Words  # "" for a sale, Q cancelled, T returned
    short: Ints  # cartons ordered and not delivered
    signed: Words
    gps: Ints
    need: Ints
    limit: Ints
    qty: Ints

    def __len__(self) -> int:
        return len(self.shop)

    def take(self, rows: Ints | Bools) -> Self:
        """A copy of some of the orders."""
        return dataclasses.replace(
            self, **{f.name: getattr(self, f.name)[rows].copy() for f in dataclasses.fields(self)}
        )

    def join(self, *others: Self) -> Self:
        """These orders, then the others."""
        parts = (self, *others)
        return dataclasses.replace(
            self,
            **{
                f.name: np.concatenate([getattr(part, f.name) for part in parts])
                for f in dataclasses.fields(self)
            },
        )


class Deed(Protocol):
    """What a planted story does to the orders of its shops."""

    @property
    def shops(self) -> tuple[int, ...]: ...
    @property
    def first(self) -> dt.date: ...
    @property
    def last(self) -> dt.date: ...
    def change(self, orders: Orders, rows: Ints) -> None: ...


def week_orders(
    county: County, monday: dt.date, *, deeds: Sequence[Deed] = (), fair: dt.date | None = None
) -> Orders:
    """All orders of a week, stories included, the same whenever it is asked; none in a suspended one.

    `fair` is the Monday of the week in which the county fair lets everybody sell more.
    """
    orders = _ordinary(
        county, monday, lift=seasons.FAIR_FACTOR if monday == fair else 1.0, deeds=deeds
    )
    if seasons.suspended(monday):
        return orders.take(np.array([], dtype=np.int64))
    for deed in deeds:
        rows = _rows(orders, deed)
        if len(rows):
            deed.change(orders, rows)
    orders = orders.take(np.where(orders.qty.sum(axis=1) > 0)[0])
    return _with_cancelled_and_returned(county, monday, orders, _shops_of(deeds))


def _shops_of(deeds: Sequence[Deed]) -> list[int]:
    return [shop for deed in deeds for shop in deed.shops]


def _rows(orders: Orders, deed: Deed) -> Ints:
    due = (orders.day >= deed.first.toordinal()) & (orders.day <= deed.last.toordinal())
    return np.flatnonzero(np.isin(orders.shop, deed.shops) & due)


def _absent(county: County, monday: dt.date) -> Bools:
    """Shops that let this week's order day pass."""
    draw = county.rng(3, monday.toordinal()).random(len(county.shops))
    fortnight = (county.shops["cycle"] == 2).to_numpy() & (monday.toordinal() // 7 % 2 == 1)
    return np.asarray((draw > county.shops["regular"].to_numpy()) | fortnight)


def _demand(county: County, monday: dt.date, days: Ints, rng: Rng) -> Floats:
    """Cartons that each shop expects to sell: itself, the season, its town, its order day."""
    shops = county.shops
    noise = np.zeros(len(shops))
    for back, spread in enumerate((0.1, 0.08, 0.05)):
        week = monday - dt.timedelta(weeks=back)
        noise += spread * county.rng(4, week.toordinal()).normal(size=len(shops))
    by_day = np.array(
        [seasons.season(dt.date.fromordinal(monday.toordinal() + d)) for d in range(5)]
    )
    together = rng.normal(0, 0.03, 5)[days - monday.toordinal()]
    town = rng.normal(0, 0.03, 99)[shops["village"].to_numpy() // 10]
    missed = _absent(county, monday - dt.timedelta(weeks=1))
    wanted = shops["mean"].to_numpy() * np.exp(noise + together + town)
    return np.asarray(wanted * by_day[days - monday.toordinal()] * np.where(missed, 1.4, 1.0))


def _ordinary(county: County, monday: dt.date, *, lift: float, deeds: Sequence[Deed]) -> Orders:
    rng = county.rng(5, monday.toordinal())
    shops = county.shops
    n = len(shops)
    days = monday.toordinal() + shops["order_day"].to_numpy() - 1
    need = rng.poisson(_demand(county, monday, days, rng)[:, None] * lift * county.taste).astype(
        np.int64
    )
    tier = masters.tiers(county, monday)
    limit = masters.limits(county.seed, monday).T[tier - 1]
    empty = np.full(n, "", dtype=object)
    orders = Orders(
        shop=np.arange(n),
        day=days,
        second=_seconds(county, rng),
        tier=tier,
        channel=shops["channel"].to_numpy().copy(),
        ip=shops["ip"].to_numpy().copy(),
        device=shops["device"].to_numpy().copy(),
        placed_by=empty.copy(),
        payer=masters.now_or_later(county, "account", monday),
        amended=(rng.random(n) < 0.02).astype(np.int64),
        amender=empty.copy(),
        mark=empty.copy(),
        short=np.where(rng.random(n) < 0.003, rng.integers(1, 3, n), 0),
        signed=rng.choice(["本人", "家属", "代签"], n, p=[0.81, 0.17, 0.02]).astype(object),
        gps=np.minimum(rng.lognormal(3.2, 0.7, n), 380).astype(np.int64),
        need=need,
        limit=limit,
        qty=np.minimum(need, limit),
    )
    _on_the_road(county, orders, rng)
    forced = np.isin(orders.shop, _shops_of(deeds))
    opened = np.array([day.toordinal() for day in shops["opened"]]) <= days
    return orders.take(np.flatnonzero((~_absent(county, monday) | forced) & opened))


def _seconds(county: County, rng: Rng) -> Ints:
    """When each shop sits down to order: its own hour, give or take forty minutes."""
    usual = county.shops["hour"].to_numpy() * 3600 + rng.normal(0, 2400, len(county.shops))
    return np.clip(usual, OPENS, CLOSES - 1).astype(np.int64)


def _on_the_road(county: County, orders: Orders, rng: Rng) -> None:
    """Mobile orders through the carrier's pool, and the call centre's orders by telephone."""
    n = len(orders)
    pool = carrier_addresses(500, int(county.code) % 2)
    away = np.isin(orders.channel, ["手机", "微信"]) & (rng.random(n) < 0.4)
    orders.ip = np.where(away, pool[rng.integers(0, len(pool), n)], orders.ip).astype(object)
    called = orders.channel == "电话"
    clerk = county.staff[county.staff["role"] == "订单员"].iloc[0]
    orders.placed_by[called], orders.device[called] = clerk["staff_id"], clerk["device"]
    orders.ip[called] = f"198.{18 + int(county.code) % 2}.250.1"


def _with_cancelled_and_returned(
    county: County, monday: dt.date, orders: Orders, spared: list[int]
) -> Orders:
    """Some orders were cancelled and placed again, of some a carton or two came back."""
    rng = county.rng(6, monday.toordinal())
    plain = rng.random(len(county.shops))[orders.shop]
    plain[np.isin(orders.shop, spared)] = 1.0
    cancelled = orders.take(np.flatnonzero(plain < 0.004))
    cancelled.mark[:] = "Q"
    cancelled.second = np.maximum(cancelled.second - 900, OPENS)
    returned = orders.take(np.flatnonzero((plain > 0.5) & (plain < 0.503)))
    returned.mark[:] = "T"
    returned.second = np.minimum(returned.second + 1800, CLOSES - 1)
    best = returned.qty.argmax(axis=1)
    back = np.zeros_like(returned.qty)
    back[np.arange(len(returned)), best] = -1
    returned.qty, returned.need = back, np.zeros_like(back)
    return orders.join(cancelled, returned)
