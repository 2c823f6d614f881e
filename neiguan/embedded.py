"""PostgreSQL and Redis of our own, for whoever names no servers in the environment.

`ensure()` starts what does not run and writes the addresses and keys into `os.environ`. Each process that uses them
holds a shared lock; the last one to leave stops the servers. A killed process leaves nothing to mend: locks end
with it, and the next `ensure()` finds the servers either running or stopped.
"""

import atexit
import base64
import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import psycopg
import redis

from neiguan.servers import ROOT, SECRET_NAMES, CannotStartError, Place, read_place

START_SECONDS = 90  # a first start on a busy machine: copy, initdb, recovery
STOP_SECONDS = 40
ADDRESSES = {"postgres": "DATABASE_URL", "redis": "REDIS_URL"}


def var_folder() -> Path:
    """NEIGUAN_VAR as an absolute path, written back to the environment for child processes."""
    var = Path(os.environ.get("NEIGUAN_VAR") or ROOT / "var").resolve()
    os.environ["NEIGUAN_VAR"] = str(var)
    return var


def ensure() -> None:
    """Start the servers the environment does not name, and put their addresses and keys into it.

    Raises CannotStartError with the end of the server's log when one does not answer.
    """
    wanted = join()
    if not wanted:
        return
    place = read_place(var_folder())
    with only_one(place.var):
        for server in wanted:
            start(place, server)


def join() -> list[str]:
    """Become a user of our own servers, without starting them: lock, addresses, keys.

    Gives the names of the servers that the environment does not name.
    """
    var = var_folder()
    wanted = [server for server, name in ADDRESSES.items() if not os.environ.get(name)]
    if wanted:
        place = prepare(var)
        users = open_lock(var, "users")
        with only_one(var):  # nobody may be stopping the servers while we join
            fcntl.flock(users, fcntl.LOCK_SH)
        atexit.register(leave, place, users, os.getpid())
        export(place, wanted)
    return wanted


def own_servers() -> list[str]:
    """The servers in the environment that are those of this NEIGUAN_VAR."""
    var = var_folder()
    if not (var / "secrets").exists():
        return []
    place = read_place(var)
    ours = {"postgres": address(place, "web"), "redis": redis_address(place)}
    return [name for name, variable in ADDRESSES.items() if os.environ.get(variable) == ours[name]]


def wait_for(servers: list[str]) -> None:
    """Wait for servers that somebody else (the supervisor) starts."""
    place = read_place(var_folder())
    for server in servers:
        if not wait(lambda name=server: answers(place, name), START_SECONDS):  # type: ignore[misc]  # bound now
            raise CannotStartError(f"{server} 没有启动，日志 {place.var}/log/{server}.log")


def prepare(var: Path) -> Place:
    """Make the folders and the secrets file at first use."""
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("run", "log"):
        (var / name).mkdir(mode=0o700, exist_ok=True)
    with only_one(var):
        if not (var / "secrets").exists():
            values = {name: secrets.token_urlsafe(32) for name in SECRET_NAMES}
            values["INSTANCE"] = secrets.token_hex(6)
            values["FIELD_KEY"] = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
            draft = var / "secrets.new"
            draft.touch(mode=0o600)
            draft.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
            draft.rename(var / "secrets")
        place = read_place(var)
        _ = place.sockets  # chosen once, under the lock
        return place


def open_lock(var: Path, name: str) -> int:
    """A descriptor on a lock file, closed in programs we start."""
    return os.open(var / "run" / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@contextmanager
def only_one(var: Path) -> Iterator[None]:
    """One process at a time starts or stops servers here."""
    descriptor = open_lock(var, "start")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def address(place: Place, role: str, database: str = "neiguan") -> str:
    """URL that both libpq and django-environ read; `role` is web, owner or superuser."""
    user = {"web": "neiguan_web", "owner": "neiguan_owner", "superuser": "postgres"}[role]
    password = quote(place.secrets[f"{role.upper()}_PASSWORD"])
    return f"postgresql://{user}:{password}@/{database}?host={quote(str(place.sockets), safe='/')}"


def redis_address(place: Place) -> str:
    """URL for redis-py; Celery's settings turn it into the form that kombu reads."""
    return f"unix://:{quote(place.secrets['REDIS_PASSWORD'])}@{place.sockets}/redis.sock"


def export(place: Place, wanted: list[str]) -> None:
    """Write addresses and keys into the environment; what somebody set there stays."""
    values = {}
    if "postgres" in wanted:
        values = {
            "DATABASE_URL": address(place, "web"),
            "DATABASE_OWNER_URL": address(place, "owner"),
            "SECRET_KEY": place.secrets["SECRET_KEY"],
            "HASH_KEY": place.secrets["HASH_KEY"],
            "FIELD_KEY": place.secrets["FIELD_KEY"],
            "DEBUG": "1",
        }
    if "redis" in wanted:
        values["REDIS_URL"] = redis_address(place)
    for name, value in values.items():
        if not os.environ.get(name):
            os.environ[name] = value


def answers(place: Place, server: str) -> bool:
    """Does the server take a log-in and do work? A wrong password is an error, not a no."""
    if server == "redis":
        try:
            with redis.Redis.from_url(redis_address(place), socket_timeout=5) as client:
                return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False
    try:
        with psycopg.connect(address(place, "web"), connect_timeout=5) as connection:
            connection.execute("select 1")
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise CannotStartError(f"{place.var}/secrets 与数据库不符：{error}") from None
        return False
    return True


def start(place: Place, server: str) -> None:
    """Start one server in the background unless it answers."""
    if answers(place, server):
        return
    log = place.var / "log" / f"{server}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "neiguan.servers", server],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    if wait(lambda: answers(place, server) or process.poll() is not None, START_SECONDS):
        if answers(place, server):
            process.returncode = 0  # it runs on without us: no warning when this object goes
            return
    else:
        process.terminate()
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    raise CannotStartError(f"{server} 没有启动，日志 {log}：\n{tail}")


def wait(done: Callable[[], bool], seconds: float) -> bool:
    """Ask until the answer is yes or the time is over."""
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def leave(place: Place, users: int, who: int) -> None:
    """At exit: stop the servers if nobody else uses them. A forked child has nothing to leave."""
    if os.getpid() != who:
        return
    os.close(users)
    with suppress(FileNotFoundError), only_one(place.var):
        mine = open_lock(place.var, "users")
        try:
            fcntl.flock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        finally:
            os.close(mine)
        stop(place)


def running(place: Place, server: str) -> int | None:
    """Process id of a server that holds its lock, or None."""
    try:
        descriptor = os.open(place.lock_path(server), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return int(os.read(descriptor, 20) or 0)
    finally:
        os.close(descriptor)
    return None


def stop(place: Place) -> None:
    """Stop both servers in good order, and hard when they do not listen."""
    for server, signals in (
        ("redis", (signal.SIGTERM, signal.SIGKILL)),
        ("postgres", (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)),
    ):
        while (pid := running(place, server)) is not None:  # whoever waited for the lock is next
            if not end(place, server, pid, signals):
                break


def end(place: Place, server: str, pid: int, signals: tuple[signal.Signals, ...]) -> bool:
    """End the one process that holds a server's lock; False when no signal does it."""
    for how in signals:
        if pid:  # 0: it has the lock and is about to write its number
            with suppress(ProcessLookupError):
                os.kill(pid, how)
        if wait(lambda: running(place, server) != pid, STOP_SECONDS):
            return True
    return False


def destroy(var: Path) -> None:
    """Stop the servers of a NEIGUAN_VAR and delete all of its data. There is no way back."""
    if (var / "secrets").exists():
        place = read_place(var)
        with only_one(var):
            stop(place)
        shutil.rmtree(place.sockets, ignore_errors=True)
        if place.home != var:
            shutil.rmtree(place.home, ignore_errors=True)
    shutil.rmtree(var, ignore_errors=True)
