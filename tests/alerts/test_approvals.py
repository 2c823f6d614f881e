import pytest

from alerts.approvals import with_approval
from sources.facts import rows
from tests.tables import facts

STAFF = "staff_id name role\nS1 农某 客户经理\nS2 韦某 内管员\nS3 - 客户经理"


def judged(*changes):
    text = "retailer_id operator approver\n" + "\n".join(changes)
    tables = facts(changes=text, staff=STAFF)
    return {
        row["retailer_id"]: (row["bare"], row["by_manager"])
        for row in rows(with_approval(tables.changes, tables.staff))
    }


@pytest.mark.parametrize(
    ("change", "bare", "by_manager"),
    [
        ("A S1 -", True, True),
        ("A 农某 S2", False, True),
        ("A S2 S2", True, False),
        ("A - -", True, False),
        ("A - S2", False, False),
    ],
)
def test_who_changed_it_and_whether_another_approved(change, bare, by_manager):
    assert judged("other S2 S9", change)["A"] == (bare, by_manager)


def test_where_nobody_notes_approvers_their_absence_says_nothing():
    assert judged("A S1 -", "B S1 -") == {"A": (False, True), "B": (False, True)}
