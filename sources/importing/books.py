"""Excel workbooks, old and new, sheet by sheet; nothing is unpacked before its size is known."""

import datetime as dt
import zipfile
import zlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from sources.importing.contract import Unreadable
from sources.importing.raw import Rows, Source

MOST_BYTES = 2 << 30  # of all parts of a workbook, unpacked
MOST_RATIO = 300  # unpacked to packed, of a workbook above 64 MB
_SMALL = 64 << 20
_BOMB = (
    "文件解压后大得不合常理（可能是压缩炸弹），为保护系统没有打开，没有导入任何数据，"
    "已有数据不受影响。请用 Excel 另存为新文件，或分成几个文件导出。"
)
_BROKEN = (
    "文件已损坏或设有密码，无法打开，没有导入任何数据，已有数据不受影响。"
    "请取消密码或重新导出，用 Excel 打开确认后再试。"
)
_NO_BOOK = (
    "这是压缩包，不是 Excel 工作簿，没有导入任何数据，已有数据不受影响。请解压后再导入其中的文件。"
)


def refuse_bombs(path: Path) -> None:
    """Raise Unreadable for a workbook that unpacks to more than it should, whatever it declares."""
    packed = path.stat().st_size
    limit = min(MOST_BYTES, max(_SMALL, packed * MOST_RATIO))
    try:
        with zipfile.ZipFile(path) as book:
            parts = book.infolist()
            if not any(part.filename.startswith("xl/") for part in parts):
                raise Unreadable(_NO_BOOK)
            declared = sum(part.file_size for part in parts)
            if declared > limit or len(parts) > 10_000:
                raise Unreadable(_BOMB)
            if packed * 1032 > limit:  # what deflate can reach at most
                _measure(path, parts, limit)
    except (zipfile.BadZipFile, OSError, zlib.error) as error:
        raise Unreadable(_BROKEN) from error


def _measure(path: Path, parts: list[zipfile.ZipInfo], limit: int) -> None:
    """Unpack every part into nothing, for its declared size may be a lie."""
    total = 0
    with path.open("rb") as file:
        for part in parts:
            if part.compress_type != zipfile.ZIP_DEFLATED:
                total += part.compress_size
                continue
            file.seek(part.header_offset + 26)
            name, extra = (int.from_bytes(file.read(2), "little") for _ in range(2))
            file.seek(name + extra, 1)
            total = _inflate(file.read(part.compress_size), total, limit)


def _inflate(data: bytes, total: int, limit: int) -> int:
    unpacker = zlib.decompressobj(-15)
    while data and not unpacker.eof:
        total += len(unpacker.decompress(data, 1 << 20))
        if total > limit:
            raise Unreadable(_BOMB)
        data = unpacker.unconsumed_tail
    return total


def sheets(path: Path) -> Iterator[Source]:
    """Every sheet with cells. Raises Unreadable for a broken or locked workbook."""
    try:
        with CalamineWorkbook.from_path(path) as book:
            for name in book.sheet_names:
                sheet = book.get_sheet_by_name(name)
                if sheet.height:
                    yield Rows(name, _rows(sheet))
    except (CalamineError, OSError, ValueError) as error:
        raise Unreadable(_BROKEN) from error


def _rows(sheet: CalamineSheet) -> Iterator[list[str]]:
    """Each row's cells as texts, from the sheet's first row on, empty ones included."""
    margin = [""] * (sheet.start or (0, 0))[1]  # calamine gives empty rows, not empty columns
    for row in sheet.iter_rows():
        yield margin + [as_text(cell) for cell in row]


def as_text(cell: Any) -> str:
    """A cell as a person would type it. A number too long to be exact shows that it is not."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        return _number(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ").removesuffix(" 00:00:00")
    if isinstance(cell, dt.timedelta):
        return str(int(cell.total_seconds()))
    return str(cell)


def _number(value: float) -> str:
    if abs(value) >= 1e15:
        return f"{value:.5E}"
    if value.is_integer():
        return str(int(value))
    return format(Decimal(repr(value)), "f")
