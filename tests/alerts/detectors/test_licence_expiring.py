import datetime as dt

import pytest

from alerts.detectors.licence_expiring import LicenceExpiring
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 31)


def guilty():
    return book("2026-05-30 有效")


def book(*licences, ordered="2026-03-17"):
    lines = ["licence_no retailer_id valid_to status"]
    lines += [f"L{n} A {text}" for n, text in enumerate(licences)]
    return facts(
        licences="\n".join(lines),
        retailers="retailer_id licence_no\nA L0",
        orders=f"retailer_id day\nB 2026-03-30\nB 2026-03-31\nA {ordered}",
    )


def found(tables, **params):
    return rows(LicenceExpiring(**params).find(tables, ON))


def test_it_says_until_when_and_stays_off_the_list():
    (row,) = found(guilty())

    assert row["subject_id"] == "A"
    assert row["surprise"] + LicenceExpiring.weight < 0
    assert LicenceExpiring().sentence(row) == (
        "许可证5月30日到期，离到期不超过60天，还没有接续的新证。"
    )


@pytest.mark.parametrize(
    ("valid_to", "ahead"),
    [
        ("2026-05-31", None), ("2026-05-30", 60), ("2026-05-29", None),
        ("2026-05-01", None), ("2026-04-30", 30), ("2026-04-29", None),
    ],
)  # fmt: skip
def test_it_reminds_twice_sixty_and_thirty_days_before(valid_to, ahead):
    assert [row["ahead"] for row in found(book(f"{valid_to} 有效"))] == ([ahead] if ahead else [])


@pytest.mark.parametrize(
    "licences",
    [("2026-05-30 有效", "2031-05-30 有效"), ("2026-05-30 歇业",)],
    ids=["renewed", "suspended"],
)
def test_it_accepts(licences):
    assert not found(book(*licences))


def test_who_does_not_order_needs_no_reminder():
    assert not found(book("2026-05-30 有效", ordered="2025-12-30"))
    assert found(book("2026-05-30 有效", ordered="2025-12-31"))


def test_it_is_on_the_work_list_of_the_ledger():
    (row, *_others) = found(guilty())

    assert LicenceExpiring().hit(row)
    assert LicenceExpiring().floor(row) is None
    assert not LicenceExpiring.statutory
