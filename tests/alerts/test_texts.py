import ibis
import pytest
from ibis import _

from alerts.texts import plain_address, plain_name


def told(rule, text):
    table = ibis.memtable({"text": [text]}, schema={"text": "string"})
    return table.select(value=rule(_.text)).to_pyarrow()["value"][0].as_py()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("韦 小·宝", "韦小宝"),
        ("韦\u3000小宝", "韦小宝"),
        ("韦*宝", None),
        (" ", None),
        (None, None),
    ],
)
def test_a_name_without_marks(text, name):
    assert told(plain_name, text) == name


@pytest.mark.parametrize(
    ("text", "address"),
    [("独山路（东）8-1号", "独山路东81号"), ("独山路＊号", None), ("", None), (None, None)],
)
def test_an_address_without_marks(text, address):
    assert told(plain_address, text) == address
