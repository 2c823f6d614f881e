"""Which kind of file it is, where its header stands, and what its columns mean."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache

from sources.importing.cells import CARTONS, YUAN, tidy
from sources.importing.contract import Kind, Type, Unreadable
from sources.importing.kinds import KINDS

UNITS: Mapping[str, tuple[Type, Decimal]] = {
    **{unit: (Type.QUANTITY, factor) for unit, factor in CARTONS.items()},
    **{unit: (Type.MONEY, factor) for unit, factor in YUAN.items()},
}
_UNIT_LINE = re.compile(r"单位[:：]\s*([\w、,，/和 ]+)")
_BRACKETED = re.compile(r"[(\[]([^()\[\]]*)[)\]]$")


@dataclass(frozen=True)
class Header:
    """A sheet's header: its last row (from 1), where each column stands, the file's units."""

    kind: Kind
    row: int
    places: Mapping[str, int]
    titles: Mapping[int, str]  # what stands at each position, blank ones left out
    factors: Mapping[str, Decimal]

    @property
    def extras(self) -> list[int]:
        """Positions with a header that means no column of the kind."""
        known = set(self.places.values())
        return [place for place in self.titles if place not in known]


@lru_cache(maxsize=10_000)
def normal_title(text: str) -> str:
    """A header as it is compared: half-width, lower case, without blanks, marks and its unit."""
    plain = _bare(text)
    return _BRACKETED.sub("", plain) or plain


@lru_cache(maxsize=10_000)
def _bare(text: str) -> str:
    plain = unicodedata.normalize("NFKC", tidy(text)).lower()
    return re.sub(r"[\s*:：_]", "", plain)


def titles_of(kind: Kind, profile: Mapping[str, str]) -> dict[str, str]:
    """Every header the kind's columns answer to -> the column; the profile wins."""
    declared = {column.name for column in kind.columns}
    mapped = {normal_title(title): name for title, name in profile.items() if name in declared}
    return {**own_titles(kind.name), **mapped}


@cache
def own_titles(kind: str) -> dict[str, str]:
    """Aliases, Chinese titles and English names of a kind; later ones win."""
    columns = KINDS[kind].columns
    aliases = {normal_title(alias): column.name for column in columns for alias in column.aliases}
    titles = {normal_title(column.title): column.name for column in columns}
    return {**aliases, **titles, **{normal_title(column.name): column.name for column in columns}}


def taken_by(kind: Kind, column: str, title: str, profile: Mapping[str, str]) -> str:
    """Why a header means a column: the bureau's "profile", its "name", "title" or an "alias"."""
    words = {_bare(title), normal_title(title)}
    if words & {normal_title(own) for own, name in profile.items() if name == column}:
        return "profile"
    if normal_title(column) in words:
        return "name"
    return "title" if normal_title(kind.column(column).title) in words else "alias"


def all_titles(profile: Mapping[str, str]) -> frozenset[str]:
    """Headers that any kind knows: they tell which delimiter a text file uses."""
    return frozenset(title for kind in KINDS.values() for title in titles_of(kind, profile))


def kind_by_name(file_name: str) -> Kind | None:
    """The kind whose name stands in the file's name; the longest wins."""
    stem = unicodedata.normalize("NFKC", file_name).rpartition(".")[0] or file_name
    stem = re.sub(r"[\s\-]", "_", stem.lower())
    hits = [
        (len(word), kind)
        for kind in KINDS.values()
        for word in (kind.name, kind.title, *kind.file_words)
        if _names(word.lower(), stem)
    ]
    return max(hits, key=lambda hit: hit[0])[1] if hits else None


def _names(word: str, stem: str) -> bool:
    if not word.isascii():
        return word in stem
    return re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", stem) is not None


def find_header(
    head: Sequence[Sequence[str]], kinds: Iterable[Kind], profile: Mapping[str, str]
) -> Header | None:
    """The row, or two-storey pair of rows, that holds all a kind requires and most it knows."""
    best: tuple[int, Header] | None = None
    for kind in kinds:
        titles = titles_of(kind, profile)
        for row, cells in _candidates(head):
            places = _places(cells, titles)
            if not _suffices(kind, places) or (best and len(places) <= best[0]):
                continue
            best = (len(places), _header(kind, row, cells, places, head))
    return best[1] if best else None


def _candidates(head: Sequence[Sequence[str]]) -> Iterable[tuple[int, list[str]]]:
    """Each row, and each row filled up with the one below it; the last row's number with it."""
    for at, row in enumerate(head):
        yield at + 1, list(row)
        if at + 1 < len(head):
            below = list(head[at + 1])
            width = max(len(row), len(below))
            upper = [*row, *[""] * (width - len(row))]
            lower = [*below, *[""] * (width - len(below))]
            yield at + 2, [low if low.strip() else up for up, low in zip(upper, lower, strict=True)]


def _places(cells: Sequence[str], titles: Mapping[str, str]) -> dict[str, int]:
    """Column -> position; a column that stands twice counts where it stands first."""
    places: dict[str, int] = {}
    for at, cell in enumerate(cells):
        name = titles.get(_bare(cell)) or titles.get(normal_title(cell))
        if name and name not in places:
            places[name] = at
    return places


def _suffices(kind: Kind, places: Mapping[str, int]) -> bool:
    return all(name in places for name in kind.required) and all(
        any(name in places for name in group) for group in kind.any_of
    )


def _header(
    kind: Kind,
    row: int,
    cells: Sequence[str],
    places: Mapping[str, int],
    head: Sequence[Sequence[str]],
) -> Header:
    titles = {at: tidy(cell) for at, cell in enumerate(cells) if tidy(cell)}
    return Header(kind, row, dict(places), titles, _factors(kind, row, cells, places, head))


def _factors(
    kind: Kind,
    row: int,
    cells: Sequence[str],
    places: Mapping[str, int],
    head: Sequence[Sequence[str]],
) -> dict[str, Decimal]:
    """Units other than 条 and 元: of the file (单位：万支、元), of a column (订购量(件))."""
    general: dict[Type, Decimal] = {}
    for line in head[:row]:
        for text in line:
            if found := _UNIT_LINE.search(tidy(text)):
                general.update(
                    UNITS[unit] for unit in re.split(r"[、,，/和 ]", found[1]) if unit in UNITS
                )
    below = head[row] if row < len(head) else []
    factors: dict[str, Decimal] = {}
    for name, at in places.items():
        type_ = kind.column(name).type
        unit = _own_unit(cells[at], below[at] if is_unit_row(below) and at < len(below) else "")
        factor = (
            UNITS[unit][1] if unit and UNITS[unit][0] is type_ else general.get(type_, Decimal(1))
        )
        if factor != 1:
            factors[name] = factor
    return factors


def _own_unit(title: str, below: str) -> str:
    bracketed = _BRACKETED.search(_bare(title))
    for text in (bracketed[1] if bracketed else "", tidy(below)):
        unit = text.removeprefix("单位").removesuffix("/条").strip()
        if unit in UNITS:
            return unit
    return ""


def is_unit_row(cells: Sequence[str]) -> bool:
    """Whether a row holds nothing but units: 条, 元, 户."""
    texts = [tidy(cell).strip("()（）") for cell in cells if tidy(cell)]
    return bool(texts) and all(
        text in UNITS or text in {"户", "元/条", "%", "米", "秒", "单位", "次"} for text in texts
    )


def best_header(kind: Kind, head: Sequence[Sequence[str]], profile: Mapping[str, str]) -> Header:
    """The row that holds most of what a kind knows, though it does not suffice."""
    titles = titles_of(kind, profile)
    row, cells = max(
        _candidates(head), key=lambda one: len(_places(one[1], titles)), default=(0, [])
    )
    return _header(kind, row, cells, _places(cells, titles), head)


def why_no_header(
    kind: Kind | None, head: Sequence[Sequence[str]], profile: Mapping[str, str]
) -> Unreadable:
    """What to say of a file without a usable header."""
    rest = "没有导入任何数据，已有数据不受影响。"
    if kind is None:
        return Unreadable(
            f"认不出这是什么文件：文件名里没有已知的名称，表头也对不上任何一种。{rest}"
            "请按“订单主表_20250623.csv”这样的名称保存，或在列名对照里补上本单位的列名。"
        )
    best = set(best_header(kind, head, profile).places)
    lacking = [kind.column(name).title for name in kind.required if name not in best]
    lacking += [
        "或".join(kind.column(name).title for name in group)
        for group in kind.any_of
        if not best.intersection(group)
    ]
    return Unreadable(
        f"文件名是「{kind.title}」，但没有找到必需的列：{'、'.join(lacking)}。{rest}"
        "请补上这些列，或在列名对照里写明本单位的列名。"
    )
