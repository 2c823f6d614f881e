"""The planted stories: who did what to which orders, and when it can first be seen.

Each builder below casts its shops and returns a `Story`. All dates hang on the anchor, the last day
of the first generation, so that the decisive orders fall on the last order days before it; the days
generated later continue whatever was going on. `Story.told` is the truth for tests and guide.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

import numpy as np

from sources.sample import masters, seasons
from sources.sample.masters import County, Floats, Ints
from sources.sample.orders import CLOSES, OPENS, Bools, Orders

FOR_EVER = dt.date(9999, 12, 31)
Change = Callable[[Orders, Ints], None]


def _nothing(orders: Orders, rows: Ints) -> None:
    """The orders stay as they are: the story is told elsewhere."""


@dataclass(frozen=True, eq=False)
class Story:
    """A planted story; `shops` are rows in the county's table, `act` changes their orders."""

    key: str
    title: str
    truth: str
    guilty: bool
    county: County
    shops: tuple[int, ...]
    first: dt.date
    last: dt.date
    anchor: dt.date
    act: Change = _nothing
    staff: tuple[str, ...] = ()
    expires: dt.date | None = None  # the licence ends then and nobody renews it
    closed: dt.date | None = None  # the licence is given up on this day
    shut: tuple[dt.date, ...] = ()  # visits that found the shop shut
    phones: tuple[tuple[int, dt.date, str], ...] = field(default=())  # shop, day, new number

    def change(self, orders: Orders, rows: Ints) -> None:
        self.act(orders, rows)

    def order_days(self) -> list[dt.date]:
        """The story's order days up to the anchor, latest first."""
        due = self.county.shops["order_day"].to_numpy()[list(self.shops)]
        back = (self.anchor - dt.timedelta(days=n) for n in range(400))
        return [
            day
            for day in back
            if self.first <= day <= self.last
            and day.isoweekday() in due
            and not seasons.suspended(seasons.monday_of(day))
        ]

    def told(self) -> dict[str, Any]:
        """The truth, in codes and ISO dates."""
        return {
            "key": self.key,
            "title": self.title,
            "truth": self.truth,
            "guilty": self.guilty,
            "county": self.county.code,
            "retailers": [self.county.shops["code"].iloc[shop] for shop in self.shops],
            "names": [self.county.shops["name"].iloc[shop] for shop in self.shops],
            "staff": list(self.staff),
            "order_days": [day.isoformat() for day in self.order_days()[:8]],
        }


@dataclass
class Cast:
    """Picks shops for the stories, no shop twice."""

    county: County
    anchor: dt.date
    taken: set[int]

    @property
    def last_day(self) -> dt.date:
        return seasons.order_days_before(self.anchor, 1)[0]

    @property
    def day_before(self) -> dt.date:
        return seasons.order_days_before(self.anchor, 2)[1]

    def day_ago(self, weeks: int) -> dt.date:
        """The last order day, or an order day so many weeks before the one before it."""
        if weeks == 0:
            return self.last_day
        day = weeks_later(self.day_before, -weeks)
        return weeks_later(day, -1) if seasons.suspended(seasons.monday_of(day)) else day

    def pick(self, n: int, day: dt.date, where: Bools | None = None) -> tuple[int, ...]:
        """N shops that order on the weekday of this day, steady, without kin, past their first year."""
        shops = self.county.shops
        fit = (shops["order_day"] == day.isoweekday()) & (shops["cycle"] == 1) & ~shops["kin"]
        fit &= (shops["chain"] == "") & (shops["channel"] != "电话") & (shops["mean"] > 8)
        fit &= shops["account_changes"] > self.anchor.toordinal() + 60
        fit &= ~shops.index.isin(self.taken)
        if where is not None:
            fit &= where
        if fit.sum() < n:
            raise ValueError("the county is too small for its stories")
        chosen = self.county.rng(9, len(self.taken)).permutation(np.flatnonzero(fit))[:n]
        self.taken.update(int(shop) for shop in chosen)
        return tuple(int(shop) for shop in chosen)

    def story(self, shops: tuple[int, ...], day: dt.date, weeks: int, **more: Any) -> Story:
        """A story that began `weeks` order days ago, counting the last one, `day`."""
        more.setdefault("last", day)
        first = day - dt.timedelta(weeks=weeks - 1)
        return Story(county=self.county, shops=shops, first=first, anchor=self.anchor, **more)


def weeks_later(day: dt.date, weeks: int) -> dt.date:
    """The same weekday, so many weeks on."""
    return day + dt.timedelta(weeks=weeks)


def _to_the_limit(orders: Orders, rows: Ints, wanted: Bools) -> None:
    cells = np.ix_(rows, np.flatnonzero(wanted))
    orders.qty[cells] = orders.limit[cells]
    orders.need[cells] = orders.limit[cells] + 2


def _in_turn(orders: Orders, rows: Ints, *, start: int, gap: int) -> None:
    """Orders sent one after the other, `gap` seconds apart."""
    orders.second[rows] = np.clip(start + gap * np.arange(len(rows)), OPENS, CLOSES - 1)


def _same_line(orders: Orders, rows: Ints, *, device: str | None, ip: str) -> None:
    orders.ip[rows], orders.channel[rows] = ip, "手机"
    if device:
        orders.device[rows] = device


def _deal_out(orders: Orders, rows: Ints, total: Floats, brands: Ints) -> None:
    """A carton more of each of these products in turn, none beyond its limit, up to the total."""
    for row, goal in zip(rows, total, strict=True):
        room = (orders.limit - orders.qty)[row, brands].clip(min=0)
        turns = np.sort(
            np.concatenate([np.arange(n) * len(brands) + i for i, n in enumerate(room)])
        )
        more = turns[: max(0, int(goal) - int(orders.qty[row].sum()))]
        np.add.at(orders.qty[row], brands[more.astype(np.int64) % len(brands)], 1)
        orders.need[row] = np.maximum(orders.need[row], orders.qty[row])


def _raise_to(orders: Orders, rows: Ints, total: Floats, brands: Ints) -> None:
    """More of these products, in their order, until each order holds its total or meets the limit."""
    for row, goal in zip(rows, total, strict=True):
        for brand in brands:
            room = int(goal) - int(orders.qty[row].sum())
            more = min(room, int(orders.limit[row, brand] - orders.qty[row, brand]))
            orders.qty[row, brand] += max(0, more)
        orders.need[row] = np.maximum(orders.need[row], orders.qty[row])


def proxy_ordering(cast: Cast) -> Story:
    """An account manager orders for six shops of one route from a phone of his own, and pays for one."""
    day = cast.last_day
    manager = int(cast.county.shops.iloc[list(cast.pick(1, day))]["manager"].iloc[0])
    shops = cast.pick(6, day, (cast.county.shops["manager"] == manager).to_numpy())
    person = cast.county.staff.iloc[manager]
    slow = np.flatnonzero(~_table(cast)["scarce"])[[3, 12]]

    def act(orders: Orders, rows: Ints) -> None:
        _in_turn(orders, rows, start=8 * 3600 + 41 * 60, gap=95)
        _same_line(orders, rows, device=person["device"], ip=f"198.19.251.{manager + 1}")
        _to_the_limit(orders, rows, _scarce(cast))
        orders.qty[np.ix_(rows, slow)] = orders.need[np.ix_(rows, slow)] = 4
        orders.payer[rows[orders.shop[rows] == shops[0]]] = person["account"]

    return cast.story(
        shops, day, 3, key="proxy_ordering", title="客户经理代订", guilty=True, act=act,
        last=weeks_later(day, 3), staff=(person["staff_id"],),
        truth="同一客户经理用自己的手机在十分钟内替六户下单，并从本人账户代付其中一户货款。",
    )  # fmt: skip


def closed_shop(cast: Cast) -> Story:
    """The licence was given up, inspectors find the shop shut, and the same basket is still ordered."""
    day = cast.day_before
    shops = cast.pick(1, day)
    basket = cast.county.rng(8, shops[0]).poisson(
        cast.county.shops["mean"].iloc[shops[0]] * cast.county.taste[shops[0]]
    )
    basket[_scarce(cast)] = 0

    def act(orders: Orders, rows: Ints) -> None:
        orders.qty[rows] = orders.need[rows] = np.minimum(basket, orders.limit[rows])

    shut = tuple(cast.anchor - dt.timedelta(days=back) for back in (33, 25, 16, 9))
    return cast.story(
        shops, day, 7, key="closed_shop", title="歇业户仍在订货", guilty=True, act=act,
        last=FOR_EVER, closed=cast.anchor - dt.timedelta(days=38), shut=shut,
        truth="许可证已歇业，市场检查四次关门，他人仍以该户名义每周订同样的货。",
    )  # fmt: skip


def rural_outflow(cast: Cast) -> Story:
    """A small village shop suddenly takes all scarce and dear brands it may have, four times its size."""
    day = cast.last_day
    shops = cast.county.shops
    fit = (shops["market"] == "农村") & shops["tier"].between(6, 13)
    chosen = cast.pick(1, day, fit.to_numpy())
    dear = np.argsort(-_table(cast)["price"].to_numpy())[:30]
    usual = shops["mean"].to_numpy()

    def act(orders: Orders, rows: Ints) -> None:
        _to_the_limit(orders, rows, _scarce(cast))
        _raise_to(orders, rows, 4.2 * usual[orders.shop[rows]], dear)

    return cast.story(
        chosen, day, 2, key="rural_outflow", title="乡村小户真烟外流", guilty=True, act=act,
        last=weeks_later(day, 3),
        truth="偏远小店连续顶格订购紧俏高价烟，订量为平时四倍，卖给外来收购者。",
    )  # fmt: skip


def five_licences(cast: Cast) -> Story:
    """One big buyer orders with the licences of five shops: his account, his line, his brands."""
    day = cast.day_before
    shops = cast.county.shops
    buyer = cast.pick(1, day, (shops["tier"] > 24).to_numpy())[0]
    others = cast.pick(5, day, shops["tier"].between(9, 22).to_numpy())
    who = shops.iloc[buyer]

    def act(orders: Orders, rows: Ints) -> None:
        _in_turn(orders, rows, start=15 * 3600 + 12 * 60, gap=410)
        _same_line(orders, rows, device=None, ip=who["ip"])
        _to_the_limit(orders, rows, _scarce(cast))
        orders.payer[rows] = who["account"]

    phone = str(masters.now_or_later(cast.county, "phone", cast.anchor)[buyer])
    moved = tuple((shop, cast.anchor - dt.timedelta(days=24), phone) for shop in others[:2])
    return cast.story(
        others, day, 3, key="five_licences", title="大户控制五张许可证", guilty=True, act=act,
        last=weeks_later(day, 5), phones=moved,
        truth=f"{who['name']}（{who['code']}）借用五户许可证套购紧俏烟：同一账户付款，一小时内由同一IP下单。",
    )  # fmt: skip


def wedding(cast: Cast, *, weeks_ago: int = 0) -> Story:
    """A wedding: one order three times as large, some of every good brand, then all as before."""
    day = cast.day_ago(weeks_ago)
    chosen = cast.pick(1, day, cast.county.shops["tier"].between(9, 20).to_numpy())
    price = _table(cast)["price"].to_numpy()
    good = np.flatnonzero((price > 70) & (price < 330) & ~_scarce(cast))
    usual = cast.county.shops["mean"].to_numpy()

    def act(orders: Orders, rows: Ints) -> None:
        _deal_out(orders, rows, 3.1 * usual[orders.shop[rows]], good)

    return cast.story(
        chosen, day, 1, title="婚宴用烟（正常）", guilty=False, act=act,
        key="wedding" if weeks_ago == 0 else f"wedding_{weeks_ago}_weeks_ago",
        truth="店主代亲友备婚宴用烟，一次性增加中高档烟，下一周恢复正常。",
    )  # fmt: skip


def expired_licence(cast: Cast) -> Story:
    """The licence ran out six weeks ago and nobody noticed."""
    day = cast.last_day
    ends = cast.anchor - dt.timedelta(days=45)
    return cast.story(
        cast.pick(1, day), day, 6, key="expired_licence", title="许可证过期仍供货", guilty=True,
        last=FOR_EVER, expires=ends, truth=f"许可证{ends}到期未延续，仍照常供货。",
    )  # fmt: skip


def over_limit(cast: Cast, *, weeks_ago: int = 0) -> Story:
    """A scarce brand beyond the published limit, amended by the account manager afterwards.

    A day before the others: the list of a small city has few places a day.
    """
    day = cast.day_ago(weeks_ago) if weeks_ago else seasons.order_days_before(cast.anchor, 3)[2]
    chosen = cast.pick(1, day, cast.county.shops["tier"].between(8, 22).to_numpy())
    person = cast.county.staff.iloc[int(cast.county.shops["manager"].iloc[chosen[0]])]["staff_id"]
    brand = int(np.flatnonzero(_scarce(cast))[0])

    def act(orders: Orders, rows: Ints) -> None:
        orders.qty[rows, brand] = orders.limit[rows, brand] + 8
        orders.need[rows, brand] = orders.qty[rows, brand]
        orders.amended[rows], orders.amender[rows] = 2, person

    return cast.story(
        chosen, day, 1, title="超限量供货", guilty=True, act=act, staff=(person,),
        key="over_limit" if weeks_ago == 0 else f"over_limit_{weeks_ago}_weeks_ago",
        truth="订单提交后由客户经理修改两次，紧俏烟超出公布的每户上限八条。",
    )  # fmt: skip


def short_delivery(cast: Cast) -> Story:
    """Four times in a row less arrives than was ordered, and a third person signs far away.

    What is delivered is looked at an order day later: one on which no other story needs a place.
    """
    day = seasons.order_days_before(cast.anchor, 5)[4]

    def act(orders: Orders, rows: Ints) -> None:
        orders.short[rows] = 3 + orders.day[rows] // 7 % 4
        orders.signed[rows], orders.gps[rows] = "代签", 640 + orders.day[rows] % 90

    return cast.story(
        cast.pick(1, day, (cast.county.shops["mean"] > 25).to_numpy()), day, 4, act=act,
        key="short_delivery", title="送货短少且代签", guilty=True, last=weeks_later(day, 2),
        truth="连续四次送达量少于订货量，由他人在店外六百多米处代签。",
    )  # fmt: skip


def _table(cast: Cast) -> Any:
    return masters.products(cast.county.seed)


def _scarce(cast: Cast) -> Bools:
    return np.asarray(_table(cast)["scarce"].to_numpy())


MAIN: tuple[Callable[[Cast], Story], ...] = (
    proxy_ordering, five_licences, rural_outflow, closed_shop, wedding, expired_licence, over_limit,
    short_delivery, partial(wedding, weeks_ago=5), partial(over_limit, weeks_ago=4),
)  # fmt: skip
SMALL: tuple[Callable[[Cast], Story], ...] = (over_limit, expired_licence, wedding)


@lru_cache(maxsize=4)
def planted(county: County, anchor: dt.date) -> tuple[Story, ...]:
    """The stories of a county for this anchor."""
    cast = Cast(county, anchor, set())
    plot = MAIN if county.place is masters.PLACES[0] else SMALL
    return tuple(build(cast) for build in plot)


def everybody(anchor: dt.date) -> list[dict[str, Any]]:
    """The weeks in which the whole county rises: the fair, and the lunar festival before the anchor."""
    fair = seasons.fair_week(anchor)
    festivals = [
        (day, name)
        for year in (anchor.year - 1, anchor.year)
        for day, name in (
            (seasons.spring_festival(year), "春节"),
            (seasons.mid_autumn(year), "中秋"),
        )
        if day <= anchor
    ]
    day, name = max(festivals)
    week = seasons.monday_of(day - dt.timedelta(days=7))
    shared = {"guilty": False, "county": masters.PLACES[0].code, "retailers": [], "staff": []}
    return [
        {"key": "county_fair", "title": "全县物资交流会（正常）", "order_days": _week(fair),
         "truth": "全县零售户同时增加约三成五，谁都没有问题。", **shared},
        {"key": "festival", "title": f"{name}前备货（正常）", "order_days": _week(week),
         "truth": "节前全县同时增加，节后同时回落，谁都没有问题。", **shared},
    ]  # fmt: skip


def _week(monday: dt.date) -> list[str]:
    return [(monday + dt.timedelta(days=n)).isoformat() for n in range(5)]


def told(counties: Iterable[County], anchor: dt.date) -> list[dict[str, Any]]:
    """The truth about all counties, for tests and the guide."""
    stories = [story.told() for county in counties for story in planted(county, anchor)]
    return stories + everybody(anchor)
