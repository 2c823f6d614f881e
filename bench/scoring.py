"""Scores a list of alerts against a city whose troubles are known.

    python bench/scoring.py FOLDER ALERTS.csv [--budget 0.005]

FOLDER is an exchange folder with `truth/labels` (retailer_id, scenario, severity, group_id,
start_date, end_date) and, where known, `truth/hidden_events`. ALERTS.csv is what `export_alerts`
writes. Only the second half of the book counts: the first is there to learn what is normal.

What the figures mean. Each week the best `budget` of the shops that ordered are looked at, the best
alert of a shop standing for all of it. An *episode* is one labelled trouble of one shop, with a week
of grace. *Recall*: episodes with an alert looked at. *Within four weeks*: so, and no later than in
the fourth week. *Incident precision*: of the first alerts of a shop in four weeks, those in an
episode. *Episode AP*: down the whole list by score, an episode counts where it is met first and
not again; precision at these places, averaged over all episodes. *False*: alerts, looked at or not,
of shops that ordered and were in no episode, per 1,000 such shop-weeks.
"""

import argparse
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

WEEK = 7
MONDAY = np.datetime64("1970-01-05")
GRACE = 7  # days after its end in which an alert still counts for an episode
SOON = 4  # weeks
APART = 4  # weeks without an alert after which the next one is a new incident
GRADES = ("红", "橙", "黄", "蓝")

Grid = npt.NDArray[np.bool_]  # weeks x shops


def week_of(days: "pd.Series[pd.Timestamp]") -> npt.NDArray[np.int64]:
    """Weeks since the first Monday of 1970."""
    dates = pd.to_datetime(days).to_numpy("datetime64[D]")
    weeks: npt.NDArray[np.int64] = (dates - MONDAY).astype(np.int64) // WEEK
    return weeks


@dataclass(frozen=True)
class Truth:
    """A city's weeks, shops and troubles. Weeks and shops are numbered as in the grids."""

    first_week: int
    start: int  # number of the first week that counts
    shops: "pd.Series[int]"  # retailer_id -> number
    ordered: Grid
    holiday: Grid
    shock: Grid
    episodes: pd.DataFrame  # shop, scenario, severity, begins and ends (numbers of weeks)
    troubled: pd.DataFrame  # week, shop, episode: a row each week of an episode

    @classmethod
    def read(cls, folder: Path) -> "Truth":
        """Raises FileNotFoundError where the folder has no labels."""
        orders = read_table(folder, "orders")[["retailer_id", "week_start"]].drop_duplicates()
        retailers = read_table(folder, "retailers")
        calendar = read_table(folder, "calendar")
        codes = retailers["retailer_id"].astype(str)
        shops = pd.Series(range(len(codes)), index=codes.to_numpy())
        first, last = week_of(calendar["week_start"]).min(), week_of(calendar["week_start"]).max()
        weeks = int(last - first) + 1
        ordered = np.zeros((weeks, len(shops)), dtype=bool)
        ordered[week_of(orders["week_start"]) - first, shops[orders["retailer_id"].astype(str)]] = (
            True
        )
        holiday = np.zeros_like(ordered)
        closed = calendar[calendar["is_holiday_week"].astype(bool)]
        holiday[week_of(closed["week_start"]) - first] = True
        start = weeks // 2 + 1
        episodes = _episodes(read_table(folder / "truth", "labels"), shops, int(first), weeks)
        episodes = episodes[episodes["ends"] >= start].reset_index(drop=True)
        return cls(
            first_week=int(first),
            start=start,
            shops=shops,
            ordered=ordered,
            holiday=holiday,
            shock=_shocks(folder, retailers, int(first), weeks),
            episodes=episodes,
            troubled=_troubled(episodes),
        )

    def in_episode(self) -> Grid:
        """Shop-weeks with an order within an episode."""
        grid = np.zeros_like(self.ordered)
        grid[self.troubled["week"], self.troubled["shop"]] = True
        return grid & self.ordered


def read_table(folder: Path, name: str) -> pd.DataFrame:
    """A table of the folder, Parquet or CSV. Raises FileNotFoundError."""
    path = folder / f"{name}.parquet"
    if path.exists():
        return pd.read_parquet(path)
    return pd.read_csv(folder / f"{name}.csv", dtype={"retailer_id": str})


def _episodes(
    labels: pd.DataFrame, shops: "pd.Series[int]", first: int, weeks: int
) -> pd.DataFrame:
    ends = pd.to_datetime(labels["end_date"]).to_numpy("datetime64[D]") + np.timedelta64(GRACE, "D")
    return pd.DataFrame(
        {
            "shop": shops[labels["retailer_id"].astype(str)].to_numpy(),
            "scenario": labels["scenario"].to_numpy(),
            "severity": labels["severity"].to_numpy(),
            "begins": week_of(labels["start_date"]) - first,
            "ends": np.minimum(week_of(pd.Series(ends)) - first, weeks - 1),
        }
    )


def _troubled(episodes: pd.DataFrame) -> pd.DataFrame:
    """One row a week of each episode; where two overlap, the later one stands."""
    spans = zip(episodes["begins"], episodes["ends"], episodes["shop"], strict=True)
    rows = [
        (week, shop, episode)
        for episode, (begins, ends, shop) in enumerate(spans)
        for week in range(begins, ends + 1)
    ]
    weeks = pd.DataFrame(rows, columns=["week", "shop", "episode"])
    return weeks.drop_duplicates(["week", "shop"], keep="last")


def _shocks(folder: Path, retailers: pd.DataFrame, first: int, weeks: int) -> Grid:
    """Shop-weeks in which something happened to a whole county or town."""
    grid = np.zeros((weeks, len(retailers)), dtype=bool)
    try:
        events = read_table(folder / "truth", "hidden_events")
    except FileNotFoundError:
        return grid
    begins = week_of(events["start_date"]) - first
    ends = week_of(events["end_date"]) - first
    for number, event in enumerate(events.itertuples()):
        if event.kind == "county_shock":
            hit = retailers["county"].to_numpy() == event.county
        elif event.kind == "town_shock":
            hit = retailers["town"].to_numpy() == f"乡{int(str(event.detail)):03d}"
        else:
            continue
        grid[max(0, begins[number]) : ends[number] + 1] |= hit
    return grid


@dataclass(frozen=True)
class Score:
    """The figures of one list; see the module's text for what they mean."""

    episodes: int
    alerts: int
    recall: float
    soon: float
    incident_precision: float
    episode_ap: float
    weeks_to_find: float
    kinds: "pd.Series[float]"  # scenario -> recall
    grades: "pd.Series[float]"  # grade -> precision, of grades that were given
    false: dict[str, float]  # all, quiet, holiday, shock: per 1,000 shop-weeks
    grave: dict[str, float]  # the same, red and orange ones only
    found: "pd.Series[float]"  # episode -> weeks it took, NaN where it was not found


def score(alerts: pd.DataFrame, truth: Truth, budget: float = 0.005) -> Score:
    """Judge alerts (retailer_id, date, grade, score; rows with pushed = 0 do not count)."""
    listed = _weekly(alerts, truth)
    looked_at = _within_budget(listed, truth, budget)
    found = _found(looked_at, truth)
    kinds = found.notna().astype(float).groupby(truth.episodes["scenario"]).mean()
    return Score(
        episodes=len(truth.episodes),
        alerts=len(listed),
        recall=float(found.notna().mean()),
        soon=float((found < SOON).mean()),
        incident_precision=_incident_precision(looked_at),
        episode_ap=_episode_ap(listed, len(truth.episodes)),
        weeks_to_find=float(found.mean()),
        kinds=kinds,
        grades=listed.groupby("grade")["right"].mean(),
        false=_false(listed, truth),
        grave=_false(listed[listed["grade"].isin(GRADES[:2])], truth),
        found=found,
    )


def _weekly(alerts: pd.DataFrame, truth: Truth) -> pd.DataFrame:
    """The best alert of each shop and week, best first: week, shop, score, grade, episode, right."""
    told = alerts[alerts["pushed"] == 1] if "pushed" in alerts else alerts
    told = told[told["retailer_id"].astype(str).isin(truth.shops.index)]
    told = told.assign(
        week=week_of(told["date"]) - truth.first_week,
        shop=truth.shops[told["retailer_id"].astype(str)].to_numpy(),
    )
    told = told[(told["week"] >= truth.start) & (told["week"] < len(truth.ordered))]
    told = told.sort_values("score", ascending=False, kind="stable")
    told = told.drop_duplicates(["week", "shop"])[["week", "shop", "score", "grade"]]
    told = told.merge(truth.troubled, on=["week", "shop"], how="left")
    right = truth.in_episode()[told["week"].to_numpy(int), told["shop"].to_numpy(int)]
    return told.assign(right=right)


def _within_budget(listed: pd.DataFrame, truth: Truth, budget: float) -> pd.DataFrame:
    places = np.array([math.ceil(budget * shops) for shops in truth.ordered.sum(axis=1)])
    rank = listed.groupby("week").cumcount().to_numpy()
    within: pd.DataFrame = listed[rank < places[listed["week"].to_numpy(int)]]
    return within


def _found(looked_at: pd.DataFrame, truth: Truth) -> "pd.Series[float]":
    """Weeks until each episode was found, counted from its start or from the first that counts."""
    first = looked_at.groupby("episode")["week"].min().reindex(truth.episodes.index)
    return (first - truth.episodes["begins"].clip(lower=truth.start)).astype(float)


def _incident_precision(looked_at: pd.DataFrame) -> float:
    ordered = looked_at.sort_values(["shop", "week"])
    gap = ordered.groupby("shop")["week"].diff()
    return float(ordered.loc[gap.isna() | (gap > APART), "right"].mean())


def _episode_ap(listed: pd.DataFrame, episodes: int) -> float:
    repeated = listed["episode"].notna() & listed.duplicated("episode")
    met = listed.loc[~repeated, "episode"].notna().to_numpy()
    precision = np.cumsum(met) / np.arange(1, len(met) + 1)
    return float(precision[met].sum() / max(1, episodes))


def _false(listed: pd.DataFrame, truth: Truth) -> dict[str, float]:
    wrong = np.zeros_like(truth.ordered)
    missed = listed[~listed["right"]]
    wrong[missed["week"].to_numpy(int), missed["shop"].to_numpy(int)] = True
    innocent = truth.ordered & ~truth.in_episode()
    innocent[: truth.start] = False
    weeks = {
        "all": innocent,
        "quiet": innocent & ~truth.holiday & ~truth.shock,
        "holiday": innocent & truth.holiday & ~truth.shock,
        "shock": innocent & truth.shock,
    }
    return {
        name: 1000 * float(wrong[at].sum()) / max(1, int(at.sum())) for name, at in weeks.items()
    }


def table(scores: dict[str, Score]) -> str:
    """Markdown: one row a figure, one column a list."""
    names = list(scores)
    head = ["| | " + " | ".join(names) + " |", "| --- |" + " --- |" * len(names)]
    return "\n".join(
        head + [f"| {title} | {' | '.join(cells)} |" for title, cells in _rows(scores)]
    )


def _rows(scores: dict[str, Score]) -> list[tuple[str, list[str]]]:
    all_of = list(scores.values())
    counts = next(iter(all_of)).kinds.index
    rows = [
        ("recall", [f"{one.recall:.3f}" for one in all_of]),
        ("within 4 weeks", [f"{one.soon:.3f}" for one in all_of]),
        ("incident precision", [f"{one.incident_precision:.3f}" for one in all_of]),
        ("episode AP", [f"{one.episode_ap:.3f}" for one in all_of]),
        ("mean weeks to find", [f"{one.weeks_to_find:.1f}" for one in all_of]),
        ("alerts", [str(one.alerts) for one in all_of]),
    ]
    rows += [(f"found: {kind}", [f"{one.kinds[kind]:.2f}" for one in all_of]) for kind in counts]
    rows += [(f"precision {grade}", [_of(one.grades, grade) for one in all_of]) for grade in GRADES]
    for when in ("quiet", "holiday", "shock"):
        cells = [f"{one.false[when]:.2f} / {one.grave[when]:.2f}" for one in all_of]
        rows.append((f"false per 1,000, {when} weeks: all / 红+橙", cells))
    return rows


def _of(grades: "pd.Series[float]", grade: str) -> str:
    return f"{grades[grade]:.3f}" if grade in grades else "–"


def main() -> None:
    """Print the figures of one file of alerts."""
    parser = argparse.ArgumentParser(description="Score alerts against a labelled city.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("alerts", type=Path)
    parser.add_argument("--budget", type=float, default=0.005)
    given = parser.parse_args()
    alerts = pd.read_csv(given.alerts, dtype={"retailer_id": str})
    print(table({given.alerts.name: score(alerts, Truth.read(given.folder), given.budget)}))


if __name__ == "__main__":
    main()
