"""What others would list: the 150 % rule, a z-score, and PyOD's detectors on plain features.

Each gets the same daily budget and the same six weeks of quiet after a listing as the product, and
sees only what had happened by the end of the day. Scores are what each method makes of them.
"""

import datetime as dt
import math
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from bench.scoring import read_table

QUIET = dt.timedelta(days=42)
LEARNED = dt.timedelta(weeks=8)  # what PyOD's detectors are fitted to, anew each week
FEATURES = (
    "against_4", "against_26", "z", "brands_against_8", "at_limit_against_8", "dear_against_8",
    "again", "short", "far", "third_person", "payers_of_8", "devices_of_8",
)  # fmt: skip


def rivals(folder: Path, first: dt.date, budget: float) -> dict[str, pd.DataFrame]:
    """Name of each method -> its list (retailer_id, date, grade, score) from a day on."""
    book = features(folder)
    day = pd.Timestamp(first)
    scored = {"150 % rule": book["rule"], "z-score": book["z"].abs()}
    scored |= {name: pyod_scores(book, day, make) for name, make in _pyod().items()}
    return {
        name: listed(book.assign(score=score)[book["day"] >= day], budget)
        for name, score in scored.items()
    }


def features(folder: Path) -> pd.DataFrame:
    """One row an order: retailer_id, day, rule, z and the other FEATURES (0 where unknown)."""
    book = _orders(folder)
    shop = book.groupby("retailer_id")
    volume = np.log1p(book["qty"])
    before = {weeks: _past(book, book["qty"], weeks) for weeks in (4, 26)}
    usual = _past(book, volume, 26)
    noise = np.sqrt((_past(book, volume**2, 26) - usual**2).clip(lower=0.01))
    ratio = book["qty"] / before[4].clip(lower=1)
    book["rule"] = np.where(ratio >= 1.5, ratio, np.where(ratio <= 0.5, 1 / ratio.clip(0.01), 0))
    book["z"] = (volume - usual) / noise
    for weeks, mean in before.items():
        book[f"against_{weeks}"] = np.log(book["qty"].clip(lower=1) / mean.clip(lower=1))
    for name in ("brands", "at_limit", "dear"):
        book[f"{name}_against_8"] = book[name] - _past(book, book[name], 8)
    book["again"] = (shop["week"].shift() == book["week"]).astype(float)
    for name in ("payer", "device"):
        changed = (book[name] != shop[name].shift()).astype(float)
        book[f"{name}s_of_8"] = changed.groupby(book["retailer_id"]).transform(
            lambda one: one.rolling(8, min_periods=1).sum()
        )
    known = book[list(FEATURES)].astype(float).replace([np.inf, -np.inf], np.nan).fillna(0.0)
    return book.assign(**{name: known[name] for name in FEATURES}).fillna({"rule": 0.0})


def _orders(folder: Path) -> pd.DataFrame:
    """The orders by shop and time, with what came of each; what no file tells is 0."""
    orders = read_table(folder, "orders")
    time = orders["order_time"] if "order_time" in orders else orders["order_date"]
    book = pd.DataFrame(
        {
            "order_id": orders["order_id"],
            "retailer_id": orders["retailer_id"].astype(str),
            "day": pd.to_datetime(time).dt.normalize(),
            "device": orders.get("device_id"),
        }
    )
    book["week"] = book["day"] - pd.to_timedelta(book["day"].dt.weekday, unit="D")
    for table in (_lines(folder), _deliveries(folder), _payments(folder)):
        book = book.merge(table, on="order_id", how="left")
    book["short"] = 1 - (book["delivered_qty"] / book["qty"]).fillna(1.0)
    return book.sort_values(["retailer_id", "day", "order_id"]).reset_index(drop=True)


def _lines(folder: Path) -> pd.DataFrame:
    lines = read_table(folder, "order_lines")
    skus = read_table(folder, "skus").set_index("sku_id")
    limit = lines["limit_qty"] if "limit_qty" in lines else pd.Series(np.nan, index=lines.index)
    cost = lines["qty"] * lines["sku_id"].map(skus["wholesale_price"])
    dear = lines["sku_id"].map(skus["price_class"]) == 1 if "price_class" in skus else 0
    summed = lines.assign(met=lines["qty"] >= limit, cost=cost, dear=cost * dear)
    sums = summed.groupby("order_id").agg(
        qty=("qty", "sum"), brands=("qty", "size"), met=("met", "sum"),
        cost=("cost", "sum"), top=("dear", "sum"),
    )  # fmt: skip
    return sums.assign(at_limit=sums["met"] / sums["brands"], dear=sums["top"] / sums["cost"])[
        ["qty", "brands", "at_limit", "dear"]
    ].reset_index()


def _deliveries(folder: Path) -> pd.DataFrame:
    try:
        table = read_table(folder, "deliveries")
    except FileNotFoundError:
        return pd.DataFrame(columns=["order_id", "delivered_qty", "far", "third_person"])
    far = table["gps_offset_m"].fillna(0.0) if "gps_offset_m" in table else 0.0
    return pd.DataFrame(
        {
            "order_id": table["order_id"],
            "delivered_qty": table["delivered_qty"],
            "far": np.log1p(far),
            "third_person": [float(by == "代签") for by in table["sign_by"]],
        }
    )


def _payments(folder: Path) -> pd.DataFrame:
    try:
        table = read_table(folder, "payments")
    except FileNotFoundError:
        return pd.DataFrame(columns=["order_id", "payer"])
    return table.rename(columns={"payer_account": "payer"})[["order_id", "payer"]]


def _past(book: pd.DataFrame, values: "pd.Series[float]", orders: int) -> "pd.Series[float]":
    """Mean of a shop's so many orders before each."""
    shop = book["retailer_id"]
    earlier = values.astype(float).groupby(shop).shift()
    mean = earlier.groupby(shop).rolling(orders, min_periods=4).mean()
    return mean.droplevel(0).reindex(book.index)


def _pyod() -> dict[str, Callable[[], object]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyod.models.ecod import ECOD
        from pyod.models.iforest import IForest
        from pyod.models.lof import LOF
    return {
        "PyOD IForest": lambda: IForest(random_state=1),
        "PyOD ECOD": ECOD,
        "PyOD LOF": lambda: LOF(novelty=True),
    }


def pyod_scores(
    book: pd.DataFrame, first: pd.Timestamp, make: Callable[[], object]
) -> "pd.Series[float]":
    """How far each order lies out of those of the eight weeks before its own."""
    scores = pd.Series(0.0, index=book.index)
    for week in _weeks(book, first):
        past = book.loc[(book["day"] >= week - LEARNED) & (book["day"] < week), list(FEATURES)]
        now = book.loc[book["week"] == week, list(FEATURES)]
        if now.empty or past.empty:
            continue
        scale = past.std().replace(0.0, 1.0)
        model = make()
        model.fit((past / scale).to_numpy())  # type: ignore[attr-defined]
        scores[now.index] = model.decision_function((now / scale).to_numpy())  # type: ignore[attr-defined]
    return scores


def _weeks(book: pd.DataFrame, first: pd.Timestamp) -> Iterator[pd.Timestamp]:
    yield from sorted(book.loc[book["day"] >= first, "week"].unique())


def listed(scored: pd.DataFrame, budget: float) -> pd.DataFrame:
    """The best orders of each day within its budget, shops that were listed lately left out."""
    last: dict[str, pd.Timestamp] = {}
    chosen: list[tuple[str, pd.Timestamp, str, float]] = []
    for day, orders in scored.groupby("day"):
        on = pd.Timestamp(str(day))
        best = orders.groupby("retailer_id")["score"].max().sort_values(ascending=False)
        fresh = [shop for shop in best.index if last.get(shop, pd.Timestamp.min) + QUIET <= on]
        for shop in fresh[: math.ceil(round(budget * len(best), 9))]:
            if best[shop] > 0:
                last[shop] = on
                chosen.append((str(shop), on, "", float(best[shop])))
    return pd.DataFrame(chosen, columns=["retailer_id", "date", "grade", "score"])
