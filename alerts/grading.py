"""From a night's surprises to the short list: one score, one grade, a budget, a cool-down.

Pure pandas on the small result. A subject is (bureau, subject_kind, subject_id, audience): the
evidence about a bureau's own people makes an alert of its own, which the county does not see.
Scores are log10: one more point is ten times rarer.
"""

import dataclasses
import datetime as dt
import enum
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import pandas as pd

SUBJECT = ["bureau", "subject_kind", "subject_id", "audience"]
GRADES = ("红", "橙", "黄", "蓝")
MOST_TOGETHER = 10  # of one link's members that are listed with the first


class Fate(enum.StrEnum):
    """What became of a subject that night; the value is what the ledger of hits shows."""

    LISTED = "已推送"
    AUDIT = "随机抽查"  # listed too, by lot
    COOLED = "冷却期"
    BUDGET = "预算外"
    BELOW = "未达下限"
    EXEMPT = "已豁免"
    PARKED = "规则异常，已搁置"
    OFF = "规则已停用"


LISTED = (Fate.LISTED, Fate.AUDIT)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Weights, cuts, budget, cool-down, audit and flood guard. A rule version may override any."""

    most_surprise: float = 8.0  # beyond it, rarer is no better evidence
    second_share: float = 0.5
    third_share: float = 0.25
    unshared: float = 1.0  # a further family counts from here on
    red: float = 5.6
    orange: float = 4.5
    yellow: float = 3.7
    blue: float = 3.0  # below it nothing is listed
    budget_share: float = 0.005  # of the shops that ordered that day
    cooldown_days: int = 42
    escalation: float = 1.5  # so much rarer than the last listing ends the cool-down
    strong: float = 2.6  # a family this strong, and new, ends it too; also: worth showing
    audit_share: float = 0.05  # of the places, drawn by lot so that nobody can rely on the cuts
    audit_floor: float = 2.0  # the score from which on a subject may be drawn
    flood_factor: float = 5.0  # a detector that finds so many times its median is parked
    flood_least: int = 20  # findings of a night below which nothing is a flood
    weights: Mapping[str, float] = field(default_factory=dict)  # detector -> log10 prior weight
    off: tuple[str, ...] = ()  # detectors that do not count for the list

    @classmethod
    def of(cls, overrides: Mapping[str, Any]) -> Self:
        """The defaults with a rule version's deviations. Raises ValueError on an unknown field."""
        unknown = set(overrides) - {one.name for one in dataclasses.fields(cls)}
        if unknown:
            raise ValueError(f"a policy has no {', '.join(sorted(unknown))}")
        return cls(**{**overrides, "off": tuple(overrides.get("off", ()))})

    def grade(self, score: float) -> str:
        """The grade of a score, 蓝 for everything below the yellow cut."""
        cuts = zip((self.red, self.orange, self.yellow), GRADES, strict=False)
        return next((grade for cut, grade in cuts if score >= cut), "蓝")

    def budget(self, ordered: int) -> int:
        """Places on a city's list of one order day, from the number of shops that ordered."""
        return math.ceil(round(self.budget_share * ordered, 9))


def higher(one: str, other: str) -> str:
    """The graver of two grades; an empty one counts least."""
    return min(one, other, key=lambda grade: GRADES.index(grade) if grade else len(GRADES))


def combine(found: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """One row a subject from one row a detector and subject.

    `found`: SUBJECT, detector, family, weight, surprise, floor ("" for none), link ("" for none).
    Returns SUBJECT, score, detector and family (the leading ones), families (those with
    a >= policy.strong, sorted), floor, grade and link.
    """
    marked = found.assign(a=found["surprise"].clip(upper=policy.most_surprise) + found["weight"])
    marked = marked.sort_values([*SUBJECT, "a", "detector"], ascending=[True] * 4 + [False, True])
    best = marked.drop_duplicates([*SUBJECT, "family"])
    place = best.groupby(SUBJECT).cumcount()
    shares = place.map({0: 1.0, 1: policy.second_share, 2: policy.third_share}).fillna(0.0)
    further = (best["a"] - policy.unshared).clip(lower=0.0)
    best = best.assign(part=shares * further.where(place > 0, best["a"]))
    subjects = best.drop_duplicates(SUBJECT)[[*SUBJECT, "detector", "family"]].set_index(SUBJECT)
    subjects["score"] = best.groupby(SUBJECT)["part"].sum()
    strong = best[best["a"] >= policy.strong].groupby(SUBJECT)["family"].agg(sorted)
    subjects["families"] = strong.reindex(subjects.index)
    subjects["families"] = [kinds if isinstance(kinds, list) else [] for kinds in subjects.families]
    subjects["floor"] = marked.groupby(SUBJECT)["floor"].agg(_highest)
    linked = marked[marked["link"] != ""].groupby(SUBJECT)["link"].first()
    subjects["link"] = linked.reindex(subjects.index, fill_value="")
    subjects["grade"] = [
        higher(policy.grade(score), floor)
        for score, floor in zip(subjects["score"], subjects["floor"], strict=True)
    ]
    return subjects.reset_index()


def decide(
    subjects: pd.DataFrame,
    listings: pd.DataFrame,
    *,
    ordered: int,
    on: dt.date,
    policy: Policy,
    seed: str = "",
) -> pd.DataFrame:
    """The same subjects with their `fate` (see Fate).

    `subjects`: what `combine` returns. `listings`: SUBJECT, on, score, families; one row for each
    earlier night that put a subject on the list. `ordered`: shops of the city that ordered. `seed`
    and the day decide the lot of the audit places: the same again for the same night.
    Floors are never cooled down nor cut; red ones stand outside the budget, the others fill it.
    What one link joins takes one place.
    """
    floored = subjects["floor"] != ""
    cooled = _cooled(subjects, listings, on=on, policy=policy) & ~floored
    below = (subjects["score"] < policy.blue) & ~floored
    free = policy.budget(ordered) - _places_taken(subjects[floored & (subjects["floor"] != "红")])
    waiting = subjects[~floored & ~cooled & ~below]
    chosen = _best(waiting, free)
    passed = ~floored & ~cooled & (subjects["score"] >= policy.audit_floor)
    audits = min(
        _audit_places(policy.budget(ordered), on=on, policy=policy, seed=seed),
        passed.drop(chosen).sum(),
    )
    if audits:
        chosen = _best(waiting, free - audits)
    fate = pd.Series(Fate.BUDGET, index=subjects.index, dtype=object)
    fate[cooled] = Fate.COOLED
    fate[below] = Fate.BELOW
    fate[floored] = Fate.LISTED
    fate[chosen] = Fate.LISTED
    lots = subjects[passed].drop(chosen)
    fate[_drawn(lots, audits, f"{seed}:{on}")] = Fate.AUDIT
    return subjects.assign(fate=fate)


def _places_taken(subjects: pd.DataFrame) -> int:
    """How many places they take: those of one link a single one."""
    return int(_companies(subjects).nunique())


def _companies(subjects: pd.DataFrame) -> "pd.Series[str]":
    """What takes a place of its own: a link, or a subject without one."""
    alone = subjects["link"] == ""
    return subjects["link"].where(~alone, "#" + subjects.index.astype(str))


def _best(waiting: pd.DataFrame, free: int) -> "pd.Index[Any]":
    """The rows that get a place: one for each county first, then by score; with their company."""
    waiting = waiting.sort_values(["score", "subject_id"], ascending=[False, True])
    company = _companies(waiting)
    leaders = waiting[~company.duplicated()]
    turn = leaders.groupby("bureau").cumcount().clip(upper=1)
    chosen = leaders.index[turn.argsort(kind="stable").to_numpy()][: max(0, free)]
    near = company.groupby(company).cumcount() < MOST_TOGETHER
    return waiting.index[company.isin(company[chosen]) & near]


def _audit_places(places: int, *, on: dt.date, policy: Policy, seed: str) -> int:
    """The night's share of places that go by lot; a fraction of a place comes every so many nights."""
    share = policy.audit_share * places
    return int(share) + (_lot(f"{seed}:{on}:places") < share - int(share))


def _drawn(subjects: pd.DataFrame, places: int, seed: str) -> "pd.Index[Any]":
    lots = [_lot(f"{seed}:{key}") for key in subjects[SUBJECT].itertuples(index=False, name=None)]
    return subjects.index[pd.Series(lots, dtype=float).argsort(kind="stable").to_numpy()][:places]


def _lot(text: str) -> float:
    """A number from 0 to 1 that anybody who knows the text can draw again."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2**64


def _highest(floors: "pd.Series[str]") -> str:
    found = ""
    for floor in floors:
        found = higher(found, floor)
    return found


def _cooled(
    subjects: pd.DataFrame, listings: pd.DataFrame, *, on: dt.date, policy: Policy
) -> "pd.Series[bool]":
    """Whether each subject was listed lately and shows neither more nor something new."""
    since = on - dt.timedelta(days=policy.cooldown_days)
    lately = listings[(listings["on"] > since) & (listings["on"] < on)].sort_values("on")
    last = {key: rows.iloc[-1] for key, rows in lately.groupby(SUBJECT)}
    known = {key: set().union(*rows["families"]) for key, rows in lately.groupby(SUBJECT)}
    return pd.Series(
        [
            key in last
            and score < last[key]["score"] + policy.escalation
            and set(families) <= known[key]
            for key, score, families in zip(
                subjects[SUBJECT].itertuples(index=False, name=None),
                subjects["score"],
                subjects["families"],
                strict=True,
            )
        ],
        index=subjects.index,
        dtype=bool,
    )
