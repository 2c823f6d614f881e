"""Read one export file into typed, checked columns."""

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from sources.importing import formats
from sources.importing.checking import Checker, Tally, no_rows
from sources.importing.contract import Checked, Kind, Sheet, Type, Unreadable
from sources.importing.csvs import WrongEncoding
from sources.importing.header import (
    Header,
    best_header,
    find_header,
    kind_by_name,
    why_no_header,
)
from sources.importing.kinds import KINDS
from sources.importing.raw import Batch, Source
from sources.importing.seeing import Sights
from sources.importing.totals import left_out, reconcile
from sources.importing.whole import count, settle

_FOREIGN_BYTES = (
    "文件里有不属于 UTF-8、GB18030 或 UTF-16 编码的字节，可能在传输中损坏。"
    "没有导入任何数据，已有数据不受影响。请重新导出，并选择 UTF-8 或 GBK 编码。"
)


@dataclass
class _Reading:
    """What was read so far of a file's sheets."""

    kind: Kind | None
    profile: Mapping[str, str]
    hash_key: str
    tally: Tally
    headers: list[Header] = field(default_factory=list)
    sheets: list[Sheet] = field(default_factory=list)
    tables: list[pa.Table] = field(default_factory=list)
    first_head: list[list[str]] = field(default_factory=list)
    offset: int = 0


def read(
    path: Path,
    *,
    hash_key: str,
    name: str = "",
    profile: Mapping[str, str] | None = None,
    kind: str | None = None,
    digest: str | None = None,
) -> Checked:
    """Read a file of whatever format. Raises Unreadable: then nothing of it may be loaded.

    `name` is the file's original name where the path bears another, `profile` maps a bureau's own
    headers to English column names, `kind` overrides what the name says, `digest` spares hashing.
    """
    name = name or path.name
    known = KINDS[kind] if kind else kind_by_name(name)
    opened = formats.open_file(path, profile or {})
    try:
        reading = _read_all(opened, _begun(known, profile, hash_key))
    except WrongEncoding:  # it began as UTF-8 and is GB18030 after all
        opened = formats.open_file(path, profile or {}, encoding="gb18030")
        reading = _read_all_or_refuse(opened, _begun(known, profile, hash_key))
    if not reading.headers:
        raise _no_header(reading)
    return _checked(reading, name, opened.encoding, digest or digest_of(path))


def _begun(kind: Kind | None, profile: Mapping[str, str] | None, hash_key: str) -> _Reading:
    return _Reading(kind, profile or {}, hash_key, Tally(sights=Sights(profile)))


def _read_all(opened: formats.Opened, reading: _Reading) -> _Reading:
    for source in opened.sources():
        _read_sheet(reading, source)
    return reading


def _read_all_or_refuse(opened: formats.Opened, reading: _Reading) -> _Reading:
    try:
        return _read_all(opened, reading)
    except WrongEncoding as error:
        raise Unreadable(_FOREIGN_BYTES) from error


def _no_header(reading: _Reading) -> Unreadable:
    """What to say of a file without a usable header, with the columns of what comes nearest."""
    error = why_no_header(reading.kind, reading.first_head, reading.profile)
    if reading.kind is None:
        return error
    header = best_header(reading.kind, reading.first_head, reading.profile)
    sights = Sights(reading.profile)
    if header.places:
        sights.look_at_head(header, reading.first_head[header.row :])
    return Unreadable(error.message, kind=reading.kind.name, seen=sights.seen())


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_sheet(reading: _Reading, source: Source) -> None:
    """One sheet's rows; a sheet without a header of the file's kind is passed over, and listed."""
    reading.first_head = reading.first_head or source.head
    kinds = [reading.kind] if reading.kind else KINDS.values()
    header = find_header(source.head, kinds, reading.profile)
    if header is None:
        if any(cell.strip() for row in source.head for cell in row):
            reading.tally.doubt(0, "工作表", source.name, "没有找到表头，这张工作表未导入")
        return
    reading.kind = header.kind
    reading.headers.append(header)
    row = 0 if source.named else header.row
    reading.sheets.append(Sheet(source.name, reading.offset, row))
    _note_units(reading, header)
    checker = Checker(header, reading.hash_key, reading.tally)
    for batch in source.batches(row, sorted(set(header.places.values())), header.extras):
        reading.tables.append(checker.check(_shifted(batch, reading.offset)))
    reading.offset += source.length()


def _shifted(batch: Batch, offset: int) -> Batch:
    return dataclasses.replace(batch, row_no=batch.row_no + offset) if offset else batch


def _note_units(reading: _Reading, header: Header) -> None:
    """A conversion of units is listed, so that a person can see it."""
    for name, factor in header.factors.items():
        column = header.kind.column(name)
        unit = "元" if column.type is Type.MONEY else "条"
        reason = f"按标题里的单位换算：1 单位 = {float(factor):g} {unit}"
        reading.tally.doubt(reading.offset + header.row, column.title, "", reason)


def _checked(reading: _Reading, name: str, encoding: str, digest: str) -> Checked:
    kind = reading.headers[0].kind
    good = pa.concat_tables([no_rows(kind), *reading.tables])
    rows = settle(kind, good, reading.tally)
    totals, subtotals = reconcile(
        kind,
        reading.tally.totals,
        less=left_out(kind, good, rows),
        doubt=reading.tally.count_doubt,
    )
    cancelled, returns = count(kind, rows)
    found = {column for header in reading.headers for column in header.places}
    return Checked(
        kind=kind,
        file_name=name,
        digest=digest,
        encoding=encoding,
        sheets=tuple(reading.sheets),
        rows=rows,
        rejects=sorted(reading.tally.rejects, key=lambda fault: fault.row_no),
        doubts=sorted(reading.tally.doubts, key=lambda doubt: doubt.row_no),
        doubt_counts=dict(reading.tally.doubt_counts),
        columns_found=tuple(column.name for column in kind.columns if column.name in found),
        columns_unknown=tuple(
            dict.fromkeys(
                header.titles[place] for header in reading.headers for place in header.extras
            )
        ),
        row_count=reading.tally.rows,
        rejected=reading.tally.rejected,
        duplicates=good.num_rows - rows.num_rows,
        cancelled=cancelled,
        returns=returns,
        totals=tuple(totals),
        subtotals=subtotals,
        seen=reading.tally.sights.seen(),
    )
