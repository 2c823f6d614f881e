"""What a back-test tells people: two lists side by side, in numbers that JSON keeps. Pure pandas."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from alerts.backtesting import MINUTES, TRADITIONAL, apart, by_week, in_grades, kept, minutes
from alerts.grading import SUBJECT

OUTCOMES = ("confirmed", "innocent", "undecided")
MOST_ROWS = 1000  # of what appears and what is gone; the counts are of all
SIDES = ("baseline", "candidate")


@dataclass(frozen=True)
class Lists:
    """The list under the rules in force, under the candidate, and by the traditional rule."""

    baseline: pd.DataFrame
    candidate: pd.DataFrame
    traditional: pd.DataFrame | None  # None: that rule's findings were not stored in the span

    @property
    def sides(self) -> list[tuple[str, pd.DataFrame]]:
        found = [("baseline", self.baseline), ("candidate", self.candidate)]
        if self.traditional is not None:
            found.append(("traditional", self.traditional))
        return found


def traditional(found: pd.DataFrame) -> pd.DataFrame | None:
    """The list that the traditional rule would have made: all it found, every night."""
    mine = found[found["detector"] == TRADITIONAL]
    return None if mine.empty else mine


def compared(
    lists: Lists, alerts: pd.DataFrame, *, nights: int, days: int
) -> dict[str, Any]:  # fmt: skip
    """All figures of the page.

    `alerts`: what became of the real alerts of the span: code, SUBJECT, on, until, outcome (one of
    OUTCOMES). `days`: of the cool-down, within which two listings of a subject are one.
    """
    a_row = usual_minutes(lists)
    return {
        "nights": nights,
        "sides": {
            name: _figures(
                len(listed),
                len(listed) * a_row if name == "traditional" else minutes(listed["grade"]),
                nights,
            )
            for name, listed in lists.sides
        },
        "minutes_a_row": round(a_row),
        "weeks": _weeks(lists),
        "counties": _both(lists, "bureau"),
        "grades": [
            [grade, in_grades(lists.baseline)[grade], in_grades(lists.candidate)[grade]]
            for grade in MINUTES
        ],
        "kinds": _both(lists, "detector"),
        "outcomes": {
            name: _outcomes(alerts, listed, days=days) for name, listed in lists.sides
        },
        "alerts": _alerts(lists, alerts, days=days),
        "new": _rows(apart(lists.candidate, lists.baseline, days=days)),
        "gone": _rows(apart(lists.baseline, lists.candidate, days=days)),
        "new_count": len(apart(lists.candidate, lists.baseline, days=days)),
        "gone_count": len(apart(lists.baseline, lists.candidate, days=days)),
    }  # fmt: skip


def usual_minutes(lists: Lists) -> float:
    """What a row of the traditional list costs, which grades nothing: as much as one of ours on the
    average, else what a yellow one does."""
    graded = next((one for one in (lists.baseline, lists.candidate) if len(one)), None)
    return MINUTES["黄"] if graded is None else minutes(graded["grade"]) / len(graded)


def _figures(total: int, spent: float, nights: int) -> dict[str, Any]:
    return {
        "total": total,
        "nightly": round(total / nights, 1) if nights else 0.0,
        "hours": round(spent / 60),
        "nightly_hours": round(spent / 60 / nights, 1) if nights else 0.0,
    }


def _weeks(lists: Lists) -> dict[str, Any]:
    counts = {name: by_week(listed) for name, listed in lists.sides if len(listed)}
    mondays = sorted({monday for one in counts.values() for monday in one.index})
    shown: dict[str, Any] = {"x": [monday.isoformat() for monday in mondays]}
    for name, _ in lists.sides:
        told = counts.get(name)
        shown[name] = [0 if told is None else int(told.get(monday, 0)) for monday in mondays]
    return shown


def _both(lists: Lists, column: str) -> list[list[Any]]:
    """Value, baseline, candidate: the most first."""
    one, other = (side[column].value_counts() for side in (lists.baseline, lists.candidate))
    rows = [
        [key, int(one.get(key, 0)), int(other.get(key, 0))] for key in {*one.index, *other.index}
    ]
    return sorted(rows, key=lambda row: (-max(row[1:]), row[0]))


def _outcomes(alerts: pd.DataFrame, listed: pd.DataFrame, *, days: int) -> dict[str, list[int]]:
    """Outcome -> how many alerts would have been kept, of how many."""
    stays = kept(alerts, listed, days=days)
    return {
        outcome: [int(stays[alerts["outcome"] == outcome].sum()), int(sum(mine))]
        for outcome in OUTCOMES
        for mine in [alerts["outcome"] == outcome]
    }


def _alerts(lists: Lists, alerts: pd.DataFrame, *, days: int) -> list[dict[str, Any]]:
    """The decided alerts whose fate the candidate changes, the confirmed ones first."""
    before, after = (
        kept(alerts, side, days=days) for side in (lists.baseline, lists.candidate)
    )  # fmt: skip
    decided = alerts.assign(before=before, after=after)
    decided = decided[(decided["outcome"] != "undecided") & (before != after)]
    decided = decided.sort_values(["outcome", "after", "on", "code"])
    return [
        {"code": row["code"], "outcome": row["outcome"], "kept": bool(row["after"])}
        for row in decided.head(MOST_ROWS).to_dict("records")
    ]


def _rows(listed: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as JSON keeps them, the most notable first."""
    shown = listed.sort_values(["score", "on"], ascending=[False, True]).head(MOST_ROWS)
    names = ["on", *SUBJECT, "score", "grade", "detector", "pk"]
    return [
        {
            **{str(name): cell for name, cell in row.items()},
            "on": row["on"].isoformat(),
            "score": round(row["score"], 2),
            "pk": int(row["pk"]),
        }
        for row in shown[names].to_dict("records")
    ]


def until_of(closed_on: dt.date | None, last_on: dt.date) -> dt.date:
    """The last day on which a listing still counts for an alert."""
    return last_on if closed_on is None else max(closed_on, last_on)


def with_sentences(
    rows: list[dict[str, Any]], sentences: Mapping[int, str]
) -> list[dict[str, Any]]:
    """Rows with the sentences at hand, by pk."""
    return [{**row, "sentence": sentences.get(row["pk"], "")} for row in rows]
