"""`make run`: everything on this machine, in the foreground, until Ctrl-C."""

import datetime as dt
import http.client
import os
import signal
import socket
import ssl
import time
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from neiguan import embedded
from neiguan.certificate import certificate_in
from neiguan.guard import is_loopback, objection_to
from neiguan.schema import migrations_are_pending
from neiguan.servers import CannotStartError
from neiguan.supervision import Supervisor

WEB_SECONDS = 120


class Command(BaseCommand):
    """Start servers, web, worker and beat under a supervisor; prepare the database first."""

    help = "启动全部服务（Ctrl-C 停止）"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="不建立演示账号与样本县")

    def handle(self, *_args: Any, **options: Any) -> None:
        host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, interrupt)  # in the background, SIGINT would be ignored
        refuse_taken_port(host, port)
        own = embedded.own_servers()
        if settings.HTTPS:
            paths = certificate_in(settings.VAR / "tls", host, now=dt.datetime.now(dt.UTC))
            os.environ["TLS_CERTIFICATE"], os.environ["TLS_KEY"] = map(str, paths)
        watched = Supervisor(settings.VAR, own)
        try:
            self.run_all(watched, own, host, port, demo=not options["no_demo"])
        except KeyboardInterrupt:
            self.stdout.write("正在停止……")
        except CannotStartError as error:
            raise CommandError(str(error)) from error
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
            watched.stop()
        self.stdout.write("已停止，数据保留。")

    def run_all(
        self, watched: Supervisor, own: list[str], host: str, port: int, *, demo: bool
    ) -> None:
        """Start, prepare, announce, and start again if supervisor itself is killed."""
        prepared = False
        while True:
            watched.start()
            embedded.wait_for(own)
            if not prepared:
                self.prepare(host, demo=demo)
            watched.start_programs()
            if not prepared:
                url = address_of(host, port)
                wait_for_page(f"{url}health/live/")
                self.announce(url)
            prepared = True
            if watched.wait() >= 0:
                raise CannotStartError(watched.last_words("supervisord"))
            self.stderr.write("supervisor 被终止，正在重新启动……")

    def prepare(self, host: str, *, demo: bool) -> None:
        """Bring the database up to this code, refuse demo accounts in the open, make the demo where allowed."""
        if migrations_are_pending():
            self.stdout.write("建立或升级数据库……")
            call_command("migrate", database="owner", verbosity=0, interactive=False)
        objection = objection_to(host)
        if objection:
            raise CommandError(objection)
        if not settings.DEBUG:
            call_command("collectstatic", verbosity=0, interactive=False)
        elif demo and is_loopback(host) and "demo" in get_commands():
            call_command("demo", stdout=self.stdout)
        connections.close_all()

    def announce(self, url: str) -> None:
        """Say where the browser finds us."""
        self.stdout.write(f"\n内管系统已启动：{url}    （Ctrl-C 停止）")
        self.stdout.write(f"数据与日志：{settings.VAR}")
        self.stdout.flush()


def address_of(host: str, port: int) -> str:
    """What a browser on this machine calls the site."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - only compared
    return f"{'https' if settings.HTTPS else 'http'}://{f'[{shown}]' if ':' in shown else shown}:{port}/"


def interrupt(_number: int, _frame: FrameType | None) -> None:
    """Ctrl-C, or SIGTERM, which is Ctrl-C by another name."""
    raise KeyboardInterrupt


def refuse_taken_port(host: str, port: int) -> None:
    """Say so before anything starts when somebody else listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"无法监听 {host}:{port}（{error.strerror}）：换一个端口，如 make run PORT=8001"
            ) from error


def wait_for_page(url: str) -> None:
    """Wait until the web server answers, with whatever: the first answer also loads the program."""
    parts = urlsplit(url)
    until = time.monotonic() + WEB_SECONDS
    while time.monotonic() < until:
        connection = connection_to(parts.hostname or "", parts.port or 0)
        try:
            connection.request("GET", parts.path, headers={"Host": settings.ALLOWED_HOSTS[0]})
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
        else:
            return
        finally:
            connection.close()
    raise CannotStartError(f"网站没有启动，日志 {Path(settings.VAR) / 'log' / 'web.log'}")


def connection_to(host: str, port: int) -> http.client.HTTPConnection:
    """Straight to our own server, past any proxy in the environment."""
    certificate = os.environ.get("TLS_CERTIFICATE")
    if not certificate:
        return http.client.HTTPConnection(host, port, timeout=WEB_SECONDS)
    trusted = ssl.create_default_context(cafile=certificate)
    return http.client.HTTPSConnection(host, port, timeout=WEB_SECONDS, context=trusted)
