"""A program of its own: prints a workbook's cells. `books.py` runs it and reads what it prints.

A damaged workbook can make the Rust library panic or ask for more memory than there is, which ends
the process. So it is this process that ends, within its limits, and not the worker. It imports
nothing of the project. Frames on standard output: four bytes of length, then a marshalled sheet
name (str) or batch of rows (list of lists of str).
"""

import datetime as dt
import marshal
import resource
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from python_calamine import CalamineSheet, CalamineWorkbook

MEMORY = 8 << 30  # bytes of address space
SECONDS = 900  # of processor time
BATCH = 5000


def main(path: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    out = sys.stdout.buffer
    with Path(path).open("rb") as file:
        book = CalamineWorkbook.from_filelike(file)
        for name in book.sheet_names:
            write_sheet(out, book.get_sheet_by_name(name))


def write_sheet(out: BinaryIO, sheet: CalamineSheet) -> None:
    """Each row's cells as texts, from the sheet's first row on, empty ones included."""
    if not sheet.height:
        return
    frame(out, sheet.name)
    margin = [""] * (sheet.start or (0, 0))[1]  # calamine gives empty rows, not empty columns
    batch: list[list[str]] = []
    for row in sheet.iter_rows():
        batch.append(margin + [as_text(cell) for cell in row])
        if len(batch) == BATCH:
            frame(out, batch)
            batch = []
    frame(out, batch)


def frame(out: BinaryIO, content: str | list[list[str]]) -> None:
    data = marshal.dumps(content)
    out.write(len(data).to_bytes(4, "little"))
    out.write(data)


def as_text(cell: Any) -> str:
    """A cell as a person would type it. A number too long to be exact shows that it is not."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        return number_text(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ").removesuffix(" 00:00:00")
    if isinstance(cell, dt.timedelta):
        return str(int(cell.total_seconds()))
    return str(cell)


def number_text(value: float) -> str:
    if abs(value) >= 1e15:
        return f"{value:.5E}"
    if value.is_integer():
        return str(int(value))
    return format(Decimal(repr(value)), "f")


if __name__ == "__main__":
    main(sys.argv[1])
