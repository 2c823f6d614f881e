import pytest

from sources.importing.columns import CHECKS, READERS
from sources.importing.contract import ARROW, Type
from sources.importing.header import kind_by_name, titles_of
from sources.importing.kinds import KINDS
from tests.sources.importing.files import checked, sample, sample_file

EVERY = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())


def test_all_kinds_of_the_exchange_format_are_there():
    assert set(KINDS) == set(
        "bureaus retailers licences staff skus supply_limits calendar orders order_lines deliveries"
        " payments visits changes seizures complaints pos_sales market_prices login_logs coding"
        " call_records".split()
    )


@EVERY
def test_it_declares_itself_soundly(kind):
    names = [column.name for column in kind.columns]
    assert len(set(names)) == len(names)
    assert set(kind.key) <= set(names)
    assert set(kind.parents) <= set(names)
    assert set(kind.parents.values()) <= set(KINDS)
    assert kind.day_column is None or kind.day_column in names
    assert {column.check for column in kind.columns} <= {"", "width", *CHECKS}
    for column in kind.columns:
        assert column.type in ARROW
        assert column.type in READERS or column.type in {Type.QUANTITY, Type.MONEY}
    assert len(set(kind.schema().names)) == len(kind.schema())


@EVERY
def test_no_header_means_two_columns(kind):
    titles = titles_of(kind, {})
    for column in kind.columns:
        assert titles[column.name.replace("_", "")] == column.name
        assert titles[column.title.lower()] == column.name


@EVERY
@pytest.mark.parametrize("language", ["name", "title"])
def test_it_reads_its_english_and_its_chinese_headers(kind, language, tmp_path):
    titles = [getattr(column, language) for column in kind.columns]
    name = getattr(kind, language) + "_20250623.csv"

    file = checked(tmp_path, name, sample_file(kind, titles))

    assert file.kind is kind
    assert file.columns_found == tuple(column.name for column in kind.columns)
    assert file.columns_unknown == ()
    assert file.rows.schema.equals(kind.schema())
    assert (file.row_count, file.rejects, list(file.doubts)) == (1, [], [])
    row = file.rows.to_pylist()[0]
    assert all(row[column.name] is not None for column in kind.columns)


@EVERY
def test_both_languages_give_the_same_rows(kind, tmp_path):
    english, chinese = (
        checked(
            tmp_path,
            f"{kind.name}.csv",
            sample_file(kind, [getattr(column, language) for column in kind.columns]),
        )
        for language in ("name", "title")
    )

    assert english.rows.equals(chinese.rows)


@EVERY
def test_required_columns_are_enough(kind, tmp_path):
    needed = [c for c in kind.columns if c.required] + [
        kind.column(group[-1]) for group in kind.any_of
    ]
    lines = [
        ",".join(c.title for c in needed),
        ",".join(sample(c).replace(",", "") for c in needed),
    ]

    file = checked(tmp_path, f"{kind.title}.csv", "\n".join(lines))

    assert (file.row_count, file.rejected) == (1, 0)
    assert file.rows.schema.equals(kind.schema())


@EVERY
def test_every_empty_required_cell_is_rejected_by_name(kind, tmp_path):
    columns = [c for c in kind.columns if c.required]
    if len(columns) < 2:
        pytest.skip("a row without its only required cell is blank")
    for empty in columns:
        cells = ["" if c is empty else sample(c).replace(",", "") for c in columns]
        more = [kind.column(group[-1]) for group in kind.any_of]
        lines = [
            ",".join(c.title for c in [*columns, *more]),
            ",".join([*cells, *[sample(c) for c in more]]),
        ]

        file = checked(tmp_path, f"{kind.title}.csv", "\n".join(lines))

        assert file.rejected == 1
        assert [fault.column for fault in file.rejects] == [empty.title]
        assert "缺少" in file.rejects[0].reason


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("零售客户档案20250623.xlsx", "retailers"),
        ("许可证信息.xls", "licences"),
        ("订单主表_20250623.csv", "orders"),
        ("订单明细_20250623_2.csv", "order_lines"),
        ("龙州县 订单明细 (1).csv", "order_lines"),
        ("客户信息变更.csv", "changes"),
        ("order_lines.parquet", "order_lines"),
        ("orders.csv", "orders"),
        ("2025-06_ORDERS_part1.CSV", "orders"),
        ("卷烟目录.xlsx", "skus"),
        ("人员.xlsx", "staff"),
        ("配送_20250623.csv", "deliveries"),
        ("扣款.csv", "payments"),
    ],
)
def test_a_file_is_known_by_its_name(name, kind):
    found = kind_by_name(name)

    assert found is not None
    assert found.name == kind


@pytest.mark.parametrize("name", ["新建文本文档.txt", "export.csv", "borders.csv"])
def test_other_names_tell_nothing(name):
    assert kind_by_name(name) is None
