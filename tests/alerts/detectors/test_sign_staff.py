import datetime as dt

import pytest

from alerts.detectors.sign_staff import SignStaff
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 31)
STAFF = "staff_id name role\nS1 农大明 客户经理\nS2 - 送货员"


def guilty():
    return book("本人 S1")


def book(signers, first=ON):
    """Weekly deliveries of A, the last on the first day."""
    lines = ["order_id retailer_id day sign_by"]
    for week, who in enumerate(reversed(signers.split())):
        lines.append(f"w{week} A {first - dt.timedelta(weeks=week)} {who}")
    orders = "retailer_id day\nA 2026-03-30\nA 2026-03-31"
    return facts(deliveries="\n".join(lines), staff=STAFF, orders=orders)


def found(tables, **params):
    return rows(SignStaff(**params).find(tables, ON))


def test_it_goes_above_and_says_who_signed():
    (row,) = found(guilty())

    assert row["subject_id"] == "A"
    assert SignStaff().staff_concerned(row)
    assert SignStaff().floor(row) is None
    assert SignStaff().sentence(row) == "3月31日送货的签收人登记为工作人员。"


@pytest.mark.parametrize(
    ("signers", "text"),
    [
        ("S1 农大明", "签收人登记为工作人员；近26周本户共2次如此。"),
        ("本人 送货员", "签收人登记为工作人员。"),
        ("本人 S2", "签收人登记为工作人员。"),
    ],
)
def test_names_and_roles_count_as_well(signers, text):
    (row,) = found(book(signers))

    assert SignStaff().sentence(row).endswith(text)


@pytest.mark.parametrize("signers", ["S1 本人", "代签 代签", "本人 家属", "本人 -"])
def test_it_accepts(signers):
    assert not found(book(signers))


def test_it_answers_for_the_days_since_the_last_night_only():
    assert not found(book("S1", first=ON - dt.timedelta(days=1)))
