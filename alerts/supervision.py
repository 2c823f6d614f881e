"""Classified supervision (分类监管): what the policy table counts, and what it then asks for. Pure."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from alerts.detection import FAMILIES
from alerts.models import Grade, Measure, Outcome, State, SupervisionRule

UNITS = {  # days back
    SupervisionRule.Unit.DAYS_30: 30,
    SupervisionRule.Unit.DAYS_90: 90,
    SupervisionRule.Unit.MONTHS_6: 183,
    SupervisionRule.Unit.MONTHS_12: 365,
}
GRAVITY = (Measure.ROUTINE, Measure.KEY, Measure.SPECIAL)  # the lightest first
PROVEN = (Outcome.PROVEN, Outcome.MONOPOLY, Outcome.DISCIPLINE, Outcome.POLICE)

WHAT = {
    "alert": "推送预警",
    "proven": "查实违规或移送",
    **{f"grade:{grade.value}": f"{grade.label}预警" for grade in Grade},
    **{f"outcome:{one.value}": f"结论为“{one.label}”" for one in Outcome if one != Outcome.NORMAL},
    **{f"family:{key}": f"{title}类预警" for key, title in FAMILIES.items()},
}

# What a city starts with: our own proposal, to be replaced by its rules.
DEFAULTS = (
    ("alert", 2, SupervisionRule.Unit.DAYS_90, Measure.KEY, 90),
    ("grade:红", 1, SupervisionRule.Unit.MONTHS_6, Measure.KEY, 90),
    ("outcome:G", 2, SupervisionRule.Unit.MONTHS_6, Measure.KEY, 90),
    ("outcome:Z", 1, SupervisionRule.Unit.MONTHS_6, Measure.KEY, 90),
    ("proven", 1, SupervisionRule.Unit.MONTHS_12, Measure.SPECIAL, 180),
    ("family:CASE", 1, SupervisionRule.Unit.MONTHS_12, Measure.SPECIAL, 180),
    ("alert", 4, SupervisionRule.Unit.MONTHS_12, Measure.SPECIAL, 180),
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the policy table as somebody writes it."""

    what: str
    number: int
    unit: str
    measure: str
    source: str


@dataclass(frozen=True)
class Past:
    """One alert about a shop, as the policy looks at it."""

    code: str
    on: dt.date
    grade: str
    family: str
    state: str
    outcome: str
    listed_at: dt.datetime | None = None  # when it came on the list, for the last time
    closed_at: dt.datetime | None = None

    def counted_at(self, what: str) -> dt.datetime | None:
        """When a rule about `what` could count it: with its outcome, or as soon as it was listed."""
        by_outcome = what.partition(":")[0] in ("proven", "outcome")
        return self.closed_at if by_outcome else self.listed_at

    def counts_as(self, what: str) -> bool:
        """Whether a rule about `what` (a key of WHAT) counts it. What proved innocent counts nowhere."""
        if self.state == State.INVALID or self.outcome == Outcome.NORMAL:
            return False
        kind, _, value = what.partition(":")
        if kind == "proven":
            return self.outcome in PROVEN
        facts = {"alert": "", "grade": self.grade, "outcome": self.outcome, "family": self.family}
        return facts[kind] == value


@dataclass(frozen=True)
class Verdict:
    """What the policy asks for about a shop: the measure, why, which alerts, until when.

    `newest`: when the last of them came to count.
    """

    measure: Measure
    reason: str
    alerts: tuple[str, ...]
    review_days: int
    newest: dt.datetime | None = None


def judge(
    past: Iterable[Past], rules: Iterable[SupervisionRule], *, on: dt.date, since: dt.date | None
) -> Verdict | None:
    """The gravest measure that any rule asks for, or None.

    `since`: the day on which the shop was last released; what came before is settled.
    """
    known = [one for one in past if since is None or one.on > since]
    found = []
    for rule in rules:
        first = on - dt.timedelta(days=UNITS[SupervisionRule.Unit(rule.unit)])
        counted = [one for one in known if first < one.on <= on and one.counts_as(rule.what)]
        if len(counted) >= rule.number:
            found.append((GRAVITY.index(Measure(rule.measure)), rule, counted))
    if not found:
        return None
    _gravity, rule, counted = max(found, key=lambda one: (one[0], len(one[2])))
    unit = SupervisionRule.Unit(rule.unit).label
    return Verdict(
        measure=Measure(rule.measure),
        reason=f"{unit}{WHAT[rule.what]}{len(counted)}次，达到{rule.number}次。",
        alerts=tuple(sorted(one.code for one in counted)),
        review_days=rule.review_days,
        newest=max(filter(None, (one.counted_at(rule.what) for one in counted)), default=None),
    )
