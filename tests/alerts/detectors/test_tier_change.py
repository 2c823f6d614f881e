import datetime as dt

import pytest

from alerts.detectors.tier_change import TierChange
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 31)
STAFF = "staff_id name role\nS1 农某 客户经理\nS2 韦某 内管员"
SHOPS = 60


def guilty():
    return book("A 2026-03-31 10 15 S9 S2")


def book(changes, *, regular=True):
    """Shops of a county, half of which went up by one tier on the 2nd of March."""
    retailers = "retailer_id\nA\n" + "\n".join(f"R{n}" for n in range(SHOPS))
    usual = "\n".join(f"R{n} 2026-03-02 8 9 S2 S9" for n in range(SHOPS // 2)) if regular else ""
    header = "retailer_id day field old_value new_value operator approver\n"
    lines = [line.split() for line in f"{changes}\n{usual}".splitlines() if line.strip()]
    text = "\n".join(" ".join([shop, day, "tier", *rest]) for shop, day, *rest in lines)
    orders = "order_id retailer_id day\n1 A 2026-03-30\n2 A 2026-03-31"
    return facts(retailers=retailers, changes=header + text, orders=orders, staff=STAFF)


def found(tables, **params):
    return rows(TierChange(**params).find(tables, ON))


def test_it_says_from_which_tier_to_which():
    (row,) = found(guilty())

    assert row["subject_id"] == "A"
    assert row["surprise"] == pytest.approx(1.49, abs=0.01)
    assert not TierChange().staff_concerned(row)
    assert TierChange().sentence(row) == (
        "3月31日档位由10档升到15档，变动5档；90天内变更1次、起伏5档，超出全县通常范围；"
        "当日全县没有统一评档。"
    )


def test_five_tiers_count_and_four_do_not_where_everybody_moves_as_far():
    def everybody(step):
        moved = "\n".join(f"R{n} 2026-03-31 8 {8 + step} S2 S9" for n in range(SHOPS))
        return book(f"A 2026-03-31 10 {10 + step} S2 S9\n{moved}", regular=False)

    assert len(found(everybody(5))) == SHOPS + 1
    assert not found(everybody(4))


def test_small_steps_add_up_within_ninety_days():
    steps = "A {} 10 12 S2 S9\nA 2026-03-31 12 13 S2 S9"

    (row,) = found(book(steps.format("2026-01-01")))
    assert row["wide"]
    assert "90天内变更2次、起伏3档" in TierChange().sentence(row)
    assert not found(book(steps.format("2025-12-31")))


def test_a_usual_step_on_a_day_of_its_own_is_no_news():
    assert not found(book("A 2026-03-31 10 12 S2 S9"))


@pytest.mark.parametrize(
    ("change", "concerned"),
    [
        ("A 2026-03-31 10 11 S1 -", True),
        ("A 2026-03-31 10 11 农某 农某", True),
        ("A 2026-03-31 10 11 S2 -", False),
    ],
    ids=["nobody approved", "approved by the same", "not a manager"],
)
def test_without_another_to_approve_even_one_tier_is_told(change, concerned):
    (row,) = found(book(change))

    assert row["bare"]
    assert TierChange().staff_concerned(row) is concerned
    assert TierChange().sentence(row).endswith("；没有他人审批的记录。")


@pytest.mark.parametrize(
    "change",
    ["A 2026-03-31 10 11 S1 S9", "A 2026-03-31 ZZ 15 S1 S9", "A 2026-03-30 10 15 S1 S9"],
    ids=["approved", "no number", "told the night before"],
)
def test_it_accepts(change):
    assert not found(book(change))


def test_where_nobody_notes_approvers_their_absence_says_nothing():
    assert not found(book("A 2026-03-31 10 11 S1 -", regular=False))
