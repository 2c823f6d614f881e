"""Restarts the worker when its heartbeat stops: a worker can live and yet do nothing (seen with Redis restarts).

Under our supervisor it asks that to restart worker and beat. With a command (`python -m neiguan.watchdog celery ...`,
in a container) it runs that and ends with it, so that whoever restarts containers starts both again.
"""

import os
import signal
import subprocess
import sys
import time
import xmlrpc.client

import psycopg
from supervisor.xmlrpc import SupervisorTransport

LONGEST_SILENCE = 180  # seconds
LOOK_EVERY = 15  # seconds
STOP_SECONDS = 30
PROGRAMS = ("beat", "worker")


def silence(address: str) -> float | None:
    """Seconds since the worker's last heartbeat; None when the database does not answer or has none."""
    try:
        with psycopg.connect(address, connect_timeout=5) as connection:
            row = connection.execute(
                "select extract(epoch from now() - at) from jobs_heartbeat where name = 'worker'"
            ).fetchone()
    except psycopg.Error:
        return None
    return float(row[0]) if row else None


def supervisor(address: str) -> xmlrpc.client.ServerProxy:
    """The supervisor's commands, over its unix socket."""
    transport = SupervisorTransport(None, None, address)
    return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)


def restart(server: xmlrpc.client.ServerProxy, name: str) -> None:
    """Stop and start one program; one that is down already is only started."""
    for command in (server.supervisor.stopProcess, server.supervisor.startProcess):
        try:
            command(name)
        except xmlrpc.client.Fault as fault:
            print(f"{name}: {fault.faultString}", flush=True)  # noqa: T201 - into our log file


class Silence:
    """How long the worker has been silent; at first it has the full time to speak."""

    def __init__(self, longest: float) -> None:
        self.longest = longest
        self.since = time.monotonic()

    def is_too_long(self) -> bool:
        """Look once. A database that does not answer says nothing about the worker."""
        seconds = silence(os.environ["DATABASE_URL"])
        if seconds is None or seconds < self.longest:
            return False
        if time.monotonic() - self.since < self.longest:
            return False
        print(f"worker silent for {seconds:.0f} s: restarting", flush=True)  # noqa: T201
        return True


def watch(longest: float) -> None:
    """Look for ever, and have the supervisor restart what is silent."""
    server = supervisor(os.environ["SUPERVISOR_SERVER_URL"])
    quiet = Silence(longest)
    while True:
        time.sleep(LOOK_EVERY)
        if quiet.is_too_long():
            for name in PROGRAMS:
                restart(server, name)
            quiet = Silence(longest)


def watch_child(command: list[str], longest: float) -> int:
    """Run a command until it ends by itself, we are asked to stop, or it falls silent; its exit code."""
    child = subprocess.Popen(command)  # noqa: S603
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    quiet = Silence(longest)
    while True:
        try:
            return child.wait(LOOK_EVERY)
        except subprocess.TimeoutExpired:
            if not quiet.is_too_long():
                continue
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
        return 1


if __name__ == "__main__":
    seconds_of_silence = float(os.environ.get("WATCHDOG_SECONDS", LONGEST_SILENCE))
    if sys.argv[1:]:
        sys.exit(watch_child(sys.argv[1:], seconds_of_silence))
    watch(seconds_of_silence)
