"""Past nights decided again under other rules, and two such lists compared. Pure pandas.

Reads what nights stored and computes nothing anew: a replay with the rules of the time gives the
list of the time, row by row. Lists are data frames of LISTED columns, one row a night and subject.
"""

import datetime as dt
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from alerts import grading
from alerts.detection import Detector
from alerts.grading import GRADES, SUBJECT, Policy

FOUND = ["pk", "on", *SUBJECT, "detector", "surprise", "floor", "link"]
LISTINGS = [*SUBJECT, "on", "score", "families"]
LISTED = ["on", *SUBJECT, "score", "grade", "detector", "families", "fate", "pk"]
# What an alert costs until its close, in working minutes: read and claim, telephone, visit with two
# officers, conclude, review. Measured nowhere yet; the same for both lists, so the ratio holds.
MINUTES = {"红": 360, "橙": 240, "黄": 90, "蓝": 30}
TRADITIONAL = "traditional"  # the detector whose findings are the comparison list


@dataclass(frozen=True)
class Past:
    """What a city's nights stored.

    `found`: FOUND columns, one row a detector and subject that took part, in the order of pk.
    `ordered`: shops that ordered, by night, oldest first. `listings`: LISTINGS columns, those
    before the first night. `seed`: of the audit places.
    """

    found: pd.DataFrame
    ordered: Mapping[dt.date, int]
    listings: pd.DataFrame
    seed: str

    @functools.cached_property
    def keys(self) -> "pd.Series[int]":
        """A number for each night's subject, ascending in their order; the same for every policy."""
        return self.found.groupby(["on", *SUBJECT], sort=True).ngroup()

    @functools.cached_property
    def names(self) -> pd.DataFrame:
        """What each of these numbers stands for."""
        first = self.found.assign(key=self.keys).drop_duplicates("key").set_index("key")
        return first[["on", *SUBJECT]]


def replay(past: Past, policy: Policy, kinds: Mapping[str, type[Detector]]) -> pd.DataFrame:
    """Decide all nights again, one after the other: the rows that are listed.

    The cool-down sees the listings before the first night and then those of the replay itself.
    """
    subjects = _combined(past, policy, kinds)
    candidates = grading.candidates_of(subjects)
    history = grading.History()
    for *key, on, score, families in past.listings[LISTINGS].itertuples(index=False, name=None):
        history.note(tuple(key), on, score, families)
    places = subjects.groupby("on").indices
    chosen, fates = list[int](), list[str]()
    for on, ordered in past.ordered.items():
        tonight = [int(place) for place in places.get(on, ())]
        decided = grading.fates_of(
            [candidates[place] for place in tonight], history,
            ordered=ordered, on=on, policy=policy, seed=past.seed,
        )  # fmt: skip
        for place, fate in zip(tonight, decided, strict=True):
            if fate in grading.LISTED:
                one = candidates[place]
                history.note(one.key, on, round(one.score, 4), one.families)  # as sightings keep it
                chosen.append(place)
                fates.append(fate)
    return subjects.iloc[chosen].assign(fate=fates)[LISTED].reset_index(drop=True)


def _combined(past: Past, policy: Policy, kinds: Mapping[str, type[Detector]]) -> pd.DataFrame:
    """One row a night and subject that may be listed, as `grading.combine` makes them of one night."""
    found = past.found[past.found["detector"].isin(set(kinds) - set(policy.off))]
    if found.empty:
        return pd.DataFrame(columns=[*LISTED, "floor", "link"])
    weights = {key: policy.weights.get(key, kind.weight) for key, kind in kinds.items()}
    families = {key: kind.family for key, kind in kinds.items()}
    keyed = found[["pk", "detector", "surprise", "floor", "link"]].assign(
        weight=found["detector"].map(weights).astype(float),
        family=found["detector"].map(families),
        key=past.keys.loc[found.index],
    )
    least = min(policy.blue, policy.audit_floor)  # below it nothing is listed, not even by lot
    keyed = keyed[keyed["key"].isin(_hopeful(keyed, policy, least))]
    # nights do not touch one another here: a subject of a night stands as one number
    subjects = grading.combine(keyed, policy, subject=["key"])
    subjects = subjects[(subjects["floor"] != "") | (subjects["score"] >= least)]
    leading = keyed.drop_duplicates(["key", "detector"])[["key", "detector", "pk"]]
    return subjects.merge(leading, on=["key", "detector"]).join(past.names, on="key")


def _hopeful(keyed: pd.DataFrame, policy: Policy, least: float) -> "pd.Series[int]":
    """The subjects that may reach a score: whose best finding would, were the others as good."""
    best = keyed["surprise"].clip(upper=policy.most_surprise) + keyed["weight"]
    further = (best - policy.unshared).clip(lower=0.0)
    most = best + (policy.second_share + policy.third_share) * further
    return keyed.loc[(most > least - 1e-6) | (keyed["floor"] != ""), "key"]


@dataclass(frozen=True)
class Judged:
    """A change of parameters looked at through stored numbers."""

    found: pd.DataFrame
    unjudged: list[tuple[str, str]] = field(default_factory=list)  # detector, parameter: no telling


def judge(
    found: pd.DataFrame,
    numbers: Mapping[int, Mapping[str, Any]],
    old: Mapping[str, Detector],
    new: Mapping[str, Detector],
) -> Judged:
    """The rows that detectors with new parameters would still find, with their floors.

    `numbers`: of the changed detectors' rows, by pk. What the old ones did not find is not there.
    """
    gone: list[int] = []
    floors: dict[int, str] = {}
    unjudged = []
    for key in changed(old, new):
        detector = new[key]
        unjudged += [
            (key, name)
            for name in _differing(old[key], detector)
            if name not in detector.judges
        ]  # fmt: skip
        for pk in found.loc[found["detector"] == key, "pk"]:
            row = numbers[pk]
            if detector.holds(row):
                floors[pk] = detector.floor(row) or ""
            else:
                gone.append(pk)
    if not floors and not gone:
        return Judged(found, unjudged)
    kept = found[~found["pk"].isin(gone)]
    again = kept["pk"].map(floors)
    return Judged(kept.assign(floor=again.where(again.notna(), kept["floor"])), unjudged)


def changed(old: Mapping[str, Detector], new: Mapping[str, Detector]) -> list[str]:
    """The detectors whose parameters differ."""
    return [key for key in new if key in old and new[key] != old[key]]


def _differing(old: Detector, new: Detector) -> list[str]:
    return [name for name, value in vars(new).items() if vars(old).get(name) != value]


def as_row(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Stored numbers as `find` gave them: ISO texts are dates again."""
    return {name: _as_found(cell) for name, cell in numbers.items()}


def _as_found(cell: Any) -> Any:
    if not isinstance(cell, str) or len(cell) < 10 or cell[4:5] != "-" or cell[7:8] != "-":
        return cell
    try:
        return dt.date.fromisoformat(cell) if len(cell) == 10 else dt.datetime.fromisoformat(cell)
    except ValueError:
        return cell


def minutes(grades: "pd.Series[str]") -> int:
    """The working minutes that alerts of these grades cost."""
    return int(grades.map(MINUTES).sum())


def apart(one: pd.DataFrame, other: pd.DataFrame, *, days: int) -> pd.DataFrame:
    """The rows of one list whose subject the other does not list within so many days of it."""
    if one.empty or other.empty:
        return one
    pairs = one.reset_index()[["index", "on", *SUBJECT]].merge(
        other[["on", *SUBJECT]], on=SUBJECT, suffixes=("", "_other")
    )
    gap = (pd.to_datetime(pairs["on"]) - pd.to_datetime(pairs["on_other"])).dt.days.abs()
    return one[~one.index.isin(pairs.loc[gap <= days, "index"])]


def kept(alerts: pd.DataFrame, listed: pd.DataFrame, *, days: int) -> "pd.Series[bool]":
    """Whether each alert's subject is listed between so many days before its first night and its end.

    `alerts`: SUBJECT, on, until.
    """
    pairs = alerts.reset_index()[["index", "on", "until", *SUBJECT]].merge(
        listed[["on", *SUBJECT]], on=SUBJECT, suffixes=("", "_listed")
    )
    when, first = pd.to_datetime(pairs["on_listed"]), pd.to_datetime(pairs["on"])
    inside = (when > first - pd.Timedelta(days=days)) & (when <= pd.to_datetime(pairs["until"]))
    return pd.Series(alerts.index.isin(pairs.loc[inside, "index"]), index=alerts.index)


def by_week(listed: pd.DataFrame) -> "pd.Series[int]":
    """How many rows a week, by its Monday."""
    days = pd.to_datetime(listed["on"])
    mondays = (days - pd.to_timedelta(days.dt.day_of_week, unit="D")).dt.date
    return mondays.value_counts().sort_index()


def in_grades(listed: pd.DataFrame) -> dict[str, int]:
    """How many rows of each grade, the gravest first."""
    counts = listed["grade"].value_counts()
    return {grade: int(counts.get(grade, 0)) for grade in GRADES}
