"""What the columns of a file look like: a few values each, masked, and how many are empty."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sources.importing.cells import MISSING, read_account, shorten, tidy
from sources.importing.contract import Column, Kind, Seen, Type
from sources.importing.header import Header, taken_by
from sources.importing.noise import reads_like_note
from sources.importing.phones import is_phone, mask_account, mask_id, mask_phone, read_phone

MOST_SAMPLES = 5
LOOKED_AT = 50  # different texts of a batch
_DIGITS = re.compile(r"\d{7,}[\dXx]?")
_NUMBER = re.compile(r"1[3-9]\d{9}|\d{15,19}|\d{17}[Xx]")  # phone, ID or account
_HARMLESS = re.compile(r"[-+\d.,:/ %]{1,19}")
_OF_PEOPLE = re.compile(r"人|姓名|(?<!客)户名|亲属|法定代表|持证|出生|生日")
_MIXED = {"old_value", "new_value"}  # of changes: phones, names, addresses
Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int32]

_NOTHING = pa.array(sorted(MISSING))


@dataclass
class _Sight:
    column: str
    by: str
    samples: dict[str, None] = field(default_factory=dict)  # in the order of the file
    empty: int = 0


class Sights:
    """The columns of a file as its batches come; sheets with the same header are one."""

    def __init__(self, profile: Mapping[str, str] | None = None) -> None:
        self._profile = profile or {}
        self._found: dict[tuple[str, str], _Sight] = {}

    def look(self, header: Header, columns: Mapping[int, pa.DictionaryArray], data: Mask) -> None:
        """Note the texts of a batch, `columns` by position, in the rows that are `data`."""
        names = {place: name for name, place in header.places.items()}
        for place, title in header.titles.items():
            name = names.get(place, "")
            sight = self._sight(header.kind, title, name)
            texts = columns.get(place)
            if texts is None:
                continue
            codes = texts.indices.fill_null(-1).to_numpy(zero_copy_only=False)
            sight.empty += _count_empty(texts, codes, data)
            if len(sight.samples) < MOST_SAMPLES:
                column = header.kind.column(name) if name else None
                self._take(sight, _first_texts(texts, codes, data), column, title)

    def look_at_head(self, header: Header, rows: Sequence[Sequence[str]]) -> None:
        """Note the first rows of a file that was refused for its header."""
        columns = {
            place: pa.array([row[place] if place < len(row) else "" for row in rows], pa.string())
            for place in header.titles
        }
        coded = {place: texts.dictionary_encode() for place, texts in columns.items()}
        self.look(header, coded, np.ones(len(rows), np.bool_))

    def seen(self) -> tuple[Seen, ...]:
        return tuple(
            Seen(title[:60], sight.column, sight.by, tuple(sight.samples), sight.empty)
            for (title, _), sight in self._found.items()
        )

    def _sight(self, kind: Kind, title: str, name: str) -> _Sight:
        key = (title, name)
        if key not in self._found:
            by = taken_by(kind, name, title, self._profile) if name else ""
            self._found[key] = _Sight(name, by)
        return self._found[key]

    @staticmethod
    def _take(sight: _Sight, texts: Sequence[str], column: Column | None, title: str) -> None:
        for text in map(tidy, texts):
            if text in MISSING or reads_like_note(text):
                continue
            sight.samples.setdefault(sample(column, title, text))
            if len(sight.samples) == MOST_SAMPLES:
                return


def _first_texts(texts: pa.DictionaryArray, codes: Codes, data: Mask) -> list[str]:
    """The first different texts, without those that stand in rows of totals and footers only."""
    first = [str(text) for text in texts.dictionary[:LOOKED_AT].to_pylist()]
    if data.all():
        return first
    uses = np.bincount(codes[data] + 1, minlength=len(first) + 1)[1:]
    return [text for text, used in zip(first, uses, strict=False) if used]


def _count_empty(texts: pa.DictionaryArray, codes: Codes, data: Mask) -> int:
    words = pc.utf8_trim_whitespace(texts.dictionary.cast(pa.string()))
    missing = pc.is_in(words, value_set=_NOTHING)
    if not texts.null_count and not missing.true_count:
        return 0
    nothing = np.append(np.asarray(missing), np.True_)  # the last one stands for null
    return int((nothing[codes] & data).sum())


def sample(column: Column | None, title: str, text: str) -> str:
    """A value as pages may show it. Of a column that nobody knows, only numbers are shown whole."""
    if column is None:
        return _of_unknown(title, text)
    if column.type is Type.PHONE:
        number = read_phone(text).value or ""
        return mask_phone(number) or "" if is_phone(number) else _ends(text)
    if column.type is Type.HASHED:
        number = read_account(text).value
        return (mask_id(number) if column.check == "id" else mask_account(number)) or "****"
    if column.personal or column.name in _MIXED or _OF_PEOPLE.search(title):
        return _ends(text)
    if column.type is Type.CODE:
        return mask_phone(text) or "" if _NUMBER.fullmatch(text) else shorten(text)[:40]
    return _veil(text) if column.type is Type.TEXT and column.check != "ip" else shorten(text)[:40]


def _of_unknown(title: str, text: str) -> str:
    harmless = _HARMLESS.fullmatch(text) and not _DIGITS.search(text)
    return _veil(text) if harmless and not _OF_PEOPLE.search(title) else _ends(text)


def _veil(text: str) -> str:
    return shorten(_DIGITS.sub(lambda found: mask_phone(found[0]) or "", text))[:40]


def _ends(text: str) -> str:
    """The first character, or the two ends of a number."""
    if _DIGITS.fullmatch(text):
        return mask_phone(text) or ""
    return text[:1] + "*" * min(len(text) - 1, 4)
