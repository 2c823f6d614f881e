"""The rules that it shares with `route_cluster` are tested there."""

import datetime as dt

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


def test_it_waits_for_the_columns_of_who_belongs_where():
    missing = frozenset(ManagerCluster.inputs) - frozenset(ManagerCluster.optional)

    assert ManagerCluster.waits_for(facts(missing=missing)) == sorted(missing)
