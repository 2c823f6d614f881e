"""Imports come daily; what they write stays in few files."""

import datetime as dt
from collections import Counter
from pathlib import Path

import pytest

from sources.lake.late import earliest_change
from sources.lake.writing import MOST_FILES, files
from sources.models import TableVersion
from tests.sources.exports import NOON, ORDERS, RETAILERS, bring, bring_all, fact

pytestmark = pytest.mark.django_db
END = dt.date(2026, 5, 31)
HEAD = ORDERS.splitlines()[0]


def daily(number):
    """An order of the day so many after 1 April."""
    day = dt.date(2026, 4, 1) + dt.timedelta(days=number)
    text = f"{HEAD}\nCD{number},451423100001,{day} 10:20:00,5,400.00,60\n"
    return bring("订单主表.csv", text, at=NOON + dt.timedelta(days=30 + number))


def version():
    return TableVersion.objects.get(table="orders").version


def counts():
    names = files("orders", "451423", version())
    return Counter(Path(name).parent.name.removeprefix("month=") for name in names)


def test_a_month_that_is_over_is_one_file_and_the_newest_a_few():
    bring_all({"档案.csv": RETAILERS})
    most = 0
    for number in range(MOST_FILES + 4):
        daily(number)
        most = max(most, counts()["2026-04"])

    assert most == MOST_FILES
    daily(30)
    assert counts() == {"2026-04": 1, "2026-05": 1}
    assert len(fact("orders", "qty", END)) == MOST_FILES + 5
    assert len(fact("orders", "qty", END, known_at=NOON + dt.timedelta(days=33))) == 4


def test_putting_files_together_changes_no_day():
    bring_all({"档案.csv": RETAILERS})
    for number in range(MOST_FILES):
        daily(number)
    before = version()
    daily(MOST_FILES)

    assert counts() == {"2026-04": 1}
    changed = earliest_change({"orders:451423": before}, {"orders:451423": version()})
    assert changed == dt.date(2026, 4, 1) + dt.timedelta(days=MOST_FILES)
