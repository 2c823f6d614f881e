"""Tables as xlsx for people to take away: typed cells, and text that never becomes a formula."""

import datetime as dt
import io
from collections.abc import Iterable, Mapping, Sequence

import xlsxwriter
from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header

Cell = str | int | float | bool | dt.date | dt.datetime | None
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a text that begins so would be run, once retyped


def workbook(
    *,
    title: str,
    columns: Mapping[str, int],
    rows: Iterable[Sequence[Cell]],
    about: Mapping[str, Cell] | None = None,
) -> bytes:
    """A sheet of rows under its headings (title -> width in characters), and one that tells of it.

    Rows are written as they come and not kept. Times are written in China time.
    """
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"constant_memory": True}) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        writer = _Writer(book)
        sheet = book.add_worksheet(title)
        sheet.freeze_panes(1, 0)
        for place, (heading, width) in enumerate(columns.items()):
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, heading, bold)
        number = 0
        for number, row in enumerate(rows, start=1):
            for place, cell in enumerate(row):
                writer.write(sheet, number, place, cell)
        sheet.autofilter(0, 0, number, len(columns) - 1)
        if about:
            told = book.add_worksheet("说明")
            told.set_column(0, 0, 14)
            told.set_column(1, 1, 80)
            for place, (label, cell) in enumerate(about.items()):
                told.write_string(place, 0, label, bold)
                writer.write(told, place, 1, cell)
    return target.getvalue()


class _Writer:
    """Writes a cell by its type; text as text, marked so that retyping does not run it."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self.plain = book.add_format()
        self.quoted = book.add_format({"quote_prefix": True})
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        self.moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})

    def write(
        self, sheet: xlsxwriter.worksheet.Worksheet, row: int, place: int, cell: Cell
    ) -> None:
        if cell is None or cell == "":
            return
        if isinstance(cell, bool):
            sheet.write_string(row, place, "是" if cell else "否")
        elif isinstance(cell, int | float):
            sheet.write_number(row, place, cell)
        elif isinstance(cell, dt.datetime):
            sheet.write_datetime(row, place, timezone.make_naive(cell), self.moment)
        elif isinstance(cell, dt.date):
            sheet.write_datetime(row, place, dt.datetime.combine(cell, dt.time()), self.day)
        else:
            look = self.quoted if cell.startswith(FORMULA) else self.plain
            sheet.write_string(row, place, cell, look)


def as_download(content: bytes, name: str) -> HttpResponse:
    """A workbook for the browser to save under a name."""
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=name
    ) or ""  # fmt: skip
    response["Cache-Control"] = "no-store"
    return response
