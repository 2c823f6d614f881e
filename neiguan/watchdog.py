"""Restarts the worker when its heartbeat stops, through the supervisor that runs us.

A worker can live and yet do nothing (seen with Redis restarts); the supervisor alone cannot see that.
"""

import os
import time
import xmlrpc.client

import psycopg
from supervisor.xmlrpc import SupervisorTransport

LONGEST_SILENCE = 180  # seconds
LOOK_EVERY = 15  # seconds
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


def watch(longest: float = LONGEST_SILENCE, every: float = LOOK_EVERY) -> None:
    """Look for ever. After a restart (and at the start) the worker gets the full time to speak."""
    server = supervisor(os.environ["SUPERVISOR_SERVER_URL"])
    since = time.monotonic()
    while True:
        time.sleep(every)
        seconds = silence(os.environ["DATABASE_URL"])
        if seconds is None or seconds < longest or time.monotonic() - since < longest:
            continue
        print(f"worker silent for {seconds:.0f} s: restarting", flush=True)  # noqa: T201
        for name in PROGRAMS:
            restart(server, name)
        since = time.monotonic()


if __name__ == "__main__":
    watch(float(os.environ.get("WATCHDOG_SECONDS", LONGEST_SILENCE)))
