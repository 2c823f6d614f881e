"""The engine on a Spark cluster: an application there, and Ibis over it by Arrow.

pyspark is optional (requirements-spark.txt) and imported only where ENGINE is spark.
"""

import contextlib
import os
import shutil
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from sources.lake.spark_backend import Backend

CONFIGURATION: Mapping[str, str] = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",  # what cannot be computed is an error, not silently null
    "spark.ui.showConsoleProgress": "false",
}


@dataclass
class Application:
    """What this process runs on the cluster, for as long as somebody uses it."""

    session: Any = None
    users: int = 0
    lock: Any = field(default_factory=threading.Lock)

    def enter(self) -> Any:
        """A session of the application, which the first user starts."""
        with self.lock:
            self.session = self.session or _started()
            self.users += 1
            return self.session.newSession()

    def leave(self) -> None:
        """The last user ends the application."""
        with self.lock:
            self.users -= 1
            if not self.users:
                self.session.stop()
                self.session = None


_ours = Application()


@contextlib.contextmanager
def connected() -> Iterator["Backend"]:
    """A session of one's own on the cluster of SPARK_MASTER.

    The process's application there ends with its last session: between nights nothing holds the
    cluster's cores. What else Spark shall know stands in its own spark-defaults.conf.
    """
    _check_installed()
    session = _ours.enter()
    try:
        from sources.lake.spark_backend import Backend

        backend = Backend.over(session)
        yield backend
        backend.forget()
    finally:
        _ours.leave()


def _started() -> Any:
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("neiguan").master(settings.SPARK_MASTER)
    for name, value in CONFIGURATION.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def _check_installed() -> None:
    """Say what is missing before Spark says it in its own way."""
    if not settings.SPARK_MASTER:
        raise ImproperlyConfigured(
            "ENGINE=spark 需要 SPARK_MASTER，例如 spark://主机:7077"
            "（ENGINE=spark needs SPARK_MASTER, say spark://host:7077）"
        )
    try:
        import pyspark  # noqa: F401
    except ImportError as error:
        raise ImproperlyConfigured(
            "ENGINE=spark 需要 pyspark，请先执行 pip install -r requirements-spark.txt"
            "（ENGINE=spark needs pyspark: install requirements-spark.txt）"
        ) from error
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise ImproperlyConfigured(
            "ENGINE=spark 需要 Java 17 或 21，请安装后再启动（ENGINE=spark needs Java 17 or 21）"
        )
