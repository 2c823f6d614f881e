"""Small export files for the tests of reading, made as upstream systems would write them."""

from pathlib import Path

import pyarrow as pa

from sources.importing.contract import Checked, Column, Kind, Type
from sources.importing.reading import read

KEY = "test key"

ORDERS = "订单号,客户编码,提交时间,订单总量,金额,状态,订单类型"
LINES = "订单号,卷烟编码,订购量,批发价"

SAMPLES = {
    Type.TEXT: "文字",
    Type.CODE: "451423100001",
    Type.DATE: "2025-06-23",
    Type.WEEK: "20250623",
    Type.DATETIME: "2025-06-23 10:23:45",
    Type.QUANTITY: "12.5",
    Type.MONEY: "1,234.56",
    Type.INTEGER: "3",
    Type.NUMBER: "22.35",
    Type.FLAG: "是",
    Type.HASHED: "451423195001010012",
    Type.PHONE: "13934997140",
}


def sample(column: Column) -> str:
    """A cell that reads without fault or doubt."""
    if column.check == "ip":
        return "10.1.2.3"
    return "电话" if column.name == "field" else SAMPLES[column.type]


def sample_file(kind: Kind, titles: list[str]) -> str:
    """One row of a kind under the given headers."""
    return f"{','.join(titles)}\n{','.join(_quoted(sample(column)) for column in kind.columns)}\n"


def _quoted(cell: str) -> str:
    return f'"{cell}"' if "," in cell else cell


def write(folder: Path, name: str, content: str | bytes, *, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
    return path


def checked(folder: Path, name: str, content: str | bytes, **options) -> Checked:
    """The file as `read` sees it. `encoding` says how to write it, the rest goes to `read`."""
    encoding = options.pop("encoding", "utf-8")
    return read(write(folder, name, content, encoding=encoding), hash_key=KEY, **options)


def values(file: Checked, column: str) -> list[object]:
    found: list[object] = file.rows[column].to_pylist()
    return found


def reasons(file: Checked) -> list[str]:
    return [f"{fault.row_no} {fault.column} {fault.reason}" for fault in file.rejects]


def table(**columns) -> pa.Table:
    return pa.table(columns)
