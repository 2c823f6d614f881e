"""One file from its first byte to its checked rows."""

import datetime as dt
import hashlib

import numpy as np
import pytest

from sources.importing import checking
from sources.importing.contract import Unreadable
from tests.sources.importing.files import KEY, LINES, ORDERS, checked, reasons, values

RETAILERS = "客户编码,县公司,证件号码,订货电话,档位,结算账户,订货日"


def test_the_months_dirt_in_one_file(tmp_path):
    """Titles, a unit row, a subtotal, a repeated header, a total and a footer are no data."""
    content = f'''龙州县烟草专卖局
订单明细表,,,
导出日期：20250623    单位：条、元
{LINES}
,,条,元
CO1,"=""69010111""",4,28.0
CO1,"=""69010148""","1,004",28.50
小计,,1008,
{LINES}
CO2,６９０１０１１１,-2,28
,,,
龙州县合计,,1006,
制表人：张三,,审核人：,
第1页 共1页,,,
'''
    file = checked(tmp_path, "订单明细.csv", content)

    assert values(file, "sku_id") == ["69010111", "69010148", "69010111"]
    assert values(file, "qty") == [4.0, 1004.0, -2.0]
    assert values(file, "price") == [2800, 2850, 2800]
    assert values(file, "row_no") == [6, 7, 10]
    assert (file.row_count, file.rejected, file.returns) == (3, 0, 1)
    assert file.sheets[0].header_row == 4
    assert file.place(7) == "第 7 行"


def test_a_shop_called_total_is_a_shop(tmp_path):
    content = (
        "客户编码,县公司,客户名称\n4514230000001,龙州县,合计\n4514230000002,龙州县,备注：小店\n"
    )

    file = checked(tmp_path, "零售客户档案.csv", content)

    assert file.row_count == len(file.rows) == 2


def test_a_bad_row_with_a_code_is_never_passed_over_as_a_footer(tmp_path):
    content = "工单号,来电时间,被反映人,内容\nGD1,某日,合计,说明：店里没人\n制表人：张三,,,\n"

    file = checked(tmp_path, "投诉举报.csv", content)

    assert [fault.row_no for fault in file.rejects] == [2]
    assert file.row_count == 1


def test_bad_rows_are_listed_with_row_column_value_and_reason_and_the_others_load(tmp_path):
    content = f"{LINES}\nCO1,1,4,28\nCO2,2,十二,abc\n,3,1,28\n4.51423E+12,4,1,28\nCO5,5,1,28\n"

    file = checked(tmp_path, "订单明细.csv", content)

    assert values(file, "order_id") == ["CO1", "CO5"]
    assert [(f.row_no, f.column, f.value) for f in file.rejects] == [
        (3, "订购量", "十二"),
        (3, "批发价", "abc"),
        (4, "订单号", ""),
        (5, "订单号", "4.51423E+12"),
    ]
    assert "请补齐" in file.rejects[2].reason
    assert "尾数已丢失，请在导出时把该列设为文本" in file.rejects[3].reason
    assert (file.row_count, file.rejected) == (5, 3)


def test_cancelled_orders_and_returns_are_counted_and_marked(tmp_path):
    content = f"""{ORDERS}
CO1,1,2025-06-23 10:00:00,5,100,60,10
CO2,1,2025-06-23 10:00:00,5,100,90,10
CO3,1,2025-06-23 10:00:00,5,100,已取消,正常
CO4,1,2025-06-23 10:00:00,5,100,60,90
CO5,1,2025-06-23 10:00:00,-5,-100,60,10
CO6,1,2025-06-23 10:00:00,5,100,60,退货
"""
    file = checked(tmp_path, "订单主表.csv", content)

    assert (file.cancelled, file.returns) == (2, 3)
    assert values(file, "is_cancelled") == [False, True, True, False, False, False]
    assert values(file, "is_return") == [False, False, False, True, True, True]


def test_exact_repetitions_are_dropped_and_corrections_are_kept(tmp_path):
    content = f"{LINES}\nCO1,1,4,28\nCO1,1,4.0,28.00\nCO1,1,5,28\nCO2,1,4,28\nCO1,1,4,28\n"

    file = checked(tmp_path, "订单明细.csv", content)

    assert values(file, "row_no") == [2, 4, 5]
    assert (file.row_count, file.duplicates) == (5, 2)
    assert [(doubt.row_no, doubt.column, doubt.value) for doubt in file.doubts] == [
        (2, "订单号、卷烟编码", "CO1、1")
    ]
    assert "以最后一行为准" in file.doubts[0].reason


def test_equal_hashes_of_different_rows_lose_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(checking, "hash_values", lambda values, _: np.zeros(len(values), np.uint64))

    file = checked(tmp_path, "订单明细.csv", f"{LINES}\nCO1,1,4,28\nCO2,1,4,28\nCO1,1,4,28\n")

    assert (values(file, "order_id"), file.duplicates) == (["CO1", "CO2"], 1)


def test_an_order_gets_its_day_and_week_from_its_time_or_its_date(tmp_path):
    content = (
        "订单号,客户编码,提交时间,订单日期\nCO1,1,2025-06-25 23:59:59,\nCO2,1,,20250629\nCO3,1,,\n"
    )

    file = checked(tmp_path, "订单主表.csv", content)

    assert values(file, "order_date") == [dt.date(2025, 6, 25), dt.date(2025, 6, 29)]
    assert values(file, "week_start") == [dt.date(2025, 6, 23)] * 2
    assert [fault.reason for fault in file.rejects] == ["缺少提交时间或订单日期，请补齐后重新导入"]


def test_personal_numbers_leave_the_reader_hashed_or_marked(tmp_path):
    content = f"""{RETAILERS}
1,龙州县,451423195001010012,13934997140,ZZ,'6217590137162948185,周三
2,龙州县,451423********0012,139****7140,26.0,6217 5901 3716 2948 185,3
3,龙州县,O12,0771-8812345/13934997140,５,NULL,9
"""
    file = checked(tmp_path, "零售客户档案.csv", content)
    owners, accounts = values(file, "owner_id"), values(file, "bound_account")

    assert isinstance(owners[0], str)
    assert len(owners[0]) == 32
    assert owners[1] is None
    assert isinstance(owners[2], str)
    assert accounts[0] == accounts[1] != accounts[2] is None
    assert values(file, "owner_id_masked")[0] == "4514**********0012"
    assert values(file, "bound_account_masked")[0] == "****8185"
    assert values(file, "phone") == ["13934997140", "139****7140", "07718812345"]
    assert values(file, "phone_hash")[1] is None
    assert values(file, "tier") == [31, 26, 5]
    assert values(file, "order_day") == [3, 3, None]
    assert {(doubt.row_no, doubt.column) for doubt in file.doubts} == {
        (3, "证件号码"),
        (3, "订货电话"),
        (4, "证件号码"),
        (4, "订货电话"),
        (4, "订货日"),
    }
    assert not any("13934997140" in f"{doubt.value}" for doubt in file.doubts)


def test_the_same_number_hashes_alike_in_every_kind_and_otherwise_under_another_key(tmp_path):
    staff = "工号,岗位,电话,账户\nGX1,客户经理,13934997140,6217590137162948185\n"
    payments = "订单号,扣款日期,付款账户,金额\nCO1,20250623,6217590137162948185,28\n"

    a = checked(tmp_path, "人员.csv", staff)
    b = checked(tmp_path, "结算.csv", payments)

    assert values(a, "account") == values(b, "payer_account")


def test_changes_of_phones_and_accounts_are_comparable_and_masked(tmp_path):
    content = """客户编码,变更日期,变更项目,变更前,变更后
1,20250623,订货电话,139-3499-7140,138****1234
1,20250623,结算账户,6217590137162948185,6217590137162948186
1,20250623,档位,ZZ,26档
1,20250623,地址,新华路1号,新华路2号
1,20250623,店招,旧,新
"""
    staff = "工号,岗位,电话\nGX1,客户经理,13934997140\n"

    file = checked(tmp_path, "客户信息变更.csv", content)
    phone = values(checked(tmp_path, "人员.csv", staff), "phone_hash")[0]

    assert values(file, "field") == ["phone", "account", "tier", "address", "店招"]
    assert values(file, "old_value")[0] == phone
    assert values(file, "new_value")[0] is None
    assert values(file, "new_value")[2:] == ["26", "新华路2号", "新"]
    assert values(file, "old_value")[2] == "31"
    assert values(file, "old_shown") == ["139****7140", "****8185", "31", "新华路1号", "旧"]
    assert values(file, "new_shown")[:2] == ["138****1234", "****8186"]


def test_units_other_than_cartons_and_yuan_are_converted_and_said(tmp_path):
    content = "单位：件、万元\n订单号,客户编码,订单日期,订单总量,金额\nCO1,1,20250623,2,0.5\n"

    file = checked(tmp_path, "订单主表.csv", content)

    assert values(file, "qty") == [100.0]
    assert values(file, "amount") == [500_000]
    assert [doubt.column for doubt in file.doubts] == ["订单总量", "金额"]


def test_a_unit_in_the_header_counts_for_its_column_only(tmp_path):
    content = "订单号,卷烟编码,订购量(件),限量（条）\nCO1,1,2,3\n"

    file = checked(tmp_path, "订单明细.csv", content)

    assert (values(file, "qty"), values(file, "limit_qty")) == ([100.0], [3.0])


def test_brackets_in_product_names_are_made_alike(tmp_path):
    content = "卷烟编码,名称,批发价,价类,业态\n1,真龙（起源）,158.00,一类,N\n2,真龙(起源),158,2,N\n"

    file = checked(tmp_path, "卷烟目录.csv", content)

    assert values(file, "sku_name") == ["真龙(起源)"] * 2
    assert values(file, "price_class") == [1, 2]
    assert file.columns_unknown == ("业态",)


def test_a_bureaus_own_headers_are_read_by_its_profile(tmp_path):
    content = "单据,品规,数目\nCO1,1,4\n"

    file = checked(
        tmp_path,
        "订单明细.csv",
        content,
        profile={"单据": "order_id", "品规": "sku_id", "数目": "qty", "x": "nonsense"},
    )

    assert (values(file, "order_id"), values(file, "qty")) == (["CO1"], [4.0])


def test_without_a_telling_name_the_headers_decide(tmp_path):
    file = checked(tmp_path, "export.csv", f"{LINES}\nCO1,1,4,28\n")

    assert file.kind.name == "order_lines"


def test_a_kind_may_be_given(tmp_path):
    content = "订单号,客户编码,提交时间\nCO1,1,2025-06-23 10:00:00\n"

    assert checked(tmp_path, "配送.csv", content, kind="orders").kind.name == "orders"


def test_a_two_storey_header(tmp_path):
    content = "基本信息,,订货信息,\n客户编码,县公司,档位,订货日\n1,龙州县,26,3\n"

    file = checked(tmp_path, "零售客户档案.csv", content)

    assert values(file, "tier") == [26]
    assert values(file, "row_no") == [3]


def test_a_header_of_merged_cells(tmp_path):
    content = "客户编码,县公司,订货,\n,,档位,订货日\n1,龙州县,26,3\n"

    file = checked(tmp_path, "零售客户档案.csv", content)

    assert file.columns_found == ("retailer_id", "county", "tier", "order_day")


def test_a_header_without_rows_is_an_empty_file(tmp_path):
    file = checked(tmp_path, "订单明细.csv", LINES)

    assert (file.row_count, len(file.rows)) == (0, 0)
    assert file.rows.schema.equals(file.kind.schema())


def test_short_codes_among_codes_with_leading_zeros_are_doubted_never_padded(tmp_path):
    rows = "\n".join(f"0{number},龙州县" for number in range(1_000_000_000, 1_000_000_020))

    file = checked(tmp_path, "零售客户档案.csv", f"客户编码,县公司\n{rows}\n1000000020,龙州县\n")

    assert [doubt.value for doubt in file.doubts] == ["1000000020"]
    assert "前导 0" in file.doubts[0].reason
    assert values(file, "retailer_id")[-1] == "1000000020"


def test_a_column_of_long_numbers_that_all_end_in_zeros_has_lost_its_digits(tmp_path):
    lost = "\n".join(f"CO{n},20250623,6217590137162{n}0000,28" for n in range(10, 30))
    kept = "\n".join(f"CO{n},20250623,6217590137162{n}1230,28" for n in range(10, 30))
    header = "订单号,扣款日期,付款账户,金额"

    assert checked(tmp_path, "结算.csv", f"{header}\n{lost}\n").rejected == 20
    assert (
        checked(tmp_path, "结算.csv", f"{header}\n{kept}\n{lost.splitlines()[0]}\n").rejected == 0
    )


def test_long_texts_are_cut_and_said_and_long_codes_rejected(tmp_path):
    content = f"客户编码,县公司,客户名称\n1,龙州县,{'店' * 150}\n{'2' * 50}A,龙州县,店\n"

    file = checked(tmp_path, "零售客户档案.csv", content)

    assert values(file, "name") == ["店" * 100]
    assert [doubt.reason for doubt in file.doubts] == ["内容过长，只保留前 100 个字符"]
    assert reasons(file) == ["3 客户编码 内容有 51 个字符，客户编码最多 40 个，请核对"]


def test_doubts_are_listed_up_to_a_limit_and_counted_beyond(tmp_path, monkeypatch):
    monkeypatch.setattr(checking, "MOST_DOUBTS", 3)
    rows = "\n".join(f"{n},龙州县,12{n}" for n in range(10))

    file = checked(tmp_path, "零售客户档案.csv", f"客户编码,县公司,订货电话\n{rows}\n")

    assert (len(file.doubts), file.doubt_counts) == (3, {"订货电话": 10})


def test_rejected_rows_are_counted_beyond_the_list(tmp_path, monkeypatch):
    monkeypatch.setattr(checking, "MOST_REJECTS", 2)

    file = checked(
        tmp_path, "订单明细.csv", LINES + "\n" + "\n".join("CO1,1,x,1" for _ in range(9))
    )

    assert (len(file.rejects), file.rejected) == (2, 9)


def test_the_row_hash_depends_on_the_values_and_not_on_their_writing(tmp_path):
    plain = checked(tmp_path, "订单明细.csv", f"{LINES}\nCO1,1,4,28\n")
    dirty = checked(
        tmp_path, "订单明细.csv", f'价格表\n{LINES},备注\n"=""CO1""",１,4.0,28.00元,x\n'
    )
    other = checked(tmp_path, "订单明细.csv", f"{LINES}\nCO1,1,5,28\n")
    swapped = checked(tmp_path, "订单明细.csv", f"{LINES}\n1,CO1,4,28\n")

    assert values(plain, "row_hash") == values(dirty, "row_hash")
    assert len({values(file, "row_hash")[0] for file in (plain, other, swapped)}) == 3


def test_the_digest_is_of_the_file_and_may_be_given(tmp_path):
    content = f"{LINES}\nCO1,1,4,28\n"

    assert (
        checked(tmp_path, "订单明细.csv", content).digest
        == hashlib.sha256(content.encode()).hexdigest()
    )
    assert checked(tmp_path, "订单明细.csv", content, digest="d").digest == "d"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("订单明细.csv", "", "文件是空的"),
        ("订单明细.csv", "\n \r\n", "文件是空的"),
        ("订单明细.csv", "订单号,卷烟编码\nCO1,1\n", "没有找到必需的列：订购量"),
        ("订单主表.csv", "订单号,客户编码\nCO1,1\n", "没有找到必需的列：提交时间或订单日期"),
        ("未知.csv", "甲,乙\n1,2\n", "认不出这是什么文件"),
    ],
)
def test_what_cannot_be_read_says_what_happened_what_not_and_what_to_do(
    tmp_path, name, content, words
):
    with pytest.raises(Unreadable) as refusal:
        checked(tmp_path, name, content)

    assert words in refusal.value.message
    assert "没有导入任何数据，已有数据不受影响。请" in refusal.value.message


def test_the_key_is_used(tmp_path):
    from sources.importing.reading import read
    from tests.sources.importing.files import write

    path = write(tmp_path, "人员.csv", "工号,岗位,账户\nGX1,客户经理,6217\n")

    one, other = (read(path, hash_key=key).rows["account"][0] for key in (KEY, "other"))

    assert one != other
