"""Workbooks, web pages and Parquet, and files that are not what they call themselves."""

import contextlib
import datetime as dt
import io
import struct
import zipfile
from collections.abc import Sequence
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.importing import books, parquets, webpages, workbook
from sources.importing.contract import Unreadable
from tests.sources.importing.files import LINES, checked, reasons, values

Rows = Sequence[Sequence[Any]]
RETAILERS = ["客户编码", "县公司", "入网日期", "档位", "纬度", "结算账户", "定点取货"]


def xlsx(*sheets: Rows) -> bytes:
    book = openpyxl.Workbook()
    for number, rows in enumerate(sheets):
        sheet = book.active if number == 0 else book.create_sheet()
        assert sheet is not None
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def xls(rows: Rows) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("档案")
    dated = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for at, row in enumerate(rows):
        for place, cell in enumerate(row):
            if isinstance(cell, dt.date):
                sheet.write(at, place, cell, dated)
            else:
                sheet.write(at, place, cell)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


ROWS: Rows = [
    ["龙州县营销部"],
    ["单位：户"],
    RETAILERS,
    [4514230000001, "龙州县", dt.date(2009, 4, 20), 19.0, 22.35, "6217590137162948185", True],
    ["4514230000002", "龙州县", 39923, "ZZ", "22.36", 6217590137162948185, "否"],
    ["合计", 2],
    ["制表人：张三"],
]


@pytest.mark.parametrize(("make", "encoding"), [(xlsx, "xlsx"), (xls, "xls")])
def test_workbooks_old_and_new(tmp_path, make, encoding):
    file = checked(tmp_path, f"零售客户档案.{encoding}", make(ROWS))

    assert file.encoding == encoding
    assert values(file, "retailer_id") == ["4514230000001"]
    assert values(file, "open_date") == [dt.date(2009, 4, 20)]
    assert values(file, "tier") == [19]
    assert values(file, "lat") == [22.35]
    assert values(file, "pickup_point") == [True]
    assert reasons(file) == [
        "5 结算账户 只剩科学计数法 6.21759E+18，尾数已丢失，请在导出时把该列设为文本"
    ]
    assert file.row_count == 2


def test_an_excel_serial_is_a_date(tmp_path):
    rows: Rows = [RETAILERS, [1, "龙州县", 39923, 3, 22.1, "", ""]]

    assert values(checked(tmp_path, "零售客户档案.xlsx", xlsx(rows)), "open_date") == [
        dt.date(2009, 4, 20)
    ]


def test_a_workbook_called_csv_is_a_workbook(tmp_path):
    assert checked(tmp_path, "零售客户档案.csv", xlsx(ROWS)).encoding == "xlsx"


def test_several_sheets_are_one_file_and_rows_say_where_they_stand(tmp_path):
    header = LINES.split(",")
    first: Rows = [header, ["CO1", "1", 4, 28], ["CO2", "1", "x", 28]]
    second: Rows = [["续表"], header, ["CO3", "1", 5, 28], ["CO4", "1", "y", 28]]

    file = checked(tmp_path, "订单明细.xlsx", xlsx(first, [["说明文字"]], second))

    assert values(file, "order_id") == ["CO1", "CO3"]
    assert values(file, "row_no") == [2, 6]
    assert [file.place(fault.row_no) for fault in file.rejects] == [
        "工作表 Sheet 第 3 行",
        "工作表 Sheet2 第 4 行",
    ]
    assert [(doubt.column, doubt.value) for doubt in file.doubts] == [("工作表", "Sheet1")]


def test_leading_empty_rows_and_columns_count(tmp_path):
    rows: Rows = [[], [], [None, *LINES.split(",")], [None, "CO1", "1", 4, 28]]

    file = checked(tmp_path, "订单明细.xlsx", xlsx(rows))

    assert values(file, "row_no") == [4]


def test_more_rows_than_one_batch(tmp_path):
    rows: Rows = [LINES.split(","), *([f"CO{n}", "1", n, 28] for n in range(20_100))]

    file = checked(tmp_path, "订单明细.xlsx", xlsx(rows))

    assert values(file, "row_no") == list(range(2, 20_102))


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (0.1, "0.1"),
        (1e-07, "0.0000001"),
        (12.0, "12"),
        (123456789012345.0, "123456789012345"),
        (1234567890123456.0, "1.23457E+15"),
        (True, "1"),
        (False, "0"),
        (dt.datetime(2024, 1, 2), "2024-01-02"),  # noqa: DTZ001 - cells have no zone
        (dt.datetime(2024, 1, 2, 3, 4, 5), "2024-01-02 03:04:05"),  # noqa: DTZ001
        (dt.timedelta(minutes=3), "180"),
        (dt.time(9, 30), "09:30:00"),
    ],
)
def test_a_cell_becomes_the_text_a_person_would_type(cell, text):
    assert workbook.as_text(cell) == text


HTML = """<html><head><meta charset="gbk"></head><body><table>
<tr><td colspan=4>订单明细</td></tr>
<tr><th>订单号</th><th>卷烟编码</th><th>订购量</th><th>批发价</th></tr>
<tr><td>CO1</td><td style="mso-number-format:'\\@'">0690<b>1</b></td><td>1,004</td><td>&yen;28.50</td></tr>
<tr><td>CO2</td><td>2</td><td>&nbsp;</td><td>28</td></tr>
<tr><td>合计</td><td></td><td>1004</td><td></td></tr>
</table></body></html>"""


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig", "utf-16"])
def test_a_web_page_that_calls_itself_xls(tmp_path, encoding):
    file = checked(tmp_path, "订单明细.xls", HTML, encoding=encoding)

    assert values(file, "sku_id") == ["06901"]
    assert (values(file, "qty"), values(file, "price")) == ([1004.0], [2850])
    assert reasons(file) == ["4 订购量 缺少订购量，请补齐后重新导入"]


def test_tab_text_that_calls_itself_xls(tmp_path):
    content = "订单号\t卷烟编码\t订购量\nCO1\t1\t4\n"

    assert values(checked(tmp_path, "订单明细.xls", content, encoding="utf-16"), "qty") == [4.0]


def test_a_log_in_page_instead_of_a_table_is_refused(tmp_path):
    with pytest.raises(Unreadable, match="重新登录"):
        checked(tmp_path, "订单明细.xls", "<html><body>请登录</body></html>")
    with pytest.raises(Unreadable, match="重新登录"):
        checked(tmp_path, "订单明细.xls", "<!-- -->")


def test_a_web_page_of_the_wrong_encoding_is_refused(tmp_path):
    with pytest.raises(Unreadable, match="编码"):
        checked(tmp_path, "订单明细.xls", b"<table><tr><td>\xff\xff\xff</td></tr></table>")


def test_an_enormous_web_page_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(webpages, "MOST_BYTES", 100)

    with pytest.raises(Unreadable, match="300 MB"):
        checked(tmp_path, "订单明细.xls", HTML)


def parquet(table: pa.Table) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


def test_parquet_with_whatever_types(tmp_path):
    moment = dt.datetime(2025, 6, 23, 2, 0, tzinfo=dt.UTC)
    table = pa.table(
        {
            "order_id": pa.array([7, 8, 8, 9], pa.int32()),
            "retailer_id": pa.array(["R1", "R2", "R2", None]).dictionary_encode(),
            "order_time": pa.array([moment] * 4, pa.timestamp("ms", "UTC")),
            "week_start": pa.array([dt.date(2025, 6, 23)] * 4),
            "qty": pa.array([5, None, None, 1], pa.float32()),
            "amount": pa.array([7008.1, 0.29, 0.29, float("nan")]),
            "device_id": pa.array([1e18, 3.0, 3.0, None]),
            "nested": pa.array([[1]] * 4),
        }
    )

    file = checked(tmp_path, "orders.parquet", parquet(table))

    assert file.encoding == "parquet"
    assert values(file, "order_id") == ["8"]
    assert values(file, "row_no") == [2]
    assert values(file, "order_time") == [dt.datetime(2025, 6, 23, 10)]  # noqa: DTZ001 - China time
    assert (values(file, "qty"), values(file, "amount")) == ([None], [29])
    assert [(fault.row_no, fault.column) for fault in file.rejects] == [
        (1, "设备标识"),
        (4, "客户编码"),
    ]
    assert (file.row_count, file.duplicates, file.columns_unknown) == (4, 1, ("nested",))
    assert file.place(2) == "第 2 行"


def test_money_in_floats_becomes_exact_fen(tmp_path):
    yuan = [n / 100 for n in range(100_000)]
    table = pa.table(
        {"sku_id": range(100_000), "sku_name": ["甲乙"] * 100_000, "wholesale_price": yuan}
    )

    file = checked(tmp_path, "skus.parquet", parquet(table))

    assert values(file, "wholesale_price") == list(range(100_000))


def test_a_parquet_that_declares_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(parquets, "MOST_ROWS", 2)
    table = pa.table({"sku_id": [1, 2, 3]})

    with pytest.raises(Unreadable, match="不合常理"):
        checked(tmp_path, "skus.parquet", parquet(table))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("订单明细.xlsx", xlsx(ROWS)[:3000], "已损坏"),
        ("订单明细.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "已损坏"),
        ("订单明细.parquet", b"PAR1" + b"x" * 50, "已损坏"),
        ("订单明细.gz", b"\x1f\x8b\x08", "gzip"),
        ("订单明细.xlsx", b"%PDF-1.7", "PDF"),
        ("订单明细.jpg", b"\xff\xd8\xff\xe0", "图片"),
    ],
)
def test_broken_and_foreign_files_say_what_to_do(tmp_path, name, content, words):
    with pytest.raises(Unreadable, match=words) as refusal:
        checked(tmp_path, name, content)

    assert "没有导入任何数据，已有数据不受影响" in refusal.value.message


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([xlsx(ROWS), xls(ROWS)]), st.data())
def test_no_damaged_workbook_ends_the_process(tmp_path_factory, book, data):
    """Two bytes anywhere: either it still reads or it says that it is broken."""
    damaged = bytearray(book)
    for _ in range(2):
        damaged[data.draw(st.integers(0, len(book) - 1))] = data.draw(st.integers(0, 255))
    folder = tmp_path_factory.mktemp("damaged")

    with contextlib.suppress(Unreadable):
        assert checked(folder, "零售客户档案.xls", bytes(damaged)).kind.name == "retailers"


def test_a_damaged_parquet_is_refused(tmp_path):
    whole = bytearray(
        parquet(pa.table({"sku_id": ["1"], "sku_name": ["甲"], "wholesale_price": [1]}))
    )
    whole[4:40] = b"\xff" * 36

    with pytest.raises(Unreadable, match="已损坏"):
        checked(tmp_path, "skus.parquet", bytes(whole))


def test_a_parquet_whose_texts_are_no_texts_is_refused(tmp_path):
    texts = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(struct.pack("<2i", 0, 2)), pa.py_buffer(b"\xff\xfe")]
    )
    table = pa.table({"sku_id": texts, "sku_name": ["甲"], "wholesale_price": [1]})

    with pytest.raises(Unreadable, match="已损坏"):
        checked(tmp_path, "skus.parquet", parquet(table))


def test_a_locked_workbook_is_refused(tmp_path):
    """Excel keeps an encrypted workbook in the container of the old format."""
    with pytest.raises(Unreadable, match="密码"):
        checked(tmp_path, "订单明细.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000)


def zipped(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in parts.items():
            book.writestr(name, content)
    return file.getvalue()


def test_a_zip_of_other_files_is_no_workbook(tmp_path):
    with pytest.raises(Unreadable, match="请解压"):
        checked(tmp_path, "订单明细.xlsx", zipped({"a.csv": b"1"}))


def test_a_zip_bomb_is_not_opened(tmp_path):
    bomb = zipped({"xl/worksheets/sheet1.xml": b"\0" * (books._SMALL + 1)})

    with pytest.raises(Unreadable, match="压缩炸弹"):
        checked(tmp_path, "订单明细.xlsx", bomb)


def test_a_zip_bomb_that_lies_about_its_size_is_not_opened(tmp_path):
    size = books._SMALL + (1 << 20)
    bomb = zipped({"xl/worksheets/sheet1.xml": b"\0" * size}).replace(
        struct.pack("<L", size), struct.pack("<L", 100)
    )

    with pytest.raises(Unreadable, match="压缩炸弹"):
        checked(tmp_path, "订单明细.xlsx", bomb)


def test_a_well_packed_workbook_is_opened(tmp_path):
    rows: Rows = [LINES.split(","), *([["CO1", "1", 4, 28]] * 500)]

    file = checked(tmp_path, "订单明细.xlsx", xlsx(rows))

    assert (file.row_count, file.duplicates) == (500, 499)
