"""Writes tables the way the upstream systems export them, with the dirt that clerks leave in.

One dirty habit per kind of file, always the same one: title, total and signature rows, GB18030 and
UTF-16, thousands separators, ="…" and ' before long numbers, full-width digits, a doubled row.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import xlsxwriter

from sources.sample import masters
from sources.sample.words import Words

FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def write_csv(
    path: Path, table: pa.Table | pd.DataFrame, *, encoding: str = "gb18030", tab: bool = False,
    head: str = "", foot: str = "",
) -> Path:  # fmt: skip
    """One text file in that encoding; `head` and `foot` are whole lines around the table."""
    if isinstance(table, pd.DataFrame):
        table = pa.Table.from_pandas(table, preserve_index=False)
    sink = pa.BufferOutputStream()
    options = pacsv.WriteOptions(
        delimiter="\t" if tab else ",", quoting_style="needed", quoting_header="none"
    )
    pacsv.write_csv(table, sink, options)
    text = head + str(sink.getvalue(), "utf-8") + foot
    path.write_bytes(text.encode(encoding))
    return path


def thousands(yuan: pd.Series) -> list[str]:
    """Amounts in 元 as the accounting system prints them: 6,407.00."""
    return [f"{amount:,}.00" for amount in yuan]


def write_orders(path: Path, orders: pd.DataFrame) -> Path:
    """订单主表: separators in amounts, NULL for no account, full-width tiers, doubled rows."""
    table = orders.drop(columns="day")
    table["金额"] = thousands(table["金额"])
    table["操作账号"] = table["操作账号"].replace("", "NULL")
    tiers = table["档位"].astype(str)
    table["档位"] = np.where(table.index % 997 == 5, tiers.str.translate(FULL_WIDTH), tiers)
    twice = table.iloc[np.arange(len(table)) % 887 == 11]
    table = pd.concat([table, twice], ignore_index=True)
    return write_csv(path, table)


def write_lines(path: Path, lines: pd.DataFrame, seed: int) -> Path:
    """订单明细: product codes as ="…", brackets of product names now half, now full width."""
    products = masters.products(seed)
    wide = products["name"].str.replace("(", "（").str.replace(")", "）")
    names = np.where(np.arange(len(products)) % 2 == 0, products["name"], wide)
    table = pa.table(
        {
            "订单号": pa.array(lines["订单号"]),
            "卷烟编码": _named('="' + products["sku_id"] + '"', lines["product"]),
            "卷烟名称": _named(names, lines["product"]),
            **{
                column: pa.array(lines[column].to_numpy())
                for column in ("需求量", "限量", "订购量", "批发价", "金额")
            },
        }
    )
    return write_csv(path, table)


def _named(words: pd.Series | Words, index: pd.Series) -> pa.Array:
    return pc.take(pa.array(list(words)), pa.array(index.to_numpy()))


def write_deliveries(path: Path, deliveries: pd.DataFrame) -> Path:
    """配送: tab-separated UTF-16 as the logistics system saves it, dates with dots."""
    return write_csv(path, deliveries.drop(columns="day"), encoding="utf-16", tab=True)


def write_payments(path: Path, payments: pd.DataFrame) -> Path:
    """结算: an apostrophe keeps the accounts' digits, a total row closes the file."""
    table = payments.drop(columns="day")
    total = f'合计,,,"{int(table["金额"].sum()):,}.00",,\n'
    table["付款账户"] = "'" + table["付款账户"]
    table["金额"] = thousands(table["金额"])
    return write_csv(path, table, encoding="utf-8-sig", foot=total)


def write_logs(path: Path, logs: pd.DataFrame) -> Path:
    """网订日志: plain UTF-8."""
    return write_csv(path, logs.drop(columns="day"), encoding="utf-8")


def write_visits(path: Path, visits: pd.DataFrame) -> Path:
    """市场检查: a title row above the header, UTF-8 with a byte order mark."""
    head = "市场检查情况登记表,,,,\n"
    return write_csv(path, visits, encoding="utf-8-sig", head=head)


def write_licences(path: Path, licences: pd.DataFrame) -> Path:
    """许可证: an HTML table in GB18030 that calls itself xls."""
    body = licences.to_html(index=False, border=1)
    rows = body[body.index("<thead>") :]
    title = f"<tr><td colspan={len(licences.columns)}>烟草专卖零售许可证信息</td></tr>"
    page = f'<html><head><meta charset="gbk"></head><body><table>{title}{rows}</body></html>'
    path.write_bytes(page.encode("gb18030"))
    return path


def write_sheet(
    path: Path, table: pd.DataFrame, *, above: tuple[str, ...] = (), below: tuple[str, ...] = ()
) -> Path:
    """A workbook with title rows above the header and signature rows under the last row."""
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        book.set_properties({"created": dt.datetime(2024, 1, 1)})  # noqa: DTZ001 - same bytes each time
        sheet = book.add_worksheet("Sheet1")
        for line, title in enumerate(above):
            sheet.write_string(line, 0, title)
        sheet.write_row(len(above), 0, list(table.columns))
        for line, row in enumerate(table.itertuples(index=False), len(above) + 1):
            for column, cell in enumerate(row):
                _cell(sheet, line, column, cell)
        for line, text in enumerate(below, len(above) + 1 + len(table)):
            sheet.write_row(line, 0, text.split("|"))
    return path


def _cell(sheet: xlsxwriter.worksheet.Worksheet, line: int, column: int, cell: object) -> None:
    if isinstance(cell, str):
        sheet.write_string(line, column, cell)
    elif isinstance(cell, int | float | np.integer | np.floating):
        sheet.write_number(line, column, float(cell))
