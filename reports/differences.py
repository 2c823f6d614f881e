"""What changed from one submission to the next: in the text word by word, in the figures, in the plan."""

import difflib
import re
from dataclasses import dataclass
from typing import Any

from reports.annexes import ROW_TITLES
from reports.content import figures_in
from reports.models.report import Content
from reports.sections import BY_KEY, shown
from reports.summaries import MEASURES, RATES, title_of


@dataclass(frozen=True)
class Stretch:
    """A piece of text: same, added or removed."""

    kind: str
    text: str


@dataclass(frozen=True)
class Change:
    title: str
    before: str
    after: str


@dataclass(frozen=True)
class Differences:
    texts: list[tuple[str, list[Stretch]]]
    figures: list[Change]
    plan: list[Stretch]

    @property
    def is_empty(self) -> bool:
        return not (self.texts or self.figures or self.plan)


def differences(former: Content, later: Content) -> Differences:
    """Sections whose text changed, figures whose number changed, rows of the plan."""
    before = {one["key"]: one["text"] for one in former["sections"]}
    texts = [
        (BY_KEY[one["key"]].title, compared(before.get(one["key"], ""), one["text"]))
        for one in later["sections"]
        if one["text"] != before.get(one["key"], "")
    ]
    return Differences(texts, _figures(former, later), _plan(former, later))


def compared(before: str, after: str) -> list[Stretch]:
    """The text in stretches, cut where sentences and clauses end."""
    one, other = _clauses(before), _clauses(after)
    found: list[Stretch] = []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(
        a=one, b=other, autojunk=False
    ).get_opcodes():
        if tag == "equal":
            found.append(Stretch("same", "".join(one[i1:i2])))
            continue
        found += [Stretch("removed", "".join(one[i1:i2]))] if i1 < i2 else []
        found += [Stretch("added", "".join(other[j1:j2]))] if j1 < j2 else []
    return found


def _clauses(text: str) -> list[str]:
    return re.findall(r"[^，。；：\n]*[，。；：\n]?", text)[:-1] or [text]


def _figures(former: Content, later: Content) -> list[Change]:
    before, after = figures_in(former), figures_in(later)
    changes = []
    for key, figure in after.items():
        row, measure = key.split(".")
        known = measure in MEASURES or measure in RATES
        if known and key in before and figure.value != before[key].value:
            title = f"{ROW_TITLES[row]}·{title_of(measure)}"
            changes.append(Change(title, shown(before[key], measure), shown(figure, measure)))
    return changes


def _plan(former: Content, later: Content) -> list[Stretch]:
    lines: list[list[str]] = [[_row(row) for row in one["plan"]] for one in (former, later)]
    gone = [Stretch("removed", line) for line in lines[0] if line not in lines[1]]
    return gone + [Stretch("added", line) for line in lines[1] if line not in lines[0]]


def _row(row: dict[str, Any]) -> str:
    return f"{row['matter']}（{row['who']}，{row['until']}）"
