"""What reading an export file promises: kinds, columns, and the checked file (pure, no Django).

`sources.importing.kinds.KINDS` holds every kind; `sources.importing.reading.read` makes a `Checked`
of a file. Quantities are cartons (条, float64), money is integer fen, days and weeks (a Monday) are
`date32`, moments are `timestamp('us')` without zone in China time.
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa


class Type(enum.StrEnum):
    TEXT = "text"
    CODE = "code"  # an identifier: lost digits reject the row
    DATE = "date"
    WEEK = "week"  # a date moved to the Monday of its week
    DATETIME = "datetime"
    QUANTITY = "quantity"  # cartons
    MONEY = "money"  # fen
    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "flag"
    HASHED = "hashed"  # only the keyed hash, and `<name>_masked` for screens
    PHONE = "phone"  # readable text, and `<name>_hash`


ARROW: Mapping[Type, pa.DataType] = {
    Type.TEXT: pa.string(),
    Type.CODE: pa.string(),
    Type.DATE: pa.date32(),
    Type.WEEK: pa.date32(),
    Type.DATETIME: pa.timestamp("us"),
    Type.QUANTITY: pa.float64(),
    Type.MONEY: pa.int64(),
    Type.INTEGER: pa.int64(),
    Type.NUMBER: pa.float64(),
    Type.FLAG: pa.bool_(),
    Type.HASHED: pa.string(),
    Type.PHONE: pa.string(),
}


@dataclass(frozen=True)
class Column:
    """One column of a kind.

    `words` turns a source's words into the value to read ({"ZZ": "31"}); "*" stands for any other
    word. `keep` are values that mean something here although they look empty elsewhere. `check`
    names a format ("ip", "licence", "id") whose faults are doubts. `personal` text is stored
    encrypted. A text longer than `longest` (200) characters is cut, with a doubt; the row of a
    code longer than that (40) is rejected.
    """

    name: str
    title: str
    aliases: tuple[str, ...] = ()
    type: Type = Type.TEXT
    required: bool = False
    words: Mapping[str, str] = field(default_factory=dict)
    keep: tuple[str, ...] = ()
    check: str = ""
    low: float | None = None
    high: float | None = None
    personal: bool = False
    longest: int | None = None

    @property
    def limit(self) -> int:
        """The most characters a value may have."""
        return self.longest or (40 if self.type is Type.CODE else 200)


@dataclass(frozen=True)
class Kind:
    """One kind of export file.

    `key` identifies a row (a key column may be null where it is not required), `parents` names the
    kind each column points at, `day_column` the fact's day. At least one column of each group in
    `any_of` must be filled.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    parents: Mapping[str, str] = field(default_factory=dict)
    day_column: str | None = None
    any_of: tuple[tuple[str, ...], ...] = ()
    file_words: tuple[str, ...] = ()  # further names that such files bear

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.required)

    def schema(self) -> pa.Schema:
        """The columns of `Checked.rows`: declared ones, their companions, then lineage.

        Hashed columns are followed by `<name>_masked`, phones by `<name>_hash`; orders also have
        `is_cancelled` and `is_return`, changes `old_shown` and `new_shown`.
        """
        fields: list[pa.Field] = []
        for column in self.columns:
            fields.append(pa.field(column.name, ARROW[column.type]))
            if column.type is Type.HASHED:
                fields.append(pa.field(f"{column.name}_masked", pa.string()))
            if column.type is Type.PHONE:
                fields.append(pa.field(f"{column.name}_hash", pa.string()))
        if self.name == "orders":
            fields += [pa.field("is_cancelled", pa.bool_()), pa.field("is_return", pa.bool_())]
        if self.name == "changes":
            fields += [pa.field("old_shown", pa.string()), pa.field("new_shown", pa.string())]
        return pa.schema([*fields, ("row_no", pa.int64()), ("row_hash", pa.int64())])


@dataclass(frozen=True)
class Reject:
    """A fault for which a row does not load. `column` is the Chinese header."""

    row_no: int
    column: str
    value: str  # at most 80 characters
    reason: str


@dataclass(frozen=True)
class Doubt:
    """A fault in a row that loads all the same. `column` is the Chinese header."""

    row_no: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True)
class Sheet:
    """A sheet that was read; its first row carries row number `offset + 1`."""

    name: str
    offset: int
    header_row: int  # counted within the sheet, from 1; 0 where the format names its columns


@dataclass(frozen=True)
class Total:
    """A total that the file states of its rows, against what they add up to.

    `added` is the sum that agrees, else that of all data rows; `rejected` is the part of it that
    stands in rejected rows. `without` names what the file leaves out of its total, if anything.
    """

    row_no: int  # of the row of totals
    column: str  # the Chinese header, or 行数
    unit: str  # 条, 元 or 行
    stated: float
    added: float
    agrees: bool
    without: str
    rejected: float


@dataclass(frozen=True)
class Seen:
    """A column as the file has it. `samples` are masked where they may concern a person."""

    header: str  # as written
    column: str  # English name; empty: nobody knows it
    by: str  # "profile", "name", "title", "alias"; empty where it is unknown
    samples: tuple[str, ...]  # at most five different ones
    empty: int  # data rows without a value


@dataclass(frozen=True)
class Checked:
    """A file that was read. `rows` has the columns of `Kind.schema()`, rejected rows left out.

    `rejects` may hold several faults of one row: `rejected` counts rows. Of each column the first
    1,000 `doubts` are listed; `doubt_counts` (Chinese header -> cells) counts all. `row_hash` is
    made of the typed values, keyed by `hash_key`: the same values give the same hash whatever the
    file's format. `row_count` counts data rows: no titles, units, totals or footers.
    """

    kind: Kind
    file_name: str
    digest: str  # SHA-256 of the file, hex
    encoding: str  # "utf-8", "gb18030", "utf-16", or the format: "xlsx", "xls", "parquet"
    sheets: Sequence[Sheet]
    rows: pa.Table
    rejects: Sequence[Reject]
    doubts: Sequence[Doubt]
    doubt_counts: Mapping[str, int]
    columns_found: tuple[str, ...]  # English names
    columns_unknown: tuple[str, ...]  # headers as written
    row_count: int
    rejected: int
    duplicates: int  # exact repetitions within the file, left out of `rows`
    cancelled: int
    returns: int
    totals: Sequence[Total] = ()  # grand totals; a subtotal that differs is a doubt
    subtotals: int = 0  # compared
    seen: Sequence[Seen] = ()  # every column with a header, from the left

    def place(self, row_no: int) -> str:
        """Where a person finds a row: 第 7 行, or 工作表 Sheet2 第 7 行 where there are several."""
        sheet = max(
            (sheet for sheet in self.sheets if sheet.offset < row_no), key=lambda s: s.offset
        )
        if len(self.sheets) == 1:
            return f"第 {row_no} 行"
        return f"工作表 {sheet.name} 第 {row_no - sheet.offset} 行"


class Unreadable(Exception):  # noqa: N818 - it is the file that is unreadable
    """A file of which nothing was loaded. The message is for users: what happened, what next.

    Where only its header lacks something, `kind` and `seen` tell what was found.
    """

    def __init__(self, message: str, *, kind: str = "", seen: Sequence[Seen] = ()) -> None:
        super().__init__(message)
        self.message, self.kind, self.seen = message, kind, tuple(seen)
