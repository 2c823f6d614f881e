"""Personal data do not stand in plain text in database or lake."""

from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from sources.crypto import masked, seal, unseal
from sources.lake.engine import connect, scan
from tests.sources.exports import CHANGES, FILES, RETAILERS, bring, bring_all

pytestmark = pytest.mark.django_db
STAFF = "工号,姓名,岗位,县公司,电话,账户\nG1,韦某山,客户经理,451423,13877778888,6217999900001111\n"
COMPLAINTS = "工单号,来电时间,被反映人,内容\nT1,2026-03-02 10:00:00,农某强,有人倒卖卷烟\n"
PLANTED = [
    "13800001111", "13900009999", "黄某兰", "龙州镇一号", "龙州镇三号", "6217000011112222",
    "13877778888", "韦某山", "6217999900001111", "农某强", "有人倒卖卷烟", "13811112222",
]  # fmt: skip


def database_text():
    """Every row of every table as text."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608
            yield from (row[0] for row in cursor.fetchall())


def lake_text():
    """Every row of every lake file as text, and the bytes of the log."""
    con = connect()
    for path in Path(settings.LAKE_URL).rglob("*.parquet"):
        yield from (str(row) for row in con.sql(f"FROM {scan([str(path)])}").fetchall())
    for path in Path(settings.LAKE_URL).rglob("*.json"):
        yield path.read_text()


def test_planted_personal_data_are_nowhere_in_plain_text():
    bring("结算.csv", FILES["结算.csv"])  # held: rows wait in the database
    bring_all()
    bring("人员.csv", STAFF)
    bring("投诉举报.csv", COMPLAINTS)
    bring("客户信息变更2.csv", CHANGES.replace("12,20", "13811112222,13811112222"))
    bring("零售客户档案2.csv", RETAILERS.replace("13800001111", "138000011"))  # a doubtful phone

    text = "\n".join([*database_text(), *lake_text()])

    assert "451423100001" in text
    assert [word for word in PLANTED if word in text] == []


def test_what_was_sealed_can_be_opened():
    assert unseal(seal("黄某兰")) == "黄某兰"
    assert seal("黄某兰") != seal("黄某兰")
    assert seal("") == unseal("") == ""


@pytest.mark.parametrize(
    ("text", "shown"), [("", ""), ("黄兰", "黄*"), ("13800001111", "138****11")]
)
def test_masks(text, shown):
    assert masked(text) == shown
