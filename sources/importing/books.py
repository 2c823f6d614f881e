"""Excel workbooks, old and new, sheet by sheet; nothing is unpacked before its size is known."""

import marshal
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from sources.importing.contract import Unreadable
from sources.importing.raw import Rows, Source

MOST_BYTES = 2 << 30  # of all parts of a workbook, unpacked
MOST_RATIO = 300  # unpacked to packed, of a workbook above 64 MB
_SMALL = 64 << 20
_READER = Path(__file__).with_name("workbook.py")
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
    except (zipfile.BadZipFile, NotImplementedError, OSError, zlib.error) as error:
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
    """Every sheet with cells. Raises Unreadable for a broken or locked workbook.

    Each sheet is to be read before the next one is asked for.
    """
    command = [sys.executable, "-I", str(_READER), str(path)]
    with subprocess.Popen(  # noqa: S603 - our own program, no shell
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        try:
            yield from _sheets(_frames(child))
            if child.wait():
                raise Unreadable(_BROKEN)
        finally:
            child.kill()


def _sheets(frames: Iterator[str | list[list[str]]]) -> Iterator[Source]:
    """A sheet for every name among the frames."""
    name = next(frames, None)
    while isinstance(name, str):
        following: list[str] = []
        rows = _rows(frames, following)
        yield Rows(name, rows)
        for _ in rows:  # what nobody wanted
            pass
        name = following[0] if following else None


def _rows(frames: Iterator[str | list[list[str]]], following: list[str]) -> Iterator[list[str]]:
    """Rows up to the next sheet, whose name is left in `following`."""
    for content in frames:
        if isinstance(content, str):
            following.append(content)
            return
        yield from content


def _frames(child: subprocess.Popen[bytes]) -> Iterator[str | list[list[str]]]:
    pipe = child.stdout
    while pipe and (length := pipe.read(4)):
        data = pipe.read(int.from_bytes(length, "little"))
        if len(data) < int.from_bytes(length, "little"):
            raise Unreadable(_BROKEN)
        yield marshal.loads(data)  # noqa: S302 - written by our own program
