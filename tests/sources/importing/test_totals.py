"""A file's own totals against its rows."""

import io

import openpyxl
import pytest

from sources.importing.totals import LOOK_BACK, written
from tests.sources.importing.files import LINES, checked

HEAD = LINES + ",金额\n"
ROWS = "CO1,1,4,28,112\nCO1,2,3,30,90.00\n"


def told(file):
    return {total.column: (total.stated, total.added, total.agrees) for total in file.totals}


def doubts(file):
    return [f"{doubt.row_no} {doubt.column} {doubt.value} {doubt.reason}" for doubt in file.doubts]


def test_a_total_that_agrees(tmp_path):
    file = checked(tmp_path, "订单明细.csv", HEAD + ROWS + "合计,,7,,202\n", encoding="gb18030")

    assert told(file) == {"订购量": (7, 7, True), "金额": (202, 202, True)}
    assert (file.row_count, doubts(file)) == (2, [])


def test_one_that_differs_is_a_doubt_and_all_rows_load(tmp_path):
    file = checked(
        tmp_path, "订单明细.csv", HEAD + ROWS + '总计,,27,,"1,202.5"\n制表人：张三,,,,\n'
    )

    assert told(file) == {"订购量": (27, 7, False), "金额": (1202.5, 202, False)}
    assert doubts(file) == [
        "4 订购量 27 文件合计与逐行相加的 7 条不符",
        "4 金额 1,202.5 文件合计与逐行相加的 202 元不符",
    ]
    assert file.rows.num_rows == 2


@pytest.mark.parametrize(
    ("stated", "agrees"), [("7.005", True), ("6.995", True), ("7.006", False), ("6.99", False)]
)
def test_half_of_the_last_digit_is_no_difference(tmp_path, stated, agrees):
    file = checked(tmp_path, "订单明细.csv", f"{HEAD}{ROWS}合计,,{stated},,\n")

    assert [total.agrees for total in file.totals] == [agrees]


def test_it_is_compared_in_the_files_own_unit(tmp_path):
    content = "单位：件、元\n" + HEAD + ROWS
    good, bad = (
        checked(tmp_path, "订单明细.csv", f"{content}合计,,{stated},,202\n")
        for stated in ("7.004", "7.01")
    )

    assert told(good)["订购量"] == (350.2, 350, True)
    assert not told(bad)["订购量"][2]


def test_an_old_workbook_with_numbers_as_numbers(tmp_path):
    book = openpyxl.Workbook()
    for row in (
        ["订单明细"], ["订单号", "卷烟编码", "订购量", "金额"],
        ["CO1", "1", 4, 112.5], ["CO1", "2", 3, 90], ["合计", None, 7, 202.5],
    ):  # fmt: skip
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)

    file = checked(tmp_path, "订单明细.xlsx", content.getvalue())

    assert told(file) == {"订购量": (7, 7, True), "金额": (202.5, 202.5, True)}


def test_rejected_rows_count_and_are_told_apart(tmp_path):
    file = checked(tmp_path, "订单明细.csv", HEAD + ROWS + "CO1,,5,28,140\n合计,,12,,342\n")

    assert told(file)["订购量"] == (12, 12, True)
    assert [total.rejected for total in file.totals] == [5, 140]
    assert (file.row_count, file.rejected) == (3, 1)


def test_what_a_file_leaves_out_is_named(tmp_path):
    head = "订单号,客户编码,提交时间,订单总量,状态\n"
    rows = "CO1,1,2025-06-23 10:00:00,5,60\nCO2,2,2025-06-23 11:00:00,3,90\n"
    with_less = checked(tmp_path, "订单主表.csv", head + rows + "合计,,,5,\n")
    twice = checked(tmp_path, "订单主表.csv", head + rows + rows + "合计,,,8,\n")
    neither = checked(tmp_path, "订单主表.csv", head + rows + rows + "合计,,,5,\n")

    assert [total.without for total in with_less.totals] == ["已取消的订单"]
    assert [total.without for total in twice.totals] == ["重复的行"]
    assert told(neither)["订单总量"][2]


def test_a_short_row_of_totals_and_one_under_an_unknown_column(tmp_path):
    short = checked(tmp_path, "订单明细.csv", HEAD + ROWS + "合计,,7\n")
    beside = checked(tmp_path, "订单明细.csv", f"序号,{HEAD}1,CO1,1,4,28,112\n合计,,,4,,112\n")

    assert told(short) == {"订购量": (7, 7, True)}
    assert told(beside) == {"订购量": (4, 4, True), "金额": (112, 112, True)}
    assert (beside.row_count, beside.rejected) == (1, 0)


@pytest.mark.parametrize(
    ("foot", "expected"),
    [
        ("共 2 条记录,,,,", {"行数": (2, 2, True)}),
        ("共2行,,,,", {"行数": (2, 2, True)}),
        ("共 7 条,,,,", {"订购量": (7, 7, True)}),  # cartons
        ("共 9 条,,,,", {"行数": (9, 2, False)}),
        ("共9户,,,,", {}),  # shops: nothing that a row is
        ("共 3 页,,,,", {}),
        ("合计,1,7,,", {"订购量": (7, 7, True)}),  # 1 of something else
        ("合计,2,7,,", {"订购量": (7, 7, True), "行数": (2, 2, True)}),
    ],
)
def test_a_count_in_the_footer(tmp_path, foot, expected):
    file = checked(tmp_path, "订单明细.csv", f"{HEAD}{ROWS}{foot}\n")

    assert told(file) == expected


def test_a_bare_count_beside_the_word(tmp_path):
    head = "客户编码,县公司,客户名称\n1,龙州县,甲\n2,龙州县,乙\n"

    assert told(checked(tmp_path, "零售客户档案.csv", head + "合计,2,\n")) == {"行数": (2, 2, True)}
    assert told(checked(tmp_path, "零售客户档案.csv", head + "合计,3户,\n")) == {}
    assert told(checked(tmp_path, "零售客户档案.csv", head + "共3户,,\n")) == {
        "行数": (3, 2, False)
    }


def test_subtotals_show_where_rows_are_missing(tmp_path):
    content = f"{HEAD}{ROWS}小计,,7\nCO2,1,3,28,84\n小计,,5\n合计,,12\n"
    file = checked(tmp_path, "订单明细.csv", content)

    assert told(file) == {"订购量": (12, 10, False)}
    assert file.subtotals == 2
    assert doubts(file)[0] == "6 订购量 5 小计与其上各行相加的 3 条不符"


def test_nested_subtotals_and_those_under_a_good_total_are_no_doubt(tmp_path):
    groups = f"{ROWS}小计,,7\nCO2,1,3,28,84\n小计,,3\n龙州县合计,,10\nCO3,1,1,28,28\n小计,,1\n"
    nested = checked(tmp_path, "订单明细.csv", f"{HEAD}{groups}合计,,99\n")
    good = checked(tmp_path, "订单明细.csv", f"{HEAD}{groups.replace(',,7', ',,8')}合计,,11\n")

    assert [line[:7] for line in doubts(nested)] == ["10 订购量 "[:7]]
    assert doubts(good) == []


def test_many_subtotals_are_compared(tmp_path):
    groups = "".join(f"CO{n},1,2,28,56\n小计,,2\n" for n in range(LOOK_BACK + 50))
    file = checked(tmp_path, "订单明细.csv", f"{HEAD}{groups}合计,,1\n")

    assert file.subtotals == LOOK_BACK + 50
    assert len(file.doubts) == 1


def test_sheets_have_totals_of_their_own_or_one_for_all(tmp_path):
    def book(*feet):
        made = openpyxl.Workbook()
        made.remove(made.active)
        for number, foot in enumerate(feet):
            sheet = made.create_sheet(f"表{number}")
            for row in (HEAD.strip().split(","), [f"CO{number}", "1", 4, 28, 112], foot):
                sheet.append(row)
        content = io.BytesIO()
        made.save(content)
        return checked(tmp_path, "订单明细.xlsx", content.getvalue())

    each = book(["合计", None, 4], ["合计", None, 5])
    both = book(["小计", None, 4], ["合计", None, 8])

    assert [(total.row_no, total.agrees) for total in each.totals] == [(3, True), (6, False)]
    assert [total.agrees for total in both.totals] == [True]


def test_one_export_below_the_other(tmp_path):
    one, two = f"{HEAD}{ROWS}合计,,7,,\n", f"{HEAD}CO2,1,3,28,84\n合计,,3,,\n"
    file = checked(tmp_path, "订单明细.csv", one + two)

    assert told(file) == {"订购量": (3, 3, True)}
    assert doubts(file) == []


def test_a_total_above_its_rows(tmp_path):
    assert told(checked(tmp_path, "订单明细.csv", f"{HEAD}合计,,7,,\n{ROWS}")) == {
        "订购量": (7, 7, True)
    }


def test_prices_limits_and_unreadable_totals_state_nothing(tmp_path):
    file = checked(tmp_path, "订单明细.csv", f"{HEAD}{ROWS}合计,,不详,29,-\n")

    assert file.totals == ()


def test_how_numbers_are_written():
    assert [written(n) for n in (12345.0, 0.1 + 0.2, -0.0001, 20)] == ["12,345", "0.3", "0", "20"]
