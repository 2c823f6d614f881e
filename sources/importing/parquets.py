"""Parquet files: typed columns, given as texts of their distinct values."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sources.importing.contract import Unreadable
from sources.importing.raw import Batch, Source
from sources.importing.workbook import as_text

_FAULTS = (pa.ArrowException, UnicodeDecodeError, OSError)
MOST_ROWS = 500_000_000
MOST_BYTES = 64 << 30
BATCH_ROWS = 1 << 20
_BROKEN = "Parquet 文件已损坏，无法打开，没有导入任何数据，已有数据不受影响。请重新导出后再试。"
_TOO_LARGE = (
    "Parquet 文件声明的数据量不合常理，没有打开，没有导入任何数据，已有数据不受影响。请分批导出。"
)


def sheets(path: Path) -> Iterator[Source]:
    """The file as one sheet. Raises Unreadable where it is broken."""
    try:
        with pq.ParquetFile(path) as file:
            metadata = file.metadata
            groups = (metadata.row_group(at) for at in range(metadata.num_row_groups))
            if metadata.num_rows > MOST_ROWS or sum(g.total_byte_size for g in groups) > MOST_BYTES:
                raise Unreadable(_TOO_LARGE)
            yield ParquetSource(path.name, file)
    except _FAULTS as error:
        raise Unreadable(_BROKEN) from error


class ParquetSource:
    """A Parquet file as one sheet; its first row is row 1."""

    named = True

    def __init__(self, name: str, file: pq.ParquetFile) -> None:
        self.name, self._file = name, file
        self._names = file.schema_arrow.names
        self.head = [list(self._names)]

    def length(self) -> int:
        return int(self._file.metadata.num_rows)

    def batches(
        self, header_row: int, wanted: Sequence[int], extra: Sequence[int] = ()
    ) -> Iterator[Batch]:
        simple = [place for place in extra if _is_simple(self._file.schema_arrow.types[place])]
        wanted = [*wanted, *simple]
        names = [self._names[place] for place in wanted]
        row_no = header_row
        for columns in self._read(names):
            size = len(columns[0]) if columns else 0
            yield Batch(
                np.arange(row_no + 1, row_no + 1 + size, dtype=np.int64),
                dict(zip(wanted, columns, strict=True)),
            )
            row_no += size

    def _read(self, names: list[str]) -> Iterator[list[pa.DictionaryArray]]:
        try:
            for batch in self._file.iter_batches(BATCH_ROWS, columns=names):
                batch.validate(full=True)  # texts that are no UTF-8
                yield [_as_texts(batch.column(name)) for name in names]
        except _FAULTS as error:
            raise Unreadable(_BROKEN) from error


def _is_simple(type_: pa.DataType) -> bool:
    """Whether values of a type are sure to have texts."""
    return any(
        is_one(type_) for is_one in (pa.types.is_string, pa.types.is_integer, pa.types.is_floating)
    )


def _as_texts(values: pa.Array) -> pa.DictionaryArray:
    """Any column as a dictionary of texts; floats that are whole numbers lose their `.0`."""
    coded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    return pa.DictionaryArray.from_arrays(coded.indices.cast(pa.int32()), _texts(coded.dictionary))


def _texts(distinct: pa.Array) -> pa.Array:
    type_ = distinct.type
    if pa.types.is_floating(type_):
        return pa.array(
            [None if value is None else as_text(value) for value in distinct.to_pylist()],
            pa.string(),
        )
    if pa.types.is_timestamp(type_) and type_.tz:
        distinct = pc.local_timestamp(distinct.cast(pa.timestamp("us", "Asia/Shanghai")))
    if pa.types.is_timestamp(type_):
        return pc.strftime(distinct.cast(pa.timestamp("s"), safe=False), format="%Y-%m-%d %H:%M:%S")
    if pa.types.is_binary(type_) or pa.types.is_large_binary(type_) or pa.types.is_nested(type_):
        return pa.nulls(len(distinct), pa.string())
    return distinct.cast(pa.string())
