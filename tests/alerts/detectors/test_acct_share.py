import datetime as dt

import pytest

from alerts.detectors.acct_share import AcctShare
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
RETAILERS = """
    retailer_id  owner_id  chain_id  bound_account
    R1           A         -         a1
    R2           B         -         a2
    R3           B         -         a3
    R4           C         -         a4
    R5           D         L         a5
    R6           E         L         a5
"""
PAYMENTS = "order_id bureau retailer_id day payer_account\n"
STAFF = """
    staff_id  account
    S1        acct-staff
"""


def guilty():
    return book("""
        1  451423  R1  2026-03-30  acct-9f31
        2  451424  R2  2026-03-10  acct-9f31
    """)


def book(payments):
    return facts(payments=PAYMENTS + payments, retailers=RETAILERS, staff=STAFF)


def found(tables, **params):
    return rows(AcctShare(**params).find(tables, ON))


def test_it_says_for_how_many_others_the_account_paid():
    (row,) = found(guilty())

    assert (row["subject_id"], row["link"]) == ("R1", "acct-9f31")
    assert AcctShare().sentence(row) == (
        "近6周内，最近付货款的账户还为另外1个经营者的店付过款（其中外县1户）。"
    )
    assert AcctShare().floor(row) is None


@pytest.mark.parametrize(("day", "hits"), [("2026-02-17", 1), ("2026-02-16", 0)])
def test_the_window_is_six_weeks(day, hits):
    tables = book(f"1 451423 R1 2026-03-30 acct-1\n2 451423 R2 {day} acct-1")

    assert len(found(tables)) == hits


def test_the_number_of_others_is_a_limit_that_counts():
    assert not found(guilty(), min_others=2)


def test_a_shop_that_pays_for_two_others_in_a_day_makes_orange():
    tables = book("""
        1  451423  R4  2026-03-30  a4
        2  451423  R1  2026-03-30  a4
        3  451423  R2  2026-03-30  a4
    """)

    told = {row["subject_id"]: row for row in found(tables)}
    assert AcctShare().sentence(told["R1"]) == (
        "最近付货款的账户登记在另一零售户名下，该账户同日共为2个其他经营者的店付款。"
    )
    grades = {shop: AcctShare().floor(row) for shop, row in told.items()}
    assert grades == {"R1": "橙", "R2": "橙", "R4": None}  # the payer pays its own goods


@pytest.mark.parametrize(("paid_for", "grade"), [(2, "橙"), (3, None)])
def test_how_many_make_orange_is_a_parameter(paid_for, grade):
    tables = book("1 451423 R1 2026-03-30 a4\n2 451423 R2 2026-03-30 a4")

    (row, _other) = found(tables, paid_for=paid_for)
    assert AcctShare(paid_for=paid_for).floor(row) == grade


def test_an_established_payer_is_no_news_but_orange_while_it_pays_for_two():
    history = "".join(f"h{n} 451423 R{n} 2025-12-01 a4\n" for n in (1, 2))

    assert len(found(book(history + "1 451423 R1 2026-03-30 a4\n2 451423 R2 2026-03-30 a4"))) == 2
    assert not found(book(history + "1 451423 R1 2026-03-30 a4\n2 451423 R2 2026-03-23 a4"))


@pytest.mark.parametrize(
    "payments",
    [
        "1 451423 R2 2026-03-30 a2\n2 451423 R3 2026-03-30 a2",
        "1 451423 R5 2026-03-30 a5\n2 451423 R6 2026-03-30 a5",
        "1 451423 R1 2026-03-30 -\n2 451423 R2 2026-03-30 -",
        "1 451423 R1 2026-03-30 acct-staff\n2 451423 R2 2026-03-30 acct-staff",
        "1 451423 R1 2026-03-29 acct-1\n2 451423 R2 2026-03-29 acct-1",
    ],
    ids=["one owner", "one chain", "unknown account", "a member of staff's account", "not today"],
)
def test_it_accepts(payments):
    assert not found(book(payments))
