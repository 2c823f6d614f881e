"""The annexes as a workbook: numbers as numbers, everything else as text, the records on a third sheet."""

import io
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from reports.annexes import ROW_TITLES
from reports.content import figures_in
from reports.models.report import Content
from reports.summaries import MEASURES, RATES, title_of


def workbook_of(content: Content) -> bytes:
    """The bytes of an xlsx file. Text is written as text: nothing in it is ever a formula."""
    stream = io.BytesIO()
    with Workbook(stream, {"in_memory": True, "strings_to_formulas": False}) as book:
        styles = {
            "head": book.add_format({"bold": True, "text_wrap": True, "valign": "top"}),
            "rate": book.add_format({"num_format": "0.0%"}),
            "title": book.add_format({"bold": True, "font_size": 14}),
        }
        for number, annex in enumerate(content["annexes"], 1):
            _annex(book.add_worksheet(f"附表{number}"), annex, content, styles)
        _records(book.add_worksheet("明细"), content, styles)
    return stream.getvalue()


def _annex(
    sheet: Worksheet, annex: dict[str, Any], content: Content, styles: dict[str, Any]
) -> None:
    sheet.write_string(0, 0, f"{content['title']}　{annex['title']}", styles["title"])
    for column, title in enumerate(["项目", *annex["columns"]]):
        sheet.write_string(1, column, title, styles["head"])
    for row, line in enumerate(annex["lines"], 2):
        sheet.write_string(row, 0, line["title"])
        for column, cell in enumerate(line["cells"], 1):
            if cell["value"] is None:
                sheet.write_string(row, column, cell["text"])
            elif cell["measure"] in RATES:
                sheet.write_number(row, column, cell["value"], styles["rate"])
            else:
                sheet.write_number(row, column, cell["value"])
    if annex["note"]:
        sheet.write_string(len(annex["lines"]) + 3, 0, annex["note"])
    sheet.set_column(1, len(annex["columns"]), 9)
    sheet.freeze_panes(2, 1)


def _records(sheet: Worksheet, content: Content, styles: dict[str, Any]) -> None:
    """One line for every record behind a count: grade, figure, code."""
    for column, title in enumerate(("等级", "项目", "编号")):
        sheet.write_string(0, column, title, styles["head"])
    line = 1
    for key, figure in figures_in(content).items():
        row, measure = key.split(".")
        if row == "total" or measure not in MEASURES:
            continue
        for code in figure.codes:
            for column, text in enumerate((ROW_TITLES[row], title_of(measure), code)):
                sheet.write_string(line, column, text)
            line += 1
    sheet.set_column(0, 2, 24)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(line - 1, 1), 2)
