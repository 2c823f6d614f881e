"""Rows that are no data: totals, footers, unit rows, repeated headers, headings in between.

Only rows that cannot be data anyway, or whose key reads like a total, are looked at.
"""

import re
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from sources.importing.cells import tidy
from sources.importing.contract import Kind, Type
from sources.importing.header import is_unit_row, normal_title, own_titles

_TOTAL = re.compile(
    r"(本?页?合计|小计|总计|共计|累计|总合计|grandtotal|subtotal|total|sum)([:：\d].*)?"
    r"|.{1,20}(小计|合计|总计)",
    re.IGNORECASE,
)
_NOTE = re.compile(
    r"(制表|填表|审核|复核|审批|打印|导出|统计|查询|报表|备注|说明|注|数据来源|经办|负责人|单位)"
    r"(人|员|时间|日期|条件|单位|部门)?\s*[:：]|第\d+页|共\d+[条行户页笔]"
)
_PERHAPS = "计|total|sum|[:：]|第.*页|共.*[条行户页笔]"
_NO = pa.scalar(value=False)


def reads_like_note(text: str) -> bool:
    """Whether a cell is a total's or footer's first one."""
    return reads_like_total(text) or bool(_NOTE.match(re.sub(r"\s", "", text)))


def reads_like_total(text: str) -> bool:
    return bool(_TOTAL.fullmatch(re.sub(r"\s", "", text)))


def notes(texts: pa.Array) -> list[int]:
    """Places of the distinct texts that read like totals or footers."""
    suspects = pc.match_substring_regex(texts, _PERHAPS, ignore_case=True).fill_null(_NO)
    places: list[int] = pc.indices_nonzero(suspects).to_pylist()
    return [place for place in places if reads_like_note(tidy(texts[place].as_py()))]


def heading_columns(kind: Kind, places: Mapping[str, int]) -> set[str]:
    """Where totals and footers begin: the leftmost column, and the codes of the key."""
    return {min(places, key=lambda name: places[name])} | (_key_codes(kind) & places.keys())


def is_noise(kind: Kind, cells: Mapping[str, str], margin: Sequence[str] = ()) -> bool:
    """Whether a bad row is no data. `cells`: tidied texts of the known columns, from the left;
    `margin`: those of unknown columns left of them.

    A row whose key holds a code is always data, so that nothing is passed over in silence; 合计 is
    no code.
    """
    filled = [text for text in cells.values() if text]
    keys = [cells[name] for name in _key_codes(kind) & cells.keys()]
    is_total = any(map(reads_like_total, [*keys, *margin]))
    if not is_total and any(re.search(r"\d", key) and not reads_like_note(key) for key in keys):
        return False
    if is_note_row([*filter(None, margin), *filled]) or is_unit_row(filled):
        return True
    titles = own_titles(kind.name)
    if all(normal_title(text) in titles for text in filled):
        return True
    leftmost = next(iter(cells.values()))  # a heading between the rows stands there alone
    return len(filled) == 1 and leftmost == filled[0] and not re.search(r"[0-9A-Za-z]", leftmost)


def is_note_row(filled: Sequence[str]) -> bool:
    """Whether one of the first three cells begins a total or footer."""
    return any(reads_like_note(text) for text in filled[:3])


def _key_codes(kind: Kind) -> set[str]:
    return {name for name in kind.key if kind.column(name).type is Type.CODE}
