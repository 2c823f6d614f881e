import datetime as dt

import pytest

from alerts.detectors.payer_name import PayerName
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 31)
STAFF = "staff_id name role\nS1 农大明 客户经理"


def guilty():
    return book("韦小宝 陆大福 陆大福 陆大福")


def book(names, licensee="韦小宝", shop="宝宝店", staff=STAFF, first=ON):
    retailers = [f"retailer_id licensee name\nA {licensee} {shop}\nB 黄小兰 -"]
    lines = ["order_id retailer_id day payer_name"]
    texts = {"A": names} | {f"R{n}": f"持证{n} " * 4 for n in range(20)}
    for who, text in texts.items():
        if who != "A":
            retailers.append(f"{who} 持证{who[1:]} -")
        for week, name in enumerate(reversed(text.split())):
            lines.append(f"{who}w{week} {who} {first - dt.timedelta(weeks=week)} {name}")
    return facts(payments="\n".join(lines), retailers="\n".join(retailers), staff=staff)


def found(tables, **params):
    return rows(PayerName(**params).find(tables, ON))


def test_it_says_how_often_without_the_full_name():
    (row,) = found(guilty())

    assert row["subject_id"] == "A"
    assert not PayerName().staff_concerned(row)
    assert PayerName().sentence(row) == (
        "3月31日付款户名（陆某）与持证人不是同一姓名；近4单有3单不符，全县平常约4.8%。"
    )


def test_another_retailers_name_is_told():
    (row,) = found(book("韦小宝 黄小兰 黄小兰 黄小兰"))

    assert row["shops"] == 1
    assert "与本县另一零售户的持证人同名" in PayerName().sentence(row)


def test_a_name_of_the_staff_is_told_at_once_and_goes_above():
    (row,) = found(book("韦小宝 韦小宝 韦小宝 农大明"))

    assert row["surprise"] == 4
    assert PayerName().staff_concerned(row)
    assert "与一名工作人员同名，身份待核" in PayerName().sentence(row)


@pytest.mark.parametrize(
    ("names", "licensee", "shop"),
    [
        ("陆大福 陆大福 陆大福 韦小宝", "韦小宝", "-"),
        ("韦·小宝 韦·小宝 韦·小宝 韦·小宝", "韦小宝", "-"),
        ("宝宝店 宝宝店 宝宝店 宝宝店", "韦小宝", "宝宝店"),
        ("陆*福 陆*福 陆*福 陆*福", "韦小宝", "-"),
        ("陆大福 陆大福 陆大福 陆大福", "-", "-"),
        ("- - - -", "韦小宝", "-"),
    ],
    ids=["paid itself", "dots", "the shop's name", "masked", "holder unknown", "not noted"],
)
def test_it_accepts(names, licensee, shop):
    assert not found(book(names, licensee=licensee, shop=shop))


def test_it_answers_for_the_days_since_the_last_night_only():
    assert not found(book("陆大福 陆大福 陆大福 陆大福", first=ON - dt.timedelta(days=7)))


@pytest.mark.parametrize(("other", "least", "most"), [("陆大福", 1.4, 1.5), ("黄小兰", 1.7, 1.8)])
def test_a_name_alone_is_no_more_than_so_rare(other, least, most):
    (free,) = found(book(f"韦小宝 {other} {other} {other}"))
    (row,) = found(book(f"韦小宝 {other} {other} {other}"), most=1.4, most_retailer=1.7)

    assert least <= row["surprise"] <= min(most, free["surprise"])
