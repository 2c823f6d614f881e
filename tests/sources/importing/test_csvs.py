"""Delimited text: encodings, delimiters, quotes, and rows that do not fit."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.importing import csvs
from sources.importing.contract import Unreadable
from tests.sources.importing.files import LINES, checked, reasons, values

NAMES = "客户编码,县公司,客户名称"


@pytest.mark.parametrize(
    ("encoding", "seen"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("gb18030", "gb18030"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16"),
        ("utf-16-be", "utf-16"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_every_encoding_delimiter_and_line_end(tmp_path, encoding, seen, delimiter, line_end):
    rows = [NAMES, "1,龙州县,䶮记㛃店", '2,龙州县,"甲""乙"""', "3,龙州县,丙"]
    content = line_end.join(rows).replace(",", delimiter)

    file = checked(tmp_path, "零售客户档案.csv", content, encoding=encoding)

    assert file.encoding == seen
    assert values(file, "name") == ["䶮记㛃店", '甲"乙"', "丙"]
    assert values(file, "row_no") == [2, 3, 4]


def test_a_file_that_begins_in_plain_letters_and_goes_on_in_gb18030(tmp_path):
    rows = "\n".join(f"{n},451423,shop {n}" for n in range(60_000))
    content = f"retailer_id,county,name\n{rows}\nlast,451423,龙州小店\n"

    file = checked(tmp_path, "retailers.csv", content, encoding="gb18030")

    assert file.encoding == "gb18030"
    assert values(file, "name")[-1] == "龙州小店"
    assert file.row_count == 60_001


def test_bytes_of_no_encoding_are_refused(tmp_path):
    content = f"{NAMES}\n1,龙州县,".encode() + b"\xff\xfe\xfd\n"

    with pytest.raises(Unreadable, match="编码"):
        checked(tmp_path, "零售客户档案.csv", content)


def test_half_a_character_at_the_end_of_utf16_is_refused(tmp_path):
    with pytest.raises(Unreadable, match="编码"):
        checked(tmp_path, "零售客户档案.csv", f"{NAMES}\n1,龙州县,甲".encode("utf-16") + b"\x01")


def test_a_trailing_tab_in_every_cell_makes_no_tab_file(tmp_path):
    content = "订单号\t,卷烟编码\t,订购量\t\nCO1\t,1\t,4\t\n"

    file = checked(tmp_path, "订单明细.csv", content)

    assert (values(file, "order_id"), values(file, "qty")) == (["CO1"], [4.0])


def test_rows_of_another_length_are_rejected_and_the_others_load(tmp_path):
    content = f"{LINES}\nCO1,1,4,28\nCO2,1,1,234,28\nCO3,1\nCO4,1,4,28\n"

    file = checked(tmp_path, "订单明细.csv", content)

    assert values(file, "row_no") == [2, 5]
    assert reasons(file) == [
        "3 整行 该行有 5 列，多于表头的 4 列，可能是内容里有未加引号的逗号",
        "4 整行 该行有 2 列，少于表头的 4 列",
    ]
    assert (file.row_count, file.rejected) == (4, 2)


def test_a_delimiter_too_many_at_every_line_end_is_no_fault(tmp_path):
    some = checked(tmp_path, "订单明细.csv", f"{LINES}\nCO1,1,4,28,\nCO2,1,4,28,\n")
    mixed = checked(tmp_path, "订单明细.csv", f"{LINES}\nCO1,1,4,28,\nCO2,1,4,28\n")

    assert len(some.rows) == len(mixed.rows) == 2


def test_titles_and_footers_of_another_length_are_no_rows(tmp_path):
    content = f"订单明细\n单位：条\n{LINES}\nCO1,1,4,28\n\n合计,,4\n制表人：张三\n"

    file = checked(tmp_path, "订单明细.csv", content)

    assert (file.row_count, file.rejected, len(file.rows)) == (1, 0, 1)


def test_a_quote_that_is_never_closed_costs_only_its_own_row(tmp_path):
    content = f'{NAMES}\n1,龙州县,甲\n2,龙州县,"乙\n3,龙州县,丙\n4,龙州县,丁\n'

    file = checked(tmp_path, "零售客户档案.csv", content)

    assert values(file, "retailer_id") == ["1", "3", "4"]
    assert values(file, "row_no") == [2, 4, 5]
    assert reasons(file) == ["3 整行 引号没有成对，请在导出时检查该行"]


def test_a_stray_quote_in_a_column_nobody_reads_hides_no_rows(tmp_path):
    content = f'{LINES},备注\nCO1,1,4,28,"甲\nCO2,1,4,28,乙\nCO3,1,4,28,"丙\nCO4,1,4,28,丁\n'

    file = checked(tmp_path, "订单明细.csv", content)

    assert values(file, "order_id") == ["CO2", "CO4"]
    assert file.rejected == 2


def test_a_cell_of_several_lines_is_one_row_as_in_excel(tmp_path):
    content = f'{NAMES}\n1,龙州县,"甲\n（分店）"\n2,龙州县,乙\n'

    file = checked(tmp_path, "零售客户档案.csv", content)

    assert values(file, "name") == ["甲\n（分店）", "乙"]
    assert values(file, "row_no") == [2, 3]


def test_a_row_that_stands_inside_a_cell_is_no_row(tmp_path):
    content = f'{NAMES}\n1,龙州县,"甲\n9,龙州县,冒名\n"\n2,龙州县,乙\n'

    assert values(checked(tmp_path, "零售客户档案.csv", content), "retailer_id") == ["1", "2"]


def test_quotes_inside_a_cell_are_letters(tmp_path):
    file = checked(tmp_path, "零售客户档案.csv", f'{NAMES}\n1,龙州县,5"管\n2,龙州县,乙\n')

    assert values(file, "name") == ['5"管', "乙"]


def test_zero_bytes_are_dropped(tmp_path):
    content = f"{LINES}\nCO\x001,1,4,28\nCO2,1,4,28\n".encode() + b"\0" * 5000

    file = checked(tmp_path, "订单明细.csv", content)

    assert values(file, "order_id") == ["CO1", "CO2"]
    assert file.row_count == 2


def test_a_cell_of_ten_megabytes_costs_only_its_own_row(tmp_path):
    content = f"{NAMES}\n1,龙州县,甲\n2,龙州县,{'x' * 10_000_000}\n3,龙州县,丙\n"

    file = checked(tmp_path, "零售客户档案.csv", content)

    assert values(file, "retailer_id") == ["1", "3"]
    assert reasons(file) == ["3 整行 该行内容过长，请核对后删去多余内容"]


def test_a_line_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(csvs, "BLOCK", 1000)
    monkeypatch.setattr(csvs, "_MAX_LINE", 10_000)

    with pytest.raises(Unreadable, match="64 MB"):
        checked(tmp_path, "零售客户档案.csv", f"{NAMES}\n1,龙州县,{'x' * 30_000}")


def test_personal_numbers_of_unusable_rows_are_not_listed_whole(tmp_path):
    content = f"{NAMES},订货电话\n1,龙州县,甲,13934997140,13934997141\n"

    file = checked(tmp_path, "零售客户档案.csv", content)

    assert file.rejects[0].value == "1,龙州县,甲,139****7140,139****7141"


@pytest.mark.parametrize("block", [37, 100, 1000])
def test_blocks_are_cut_between_records(tmp_path, monkeypatch, block):
    monkeypatch.setattr(csvs, "BLOCK", block)
    rows = "\n".join(f'{n},龙州县,"甲{n}\n乙"' if n % 3 else f"{n},龙州县,丙" for n in range(50))

    file = checked(tmp_path, "零售客户档案.csv", f"{NAMES}\n{rows}\n", encoding="gb18030")

    assert values(file, "retailer_id") == [str(n) for n in range(50)]
    assert values(file, "row_no") == list(range(2, 52))


CELLS = st.text(alphabet=st.sampled_from("甲乙ab1\"\n,\r； \t'"), max_size=6)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8), st.sampled_from(["utf-8", "gb18030"])
)
def test_what_a_careful_writer_quotes_is_read_back(tmp_path_factory, rows, encoding):
    """Cells of any content, quoted as they should be: no row is lost, none is made up."""
    quoted = [
        '{},龙州县,"{}","{}"'.format(n, *(c.replace('"', '""') for c in r))
        for n, r in enumerate(rows, 1)
    ]
    content = "客户编码,县公司,乡镇,客户名称\n" + "\n".join(quoted) + "\n"

    file = checked(tmp_path_factory.mktemp("q"), "零售客户档案.csv", content, encoding=encoding)

    assert values(file, "retailer_id") == [str(n) for n in range(1, len(rows) + 1)]
    assert values(file, "row_no") == list(range(2, len(rows) + 2))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400), st.booleans())
def test_no_bytes_whatever_crash_the_reader(tmp_path_factory, junk, headed):
    content = (f"{LINES}\nCO1,1,4,28\n".encode() if headed else b"") + junk
    folder = tmp_path_factory.mktemp("junk")

    with contextlib.suppress(Unreadable):
        assert checked(folder, "订单明细.csv", content).kind.name == "order_lines"
