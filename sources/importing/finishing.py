"""What follows from several columns of a row: an order's day, what was cancelled, hashed changes."""

from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from sources.importing.cells import read_account, read_integer
from sources.importing.contract import Kind
from sources.importing.hashing import keyed
from sources.importing.phones import mask_account, mask_phone, read_phone

CANCELLED = (
    "90",
    "取消",
    "已取消",
    "作废",
    "已作废",
    "撤单",
    "已撤单",
    "撤销",
    "已撤销",
    "cancelled",
)
RETURNED = ("90", "退货", "退货单", "退单", "销售退货", "return")
_DAY_MICROSECONDS = 86_400_000_000
_NO = pa.scalar(value=False)


def finish(kind: Kind, rows: pa.Table, hash_key: str) -> pa.Table:
    """The rows with their derived columns filled."""
    if kind.name == "orders":
        return _finish_orders(rows)
    return _finish_changes(rows, hash_key) if kind.name == "changes" else rows


def _finish_orders(rows: pa.Table) -> pa.Table:
    """Day and week from the time of ordering where the file has none; cancelled, returned."""
    day = pc.coalesce(rows["order_date"], rows["order_time"].cast(pa.date32(), safe=False))
    monday = pc.subtract(day.cast(pa.int32()), _weekday(day)).cast(pa.date32())
    week = pc.coalesce(rows["week_start"], monday)
    cancelled = _is_one_of(rows["status"], CANCELLED)
    negative = pc.less(rows["qty"], 0).fill_null(_NO)
    returned = pc.or_(_is_one_of(rows["kind"], RETURNED), negative)
    for name, values in (
        ("order_date", day),
        ("week_start", week),
        ("is_cancelled", cancelled),
        ("is_return", returned),
    ):
        rows = rows.set_column(rows.schema.get_field_index(name), rows.schema.field(name), values)
    return rows


def _weekday(day: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.day_of_week(day).cast(pa.int32())


def _is_one_of(values: pa.ChunkedArray, words: tuple[str, ...]) -> pa.ChunkedArray:
    return pc.is_in(pc.utf8_lower(values), value_set=pa.array(words))


def _finish_changes(rows: pa.Table, hash_key: str) -> pa.Table:
    """Phones and accounts are kept as hashes, comparable with the masters, and shown masked."""
    for value, shown in (("old_value", "old_shown"), ("new_value", "new_shown")):
        kept, masked = _change_values(rows["field"].to_pylist(), rows[value].to_pylist(), hash_key)
        for name, texts in ((value, kept), (shown, masked)):
            at = rows.schema.get_field_index(name)
            rows = rows.set_column(at, rows.schema.field(name), texts)
    return rows


def _change_values(
    fields: list[str], values: list[str | None], hash_key: str
) -> tuple[pa.Array, pa.Array]:
    """What is stored and what is shown of each value."""
    comparable: list[str | None] = []
    masked: list[str | None] = []
    secret: list[bool] = []
    for field, value in zip(fields, values, strict=True):
        compare, show, hide = _CHANGES.get(field, _as_it_is)(value or "")
        comparable.append(compare)
        masked.append(show)
        secret.append(hide)
    texts = pa.array(comparable, pa.string())
    hidden = pa.array(secret, pa.bool_())
    hashes = keyed(pc.if_else(hidden, texts, pa.scalar(None, pa.string())), hash_key)
    return pc.if_else(hidden, hashes, texts), pa.array(masked, pa.string())


Change = tuple[str | None, str | None, bool]  # comparable, shown, whether it must be hashed


def _as_it_is(text: str) -> Change:
    return text or None, text or None, False


def _phone(text: str) -> Change:
    number = read_phone(text).value
    comparable = number if number and "*" not in number else None
    return comparable, mask_phone(number), True


def _account(text: str) -> Change:
    number = read_account(text).value
    return number, mask_account(number), True


def _tier(text: str) -> Change:
    tier = "31" if text.upper() == "ZZ" else str(read_integer(text).value or text)
    return tier or None, tier or None, False


_CHANGES: Mapping[str, Callable[[str], Change]] = {
    "phone": _phone,
    "account": _account,
    "tier": _tier,
}
