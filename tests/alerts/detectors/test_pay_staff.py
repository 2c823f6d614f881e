import datetime as dt

import pytest

from alerts.detectors.pay_staff import PayStaff
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
PAYMENTS = "order_id bureau retailer_id day payer_account paid_amount\n"


def guilty():
    return book("1 451423 R1 2026-03-30 acct-9 123456\n2 451423 R2 2026-03-02 acct-9 100\n")


def book(payments, account="acct-9"):
    staff = f"staff_id role account\nGX001 客户经理 {account}"
    return facts(payments=PAYMENTS + payments, staff=staff)


def found(tables, **params):
    return rows(PayStaff(**params).find(tables, ON))


def test_it_is_red_names_the_staff_number_and_concerns_staff():
    (row,) = found(guilty())

    assert (row["subject_id"], row["surprise"], row["link"]) == ("R1", 6.0, "acct-9")
    assert PayStaff().sentence(row) == (
        "3月30日货款1234.56元由工作人员登记的账户支付；近26周该账户共为2户付过款。"
    )
    assert PayStaff().floor(row) == "红"
    assert PayStaff().staff_concerned(row)


@pytest.mark.parametrize(("day", "shops"), [("2025-09-30", 2), ("2025-09-29", 1)])
def test_the_other_shops_are_those_of_half_a_year(day, shops):
    tables = book(f"1 451423 R1 2026-03-30 acct-9 100\n2 451423 R2 {day} acct-9 100\n")

    (row,) = found(tables)
    assert row["shops"] == shops


def test_two_payments_of_a_day_are_one_row():
    tables = book("1 451423 R1 2026-03-30 acct-9 100\n2 451423 R1 2026-03-30 acct-9 200\n")

    (row,) = found(tables)
    assert row["amount"] == 300


def test_it_accepts_another_account_an_unknown_one_a_failed_payment_and_another_day():
    assert not found(book("1 451423 R1 2026-03-30 acct-8 100\n"))
    assert not found(book("1 451423 R1 2026-03-30 - 100\n", account="-"))
    assert not found(book("1 451423 R1 2026-03-30 acct-9 0\n"))
    assert not found(book("1 451423 R1 2026-03-29 acct-9 100\n"))
