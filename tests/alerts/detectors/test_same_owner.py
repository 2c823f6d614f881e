import datetime as dt

import pytest

from alerts.detectors.same_owner import SameOwner
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
RETAILERS = """
    retailer_id  bureau  owner_id  chain_id  open_date
    R1           451423  A         -         2020-01-01
    R2           451424  A         -         2025-12-30
    R3           451423  C         L         2020-01-01
    R4           451423  C         L         2020-01-01
    R5           451423  -         -         2020-01-01
    R6           451423  -         -         2020-01-01
    R7           451423  D         -         2020-01-01
"""


def guilty():
    return book("1 R1 2026-03-30\n3 R3 2026-03-30\n5 R5 2026-03-30\n7 R7 2026-03-30")


def book(orders, retailers=RETAILERS):
    return facts(retailers=retailers, orders="order_id retailer_id day\n" + orders)


def found(tables, **params):
    return rows(SameOwner(**params).find(tables, ON))


def test_it_says_how_many_more_and_where():
    (row,) = found(guilty())

    assert (row["subject_id"], row["link"], row["bureau"]) == ("R1", "A", "451423")
    assert SameOwner().sentence(row) == (
        "本户登记的证件号码与另外1户相同（其中外县1户），其中有开户不到91天的，且不属连锁。"
    )


@pytest.mark.parametrize(("opened", "is_new"), [("2025-12-30", True), ("2025-12-29", False)])
def test_a_shop_opened_within_a_quarter_is_new(opened, is_new):
    (row,) = found(book("1 R1 2026-03-30", RETAILERS.replace("2025-12-30", opened)))

    assert row["is_new"] is is_new


def test_it_is_told_at_the_first_order_of_a_month():
    assert not found(book("1 R1 2026-03-02\n2 R1 2026-03-30"))
    assert not found(book("1 R1 2026-03-29"))


def test_the_number_of_others_includes_its_limit():
    assert not found(guilty(), others=2)


def test_it_stays_off_the_list_by_itself():
    (row,) = found(guilty())

    assert row["surprise"] + SameOwner.weight < 3
