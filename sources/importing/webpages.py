"""HTML tables that call themselves .xls."""

from collections.abc import Iterator
from pathlib import Path

from lxml import etree, html

from sources.importing.contract import Unreadable
from sources.importing.csvs import WrongEncoding
from sources.importing.raw import Rows, Source

MOST_BYTES = 300 << 20
_NO_TABLE = (
    "文件是网页，但里面没有表格，可能是导出时登录已失效，没有导入任何数据，已有数据不受影响。"
    "请重新登录业务系统后再导出。"
)
_TOO_LARGE = (
    "网页格式的文件超过 300 MB，没有导入任何数据，已有数据不受影响。请改为 csv 或 xlsx 导出。"
)


def sheets(path: Path, *, encoding: str, skip: int) -> Iterator[Source]:
    """All rows of the page as one sheet. Raises Unreadable where there is no table."""
    if path.stat().st_size > MOST_BYTES:
        raise Unreadable(_TOO_LARGE)
    try:
        text = path.read_bytes()[skip:].decode(encoding)
    except UnicodeDecodeError as error:
        raise WrongEncoding(encoding) from error
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, no_network=True)
    try:
        page = html.document_fromstring(text.encode(), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise Unreadable(_NO_TABLE) from error
    if next(page.iter("tr"), None) is None:
        raise Unreadable(_NO_TABLE)
    yield Rows(path.stem, _rows(page))


def _rows(page: html.HtmlElement) -> Iterator[list[str]]:
    for row in page.iter("tr"):
        cells: list[str] = []
        for cell in row.iterchildren("td", "th"):
            text = "".join(cell.itertext()) if next(cell.iter("tr"), None) is None else ""
            width = cell.get("colspan", "1")
            extra = min(int(width), 500) - 1 if width.isdecimal() else 0
            cells += [text.strip(), *[""] * extra]
        yield cells
