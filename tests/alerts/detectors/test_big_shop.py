import datetime as dt

import pytest

from alerts.detectors.big_shop import BigShop
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 24)
HEADER = "order_id retailer_id day qty bureau\n"
PAST = HEADER + "\n".join(f"p{n} S{n} 2026-02-03 100 451423" for n in range(9)) + "\n"


def guilty():
    return book("p R1 2026-03-10 300 451423\nn R1 2026-03-24 210 451423")


def book(orders, past=PAST):
    return facts(orders=past + orders)


def found(tables, **params):
    return rows(BigShop(**params).find(tables, ON))


def today(qty, past=PAST):
    return book(f"n R1 2026-03-24 {qty} 451423", past)


def test_it_says_how_many_times_the_others():
    (row,) = found(guilty())

    assert row["subject_id"] == "R1"
    assert BigShop().sentence(row) == (
        "本月累计订货510条，为本县上月户均100.0条的5.10倍，"
        "达到零售大户标准（月1000条或户均5倍），列入台账。"
    )


@pytest.mark.parametrize(("qty", "hits"), [(499, 0), (500, 1)])
def test_five_times_the_mean_are_included(qty, hits):
    assert len(found(today(qty))) == hits


@pytest.mark.parametrize(("qty", "hits"), [(999, 0), (1000, 1)])
def test_a_thousand_cartons_are_included(qty, hits):
    assert len(found(today(qty), times=50)) == hits


@pytest.mark.parametrize(("qty", "hits"), [(999, 0), (1000, 1)])
def test_without_the_whole_of_last_month_only_cartons_count(qty, hits):
    late = PAST.replace("2026-02-03", "2026-02-08")

    (row, *_rest) = found(today(qty, late)) or [None]
    assert bool(row) is bool(hits)
    if row:
        assert "户均1" not in BigShop().sentence(row)


def test_it_is_told_on_the_day_that_reaches_the_line_and_not_again():
    assert not found(book("p R1 2026-03-10 510 451423\nn R1 2026-03-24 10 451423"))


def test_an_ordinary_shop_is_none():
    assert not found(today(120))


def test_a_province_may_set_another_line():
    assert found(today(300), times=3)
    assert not found(today(300), times=3.1)


def test_each_county_has_its_own_mean():
    other = "\n".join(f"q{n} T{n} 2026-02-03 900 451424" for n in range(9))

    assert found(book("n R1 2026-03-24 510 451423\n" + other)) == found(today(510))
