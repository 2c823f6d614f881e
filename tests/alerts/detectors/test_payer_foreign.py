import datetime as dt

import pytest

from alerts.detectors.payer_foreign import PayerForeign
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 31)


def guilty():
    return book("own x-77c0 x-77c0 x-77c0")


def book(payers: str, owner="O", changes="", earlier="", bound="own"):
    """Shop A, whose account is `own`; B of another owner has `b`; twenty others pay themselves."""
    retailers = [f"retailer_id owner_id bound_account\nA O {bound}\nB {owner} b"]
    lines = ["order_id retailer_id day payer_account"]
    texts = {"A": payers} | {f"R{n}": f"{f'r{n} ' * 4}" for n in range(20)}
    for shop, text in texts.items():
        if shop != "A":
            retailers.append(f"{shop} {shop} {shop.lower()}")
        for week, payer in enumerate(reversed(text.split())):
            lines.append(f"{shop}w{week} {shop} {ON - dt.timedelta(weeks=week)} {payer}")
    return facts(
        payments="\n".join(lines) + "\n" + earlier,
        retailers="\n".join(retailers),
        changes="retailer_id day field new_value\n" + changes,
    )


def found(tables, **params):
    return rows(PayerForeign(**params).find(tables, ON))


def test_it_says_which_account_and_how_often():
    (row,) = found(guilty())

    assert row["subject_id"] == "A"
    assert PayerForeign().sentence(row) == (
        "3月31日付货款的账户不是本户登记的结算账户；近4单有3单如此，全县平常约4.8%。"
    )


def test_another_shops_account_is_foreign_unless_it_is_the_same_owners():
    assert found(book("own b b b", owner="P"))
    assert not found(book("own b b b", owner="O"))


@pytest.mark.parametrize(("day", "hits"), [("2026-03-31", 0), ("2026-04-01", 1)])
def test_an_account_changed_to_is_the_shops_own(day, hits):
    assert len(found(book("own x x x", changes=f"A {day} account x"))) == hits


@pytest.mark.parametrize(("times", "hits"), [(1, 1), (2, 0)])
def test_an_account_used_twice_long_before_is_a_usual_one(times, hits):
    earlier = "".join(f"e{n} A 2025-12-0{n + 1} x\n" for n in range(times))

    assert len(found(book("own own own x x x", earlier=earlier))) == hits


@pytest.mark.parametrize("payers", ["x x x own", "own own own -"])
def test_it_accepts_a_day_on_which_the_shop_paid_itself_or_nobody_noted_it(payers):
    assert not found(book(payers))


def test_a_shop_without_a_registered_account_cannot_be_judged():
    assert not found(book("x x x x", owner="P", bound="-"))
