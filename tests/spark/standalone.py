"""Starts and ends Spark's own master and workers, each a Java process of its own."""

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

LOOPBACK = "127.0.0.1"
WORKERS = 2
SECONDS = 120  # until all of them must have started
QUICK = (
    "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # many small plans: compiling them well never pays
)
CONFIGURATION = f"""\
spark.driver.host {LOOPBACK}
spark.driver.bindAddress {LOOPBACK}
spark.driver.memory 2g
spark.executor.memory 1g
spark.executor.cores 1
spark.driver.extraJavaOptions {QUICK}
spark.executor.extraJavaOptions {QUICK}
spark.ui.enabled false
spark.default.parallelism 2
spark.sql.shuffle.partitions 2
spark.sql.adaptive.enabled false
spark.sql.codegen.wholeStage false
spark.sql.codegen.factoryMode NO_CODEGEN
spark.log.level ERROR
"""


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """A master and its workers on free ports of loopback; gives the master's address.

    Applications that this process starts meanwhile read the configuration above.
    """
    port, page = _free_port(), _free_port()
    (folder / "conf").mkdir()
    (folder / "conf" / "spark-defaults.conf").write_text(CONFIGURATION)
    environment = {"SPARK_LOCAL_IP": LOOPBACK, "SPARK_CONF_DIR": str(folder / "conf")}
    master = f"spark://{LOOPBACK}:{port}"
    with contextlib.ExitStack() as running:
        running.enter_context(_environment(environment))
        at = ["--host", LOOPBACK, "--webui-port"]
        running.enter_context(_daemon(folder, "Master", *at, str(page), "--port", str(port)))
        for number in range(1, WORKERS + 1):
            own = [*at, "0", "--cores", "1", "--memory", "1g", "--work-dir"]
            work = folder / f"worker{number}"
            running.enter_context(_daemon(folder, "Worker", *own, str(work), master))
        _wait_for_workers(page)
        yield master


@contextlib.contextmanager
def _environment(changes: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


@contextlib.contextmanager
def _daemon(folder: Path, kind: str, *arguments: str) -> Iterator[None]:
    """A Spark daemon, and whatever it starts, until the block ends."""
    import pyspark

    home = Path(pyspark.__file__).parent
    name = f"org.apache.spark.deploy.{kind.lower()}.{kind}"
    environment = {**os.environ, "SPARK_HOME": str(home), "SPARK_DAEMON_MEMORY": "256m"}
    environment["PYSPARK_PYTHON"] = sys.executable
    with (folder / f"{kind.lower()}.log").open("ab") as log:
        process = subprocess.Popen(
            [str(home / "bin" / "spark-class"), name, *arguments],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
    try:
        yield
    finally:
        _end(process)


def _die_with_parent() -> None:
    """Also a test run that is killed leaves nothing behind (Linux only; executors follow)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the daemon's whole group: executors are children of their worker."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)


def _wait_for_workers(page: int) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if _workers(page) == WORKERS:
                return
        time.sleep(0.3)
    raise RuntimeError(f"no Spark master with {WORKERS} workers after {SECONDS} seconds")


def _workers(page: int) -> int:
    """How many workers the master's own page counts."""
    with urllib.request.urlopen(f"http://{LOOPBACK}:{page}/json/", timeout=5) as answer:
        return int(json.load(answer)["aliveworkers"])


def _free_port() -> int:
    with socket.socket() as one:
        one.bind((LOOPBACK, 0))
        port: int = one.getsockname()[1]
        return port
