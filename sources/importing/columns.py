"""A column's distinct texts made into typed values, all at once.

Texts that are plain already are converted by Arrow; only the others pass through `cells.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sources.importing import cells, phones
from sources.importing.cells import Cell
from sources.importing.contract import ARROW, Column, Type
from sources.importing.hashing import keyed

# What needs no cleaning: full matches of these are converted as they are.
PLAIN = {
    Type.TEXT: r"[\p{Han}0-9A-Za-z_()]{2,100}",
    Type.CODE: r"[0-9A-Za-z_:-]{2,40}",
    Type.HASHED: r"[0-9A-Z]{2,40}",
    Type.PHONE: r"1[3-9][0-9]{9}",
    Type.QUANTITY: r"-?[0-9]{1,12}(\.[0-9]{1,6})?",
    Type.NUMBER: r"-?[0-9]{1,12}(\.[0-9]{1,12})?",
    Type.MONEY: r"-?[0-9]{1,13}(\.[0-9]{1,2})?",
    Type.INTEGER: r"-?[0-9]{1,15}",
    Type.DATETIME: r"(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9][ T][0-2][0-9]:[0-5][0-9]:[0-5][0-9]",
}
PLAIN_IP = r"((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
PLAIN_LICENCE = r"[0-9]{12}"
PLAIN_ID = r"[0-9]{17}[0-9X]|[0-9]{15}"
CHECKS: dict[str, tuple[str, Callable[[str], str]]] = {
    "ip": (PLAIN_IP, phones.doubt_ip),
    "licence": (PLAIN_LICENCE, phones.doubt_licence),
    "id": (PLAIN_ID, phones.doubt_id),
}
READERS: dict[Type, Callable[[str], Cell]] = {
    Type.TEXT: cells.read_text,
    Type.CODE: cells.read_code,
    Type.HASHED: cells.read_account,
    Type.PHONE: phones.read_phone,
    Type.NUMBER: cells.read_number,
    Type.INTEGER: cells.read_integer,
    Type.FLAG: cells.read_flag,
    Type.DATE: cells.read_date,
    Type.WEEK: cells.read_week,
    Type.DATETIME: cells.read_datetime,
}
_MISSING = pa.array(sorted(cells.MISSING))
_ONE = Decimal(1)
_FEW = 200  # texts that are quicker cleaned one by one
NO = pa.scalar(value=False)
_MANY = 10  # long numbers, all ending in zeros, before that counts as lost digits


@dataclass
class Typed:
    """The typed values of distinct texts. Faults and doubts by position among them."""

    values: pa.Array
    companions: dict[str, pa.Array] = field(default_factory=dict)
    faults: dict[int, str] = field(default_factory=dict)
    doubts: dict[int, str] = field(default_factory=dict)


def read_column(column: Column, texts: pa.Array, *, hash_key: str, factor: Decimal = _ONE) -> Typed:
    """Type the distinct `texts` (strings) of a column whose unit is `factor` cartons or yuan."""
    written = texts
    plain = _plain(column, texts, factor)
    if len(texts) - plain.true_count > _FEW:
        texts = pc.if_else(plain, texts, _eased(column, texts))
        plain = _plain(column, texts, factor)
    read = partial(_read_cell, column, factor)
    odd = pc.indices_nonzero(pc.invert(plain)).to_pylist()
    found = {index: read(written[index].as_py() or "") for index in odd}
    typed = Typed(
        _assemble(column, texts, plain, found),
        faults={index: cell.fault for index, cell in found.items() if cell.fault},
        doubts={index: cell.doubt for index, cell in found.items() if cell.doubt},
    )
    if column.low is not None or column.high is not None:
        _hold_to_range(column, typed)
    _reject_rounded(column, typed)
    _add_companions(column, typed, hash_key)
    return typed


def _plain(column: Column, texts: pa.Array, factor: Decimal) -> pa.BooleanArray:
    """Which texts need no cleaning."""
    pattern = PLAIN.get(column.type)
    if column.check:
        pattern = CHECKS[column.check][0] if column.check in CHECKS else pattern
    none = pa.repeat(NO, len(texts))
    if pattern is None or factor != 1 or column.words:
        return none
    plain = pc.match_substring_regex(texts, f"^(?:{pattern})$").fill_null(NO)
    plain = pc.and_(plain, pc.invert(pc.is_in(texts, value_set=_MISSING)))
    if column.limit < 100:
        plain = pc.and_(plain, pc.less_equal(pc.utf8_length(texts), column.limit))
    return plain if column.type is not Type.DATETIME or _all_exist(texts, plain) else none


def _eased(column: Column, texts: pa.Array) -> pa.Array:
    """The texts without the commonest tricks of spreadsheets, as `cells.py` would have it."""
    texts = pc.replace_substring_regex(
        pc.utf8_trim_whitespace(texts), r"^(?:=\"([^\"']*)\"|'([^\"']*))$", r"\1\2"
    )
    if column.type not in {Type.QUANTITY, Type.MONEY, Type.NUMBER, Type.INTEGER}:
        return texts
    grouped = pc.match_substring_regex(texts, r"^-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?$")
    return pc.if_else(grouped, pc.replace_substring(texts, ",", ""), texts)


def _all_exist(texts: pa.Array, plain: pa.BooleanArray) -> bool:
    """Whether all plain moments exist: 30 February does not."""
    try:
        texts.filter(plain).cast(pa.timestamp("us"))
    except pa.ArrowInvalid:
        return False
    return True


def _read_cell(column: Column, factor: Decimal, text: str) -> Cell:
    if column.words:
        word = cells.half_width(text)
        if word in column.words or ("*" in column.words and not _is_flag_word(word)):
            text = column.words.get(word, column.words.get("*", text))
    if column.keep and cells.tidy(text) in column.keep:
        return Cell(cells.tidy(text))
    cell = _reader(column, factor)(text)
    if cell.value is None:
        return cell
    return _checked(column, cell)


def _is_flag_word(word: str) -> bool:
    return word in cells.TRUE or word in cells.FALSE or cells.is_missing(word)


def _reader(column: Column, factor: Decimal) -> Callable[[str], Cell]:
    if column.type is Type.QUANTITY:
        return partial(cells.read_amount, units=cells.CARTONS, factor=factor)
    if column.type is Type.MONEY:
        return partial(cells.read_amount, units=cells.YUAN, factor=factor)
    return READERS[column.type]


def _checked(column: Column, cell: Cell) -> Cell:
    """The cell in the column's final form, with a doubt where its form is wrong."""
    value, doubt = cell.value, cell.doubt
    if column.check == "width":
        value = cells.half_width(value)
    if column.check in CHECKS and not doubt:
        doubt = CHECKS[column.check][1](value)
    if column.type is Type.MONEY:
        value = _to_fen(value)
    elif isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, str) and len(value) > column.limit:
        return _too_long(column, value)
    return Cell(value, doubt=doubt)


def _to_fen(yuan: Decimal) -> int:
    """Exact where there are at most two decimals; the rest is rounded half up."""
    fen = yuan * 100
    return int(fen + Decimal("0.5").copy_sign(fen))


def _too_long(column: Column, value: str) -> Cell:
    if column.type in {Type.CODE, Type.HASHED}:
        return Cell(
            fault=f"内容有 {len(value)} 个字符，{column.title}最多 {column.limit} 个，请核对"
        )
    return Cell(value[: column.limit], doubt=f"内容过长，只保留前 {column.limit} 个字符")


def _assemble(
    column: Column, texts: pa.Array, plain: pa.BooleanArray, found: dict[int, Cell]
) -> pa.Array:
    """Plain texts converted by Arrow, the others' values laid over them."""
    if not found:
        return _convert(column.type, texts)
    values = _convert(column.type, pc.if_else(plain, texts, pa.scalar(None, pa.string())))
    odd: list[Any] = [cell.value for cell in found.values()]
    return pc.replace_with_mask(values, pc.invert(plain), pa.array(odd, ARROW[column.type]))


def _convert(type_: Type, texts: pa.Array) -> pa.Array:
    if type_ is Type.MONEY:
        yuan = texts.cast(pa.decimal128(18, 2))
        return pc.multiply(yuan, pa.scalar(Decimal(100), pa.decimal128(3, 0))).cast(pa.int64())
    if pa.types.is_date32(ARROW[type_]) or pa.types.is_boolean(ARROW[type_]):
        return pa.nulls(len(texts), ARROW[type_])  # none of these counts as plain
    return texts.cast(ARROW[type_])


def _hold_to_range(column: Column, typed: Typed) -> None:
    """Values out of range are not used, with a doubt."""
    low = float("-inf") if column.low is None else column.low
    high = float("inf") if column.high is None else column.high
    outside = pc.or_(pc.less(typed.values, low), pc.greater(typed.values, high))
    for index in pc.indices_nonzero(outside.fill_null(NO)).to_pylist():
        typed.doubts[index] = f"超出合理范围（{_range(column)}），未采用"
    typed.values = pc.if_else(outside, pa.scalar(None, typed.values.type), typed.values)


def _range(column: Column) -> str:
    if column.high is None:
        return f"不小于 {column.low:g}"
    return f"{column.low:g}～{column.high:g}"


def _reject_rounded(column: Column, typed: Typed) -> None:
    """Long numbers that all end in as many zeros as Excel would have put there are faults."""
    if column.type not in {Type.CODE, Type.HASHED}:
        return
    long = pc.match_substring_regex(typed.values, "^[0-9]{16,}$").fill_null(NO)
    places: list[int] = pc.indices_nonzero(long).to_pylist()
    if len(places) < _MANY:
        return
    numbers: list[str] = typed.values.take(pa.array(places)).to_pylist()
    if all(set(number[15:]) == {"0"} for number in numbers):
        reason = "该列 15 位以后全是 0，尾数已丢失，请在导出时把该列设为文本"
        typed.faults.update(dict.fromkeys(places, reason))


def _add_companions(column: Column, typed: Typed, hash_key: str) -> None:
    """What is hashed keeps only hash and masked form; a phone gains its hash."""
    if column.type is Type.PHONE:
        hidden = pc.match_substring(typed.values, "*").fill_null(NO)
        comparable = pc.if_else(hidden, pa.scalar(None, pa.string()), typed.values)
        typed.companions[f"{column.name}_hash"] = keyed(comparable, hash_key)
    elif column.type is Type.HASHED:
        mask = phones.mask_id if column.check == "id" else phones.mask_account
        masked = [mask(value) for value in typed.values.to_pylist()]
        typed.companions[f"{column.name}_masked"] = pa.array(masked, pa.string())
        typed.values = keyed(typed.values, hash_key)
