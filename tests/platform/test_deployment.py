"""Docker cannot run where the tests run: what can be read is checked here, the rest is rehearsed by hand."""

import importlib
import os
import re
from pathlib import Path

import psycopg
import pytest
import yaml

from neiguan.servers import ROOT
from neiguan.watchdog import Silence, watch_child
from tests.conftest import url_of

COMPOSE = (ROOT / "docker-compose.yml").read_text()


def test_every_setting_of_compose_stands_in_the_example():
    needed = set(re.findall(r"(?<!\$)\$\{(\w+):\?\}", COMPOSE))
    offered = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert needed <= offered
    assert {"OWNER_PASSWORD", "WEB_PASSWORD", "HASH_KEY", "FIELD_KEY"} <= needed


def test_only_the_proxy_has_ports_and_only_migrate_the_owners_password():
    services = yaml.safe_load(COMPOSE)["services"]
    assert {name for name, service in services.items() if "ports" in service} == {"proxy"}
    assert {
        name
        for name, service in services.items()
        if "DATABASE_OWNER_URL" in service.get("environment", {})
    } == {"migrate"}
    for name in ("web", "worker", "beat", "migrate"):
        assert services[name]["read_only"], name
        assert services[name]["cap_drop"] == ["ALL"], name


def test_mounted_files_exist():
    for service in yaml.safe_load(COMPOSE)["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert not source.startswith("./") or (ROOT / source).exists(), source


def test_the_image_does_not_run_as_root():
    users = re.findall(r"^USER (\S+)", Path(ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert users[-1:] == ["neiguan"]


@pytest.mark.parametrize(
    ("proxies", "header", "address"),
    [
        (0, "1.2.3.4", "10.0.0.9"),
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (2, "1.2.3.4, 5.6.7.8", "1.2.3.4"),
        (1, "", "10.0.0.9"),
    ],
)
def test_the_visitors_address_is_the_one_our_own_proxy_saw(monkeypatch, proxies, header, address):
    monkeypatch.setenv("APP_BUREAUS", "all")  # importing closes the walls
    wsgi = importlib.import_module("neiguan.wsgi")
    seen: dict[str, str] = {}
    monkeypatch.setattr(wsgi, "PROXIES", proxies)
    monkeypatch.setattr(wsgi, "_django", lambda environ, _: seen.update(environ))
    wsgi.application({"REMOTE_ADDR": "10.0.0.9", "HTTP_X_FORWARDED_FOR": header}, lambda *_: None)
    assert seen["REMOTE_ADDR"] == address


def test_the_web_server_starts_with_closed_walls_whoever_starts_it(monkeypatch):
    monkeypatch.setenv("APP_BUREAUS", "all")  # as manage.py serve has it
    importlib.reload(importlib.import_module("neiguan.web_server"))
    assert os.environ["APP_BUREAUS"] == ""


def beat(database, seconds_ago):
    with psycopg.connect(url_of("DATABASE_URL", database)) as connection:
        connection.execute("delete from jobs_heartbeat")
        connection.execute(
            "insert into jobs_heartbeat (name, at, beats)"
            " values ('worker', now() - %s * interval '1 second', 0)",
            [seconds_ago],
        )


def test_silence_counts_from_the_start_and_a_dead_database_says_nothing(
    fresh_database, monkeypatch
):
    beat(fresh_database, 500)
    assert not Silence(longest=180).is_too_long()
    quiet = Silence(longest=180)
    quiet.since -= 181
    assert quiet.is_too_long()
    beat(fresh_database, 100)
    assert not quiet.is_too_long()
    monkeypatch.setenv("DATABASE_URL", "postgresql:///nowhere?host=/nonexistent")
    assert not quiet.is_too_long()


def test_a_watched_command_gives_its_own_exit_code():
    assert watch_child(["sh", "-c", "exit 7"], longest=180) == 7
