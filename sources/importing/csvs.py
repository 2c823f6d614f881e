"""CSV and tab-separated text, in blocks of bytes: GB18030 is parsed undecoded.

In GB18030 no byte of a longer character is a comma, quote, tab or line end, so Arrow's parser can
cut the bytes, and only the distinct texts of each column need decoding.
"""

import codecs
import csv
import io
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from sources.importing.contract import Unreadable
from sources.importing.header import normal_title
from sources.importing.raw import HEAD_ROWS, Batch, Ragged

BLOCK = 16 << 20
_HEAD_BYTES = 1 << 20
_MOST_LINES = 200  # of one cell
_UNCLOSED = "引号没有成对，请在导出时检查该行"
_MAX_LINE = 64 << 20
_MAX_RECORD = 120_000  # bytes
_DELIMITERS = (b",", b"\t", b";")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (b"\x84\x31\x95\x33", "gb18030"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


_ENDLESS = (
    "文件中有一行超过 64 MB，不是正常的导出文件，没有导入任何数据，已有数据不受影响。请重新导出。"
)


class WrongEncoding(Exception):  # noqa: N818 - raised and caught in this package only
    """The bytes are not what the first ones promised."""


def detect(path: Path) -> tuple[str, int]:
    """Encoding and length of the byte order mark: mark, then strict UTF-8, then GB18030.

    Only the first megabyte is looked at: `CsvSource` raises WrongEncoding where a file that began
    as UTF-8 goes on as something else.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding, len(mark)
    if encoding := _utf16_without_mark(head):
        return encoding, 0
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "gb18030", 0
    return "utf-8", 0


def _utf16_without_mark(head: bytes) -> str:
    """Every other byte of plain letters in UTF-16 is zero."""
    even, odd = head[:2000:2], head[1:2000:2]
    for encoding, letters, zeros in (("utf-16-le", even, odd), ("utf-16-be", odd, even)):
        if len(head) >= 20 and zeros.count(0) > len(zeros) // 8 and letters.count(0) < 3:
            return encoding
    return ""


class CsvSource:
    """A delimited text file as one sheet."""

    named = False

    def __init__(self, path: Path, *, encoding: str, skip: int, titles: Container[str]) -> None:
        self.name = path.name
        self._path, self._encoding, self._skip = path, encoding, skip
        self._cell_encoding = "utf-8" if encoding.startswith("utf-16") else encoding
        with self._open() as file:
            self._start = file.read(_HEAD_BYTES)
        self._lines = self._start.splitlines(keepends=True)
        self._delimiter = _sniff(self._lines, titles, self._cell_encoding)
        self.head, self._ends = self._read_head()
        self._rows = 0

    def length(self) -> int:
        return self._rows

    def batches(
        self, header_row: int, wanted: Sequence[int], extra: Sequence[int] = ()
    ) -> Iterator[Batch]:
        width = self._width(header_row)
        lenient = {place for place in extra if place < width}
        wanted = [*wanted, *sorted(lenient)]
        self._rows = header_row
        for block in self._blocks(self._ends[header_row - 1]):
            parsed = _parse_fast(block, width, wanted, self._delimiter)
            if parsed is None:
                yield self._parse_carefully(block, width, wanted, lenient)
                continue
            row_no = np.arange(self._rows + 1, self._rows + 1 + parsed.num_rows, dtype=np.int64)
            self._rows += parsed.num_rows
            columns = {
                place: self._decode(parsed.column(at).chunk(0), lenient=place in lenient)
                for at, place in enumerate(wanted)
            }
            yield Batch(row_no, columns)

    def _open(self) -> BinaryIO:
        """The file as bytes of UTF-8 or GB18030, without byte order mark."""
        file = self._path.open("rb")
        file.seek(self._skip)
        if self._encoding.startswith("utf-16"):
            return _Transcoded(file, self._encoding)  # type: ignore[return-value]
        return file

    def _read_head(self) -> tuple[list[list[str]], list[int]]:
        """The first records, and for each the offset in bytes at which it ends."""
        rows: list[list[str]] = []
        ends: list[int] = []
        lines_read, offset = 0, 0
        reader = csv.reader(
            (line.decode("latin-1") for line in self._lines), delimiter=self._delimiter.decode()
        )
        try:
            for record in reader:
                offset += sum(map(len, self._lines[lines_read : reader.line_num]))
                lines_read = reader.line_num
                rows.append([self._text(cell) for cell in record])
                ends.append(offset)
                if len(rows) >= HEAD_ROWS:
                    break
        except csv.Error as error:
            if not rows:
                raise Unreadable(
                    "文件开头无法按 CSV 解析，没有导入任何数据。请重新导出后再试。"
                ) from error
        return rows, ends

    def _text(self, cell: str) -> str:
        data = cell.encode("latin-1").replace(b"\0", b"")
        try:
            return data.decode(self._cell_encoding)
        except UnicodeDecodeError as error:
            raise WrongEncoding(self._cell_encoding) from error

    def _width(self, header_row: int) -> int:
        """Columns of a row: the header's, or more where all rows end in empty ones."""
        header = len(self.head[header_row - 1])
        below = [row for row in self.head[header_row:] if len(row) > 1]
        widths = {len(row) for row in below}
        if len(widths) != 1 or any(cell.strip() for row in below for cell in row[header:]):
            return header
        return max(header, *widths)

    def _blocks(self, start: int) -> Iterator[bytes]:
        """The file from `start` on, cut at the ends of records."""
        with self._open() as file:
            file.read(start)
            rest = b""
            while True:
                more = file.read(BLOCK)
                block = rest + more.replace(b"\0", b"") if b"\0" in more else rest + more
                cut = len(block) if not more else _last_record_end(block)
                rest = block[cut:]
                if len(rest) > _MAX_LINE:
                    raise Unreadable(_ENDLESS)
                if cut:
                    yield block[:cut]
                if not more:
                    return

    def _decode(self, column: pa.DictionaryArray, *, lenient: bool) -> pa.DictionaryArray:
        """The column with its distinct texts decoded. Raises WrongEncoding unless `lenient`."""
        try:
            texts = _decode_texts(column.dictionary, self._cell_encoding)
        except WrongEncoding:
            if not lenient:
                raise
            words = (
                text.decode(self._cell_encoding, "replace")
                for text in column.dictionary.to_pylist()
            )
            texts = pa.array(words, pa.string())
        return pa.DictionaryArray.from_arrays(column.indices, texts)

    def _parse_carefully(
        self, block: bytes, width: int, wanted: Sequence[int], lenient: Container[int]
    ) -> Batch:
        """Record by record: for blocks with ragged rows, cells of several lines, stray quotes."""
        good: list[list[bytes]] = []
        numbers: list[int] = []
        ragged: list[Ragged] = []
        for record, reason in _records(block, width, self._delimiter):
            self._rows += 1
            if reason:
                texts = tuple(cell.decode(self._cell_encoding, "replace") for cell in record)
                ragged.append(Ragged(self._rows, texts, reason))
            else:
                good.append(record)
                numbers.append(self._rows)
        columns = {
            place: self._decode(
                pa.array([row[place] for row in good], pa.binary()).dictionary_encode(),
                lenient=place in lenient,
            )
            for place in wanted
        }
        return Batch(np.array(numbers, np.int64), columns, ragged)


class _Transcoded(io.RawIOBase):
    """A file of UTF-16 read as UTF-8."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file, self._done, self._ready = file, False, b""
        self._decoder = codecs.getincrementaldecoder(encoding)()

    def read(self, size: int = -1) -> bytes:
        while not self._done and (size < 0 or len(self._ready) < size):
            more = self._file.read(BLOCK)
            self._done = not more
            try:
                self._ready += self._decoder.decode(more, final=self._done).encode()
            except UnicodeDecodeError as error:
                raise WrongEncoding("utf-16") from error
        size = len(self._ready) if size < 0 else size
        data, self._ready = self._ready[:size], self._ready[size:]
        return data

    def close(self) -> None:
        self._file.close()
        super().close()


def _sniff(lines: list[bytes], titles: Container[str], encoding: str) -> bytes:
    """The delimiter by which some line of the head holds most column titles."""

    def known(mark: bytes) -> int:
        return max(
            (
                sum(normal(cell) in titles for cell in line.split(mark))
                for line in (raw.replace(b'"', b"") for raw in lines[:HEAD_ROWS])
            ),
            default=0,
        )

    def normal(cell: bytes) -> str:
        return normal_title(cell.decode(encoding, "replace"))

    return max(_DELIMITERS, key=known)


def _last_record_end(block: bytes) -> int:
    """Where the last whole record ends: at a line end outside quotes, if there is one."""
    newline = b"\n" if b"\n" in block else b"\r"
    quotes = _count(block, b'"')
    cut = at = block.rfind(newline) + 1
    tail = len(block)
    while at > 0:
        quotes -= block.count(b'"', at, tail)
        if quotes % 2 == 0:
            return at
        tail, at = at, block.rfind(newline, 0, at - 1) + 1
    return cut


def _parse_fast(
    block: bytes, width: int, wanted: Sequence[int], delimiter: bytes
) -> pa.Table | None:
    """The wanted columns as dictionaries of bytes, or None where a row needs a closer look."""
    names = [str(place) for place in range(width)]

    try:
        table = pacsv.read_csv(
            pa.BufferReader(block),
            read_options=pacsv.ReadOptions(column_names=names, block_size=1 << 20),
            parse_options=pacsv.ParseOptions(
                delimiter=delimiter.decode(), ignore_empty_lines=False
            ),
            convert_options=pacsv.ConvertOptions(
                check_utf8=False,
                strings_can_be_null=False,
                include_columns=[str(place) for place in wanted],
                column_types=dict.fromkeys(names, pa.dictionary(pa.int32(), pa.binary())),
            ),
        )
    except pa.ArrowInvalid:
        return None
    if table.num_rows != _count_lines(block):  # a cell of several lines, or a stray quote
        return None
    return table.unify_dictionaries().combine_chunks()


def _count_lines(block: bytes) -> int:
    newline = b"\n" if b"\n" in block else b"\r"
    return _count(block, newline) + (not block.endswith(newline))


def _count(block: bytes, mark: bytes) -> int:
    """Faster than `bytes.count` where the mark is frequent."""
    return int(np.count_nonzero(np.frombuffer(block, np.uint8) == mark[0]))


def _decode_texts(texts: pa.Array, encoding: str) -> pa.Array:
    """Distinct texts as strings. Raises WrongEncoding."""
    data = texts.buffers()[2]
    try:
        if encoding == "utf-8" or data is None or bytes(data).isascii():
            return texts.cast(pa.string())
        whole = b"\0".join(texts.to_pylist()).decode(encoding)
        return pa.array(whole.split("\0"), pa.string())
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise WrongEncoding(encoding) from error


def _records(block: bytes, width: int, delimiter: bytes) -> Iterator[tuple[list[bytes], str]]:
    """Each record's cells, with a reason where it cannot be used.

    A quote that opens a cell and is never closed as it should costs only its own line: the rows
    below do not vanish in that cell.
    """
    lines = block.splitlines()
    at = 0
    while at < len(lines):
        last = at
        while _is_open(b"\n".join(lines[at : last + 1]), delimiter) and last - at < _MOST_LINES:
            last += 1
        text = b"\n".join(lines[at : last + 1])
        if last > at and not _closes(text, width, delimiter):
            yield _cells(lines[at].replace(b'"', b""), delimiter), _UNCLOSED
            last = at
        elif len(text) > _MAX_RECORD:
            yield _cells(text[:1000], delimiter), "该行内容过长，请核对后删去多余内容"
        else:
            yield _fit(_cells(text, delimiter), width)
        at = last + 1


def _is_open(text: bytes, delimiter: bytes) -> bool:
    """Whether a quoted cell is still open at the end of the text."""
    if text.count(b'"') % 2 == 0:
        return False
    return text.startswith(b'"') or delimiter + b'"' in text


def _closes(text: bytes, width: int, delimiter: bytes) -> bool:
    """Whether lines make one record: its quotes end before a delimiter or a line end."""
    try:
        record = next(_reader(text, delimiter, strict=True), [])
    except csv.Error:
        return False
    return not _fit([cell.encode("latin-1") for cell in record], width)[1]


def _cells(text: bytes, delimiter: bytes) -> list[bytes]:
    try:
        record = next(_reader(text, delimiter), [])
    except csv.Error:  # a cell beyond all measure
        return [text[:1000]]
    return [cell.encode("latin-1") for cell in record] or [b""]


def _reader(text: bytes, delimiter: bytes, *, strict: bool = False) -> Iterator[list[str]]:
    lines = io.StringIO(text.decode("latin-1"), newline="")
    return csv.reader(lines, delimiter=delimiter.decode(), strict=strict)


def _fit(record: list[bytes], width: int) -> tuple[list[bytes], str]:
    """The record with the header's number of cells, or why it has not."""
    if len(record) > width and not any(cell.strip() for cell in record[width:]):
        record = record[:width]
    if record == [b""]:
        record = [b""] * width
    if len(record) == width:
        return record, ""
    more = "多于" if len(record) > width else "少于"
    hint = "，可能是内容里有未加引号的逗号" if len(record) > width else ""
    return record, f"该行有 {len(record)} 列，{more}表头的 {width} 列{hint}"
