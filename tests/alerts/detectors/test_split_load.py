import datetime as dt

import pytest

from alerts.detectors.split_load import SplitLoad
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)  # one working day is left of the month
SKUS = "sku_id sku_name\nK1 云霞（软）\nK2 真龙"


def book(same=10, *, shops=30, other=0, qty=2, takers=1, on=ON):
    """`same` of the line's shops take `qty` of K1, `other` take 3; `takers` of them took it before."""
    lines = [f"p{n} R{n} 2026-03-02 K2 5" for n in range(shops)]
    lines += [f"q{n} R{n} 2026-03-02 K1 1" for n in range(takers)]
    for n in range(shops):
        lines.append(f"o{n} R{n} {on} K2 {3 + n % 4}")
        if n < same + other:
            lines.append(f"o{n} R{n} {on} K1 {qty if n < same else 3}")
    return facts(
        skus=SKUS,
        retailers="\n".join(["retailer_id route", *(f"R{n} L1" for n in range(shops))]),
        lines="\n".join(["order_id retailer_id day sku_id qty", *lines]),
    )


def guilty():
    return book()


def found(tables, on=ON, **params):
    return rows(SplitLoad(**params).find(tables, on))


def test_many_who_take_the_same_little_of_what_nobody_takes_are_told():
    (row,) = found(guilty())

    assert (row["subject_id"], row["same"], row["active"]) == ("L1", 10, 30)
    assert SplitLoad().staff_concerned(row)
    assert SplitLoad().sentence(row) == (
        "月末当日线路L1订货30户，有10户同订云霞（软）各2条，前8周这条线路只有3%的户订过。"
    )


@pytest.mark.parametrize(
    ("given", "hits"),
    [
        ({"same": 9}, 0),
        ({"same": 10, "other": 1}, 1),
        ({"same": 10, "other": 2}, 0),
        ({"shops": 33}, 1),
        ({"shops": 34}, 0),
        ({"qty": 5}, 1),
        ({"qty": 6}, 0),
        ({"takers": 3}, 1),
        ({"takers": 4}, 0),
        ({"takers": 0}, 0),
    ],
    ids=str,
)
def test_each_line_counts(given, hits):
    assert len(found(book(**given))) == hits


@pytest.mark.parametrize(("day", "hits"), [("2026-03-26", 0), ("2026-03-27", 1), ("2026-03-31", 1)])
def test_the_last_three_working_days_are_the_months_end(day, hits):
    on = dt.date.fromisoformat(day)

    assert len(found(book(on=on), on)) == hits


def test_it_waits_for_lines_of_delivery():
    missing = frozenset({"retailers.route"})

    assert SplitLoad.waits_for(facts(missing=missing)) == ["retailers.route"]
