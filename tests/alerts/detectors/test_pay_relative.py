import datetime as dt

import pytest

from alerts.detectors.pay_relative import PayRelative
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 31)
RETAILERS = """
    retailer_id  owner_id  bound_account
    R1           A         acc-1
    R12          B         acc-12
    R3           C         acc-3
    R4           A         acc-4
"""


def guilty():
    return book("R3 acc-1")


def book(*paid, related="R9；R1", day=ON):
    lines = ["order_id retailer_id day payer_account paid_amount"]
    for number, one in enumerate(paid):
        shop, account = one.split()
        lines.append(f"{number} {shop} {day} {account} 12345")
    return facts(
        payments="\n".join(lines),
        retailers=RETAILERS,
        staff=f"staff_id role related_retailers\nS1 客户经理 {related}\nS2 送货员 -",
        orders="retailer_id day\nR3 2026-03-30\nR3 2026-03-31",
    )


def found(tables, **params):
    return rows(PayRelative(**params).find(tables, ON))


def test_it_goes_above_and_says_whose_relatives():
    (row,) = found(guilty())

    assert row["subject_id"] == "R3"
    assert PayRelative().staff_concerned(row)
    assert PayRelative().sentence(row) == ("3月31日货款123.45元由工作人员申报的亲属店账户支付。")


def test_other_shops_paid_from_there_are_counted():
    told = found(book("R3 acc-1", "R12 acc-1"))

    assert all("近26周该账户共为2家别的店付过款" in PayRelative().sentence(row) for row in told)


@pytest.mark.parametrize(("related", "hits"), [("R1,R3", 1), ("R1、R3", 1), ("R12", 0), ("-", 0)])
def test_codes_are_told_apart_by_any_mark(related, hits):
    assert len(found(book("R3 acc-1", related=related))) == hits


@pytest.mark.parametrize("paid", ["R1 acc-1", "R4 acc-1", "R3 acc-3", "R3 acc-12"])
def test_own_shops_and_accounts_of_others_are_no_news(paid):
    assert not found(book(paid))


def test_it_answers_for_the_days_since_the_last_night_only():
    assert not found(book("R3 acc-1", day=ON - dt.timedelta(days=1)))
