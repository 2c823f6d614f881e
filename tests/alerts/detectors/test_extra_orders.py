import datetime as dt

import pytest

from alerts.detectors.extra_orders import ExtraOrders
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)


def guilty():
    return book("02 正常\n05 补单\n12 机动\n30 补单")


def book(text):
    lines = ["order_id retailer_id day kind qty"]
    for number, line in enumerate(text.splitlines()):
        day, kind = line.split()
        lines.append(f"A{number} A 2026-03-{day} {kind} 10")
    lines += [f"R{n} R{n} 2026-03-16 正常 10" for n in range(20)]
    lines.append("old A 2026-02-27 补单 10")
    return facts(orders="\n".join(lines))


def found(tables, **params):
    return rows(ExtraOrders(**params).find(tables, ON))


def test_it_says_how_many_of_the_month():
    (row,) = found(guilty())

    assert row["subject_id"] == "A"
    assert row["surprise"] == pytest.approx(1.34, abs=0.01)
    assert ExtraOrders().sentence(row) == (
        "本月订货4次，其中补单、机动订单3次共30条，超过每月2次。"
    )


@pytest.mark.parametrize(
    "text",
    [
        "05 补单\n30 补单",
        "05 补单\n12 机动\n19 补单\n30 正常",
        "05 正常\n12 正常\n19 正常\n30 正常",
        "05 -\n12 -\n19 -\n30 -",
    ],
    ids=["two are allowed", "none today", "as planned", "not noted"],
)
def test_it_accepts(text):
    assert not found(book(text))
