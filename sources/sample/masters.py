"""Shops, staff, products and limits of the two invented counties: the same for the same seed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pandas as pd

from sources.sample import words

PROVINCE, CITY = "45", "4500"
CITY_NAME = "澄州市"
TIERS = 30
SIGMA = 0.86  # with this spread 3.4 % of the shops buy 16 % of the cartons
EPOCH = dt.date(2024, 1, 1)
KINDS = {
    "食杂店": 0.46,
    "便利店": 0.22,
    "超市": 0.1,
    "烟酒店": 0.12,
    "娱乐服务": 0.06,
    "其他": 0.04,
}
BRANDS = words.each("桂岭 云霞 青山 江月 龙脊 左江 红棉 花山 漓水 金瑶")
SERIES = ("硬", "软", "细支", "起源", "凌云", "祥云")
PRICES = (24, 46, 88, 132, 255, 560)  # 元 a carton, about, of each series
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Place:
    """A county and how much of everything it has."""

    code: str
    name: str
    shops: int
    managers: int
    supervisors: tuple[str, str]


PLACES = (
    Place("450099", "岭洲县", 1100, 6, ("韦明岚", "陆书宁")),
    Place("450098", "屏溪县", 150, 2, ("覃若溪", "农知远")),
)


@dataclass(frozen=True, eq=False)
class County:
    """A county's masters. `taste` (shops x products) holds shares that add up to 1 for a shop."""

    place: Place
    seed: int
    shops: pd.DataFrame
    staff: pd.DataFrame
    taste: Floats

    @property
    def code(self) -> str:
        return self.place.code

    def rng(self, *what: int) -> np.random.Generator:
        """A random stream of its own for whatever these numbers name."""
        return np.random.default_rng([self.seed, int(self.code), *what])


@lru_cache(maxsize=4)
def products(seed: int) -> pd.DataFrame:
    """The 60 products: prices in 元 a carton, `pull` how much shops want, `scarce` who is short."""
    rng = np.random.default_rng([seed, 1])
    rows = [(brand, series, price) for series, price in zip(SERIES, PRICES, strict=True)
            for brand in BRANDS]  # fmt: skip
    table = pd.DataFrame(rows, columns=["brand", "series", "about"])
    n = len(table)
    table["sku_id"] = [f"6988{1000 + 37 * i:04d}" for i in range(n)]
    table["price"] = (table["about"] * rng.uniform(0.8, 1.25, n)).round()
    table["name"] = table["brand"] + "(" + table["series"] + ")"
    table["klass"] = 6 - np.searchsorted([0, 30, 60, 110, 190], table["price"])
    table["retail"] = (table["price"] * 1.15 / 5).round() * 5
    popular = np.array([1.1, 1.3, 1.1, 1.2, 0.9, 0.4])[np.arange(n) // len(BRANDS)]
    table["pull"] = popular * rng.lognormal(0, 0.35, n)
    table["scarce"] = False
    table.loc[rng.choice(np.arange(30, n), 9, replace=False), "scarce"] = True
    table["focus"] = table["scarce"] & (table["price"] > 300)
    return table


def tier_size(tier: Ints | Floats) -> Floats:
    """Cartons a week that an average shop of this tier sells."""
    normal = NormalDist(np.log(30) - SIGMA**2 / 2, SIGMA)
    return np.array([np.exp(normal.inv_cdf((t - 0.5) / TIERS)) for t in tier])


def limits(seed: int, monday: dt.date) -> Ints:
    """Cartons (products x tiers 1-30) that one shop may order in this week."""
    table = products(seed)
    rng = np.random.default_rng([seed, 2, monday.toordinal()])
    share = (table["pull"] / table["pull"].sum()).to_numpy()[:, None]
    size = tier_size(np.arange(1, TIERS + 1))[None, :]
    supply = rng.uniform(0.7, 1.15, len(table))[:, None]
    scarce = np.maximum(1, np.round(size * share * supply * 3.0 + 0.6))
    loose = np.ceil(size * share * 5 + 4)
    chosen: Floats = np.where(table["scarce"].to_numpy()[:, None], scarce, loose)
    return chosen.astype(np.int64)


def quarter(day: dt.date) -> int:
    """Quarters since the epoch: tiers are set anew in each."""
    return (day.year - EPOCH.year) * 4 + (day.month - 1) // 3


def tiers(county: County, day: dt.date) -> Ints:
    """Every shop's tier on that day; the quarterly review moves it by one now and then."""
    wave = np.sin(2 * np.pi * (quarter(day) / 9 + county.shops["phase"].to_numpy()))
    moved = county.shops["tier"].to_numpy() + np.round(0.8 * wave)
    return np.clip(moved, 1, TIERS).astype(np.int64)


def now_or_later(county: County, column: str, day: dt.date) -> words.Words:
    """The phone or account in force on that day: each shop changes it at most once, on a set day."""
    shops = county.shops
    changed = (shops[f"{column}_changes"] <= day.toordinal()).to_numpy()
    return np.where(changed, shops[f"new_{column}"], shops[column]).astype(object)


@lru_cache(maxsize=8)
def county(place: Place, seed: int) -> County:
    """A county with its shops, people and what each shop likes to buy."""
    rng = np.random.default_rng([seed, int(place.code)])
    staff = _staff(place, rng)
    shops = _shops(place, rng)
    _add_people(place, shops, rng)
    _add_devices(place, shops, rng)
    _share_owners(shops)
    return County(place, seed, shops, staff, _taste(shops, products(seed), rng))


def _staff(place: Place, rng: np.random.Generator) -> pd.DataFrame:
    posts = {
        "客户经理": place.managers,  # the first rows: shops name their manager by row
        "订单员": 1,
        "送货员": place.managers,
        "专卖管理员": 4,
        "内管员": len(place.supervisors),
    }
    roles = [role for role, n in posts.items() for _ in range(n)]
    names = words.people(rng, len(roles))
    names[-2:] = place.supervisors
    prefix = f"YG{place.code[-2:]}"
    certified = np.isin(roles, ["专卖管理员", "内管员"])
    return pd.DataFrame(
        {
            "staff_id": [f"{prefix}{i + 1:03}" for i in range(len(roles))],
            "name": names,
            "role": roles,
            "phone": words.phones(rng, len(roles)),
            "device": [f"YGSJ-{prefix}-{i + 1:03}" for i in range(len(roles))],
            "account": words.accounts(rng, len(roles)),
            "cert": np.where(certified, [f"4500{i + 41:05}" for i in range(len(roles))], ""),
        }
    )


def _shops(place: Place, rng: np.random.Generator) -> pd.DataFrame:
    n = place.shops
    rank = rng.normal(size=n)
    route = rng.integers(0, place.managers * 5, n)
    manager, order_day = route // 5, route % 5 + 1
    towns = words.TOWNS[place.code]
    town = (manager * len(towns) // place.managers) + rng.integers(0, 2, n)
    first = town == 0
    market = np.where(
        first, rng.choice(["城区", "乡镇"], n, p=[0.8, 0.2]), rng.choice(["乡镇", "农村"], n)
    )
    kinds = rng.choice(list(KINDS), n, p=list(KINDS.values())).astype(object)
    opened = [dt.date(2009, 1, 1) + dt.timedelta(days=int(d)) for d in rng.integers(0, 5400, n)]
    return pd.DataFrame(
        {
            "code": [f"{place.code}{i + 1:07}" for i in range(n)],
            "name": words.shop_names(rng, kinds),
            "town": np.array(towns)[town],
            "village": town * 10 + rng.integers(0, len(words.VILLAGES), n),
            "market": market,
            "kind": kinds,
            "mean": np.clip(31 * np.exp(SIGMA * rank - SIGMA**2 / 2), 3, 320),
            "tier": np.clip(np.ceil(_share_below(rank + rng.normal(0, 0.15, n)) * TIERS), 1, TIERS),
            "phase": rng.random(n),
            "credit": rng.choice(list("ABCD"), n, p=[0.5, 0.35, 0.12, 0.03]),
            "order_day": order_day,
            "cycle": np.where((market == "农村") & (rng.random(n) < 0.05), 2, 1),
            "opened": opened,
            "manager": manager,
            "route": [f"{place.code[-2:]}线{r + 1:02}" for r in route],
            "lat": 23.31 + 0.06 * town + rng.normal(0, 0.012, n),
            "lon": 106.95 + 0.05 * town + rng.normal(0, 0.012, n),
        }
    )


def _share_below(x: Floats) -> Floats:
    """For each value, the share of all that are not larger."""
    order = np.argsort(np.argsort(x)) + 1.0
    return np.asarray(order / len(x))


def _add_people(place: Place, shops: pd.DataFrame, rng: np.random.Generator) -> None:
    n = len(shops)
    shops["licensee"] = words.people(rng, n)
    shops["owner_id"] = words.id_numbers(rng, n, place.code)
    numbers, banked = words.phones(rng, 2 * n), words.accounts(rng, 2 * n)
    shops["phone"], shops["new_phone"] = numbers[:n], numbers[n:]
    shops["account"], shops["new_account"] = banked[:n], banked[n:]
    shops["phone_changes"] = EPOCH.toordinal() + rng.integers(0, 15 * 365, n)
    shops["account_changes"] = EPOCH.toordinal() + rng.integers(0, 45 * 365, n)
    streets = rng.choice(words.STREETS, n)
    doors = rng.integers(1, 400, n)
    village = np.array(words.VILLAGES)[shops["village"] % 10]
    rural = shops["market"] == "农村"
    shops["address"] = [
        f"{place.name}{town}{v if far else street}{door}号"
        for town, v, far, street, door in zip(
            shops["town"], village, rural, streets, doors, strict=True
        )
    ]


def _add_devices(place: Place, shops: pd.DataFrame, rng: np.random.Generator) -> None:
    """Each shop's device and line; rural neighbours share the village's one address."""
    n, third = len(shops), int(place.code) % 2
    shops["device"] = [f"SB-{code[4:]}" for code in shops["code"]]
    ips = words.home_addresses(n + 200, third)
    shared = (shops["market"] == "农村") & (rng.random(n) < 0.45)
    shops["ip"] = np.where(shared, ips[n + shops["village"].to_numpy()], ips[:n])
    shops["hour"] = np.clip(rng.normal(12.5, 2.6, n), 8, 19)
    shops["channel"] = rng.choice(
        ["网上", "手机", "微信", "电话"], n, p=[0.56, 0.27, 0.13, 0.04]
    ).astype(object)
    shops["regular"] = rng.uniform(0.94, 1.0, n)
    shops["chain"] = ""
    kin = shops.index[shops["kind"] == "超市"][:6]
    shops.loc[kin, "chain"] = f"LS{place.code[-2:]}01"


def _share_owners(shops: pd.DataFrame) -> None:
    """Innocent sharing since ever: owners of two shops, and couples who order from one phone."""
    plain = shops.index[(shops["chain"] == "") & (shops["cycle"] == 1)]
    pairs = list(zip(plain[5::71], plain[9::71], strict=False))
    for turn, (one, other) in enumerate(pairs):
        shared = ["device", "account", "new_account", "account_changes", "ip", "address"]
        if turn % 2 == 0:
            shared += ["licensee", "owner_id", "phone", "new_phone", "phone_changes"]
        shops.loc[other, shared] = shops.loc[one, shared].to_numpy()
    shops["kin"] = shops.index.isin([shop for pair in pairs for shop in pair])


def _taste(shops: pd.DataFrame, table: pd.DataFrame, rng: np.random.Generator) -> Floats:
    """Rich shops buy dear brands, and everybody has likes of their own."""
    rich = np.log(shops["mean"].to_numpy() / 21) * 0.25 + (shops["kind"] == "烟酒店") * 0.45
    tilt = np.asarray(rich)[:, None] * (np.log(table["price"].to_numpy()) - 4.5)[None, :]
    own = rng.lognormal(0, 0.6, (len(shops), len(table)))
    weight = table["pull"].to_numpy()[None, :] * np.exp(tilt) * own
    weight *= np.where(table["scarce"].to_numpy(), 1.4, 1.0)[None, :]
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))
