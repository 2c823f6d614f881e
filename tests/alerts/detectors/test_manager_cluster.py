import datetime as dt

import pytest

from alerts.detectors.manager_cluster import ManagerCluster
from sources.facts import rows
from tests.alerts import clustered
from tests.tables import facts

ON = dt.date(2026, 3, 30)


def guilty():
    return clustered.county(grown=12, over=2, shared=2)


def found(tables, on=ON, **params):
    return rows(ManagerCluster(**params).find(tables, on))


def test_too_many_unusual_shops_of_one_are_told():
    (row,) = found(guilty())

    assert row["subject_id"] == "M1"
    assert (row["unusual"], row["grown"], row["over"], row["shared"]) == (16, 12, 2, 2)
    assert ManagerCluster().staff_concerned(row)
    assert ManagerCluster().sentence(row) == (
        "近4周该客户经理的50户中有16户异常（订货大增12、超限量2、共用设备2），占32.0%，同县其余户4.1%。"
    )


def test_fifty_shops_are_enough_and_fewer_are_not():
    assert found(clustered.county(shops=50, grown=16))
    assert not found(clustered.county(shops=49, grown=16))


def test_what_is_usual_in_the_whole_county_is_no_cluster():
    assert not found(clustered.county(grown=12, others=12))


@pytest.mark.parametrize(("sigmas", "hits"), [(2.5, 1), (10, 0)])
def test_the_distance_is_a_limit_that_counts(sigmas, hits):
    assert len(found(guilty(), sigmas=sigmas, times=20)) == hits


def test_a_multiple_is_enough_by_itself():
    assert found(guilty(), sigmas=10, times=3)


@pytest.mark.parametrize(("grown", "hits"), [(9, 0), (10, 1)])
def test_ten_unusual_shops_are_the_line(grown, hits):
    assert len(found(clustered.county(grown=grown, others=0))) == hits


def test_it_is_told_on_the_first_order_day_of_the_week():
    tuesday = clustered.county(grown=16, on="2026-03-31")

    assert found(tuesday, on=dt.date(2026, 3, 31))
    assert not found(clustered.county(grown=16), on=dt.date(2026, 3, 31))


def test_a_device_that_many_use_is_a_counter():
    assert not found(clustered.county(grown=0, shared=20, others=0))


def test_it_waits_for_the_columns_of_who_belongs_where():
    missing = frozenset(ManagerCluster.inputs) - frozenset(ManagerCluster.optional)

    assert ManagerCluster.waits_for(facts(missing=missing)) == sorted(missing)
