"""What is told of each column of a file: how it was taken, samples, empty cells."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sources.importing.contract import Unreadable
from sources.importing.kinds import KINDS
from sources.importing.seeing import sample
from tests.sources.importing.files import checked

HEAD = "序号,客户编码,单位,客户名称,order_tel,持证人,备注\n"
ROWS = (
    "1,451423100001,龙州县,阿兰便利店,13800001111/13900002222,黄某兰,常客\n"
    "2,451423100002,龙州县,百货店,NULL,陆某,13877776666\n"
    "合计,2,,,,,\n"
)


def seen(file):
    return {one.header: one for one in file.seen}


def test_each_column_says_how_it_was_taken(tmp_path):
    columns = seen(checked(tmp_path, "零售客户档案.csv", HEAD + ROWS, encoding="gb18030"))

    assert {title: (one.column, one.by) for title, one in columns.items()} == {
        "序号": ("", ""),
        "客户编码": ("retailer_id", "title"),
        "单位": ("county", "alias"),
        "客户名称": ("name", "title"),
        "order_tel": ("phone", "alias"),
        "持证人": ("licensee", "alias"),
        "备注": ("", ""),
    }


def test_a_bureaus_own_word_and_an_english_name(tmp_path):
    content = "店号,county\n1,龙州县\n"
    file = checked(tmp_path, "零售客户档案.csv", content, profile={"店号": "retailer_id"})

    assert [one.by for one in file.seen] == ["profile", "name"]


def test_samples_are_masked_and_those_of_totals_left_out(tmp_path):
    columns = seen(checked(tmp_path, "零售客户档案.csv", HEAD + ROWS))

    assert columns["客户编码"].samples == ("451423100001", "451423100002")
    assert columns["order_tel"].samples == ("138****1111",)
    assert columns["order_tel"].empty == 1
    assert columns["持证人"].samples == ("黄**", "陆*")
    assert columns["备注"].samples == ("常*", "138****6666")
    assert columns["序号"].samples == ("1", "2")


def test_five_different_samples_and_all_empty_cells_over_all_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr("sources.importing.csvs.BLOCK", 200)
    rows = "".join(f"CO{n},1,{n % 9 + 1},{'' if n % 2 else '备注'}\n" for n in range(100))
    columns = seen(checked(tmp_path, "订单明细.csv", f"订单号,卷烟编码,订购量,说明\n{rows}"))

    assert columns["订购量"].samples == ("1", "2", "3", "4", "5")
    assert [columns[title].empty for title in ("订单号", "说明")] == [0, 50]


@pytest.mark.parametrize(
    ("kind", "column", "text", "shown"),
    [
        ("retailers", "owner_id", "451423195001010012", "4514**********0012"),
        ("retailers", "bound_account", "6217000011112222", "****2222"),
        ("retailers", "address", "龙州镇一号", "龙****"),
        ("retailers", "phone", "不详", "不*"),
        ("retailers", "name", "黄姐店13800001111", "黄姐店138****1111"),
        ("changes", "new_value", "黄某兰", "黄**"),
        ("changes", "operator", "韦某", "韦*"),
        ("login_logs", "account", "13800001111", "138****1111"),
        ("orders", "ip", "110.120.130.140", "110.120.130.140"),
        ("orders", "order_id", "CO2025062300080145", "CO2025062300080145"),
        ("orders", "amount", "1234567.00", "1234567.00"),
    ],
)
def test_what_concerns_people_is_masked(kind, column, text, shown):
    declared = KINDS[kind].column(column)

    assert sample(declared, declared.title, text) == shown


@pytest.mark.parametrize(
    ("title", "text", "shown"),
    [
        ("法人", "黄某兰", "黄**"),
        ("手机2", "13800001111", "138****1111"),
        ("证件", "45142319500101001X", "451****001X"),
        ("件数", "12.5", "12.5"),
        ("送达日", "2025-06-23", "2025-06-23"),
        ("出生日期", "1950-01-01", "1****"),
        ("微信", "abcdef", "a****"),
    ],
)
def test_of_unknown_columns_only_numbers_are_shown(title, text, shown):
    assert sample(None, title, text) == shown


def test_unknown_columns_never_make_a_file_unreadable(tmp_path):
    head = "订单号,卷烟编码,订购量,备注\n".encode()
    broken = checked(
        tmp_path, "订单明细.csv", head + b"CO1,1,2,ok\n" * 200_000 + b"CO2,1,2,\xc4\xe3\n"
    )

    assert broken.row_count == 200_001

    table = pa.table(
        {"订单号": ["CO1"], "卷烟编码": ["1"], "订购量": [2.0], "更多": [[1, 2]], "另": ["x"]}
    )
    pq.write_table(table, tmp_path / "lines.parquet")
    file = checked(tmp_path, "订单明细.parquet", (tmp_path / "lines.parquet").read_bytes())

    assert [one.samples for one in file.seen if not one.column] == [(), ("x",)]


def test_a_file_refused_for_its_header_shows_what_was_found(tmp_path):
    with pytest.raises(Unreadable) as caught:
        checked(tmp_path, "订单明细.csv", "订单号,卷烟编码,几条\nCO1,1,4\nCO2,1,\n")

    assert caught.value.kind == "order_lines"
    assert [(one.header, one.column, one.samples, one.empty) for one in caught.value.seen] == [
        ("订单号", "order_id", ("CO1", "CO2"), 0),
        ("卷烟编码", "sku_id", ("1",), 0),
        ("几条", "", ("4",), 1),
    ]


def test_one_without_any_known_header_shows_nothing(tmp_path):
    with pytest.raises(Unreadable) as caught:
        checked(tmp_path, "订单明细.csv", "甲,乙\n1,2\n")

    assert caught.value.seen == ()
