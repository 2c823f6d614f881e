"""What only the whole file shows: repeated rows, one key with two contents, codes that lost a zero."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sources.importing.checking import KEY_HASH, MOST_DOUBTS, Tally
from sources.importing.contract import Kind

_COMMON = 0.9  # share of codes that must begin with 0 before a shorter one is doubted


def settle(kind: Kind, rows: pa.Table, tally: Tally) -> pa.Table:
    """The rows without exact repetitions, in `Kind.schema()`; what looks odd becomes doubts."""
    rows = _without_repetitions(rows)
    _doubt_repeated_keys(kind, rows, tally)
    _doubt_short_codes(kind, rows, tally)
    return rows.drop_columns([KEY_HASH])


def _without_repetitions(rows: pa.Table) -> pa.Table:
    """The rows without exact repetitions of an earlier one; equal hashes are compared in full."""
    hashes = pd.Series(rows["row_hash"].to_numpy())
    if not hashes.duplicated().any():
        return rows
    suspects = rows.filter(pa.array(hashes.duplicated(keep=False).to_numpy()))
    values = [column for column in rows.column_names if column != "row_no"]
    groups = suspects.group_by(values).aggregate([("row_no", "min")])
    first = pc.is_in(rows["row_no"], value_set=groups["row_no_min"].combine_chunks())
    among = pc.is_in(rows["row_no"], value_set=suspects["row_no"].combine_chunks())
    return rows.filter(pc.or_(first, pc.invert(among)))


def _doubt_repeated_keys(kind: Kind, rows: pa.Table, tally: Tally) -> None:
    """The same key with different contents: the last row is in force, which a person should see."""
    keys = pd.Series(rows[KEY_HASH].to_numpy())
    repeated = np.flatnonzero(keys.duplicated(keep="last").to_numpy())
    if not len(repeated):
        return
    title = "、".join(kind.column(name).title for name in kind.key)
    tally.doubt_counts[title] += len(repeated)
    some = rows.take(pa.array(repeated[:MOST_DOUBTS])).select(["row_no", *kind.key]).to_pylist()
    for row in some:
        value = "、".join(str(row[name]) for name in kind.key if row[name] is not None)
        tally.doubt(row["row_no"], title, value, "文件里同一键有内容不同的几行，以最后一行为准")


def _doubt_short_codes(kind: Kind, rows: pa.Table, tally: Tally) -> None:
    """Codes one digit shorter than all others, which begin with 0, have perhaps lost it."""
    if "retailer_id" not in kind.key or not rows.num_rows:
        return
    codes = rows["retailer_id"]
    zero = pc.starts_with(codes, "0")
    if (pc.mean(zero.cast(pa.int8())).as_py() or 0) < _COMMON:
        return
    length = pc.mode(pc.utf8_length(codes.filter(zero)))[0]["mode"].as_py()
    short = pc.and_(pc.equal(pc.utf8_length(codes), length - 1), pc.invert(zero))
    title = kind.column("retailer_id").title
    found = rows.filter(short).select(["row_no", "retailer_id"])
    if found.num_rows:
        tally.doubt_counts[title] += found.num_rows
    for row in found.slice(0, MOST_DOUBTS).to_pylist():
        reason = f"只有 {length - 1} 位，其余为 {length} 位并以 0 开头，可能丢了前导 0，未自动补上"
        tally.doubt(row["row_no"], title, row["retailer_id"], reason)


def count(kind: Kind, rows: pa.Table) -> tuple[int, int]:
    """How many rows are cancelled orders, and how many returns."""
    if kind.name == "order_lines":
        return 0, int(pc.sum(pc.less(rows["qty"], 0)).as_py() or 0)
    if kind.name != "orders":
        return 0, 0
    cancelled, returned = (
        pc.sum(rows[flag]).as_py() or 0 for flag in ("is_cancelled", "is_return")
    )
    return int(cancelled), int(returned)
