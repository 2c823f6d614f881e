import json
import os
import signal
import ssl
from pathlib import Path

import psycopg
import pytest

from neiguan import embedded, servers
from tests.platform.conftest import eventually, free_port, status_of


def serve(copy, *arguments, **environment):
    """Start everything; gives the process and its port once it says that it runs."""
    port = environment.setdefault("PORT", str(free_port()))
    process = copy.start("manage.py", "serve", *arguments, **environment)
    said = []
    for line in process.stdout:
        said.append(line)
        if "Ctrl-C" in line:
            return process, port
    raise AssertionError("".join(said))


def stop(copy, process):
    """Ctrl-C, and nothing may be left."""
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert copy.left() == []
    assert copy.servers() == [None, None]


def child(copy, words):
    """Process id of the one direct child of supervisor whose command has these words."""
    supervisord = int((copy.var / "run" / "supervisord.pid").read_text())
    for pid in copy.left():
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        if int(stat[1]) == supervisord and words in command:
            return pid
    return None


def heartbeat(copy):
    """When the worker last wrote its heartbeat, in seconds; 0 before."""
    place = servers.read_place(copy.var)
    try:
        with psycopg.connect(embedded.address(place, "web")) as connection:
            row = connection.execute("select extract(epoch from at) from jobs_heartbeat").fetchone()
    except psycopg.OperationalError:
        return 0
    return float(row[0]) if row else 0


def test_everything_starts_answers_and_stops(copy):
    process, port = serve(copy, "--no-demo")
    assert eventually(lambda: status_of(f"http://127.0.0.1:{port}/"))
    stop(copy, process)


def test_it_says_plainly_when_the_port_is_taken(copy, live_server_port):
    process = copy.start("manage.py", "serve", PORT=str(live_server_port))
    output, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert f"无法监听 127.0.0.1:{live_server_port}" in output
    assert "PORT=8001" in output


@pytest.fixture
def live_server_port():
    import socket

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


@pytest.mark.long
def test_whatever_dies_comes_back(copy):
    process, port = serve(copy, "--no-demo")
    eventually(lambda: heartbeat(copy) > 0)
    for words in ("gunicorn", "celery -A neiguan worker", "celery -A neiguan beat", "watchdog"):
        before = child(copy, words)
        os.kill(before, signal.SIGKILL)
        eventually(lambda words=words, before=before: child(copy, words) not in {None, before})
    for name in ("redis", "postgres"):
        before = copy.server(name)
        os.kill(before, signal.SIGKILL)
        eventually(lambda name=name, before=before: copy.server(name) not in {None, before, 0})
    before = eventually(lambda: heartbeat(copy))
    eventually(lambda: heartbeat(copy) > before)
    eventually(lambda: status_of(f"http://127.0.0.1:{port}/"))
    stop(copy, process)


@pytest.mark.long
def test_a_killed_supervisor_comes_back_with_everything(copy):
    process, port = serve(copy, "--no-demo")
    last = eventually(lambda: heartbeat(copy))
    before = int((copy.var / "run" / "supervisord.pid").read_text())
    os.kill(before, signal.SIGKILL)
    eventually(lambda: heartbeat(copy) > last)
    assert eventually(lambda: status_of(f"http://127.0.0.1:{port}/"))
    stop(copy, process)


@pytest.mark.long
def test_a_killed_serve_takes_everything_along(copy):
    process, _ = serve(copy, "--no-demo")
    process.kill()
    process.wait()
    eventually(lambda: copy.left() == [])
    process, _ = serve(copy, "--no-demo")
    stop(copy, process)


@pytest.mark.long
def test_a_worker_that_lives_but_does_nothing_is_restarted(copy):
    process, _ = serve(copy, "--no-demo", WATCHDOG_SECONDS="20")
    eventually(lambda: heartbeat(copy) > 0)
    worker = child(copy, "celery -A neiguan worker")
    for pid in copy.left():
        if b"celery\0-A\0neiguan\0worker" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGSTOP)
    before = heartbeat(copy)
    eventually(lambda: child(copy, "celery -A neiguan worker") not in {None, worker}, seconds=180)
    eventually(lambda: heartbeat(copy) > before)
    stop(copy, process)


@pytest.mark.long
def test_two_copies_serve_side_by_side_one_of_them_with_https(make_copy):
    one, other = make_copy("one"), make_copy("other")
    plain, plain_port = serve(one, "--no-demo")
    secure, secure_port = serve(other, "--no-demo", HTTPS="1")
    trusted = ssl.create_default_context(cafile=str(other.var / "tls" / "certificate.pem"))
    assert eventually(lambda: status_of(f"http://127.0.0.1:{plain_port}/"))
    assert eventually(lambda: status_of(f"https://127.0.0.1:{secure_port}/", trusted))
    stop(one, plain)
    stop(other, secure)


@pytest.mark.long
def test_demo_accounts_are_not_served_to_a_network(copy):
    make = (
        "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'neiguan.settings'\n"
        "import django; django.setup()\n"
        "from django.core.management import call_command\n"
        "call_command('migrate', database='owner', verbosity=0)\n"
        "from accounts.models import User\n"
        "User.objects.create(username='lz-neiguan', name='演示', is_demo=True)"
    )
    copy.run(make)
    for environment in ({"HOST": "0.0.0.0"}, {"DEBUG": "0"}):
        process = copy.start("manage.py", "serve", PORT=str(free_port()), **environment)
        output, _ = process.communicate(timeout=120)
        assert process.returncode != 0
        assert "拒绝启动" in output, json.dumps(environment)
        assert copy.left() == []
