"""Servers, web, worker, beat and watchdog as foreground children of supervisor, which restarts what dies."""

import http.client
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neiguan.servers import PARENT, ROOT, CannotStartError
from neiguan.watchdog import supervisor

QUIET = ("--without-gossip", "--without-mingle")  # workers here need nothing of one another
START_SECONDS = 60  # until supervisord answers, and until every program has run for a second
STOP_SECONDS = 90  # all programs one after another; the worker alone may take 30


@dataclass(frozen=True)
class Program:
    """One child: its command, when it starts and stops (low first up, last down), how it is asked to stop."""

    name: str
    command: tuple[str, ...]
    priority: int
    autostart: bool = False
    stop_signal: str = "TERM"
    stop_seconds: int = 30

    def section(self, log: Path) -> str:
        """The program's part of supervisor's configuration."""
        command = shlex.join(self.command).replace("%", "%%")
        return f"""
[program:{self.name}]
command={command}
directory={escaped(ROOT)}
priority={self.priority}
autostart={str(self.autostart).lower()}
autorestart=true
startsecs=1
startretries=1000
stopsignal={self.stop_signal}
stopwaitsecs={self.stop_seconds}
stopasgroup=false
killasgroup=true
redirect_stderr=true
stdout_logfile={escaped(log / self.name)}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=3
"""


def escaped(path: Path) -> str:
    """A path as supervisor's configuration wants it."""
    return str(path).replace("%", "%%")


def programs(var: Path, servers: list[str]) -> list[Program]:
    """All children; `servers` are those of our own, the others are somebody else's machines."""
    child = (sys.executable, "-m", "neiguan.servers")
    run = (*child, "run", sys.executable, "-m")
    celery = (*run, "celery", "-A", "neiguan")
    own = {
        "postgres": Program(
            "postgres",
            (*child, "postgres", "--with-parent"),
            1,
            autostart=True,
            stop_signal="INT",
            stop_seconds=40,
        ),
        "redis": Program("redis", (*child, "redis", "--with-parent"), 2, autostart=True),
    }
    return [
        *(own[name] for name in servers),
        Program("web", (*run, "gunicorn", "-c", "python:neiguan.web_server", "neiguan.wsgi"), 10),
        Program(
            "worker", (*celery, "worker", "-c", "2", "-l", "WARNING", *QUIET), 10, stop_seconds=10
        ),
        Program("beat", (*celery, "beat", "-s", str(var / "run" / "beat"), "-l", "WARNING"), 20),
        Program("watchdog", (*run, "neiguan.watchdog"), 30),
    ]


class Supervisor:
    """One supervisord, its configuration and its socket."""

    def __init__(self, var: Path, servers: list[str]) -> None:
        self.var = var
        self.programs = programs(var, servers)
        self.folder = Path(tempfile.mkdtemp(prefix="neiguan-"))  # the socket's path must be short
        self.socket = self.folder / "supervisor.sock"
        self.process: subprocess.Popen[bytes] | None = None

    def configuration(self) -> str:
        """The whole file; secrets are not in it, the children inherit our environment."""
        run, log = escaped(self.var / "run"), escaped(self.var / "log")
        user = "user=root\n" if os.geteuid() == 0 else ""
        head = f"""[supervisord]
nodaemon=true
silent=true
{user}logfile={log}/supervisord.log
logfile_maxbytes=10MB
logfile_backups=3
childlogdir={log}
pidfile={run}/supervisord.pid

[unix_http_server]
file={escaped(self.socket)}
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""
        return head + "".join(program.section(self.var / "log") for program in self.programs)

    def start(self) -> None:
        """Start supervisord, in a session of its own: Ctrl-C reaches only us, and we stop it in good order."""
        path = self.var / "run" / "supervisord.conf"
        path.write_text(self.configuration())
        command = [sys.executable, "-m", "neiguan.servers", "run", sys.executable]
        command += ["-m", "supervisor.supervisord", "-n", "-c", str(path)]
        with (self.var / "log" / "supervisord.err").open("wb") as errors:
            self.process = subprocess.Popen(  # noqa: S603
                command,
                cwd=ROOT,
                env={**os.environ, PARENT: str(os.getpid())},
                stdout=errors,
                stderr=errors,
                start_new_session=True,
            )

    def start_programs(self) -> None:
        """Start what did not start by itself, all at once; wait until supervisor says that they run.

        Where supervisor itself is killed meanwhile, nothing more is started: `wait` will say so.
        """
        names = [program.name for program in self.programs if not program.autostart]
        until = time.monotonic() + START_SECONDS
        while self.lives():
            try:
                missing = [name for name in names if not self.runs(name)]
            except (ConnectionError, FileNotFoundError, http.client.HTTPException):
                missing = ["supervisord"]  # its socket may need a moment to appear
            if not missing:
                return
            if time.monotonic() > until:
                raise CannotStartError(self.last_words(missing[0]))
            time.sleep(0.1)

    def runs(self, name: str) -> bool:
        """Whether a program runs, asking for it if nobody did; one that ended at once is an error."""
        server = supervisor(f"unix://{self.socket}").supervisor
        info: Any = server.getProcessInfo(name)
        state = info["statename"]
        if state == "STOPPED":
            server.startProcess(name, False)  # noqa: FBT003 - do not wait: others start beside it
        elif state not in {"STARTING", "RUNNING"}:
            raise CannotStartError(self.last_words(name))
        return bool(state == "RUNNING")

    def lives(self) -> bool:
        """Whether supervisord itself runs."""
        return self.process is not None and self.process.poll() is None

    def last_words(self, name: str) -> str:
        """The end of a program's log, for the person at the terminal."""
        log = self.var / "log" / f"{name}.log"
        lines = log.read_text(errors="replace").splitlines()[-20:] if log.exists() else []
        return "\n".join([f"{name} 没有启动，日志 {log}：", *lines])

    def wait(self) -> int:
        """Wait until supervisord ends; below zero when a signal killed it."""
        return self.process.wait() if self.process else 0

    def stop(self) -> None:
        """Stop every child and supervisord itself."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
        shutil.rmtree(self.folder, ignore_errors=True)
