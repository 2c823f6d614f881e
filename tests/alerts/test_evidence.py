import ibis
import pyarrow as pa

from alerts.evidence import rows_of, stacked
from sources.facts import rows
from tests.tables import facts


def orders(count):
    lines = "".join(f"o{n} 2026-03-{n:02d} {n * 10}\n" for n in range(1, count + 1))
    table = facts(orders="order_id day qty\n" + lines).orders
    return table.mutate(subject_id=ibis.literal("R1"))


def test_the_newest_rows_are_kept_or_those_with_most():
    newest = stacked(rows_of(orders(9), "orders", "day", "qty"), most=2)
    least = stacked(
        rows_of(orders(9).mutate(qty=-ibis._.qty), "orders", "day", "qty"), most=2, by="qty"
    )

    assert sorted(row["qty"] for row in rows(newest)) == [80, 90]
    assert sorted(row["qty"] for row in rows(least)) == [-20, -10]


def test_masters_come_first_and_missing_columns_are_null():
    shops = facts(retailers="retailer_id name\nR1 店").retailers.mutate(
        subject_id=ibis.literal("R1")
    )
    together = stacked(
        rows_of(orders(5), "orders", "day", "order_id"), rows_of(shops, "retailers", "name"), most=3
    )

    shown = rows(together)
    assert [row["source"] for row in shown].count("retailers") == 1
    assert {row["name"] for row in shown if row["source"] == "orders"} == {None}
    assert len(shown) == 3


def test_a_row_is_shown_once_however_often_it_was_joined():
    twice = orders(1).join(ibis.memtable(pa.table({"x": [1, 2]})), [])

    assert len(rows(stacked(rows_of(twice, "orders", "day")))) == 1
