"""Copies of the program under a NEIGUAN_VAR of their own, started as a user starts them."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from neiguan import embedded, servers

ROOT = Path(__file__).resolve().parents[2]
OUR_NAMES = {"PATH", "HOME", "LANG", "TMPDIR", "USER"}


class Copy:
    """One NEIGUAN_VAR, and programs that work with it."""

    def __init__(self, var: Path):
        self.var = var
        self.processes: list[subprocess.Popen[str]] = []

    def environment(self, **more):
        kept = {name: value for name, value in os.environ.items() if name in OUR_NAMES}
        return {**kept, "NEIGUAN_VAR": str(self.var), **more}

    def start(self, *arguments, **environment):
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment(**environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.processes.append(process)
        return process

    def run(self, code):
        """Run Python after ensure(); gives what it printed."""
        process = self.start("-c", f"from neiguan import embedded; embedded.ensure()\n{code}")
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0, output
        return output.strip()

    def hold(self):
        """A process that uses the servers until its input ends."""
        code = "from neiguan import embedded; embedded.ensure(); print('up', flush=True); input()"
        process = self.start("-c", code)
        assert process.stdout.readline() == "up\n", process.stdout.read()
        return process

    def let_go(self, process):
        process.communicate("\n", timeout=60)
        assert process.returncode == 0

    def server(self, name):
        """Process id of a server, or None."""
        return embedded.running(servers.read_place(self.var), name)

    def servers(self):
        return [self.server("postgres"), self.server("redis")]

    def end(self):
        """End and delete everything of it."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(120)
            for stream in (process.stdin, process.stdout):
                if stream:
                    stream.close()
        embedded.destroy(self.var)

    def left(self):
        """Process ids of everything that was started under this NEIGUAN_VAR and lives."""
        mark = f"NEIGUAN_VAR={self.var}\0".encode()
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                if mark in path.read_bytes() + b"\0":
                    found.append(int(path.parent.name))
            except OSError:
                continue
        return found


@pytest.fixture
def make_copy(tmp_path):
    """Factory of copies; everything of theirs is ended and deleted afterwards."""
    made = []

    def make(name="var"):
        made.append(Copy(tmp_path / name))
        return made[-1]

    yield make
    for copy in made:
        copy.end()


@pytest.fixture
def copy(make_copy):
    return make_copy()


def alive(pid):
    """Whether a process runs; one that only waits to be collected does not."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return fields[0] not in {"Z", "X"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def status_of(url, context=None):
    """HTTP status of a page, redirects not followed; None when nobody answers."""

    class NoRedirect(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *args, **kwargs):
            return None

    handlers = [NoRedirect(), urllib.request.ProxyHandler({})]
    if context:
        handlers.append(urllib.request.HTTPSHandler(context=context))
    try:
        with urllib.request.build_opener(*handlers).open(url, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return None


def eventually(question, seconds=60):
    """Ask until the answer is true, and give it."""
    until = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < until, "it never came"
        time.sleep(0.2)
    return answer
