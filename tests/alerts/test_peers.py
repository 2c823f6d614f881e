import datetime as dt

import ibis
import pyarrow as pa
import pytest
from ibis import _

from alerts import peers
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 3)


def shops(*values, bureau="A"):
    return pa.table({"bureau": [bureau] * len(values), "x": [float(one) for one in values]})


def test_sigmas_are_those_of_a_normal_curve_about_the_median():
    table = ibis.memtable(shops(1, 2, 3, 4, 100))

    told = rows(peers.told_apart(table, least=5, smallest=0.01).order_by("x"))

    assert [row["middle"] for row in told] == [3] * 5
    assert told[-1]["sigmas"] == pytest.approx(97 / 1.4826)
    assert told[-1]["like"] == 5


def test_a_sigma_is_never_nothing():
    table = ibis.memtable(shops(3, 3, 3, 4))

    assert max(row["sigmas"] for row in rows(peers.told_apart(table, least=4, smallest=0.5))) == 2


def test_a_small_group_says_nothing_and_counties_are_told_apart():
    table = ibis.memtable(pa.concat_tables([shops(1, 2, 3), shops(7, 9, bureau="B")]))

    told = rows(peers.told_apart(table, least=3, smallest=1))

    assert {row["bureau"] for row in told} == {"A"}


def test_the_first_order_of_the_month_counts_and_four_weeks_are_looked_at():
    orders = "retailer_id day\nA 2026-03-02\nA 2026-03-03\nB 2026-02-27\nB 2026-03-03\nC 2026-02-03"
    tables = facts(orders=orders)

    assert [row["retailer_id"] for row in rows(peers.newly(tables, ON))] == ["B"]
    kept = peers.lately(tables.orders, ON).filter(_.retailer_id == "C")
    assert not rows(kept)


def test_bands_hold_neighbouring_tiers():
    table = ibis.memtable(pa.table({"tier": [4, 5, 9, None]}))

    told = rows(table.mutate(band=peers.band_of(_.tier, 5)))
    assert [row["band"] for row in told] == [0, 1, 1, -1]
