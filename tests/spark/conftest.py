"""A real Spark cluster on loopback: a master, two workers, and the application of the test run."""

import pytest

from sources.lake import cluster
from tests.spark import standalone


@pytest.fixture(scope="session")
def spark_master(tmp_path_factory):
    """The address of a running master with two workers; all of it ends with the test run."""
    with standalone.cluster(tmp_path_factory.mktemp("spark")) as master:
        yield master


@pytest.fixture(scope="session")
def application(spark_master):
    """The test run's application on that cluster: starting one for each test would take long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.SPARK_MASTER", spark_master)
        with cluster.connected() as backend:
            yield backend


@pytest.fixture
def spark(application, settings):
    """Ibis over the cluster, in a session of the test's own."""
    settings.ENGINE = "spark"
    with cluster.connected() as backend:
        yield backend
