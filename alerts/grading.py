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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

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
    escalation: float = 1.5  # so much rarer, or a graver grade, than the last ends the cool-down
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


def combine(
    found: pd.DataFrame, policy: Policy, subject: Sequence[str] = tuple(SUBJECT)
) -> pd.DataFrame:
    """One row a subject from one row a detector and subject.

    `found`: SUBJECT, detector, family, weight, surprise, floor ("" for none), link ("" for none).
    Returns SUBJECT, score, detector and family (the leading ones), families (those with
    a >= policy.strong, sorted), floor, grade and link. A floor lifts the score to its grade's cut:
    what the facts alone make orange ranks with the orange ones. What they alone make red is certain:
    it ranks with the rarest that counts, not behind what is red by a curve. `subject`: the
    columns that name one, where they are others.
    """
    by = list(subject)
    marked = found.assign(a=found["surprise"].clip(upper=policy.most_surprise) + found["weight"])
    marked = marked.sort_values(
        [*by, "a", "detector"], ascending=[True] * len(by) + [False, True]
    )  # fmt: skip
    best = marked.drop_duplicates([*by, "family"])
    place = best.groupby(by).cumcount()
    shares = place.map({0: 1.0, 1: policy.second_share, 2: policy.third_share}).fillna(0.0)
    further = (best["a"] - policy.unshared).clip(lower=0.0)
    best = best.assign(part=shares * further.where(place > 0, best["a"]))
    subjects = best.drop_duplicates(by)[[*by, "detector", "family"]].set_index(by)
    subjects["score"] = best.groupby(by)["part"].sum()
    strong = best[best["a"] >= policy.strong].sort_values("family").set_index(by)["family"]
    families: dict[Any, list[str]] = {key: [] for key in subjects.index.tolist()}
    for key, family in zip(strong.index.tolist(), strong, strict=True):
        families[key].append(family)
    subjects["families"] = pd.Series(families.values(), index=subjects.index, dtype=object)
    rank = marked["floor"].map({grade: place for place, grade in enumerate((*GRADES, ""))})
    lowest = rank.groupby([marked[name] for name in by]).min().reindex(subjects.index)
    subjects["floor"] = lowest.map(dict(enumerate((*GRADES, ""))))
    linked = marked[marked["link"] != ""].groupby(by)["link"].first()
    subjects["link"] = linked.reindex(subjects.index, fill_value="")
    cuts = [policy.red, policy.orange, policy.yellow]
    lifted = [max(policy.red, policy.most_surprise), policy.orange, policy.yellow]
    least = subjects["floor"].map(dict(zip(GRADES, lifted, strict=False)))
    subjects["score"] = subjects["score"].clip(lower=least.fillna(-math.inf))
    by_score = pd.concat([subjects["score"] < cut for cut in cuts], axis="columns").sum(axis=1)
    subjects["grade"] = by_score.clip(upper=lowest).map(dict(enumerate(GRADES)))
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
    Floors are never cooled down nor cut. Red and blue ones stand outside the budget (nothing rarer
    has to wait for what only has to be looked at), the others fill it, unless they go on as listed lately: that is appended to their alert and takes no place. What one
    link joins takes one place.
    """
    candidates = candidates_of(subjects)
    history = History()
    for *key, day, score, families in listings[[*SUBJECT, "on", "score", "families"]].itertuples(
        index=False, name=None
    ):
        history.note((key[0], key[1], key[2], key[3]), day, score, families)
    fates = fates_of(candidates, history, ordered=ordered, on=on, policy=policy, seed=seed)
    return subjects.assign(fate=pd.Series(fates, index=subjects.index, dtype=object))


class Candidate(NamedTuple):
    """A subject of one night, as `combine` makes it."""

    key: tuple[str, str, str, str]  # SUBJECT
    score: float
    families: Sequence[str]
    floor: str
    link: str


class History:
    """Which nights put which subjects on the list."""

    def __init__(self) -> None:
        self._of: dict[tuple[str, str, str, str], list[tuple[dt.date, float, Sequence[str]]]] = {}

    def note(
        self, key: tuple[str, str, str, str], on: dt.date, score: float, families: Sequence[str]
    ) -> None:
        self._of.setdefault(key, []).append((on, score, families))

    def cools(self, one: Candidate, *, on: dt.date, policy: Policy) -> bool:
        """Whether a subject was listed lately and shows neither more nor something new."""
        before = self._of.get(one.key)
        if before is None:
            return False
        since = on - dt.timedelta(days=policy.cooldown_days)
        lately = [told for told in before if since < told[0] < on]
        if not lately:
            return False
        known = set().union(*(families for _, _, families in lately))
        _, last, _ = max(lately, key=lambda told: told[0])
        graver = GRADES.index(policy.grade(one.score)) < GRADES.index(policy.grade(last))
        more = graver or one.score >= last + policy.escalation
        return not more and set(one.families) <= known


def candidates_of(subjects: pd.DataFrame) -> list[Candidate]:
    """The rows of `combine` as tuples, in their order."""
    columns = [subjects[name].tolist() for name in (*SUBJECT, "score", "families", "floor", "link")]
    return [
        Candidate((bureau, kind, code, audience), *rest)
        for bureau, kind, code, audience, *rest in zip(*columns, strict=True)
    ]


def fates_of(
    candidates: Sequence[Candidate],
    history: History,
    *,
    ordered: int,
    on: dt.date,
    policy: Policy,
    seed: str,
) -> list[Fate]:
    """What becomes of one night's subjects: the rule itself, which `decide` gives as a table."""
    floored = [place for place, one in enumerate(candidates) if one.floor]
    same = {
        place for place, one in enumerate(candidates) if history.cools(one, on=on, policy=policy)
    }
    cooled = same.difference(floored)
    below = {place for place, one in enumerate(candidates) if one.score < policy.blue}
    free = [place for place, one in enumerate(candidates) if not one.floor and place not in cooled]
    waiting = [place for place in free if place not in below]
    drawable = [place for place in free if candidates[place].score >= policy.audit_floor]
    places = policy.budget(ordered)
    left = places - _places_taken([candidates[place] for place in floored if place not in same])
    chosen = _best(candidates, waiting, left, at_once=policy.orange)
    audits = min(
        _audit_places(places, on=on, policy=policy, seed=seed), len(set(drawable) - chosen)
    )
    if audits:
        chosen = _best(candidates, waiting, left - audits, at_once=policy.orange)
    lots = [place for place in drawable if place not in chosen] if audits else []
    fates = dict.fromkeys(cooled, Fate.COOLED) | dict.fromkeys(below, Fate.BELOW)
    fates |= dict.fromkeys([*floored, *chosen], Fate.LISTED)
    fates |= dict.fromkeys(_drawn(candidates, lots, audits, f"{seed}:{on}"), Fate.AUDIT)
    return [fates.get(place, Fate.BUDGET) for place in range(len(candidates))]


def _places_taken(floored: Sequence[Candidate]) -> int:
    """How many places they take: those of one link a single one, red and blue ones none."""
    inside = [one for one in floored if one.floor not in {GRADES[0], GRADES[-1]}]
    return len({one.link or one.key for one in inside})


def _drawn(
    candidates: Sequence[Candidate], places: Sequence[int], audits: int, seed: str
) -> list[int]:
    lots = {place: _lot(f"{seed}:{candidates[place].key}") for place in places}
    return sorted(places, key=lots.__getitem__)[:audits]


def _best(
    candidates: Sequence[Candidate], waiting: list[int], free: int, *, at_once: float
) -> set[int]:
    """Those that get a place, with their company: one for each county first, then by score.

    What scores `at_once` or more does not wait for its county's turn: there are fewer places than
    counties, and a county's mere best may be blue.
    """
    waiting = sorted(
        waiting, key=lambda place: (-candidates[place].score, candidates[place].key[2])
    )
    companies: dict[str | int, list[int]] = {}  # a link's members, or one alone: a place each
    for place in waiting:
        companies.setdefault(candidates[place].link or place, []).append(place)
    grave, first, further, seen = (
        list[list[int]](),
        list[list[int]](),
        list[list[int]](),
        set[str](),
    )
    for members in companies.values():
        best = candidates[members[0]]
        if best.score >= at_once:
            grave.append(members)
        else:
            (further if best.key[0] in seen else first).append(members)
        seen.add(best.key[0])
    chosen = [*grave, *first, *further][: max(0, free)]
    return {place for members in chosen for place in members[:MOST_TOGETHER]}


def _audit_places(places: int, *, on: dt.date, policy: Policy, seed: str) -> int:
    """The night's share of places that go by lot; a fraction of a place comes every so many nights."""
    share = policy.audit_share * places
    return int(share) + (_lot(f"{seed}:{on}:places") < share - int(share))


def _lot(text: str) -> float:
    """A number from 0 to 1 that anybody who knows the text can draw again."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2**64
