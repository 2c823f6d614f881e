"""Which engine opens the facts, and what is said when it cannot. Spark itself: tests/spark."""

import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from sources.crypto import opener, seal
from tests import make
from tests.sources import exports

pytestmark = pytest.mark.django_db


def test_an_unknown_engine_is_refused(settings):
    settings.ENGINE = "pandas"

    with pytest.raises(ImproperlyConfigured, match="只能是 duckdb 或 spark"):
        exports.known()


def test_spark_needs_the_address_of_a_master(settings):
    settings.ENGINE, settings.SPARK_MASTER = "spark", ""

    with pytest.raises(ImproperlyConfigured, match="需要 SPARK_MASTER"):
        exports.known()


def test_spark_needs_pyspark(settings, monkeypatch):
    settings.ENGINE, settings.SPARK_MASTER = "spark", "spark://127.0.0.1:7077"
    monkeypatch.setitem(sys.modules, "pyspark", None)  # as where it is not installed

    with pytest.raises(ImproperlyConfigured, match="requirements-spark"):
        exports.known()


def test_spark_needs_java(settings, monkeypatch):
    settings.ENGINE, settings.SPARK_MASTER = "spark", "spark://127.0.0.1:7077"
    monkeypatch.setitem(sys.modules, "pyspark", make)  # some module
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)

    with pytest.raises(ImproperlyConfigured, match="Java 17"):
        exports.known()


def test_what_opens_sealed_texts_elsewhere_leaves_others_alone(settings):
    unseal = opener(settings.FIELD_KEY)

    assert unseal(seal("黄某兰")) == "黄某兰"
    assert [unseal(text) for text in ("12", "", None)] == ["12", "", None]


def test_of_two_tiers_of_one_day_the_changed_one_counts():
    exports.bring("零售客户档案.csv", exports.RETAILERS, at=exports.NOON)
    exports.bring("卷烟目录.csv", exports.SKUS)
    exports.bring(
        "客户信息变更.csv",
        "客户编码,变更日期,变更项目,变更前,变更后\n451423100001,2026-03-02,档位,12,20\n",
    )
    exports.bring("订单主表.csv", exports.ORDERS)

    assert exports.fact("orders", "tier") == {"CO1": 20, "CO2": 5}
