"""What a file really is, by its first bytes, and how to open it; its name's ending counts for nothing."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sources.importing import books, csvs, parquets, webpages
from sources.importing.contract import Unreadable
from sources.importing.header import all_titles
from sources.importing.raw import Source

_ZIP, _OLE, _PARQUET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"PAR1"
_REST = "没有导入任何数据，已有数据不受影响。"
_REFUSED = {
    b"\x1f\x8b": "gzip 压缩包",
    b"Rar!": "RAR 压缩包",
    b"7z\xbc\xaf": "7z 压缩包",
    b"%PDF": "PDF 文件",
    b"\x89PNG": "图片",
    b"\xff\xd8\xff": "图片",
}


@dataclass(frozen=True)
class Opened:
    """A file whose format is known: `sources` gives its sheets one after the other."""

    encoding: str
    sources: Callable[[], Iterator[Source]]


def open_file(path: Path, profile: Mapping[str, str], *, encoding: str = "") -> Opened:
    """Open a file as what it is. Raises Unreadable where it is empty or of no known format.

    `encoding` overrides what the first bytes of a text say.
    """
    with path.open("rb") as file:
        start = file.read(4096)
    if not start.strip(b"\0 \r\n\t"):
        raise Unreadable(f"文件是空的。{_REST}请检查导出是否成功，重新导出后再试。")
    for mark, what in _REFUSED.items():
        if start.startswith(mark):
            raise Unreadable(f"这是{what}，不能直接导入。{_REST}请解压或另存为 xlsx、csv 后再试。")
    if start.startswith(_PARQUET):
        return Opened("parquet", lambda: parquets.sheets(path))
    if start.startswith(_ZIP):
        books.refuse_bombs(path)
        return Opened("xlsx", lambda: books.sheets(path))
    if start.startswith(_OLE):
        return Opened("xls", lambda: books.sheets(path))
    return _open_text(path, start, profile, encoding)


def _open_text(path: Path, start: bytes, profile: Mapping[str, str], encoding: str) -> Opened:
    encoding, skip = (encoding, 0) if encoding else csvs.detect(path)
    plain = "utf-16" if encoding.startswith("utf-16") else encoding
    beginning = start[skip:].decode(encoding, "ignore").lstrip().lower()
    if beginning.startswith("<"):
        return Opened(plain, lambda: webpages.sheets(path, encoding=encoding, skip=skip))

    def sources() -> Iterator[Source]:
        yield csvs.CsvSource(path, encoding=encoding, skip=skip, titles=all_titles(profile))

    return Opened(plain, sources)
