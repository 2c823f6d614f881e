"""What every file format gives to the checks: sheets of texts, column-wise, in batches."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

HEAD_ROWS = 60  # among these the header is looked for


@dataclass(frozen=True)
class Ragged:
    """A row that could not be cut into the header's columns."""

    row_no: int
    cells: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Batch:
    """Some rows below the header: their numbers, and per wanted column its texts.

    Each column is a dictionary array of strings as long as `row_no`, keyed by its position.
    """

    row_no: npt.NDArray[np.int64]
    columns: dict[int, pa.DictionaryArray]
    ragged: Sequence[Ragged] = field(default=())


class Source(Protocol):
    """One sheet of a file. `head` are its first rows, counted from 1.

    Where `named`, the format itself names the columns: `head` is that one row and counts for none.
    """

    name: str
    head: list[list[str]]
    named: bool

    def batches(
        self, header_row: int, wanted: Sequence[int], extra: Sequence[int] = ()
    ) -> Iterator[Batch]:
        """The rows below row `header_row`, of the columns at the `wanted` positions.

        Those at the `extra` ones may be left out, and never make a file unreadable.
        """

    def length(self) -> int:
        """Rows of the sheet once all batches were read."""


class Rows:
    """A sheet whose rows of texts come one by one (xlsx, xls, HTML)."""

    named = False
    batch_rows = 20_000

    def __init__(self, name: str, rows: Iterable[list[str]]) -> None:
        self.name = name
        self._rows = iter(rows)
        self.head = list(islice(self._rows, HEAD_ROWS))
        self._seen = len(self.head)

    def batches(
        self, header_row: int, wanted: Sequence[int], extra: Sequence[int] = ()
    ) -> Iterator[Batch]:
        row_no, pending = header_row, self.head[header_row:]
        while pending:
            yield Batch(
                np.arange(row_no + 1, row_no + 1 + len(pending), dtype=np.int64),
                {place: _column(pending, place) for place in [*wanted, *extra]},
            )
            row_no += len(pending)
            pending = list(islice(self._rows, self.batch_rows))
        self._seen = row_no

    def length(self) -> int:
        return self._seen


def _column(rows: list[list[str]], place: int) -> pa.DictionaryArray:
    texts = [row[place] if place < len(row) else None for row in rows]
    return pa.array(texts, pa.string()).dictionary_encode()
