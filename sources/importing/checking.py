"""A batch of texts into typed rows, with what is wrong with each; footers and totals fall out."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sources.importing import finishing
from sources.importing.cells import shorten, tidy
from sources.importing.columns import Typed, read_column
from sources.importing.contract import Column, Doubt, Kind, Reject, Type
from sources.importing.hashing import U64, hash_values, seed
from sources.importing.header import Header, is_unit_row
from sources.importing.noise import heading_columns, is_noise, is_note_row, notes
from sources.importing.raw import Batch, Ragged
from sources.importing.seeing import Sights
from sources.importing.totals import (
    ADDING,
    ROWS,
    Numbers,
    Stated,
    Totals,
    read_stated,
)

KEY_HASH = "key_hash"  # of the key columns alone; left out of `Checked.rows`
MOST_REJECTS = 100_000
MOST_DOUBTS = 1000  # of one column
Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int32]

_DIGITS = re.compile(r"\d{7,}")


@dataclass
class Tally:
    """What was counted and listed over all batches of a file."""

    rejects: list[Reject] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    doubt_counts: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    rejected: int = 0
    totals: Totals = field(default_factory=Totals)
    sights: Sights = field(default_factory=Sights)

    def reject(self, row_no: int, column: str, value: str, reason: str) -> None:
        if len(self.rejects) < MOST_REJECTS:
            self.rejects.append(Reject(row_no, column, value, reason))

    def count_doubt(self, row_no: int, column: str, value: str, reason: str) -> None:
        """List a doubt and count it; beyond the first 1,000 of a column it is only counted."""
        self.doubt_counts[column] += 1
        if self.doubt_counts[column] <= MOST_DOUBTS:
            self.doubt(row_no, column, value, reason)

    def doubt(self, row_no: int, column: str, value: str, reason: str) -> None:
        self.doubts.append(Doubt(row_no, column, value, reason))


class Checker:
    """Checks the batches of one sheet against its kind."""

    def __init__(self, header: Header, hash_key: str, tally: Tally) -> None:
        self.header, self.kind, self.tally = header, header.kind, tally
        self._hash_key = hash_key
        first = min(header.places.values())
        self._margin = [place for place in header.extras if place < first]
        tally.totals.begin_sheet()
        self._seeds = {
            column.name: seed(hash_key, self.kind.name, column.name) for column in self.kind.columns
        }

    def check(self, batch: Batch) -> pa.Table:
        """The good rows of a batch: `Kind.schema()`'s columns and KEY_HASH."""
        typed: dict[str, Typed] = {}
        codes: dict[str, Codes] = {}
        for name, place in self.header.places.items():
            texts = batch.columns[place]
            factor = self.header.factors.get(name, Decimal(1))
            typed[name] = read_column(
                self.kind.column(name), texts.dictionary, hash_key=self._hash_key, factor=factor
            )
            codes[name] = _codes(texts)
        size = len(batch.row_no)
        bad = self._bad_rows(batch, typed, codes)
        noise, stated = self._noise(batch, bad)
        stated += self._list_ragged(batch.ragged)
        self._add_up(batch, typed, codes, data=~noise, stated=stated, rejected=bad & ~noise)
        self.tally.sights.look(self.header, batch.columns, ~noise)
        self._list_rejects(batch, typed, codes, bad & ~noise)
        self._list_doubts(batch, typed, codes, ~bad)
        self.tally.rows += size - int(noise.sum())
        self.tally.rejected += int((bad & ~noise).sum())
        return self._rows(batch, typed, codes, ~bad)

    def _bad_rows(
        self, batch: Batch, typed: Mapping[str, Typed], codes: Mapping[str, Codes]
    ) -> Mask:
        """Rows with a fault, without something that must be there, or headed as a total."""
        size = len(batch.row_no)
        bad = np.zeros(size, np.bool_)
        for name, column in typed.items():
            if column.faults:
                bad |= _hits(codes[name], list(column.faults), len(column.values))
            if self.kind.column(name).required:
                bad |= _empty(column, codes[name])
        for name in heading_columns(self.kind, self.header.places):
            texts = batch.columns[self.header.places[name]].dictionary
            if headings := notes(texts):
                bad |= _hits(codes[name], headings, len(texts))
        for group in self.kind.any_of:
            empty = np.ones(size, np.bool_)
            for name in set(group) & typed.keys():
                empty &= _empty(typed[name], codes[name])
            bad |= empty
        return bad

    def _noise(self, batch: Batch, bad: Mask) -> tuple[Mask, list[Stated]]:
        """Which of the bad rows are no data: blank, totals, footers, repeated headers; and what
        they state."""
        noise, stated = np.zeros(len(bad), np.bool_), []
        rows = np.flatnonzero(bad)
        if not len(rows):
            return noise, []
        names, margin = list(self.header.places), [p for p in self._margin if p in batch.columns]
        places = [*margin, *self.header.places.values()]
        texts = np.array([_tidied(batch.columns[place], rows) for place in places], object)
        filled = (texts[len(margin) :] != "").any(axis=0)
        noise[rows[~filled]] = True
        for row, cells in zip(rows[filled], texts[:, filled].T, strict=True):
            known = dict(zip(names, cells[len(margin) :], strict=True))
            if is_noise(self.kind, known, cells[: len(margin)]):
                noise[row] = True
                by_place = dict(zip(places, cells, strict=True))
                stated.append(read_stated(self.header, int(batch.row_no[row]), by_place))
        return noise, [one for one in stated if one]

    def _list_ragged(self, ragged: Sequence[Ragged]) -> list[Stated]:
        """Rows of the wrong length: data unless they read like titles, totals or footers; what
        totals state."""
        stated = []
        for row in ragged:
            cells = dict(enumerate(map(tidy, row.cells)))
            filled = [text for text in cells.values() if text]
            if not filled or is_note_row(filled) or is_unit_row(filled):
                stated.append(read_stated(self.header, row.row_no, cells))
                continue
            self.tally.rows += 1
            self.tally.rejected += 1
            self.tally.totals.note_ragged()
            self.tally.reject(row.row_no, "整行", _veil(",".join(row.cells)), row.reason)
        return [one for one in stated if one]

    def _add_up(
        self,
        batch: Batch,
        typed: Mapping[str, Typed],
        codes: Mapping[str, Codes],
        *,
        data: Mask,
        stated: list[Stated],
        rejected: Mask,
    ) -> None:
        """Add the numbers of the data rows, rejected ones too, for the control totals."""
        numbers: dict[str, Numbers] = {ROWS: data.astype(np.float64)}
        for name in ADDING.get(self.kind.name, ()):
            if name in typed:
                values = typed[name].values.fill_null(0).to_numpy(zero_copy_only=False)
                in_units = 100 if self.kind.column(name).type is Type.MONEY else 1
                numbers[name] = np.append(values / in_units, 0.0)[codes[name]] * data
        self.tally.totals.add(batch.row_no, numbers, stated)
        if rejected.any():
            for name, values in numbers.items():
                self.tally.totals.rejected[name] += float(values[rejected].sum())

    def _list_rejects(
        self,
        batch: Batch,
        typed: Mapping[str, Typed],
        codes: Mapping[str, Codes],
        rejected: Mask,
    ) -> None:
        empty = {name: _empty(column, codes[name]) for name, column in typed.items()}
        room = MOST_REJECTS - len(self.tally.rejects)
        for row in np.flatnonzero(rejected)[: max(room, 0)]:
            row_no = int(batch.row_no[row])
            for name, column in typed.items():
                declared = self.kind.column(name)
                fault = column.faults.get(int(codes[name][row]), "")
                if not fault and declared.required and empty[name][row]:
                    fault = column.doubts.get(int(codes[name][row]), "") or _lacking(declared.title)
                if fault:
                    text = batch.columns[self.header.places[name]][int(row)].as_py()
                    self.tally.reject(row_no, declared.title, shown(declared, text), fault)
            for group in self.kind.any_of:
                known = [name for name in group if name in typed]
                if all(empty[name][row] for name in known) and not any(
                    int(codes[name][row]) in typed[name].faults for name in known
                ):
                    titles = "或".join(self.kind.column(name).title for name in group)
                    self.tally.reject(row_no, titles, "", _lacking(titles))

    def _list_doubts(
        self,
        batch: Batch,
        typed: Mapping[str, Typed],
        codes: Mapping[str, Codes],
        good: Mask,
    ) -> None:
        for name, column in typed.items():
            if not column.doubts:
                continue
            declared = self.kind.column(name)
            hits = np.flatnonzero(
                good & _hits(codes[name], list(column.doubts), len(column.values))
            )
            if not len(hits):
                continue
            room = MOST_DOUBTS - self.tally.doubt_counts[declared.title]
            self.tally.doubt_counts[declared.title] += len(hits)
            texts = batch.columns[self.header.places[name]]
            for row in hits[: max(room, 0)]:
                reason = column.doubts[int(codes[name][row])]
                value = shown(declared, texts[int(row)].as_py())
                self.tally.doubt(int(batch.row_no[row]), declared.title, value, reason)

    def _rows(
        self,
        batch: Batch,
        typed: Mapping[str, Typed],
        codes: Mapping[str, Codes],
        good: Mask,
    ) -> pa.Table:
        """The good rows, each distinct value put where its rows are, and KEY_HASH."""
        everything = bool(good.all())
        size = int(good.sum())
        columns: dict[str, pa.Array] = {}
        row_hash: U64 = np.zeros(size, np.uint64)
        key_hash: U64 = np.zeros(size, np.uint64)
        for name, column in typed.items():
            places = codes[name] if everything else codes[name][good]
            hashes = np.append(hash_values(column.values, self._seeds[name]), np.uint64(0))
            hashes = hashes[places]
            row_hash += hashes
            if name in self.kind.key:
                key_hash += hashes
            indices = pa.array(places, mask=places < 0) if (places < 0).any() else pa.array(places)
            columns[name] = column.values.take(indices)
            for companion, values in column.companions.items():
                columns[companion] = values.take(indices)
        schema = self.kind.schema()
        columns["row_no"] = pa.array(batch.row_no if everything else batch.row_no[good])
        columns["row_hash"] = pa.array(row_hash.view(np.int64))
        table = pa.table(
            {field.name: columns.get(field.name, pa.nulls(size, field.type)) for field in schema},
            schema=schema,
        )
        finished = finishing.finish(self.kind, table, self._hash_key)
        return finished.append_column(KEY_HASH, pa.array(key_hash.view(np.int64)))


def _codes(texts: pa.DictionaryArray) -> Codes:
    """Each row's place among the distinct texts; -1 where there is none."""
    indices = texts.indices
    if indices.null_count:
        indices = indices.fill_null(-1)
    codes: Codes = indices.to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    return codes


def _tidied(texts: pa.DictionaryArray, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
    """The tidied texts of some rows; nothing is an empty text."""
    used, places = np.unique(_codes(texts)[rows], return_inverse=True)
    words = [tidy(texts.dictionary[int(code)].as_py() or "") if code >= 0 else "" for code in used]
    return np.array(words, object)[places]


def _hits(codes: Codes, places: list[int], size: int) -> Mask:
    """Rows whose distinct text is one of `places`."""
    marked = np.zeros(size + 1, np.bool_)  # the last one stands for code -1
    marked[places] = True
    return marked[codes]


def _empty(column: Typed, codes: Codes) -> Mask:
    """Rows without a value."""
    if not column.values.null_count and codes.min(initial=0) >= 0:
        return np.zeros(len(codes), np.bool_)
    nothing = np.append(np.asarray(column.values.is_null()), np.True_)
    return nothing[codes]


def _lacking(title: str) -> str:
    return f"缺少{title}，请补齐后重新导入"


def shown(column: Column, text: str | None) -> str:
    """A cell as the lists of faults show it: short, and without whole personal numbers."""
    value = shorten(tidy(text or ""))
    return _veil(value) if column.type in {Type.HASHED, Type.PHONE} else value


def _veil(text: str) -> str:
    return shorten(_DIGITS.sub(lambda found: f"{found[0][:3]}****{found[0][-4:]}", text))


def no_rows(kind: Kind) -> pa.Table:
    """What `Checker.check` gives of a batch without good rows."""
    return kind.schema().append(pa.field(KEY_HASH, pa.int64())).empty_table()
