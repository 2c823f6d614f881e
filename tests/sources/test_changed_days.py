"""Which nights an import concerns, and what took the place of a row."""

import datetime as dt

import pytest

from sources.lake.late import changed_by, successors
from tests.sources.exports import (
    DELIVERIES,
    FILES,
    LINES,
    NOON,
    ORDERS,
    RETAILERS,
    SKUS,
    bring,
    bring_all,
    fact,
)

pytestmark = pytest.mark.django_db
LATER = NOON + dt.timedelta(days=3)
MONDAY, NEXT = dt.date(2026, 3, 2), dt.date(2026, 3, 9)
SINCE = dt.date(2026, 1, 12)


def changed(at=LATER):
    return changed_by(known_at=at, path="/45/4514/", since=SINCE)


@pytest.fixture
def book():
    return bring_all({"档案.csv": RETAILERS, "卷烟目录.csv": SKUS, "订单主表.csv": ORDERS})


def test_an_order_tells_its_own_day_and_what_it_replaced(book):
    bring("订单主表.csv", ORDERS.replace("11:00:00,2,", "11:00:00,3,"), at=LATER)

    found = changed()

    assert found.days == {("451423", MONDAY)}
    assert found.replaced == {("orders", book["订单主表.csv"].pk, 3)}


def test_an_order_that_moves_tells_both_days(book):
    moved = ORDERS.replace("2026-03-02 11:00:00", "2026-03-05 11:00:00")
    bring("订单主表.csv", moved, at=LATER)

    assert changed().days == {("451423", MONDAY), ("451423", dt.date(2026, 3, 5))}


def test_lines_tell_the_day_of_their_order(book):
    bring("订单明细.csv", LINES.replace("CO3,6901001,4,10\n", ""), at=LATER)

    assert changed().days == {("451423", MONDAY)}


def test_a_delivery_tells_the_shops_next_order_day_once_it_has_come(book):
    """CO1's shop orders again on the 9th; the other one has not since."""
    bring("配送.csv", DELIVERIES, at=LATER)

    assert changed().days == {("451423", NEXT)}


def test_a_limit_holds_for_its_week(book):
    limits = "周期起,卷烟编码,档位,每户上限\n20260302,6901002,5,3\n"
    bring("投放.csv", limits, at=LATER)

    days = {day for _bureau, day in changed().days}
    assert days == {MONDAY + dt.timedelta(days=later) for later in range(7)}


def test_what_came_at_another_time_or_is_too_old_is_not_told(book):
    bring("订单明细.csv", LINES, at=LATER)

    assert not changed(LATER + dt.timedelta(seconds=1)).days
    assert not changed_by(known_at=LATER, path="/45/4514/", since=dt.date(2026, 4, 1)).days
    assert not changed_by(known_at=LATER, path="/45/4599/", since=SINCE).days


def test_the_successor_is_the_row_in_force_now(book):
    first = book["订单主表.csv"]
    bring("订单主表.csv", ORDERS.replace("11:00:00,2,", "11:00:00,3,"), at=LATER)
    last = bring("订单主表.csv", ORDERS.replace("11:00:00,2,", "11:00:00,4,"), at=LATER)

    found = successors(places=[("orders", first.pk, 3), ("orders", first.pk, 2)], path="/45/")

    (heir,) = found.values()
    assert (heir.old["qty"], heir.new["qty"]) == (2.0, 4.0)
    assert (heir.batch_id, heir.row_no, heir.known_at) == (last.pk, 3, LATER)


def test_a_withdrawn_order_says_so(book):
    withdrawn = ORDERS.replace("300.00,60", "300.00,90")
    bring("订单主表.csv", withdrawn, at=LATER)

    (heir,) = successors(places=[("orders", book["订单主表.csv"].pk, 3)], path="/45/").values()

    assert (heir.old["is_cancelled"], heir.new["is_cancelled"]) == (False, True)


def test_sealed_text_is_never_told(book):
    payments = "订单号,扣款日期,付款账户,金额,户名\nCO1,2026-03-02,6217000011112222,400.00,黄某兰\n"
    first = bring("结算.csv", payments)
    bring("结算.csv", payments.replace("400.00,黄某兰", "410.00,陆某"), at=LATER)

    (heir,) = successors(places=[("payments", first.pk, 2)], path="/45/").values()

    assert (heir.old["payer_name"], heir.new["payer_name"]) == (None, None)
    assert (heir.old["paid_amount"], heir.new["paid_amount"]) == (40000, 41000)


def test_the_lines_of_an_order_that_moved_go_with_it_and_as_known_before_did_not():
    bring_all(FILES)
    moved = ORDERS.replace("2026-03-02 11:00:00", "2026-03-05 11:00:00")
    bring("订单主表.csv", moved, at=LATER)

    assert fact("lines", "day") == {"CO1": MONDAY, "CO2": dt.date(2026, 3, 5)}
    assert fact("lines", "day", known_at=NOON) == {"CO1": MONDAY, "CO2": MONDAY}
    assert fact("lines", "day", since=dt.date(2026, 3, 4)) == {"CO2": dt.date(2026, 3, 5)}
