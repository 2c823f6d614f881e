"""Fixtures for everybody: both database roles, a database with real commits, a lake of one's own, the browser."""

import os
import shutil
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from django.test.utils import setup_databases, teardown_databases
from django.utils import timezone
from psycopg import sql

from accounts.models import User

DATABASE_URLS = {"default": "DATABASE_URL", "owner": "DATABASE_OWNER_URL"}

# Thousands of log-ins: the tests' passwords need not withstand anybody. test_login.py names the real hasher.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# The wall of row-level security is open for the test process; tests of the wall set app.bureaus themselves.
for alias in DATABASE_URLS:
    connections[alias].settings_dict["OPTIONS"]["options"] = "-c app.bureaus=all"


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker, django_db_keepdb):
    """Create and migrate the test database as its owner; `default` (the web role) is its mirror.

    pytest-django would ask for the aliases that the tests use, which is only the mirror.
    """
    with django_db_blocker.unblock():
        made = setup_databases(
            verbosity=0,
            interactive=False,
            keepdb=django_db_keepdb,
            aliases={"owner": None},  # the stubs want a mapping
            serialized_aliases=set(),
        )
    yield
    with django_db_blocker.unblock():
        connections.close_all()
        if not django_db_keepdb:
            teardown_databases(made, verbosity=0)


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path_factory, request):
    """Each test has its own lake, inbox and media folder (made when first written)."""
    folder = tmp_path_factory.getbasetemp() / f"files-{abs(hash(request.node.nodeid)):x}"
    settings.LAKE_URL = str(folder / "lake")
    settings.INBOX = folder / "inbox"
    settings.MEDIA_ROOT = folder / "media"
    yield
    shutil.rmtree(folder, ignore_errors=True)


def url_of(variable: str, database: str) -> str:
    """The address in an environment variable, for another database of the same server."""
    return urlunsplit(urlsplit(os.environ[variable])._replace(path=f"/{database}"))


@pytest.fixture
def fresh_database(django_db_setup, django_db_blocker, settings, monkeypatch):
    """A migrated, empty database of its own, for real commits, threads and other processes.

    Connections of this process and the environment of its children point to it. Not together with `db`.
    Yields the database's name.
    """
    template = connections["owner"].settings_dict["NAME"]
    name = f"{template}_fresh_{os.getpid()}"
    web = url_of("DATABASE_URL", "neiguan")
    connections.close_all()
    with psycopg.connect(url_of("DATABASE_OWNER_URL", "postgres"), autocommit=True) as server:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        server.execute(drop)
        server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        for alias, variable in DATABASE_URLS.items():
            monkeypatch.setitem(connections[alias].settings_dict, "NAME", name)
            monkeypatch.setenv(variable, url_of(variable, name))
        for variable in ("LAKE_URL", "INBOX", "MEDIA_ROOT"):
            monkeypatch.setenv(variable, str(getattr(settings, variable)))
        with django_db_blocker.unblock():
            yield name
            connections.close_all()
        end_web_connections(web, name)
        server.execute(drop)


def end_web_connections(url: str, database: str) -> None:
    """End what children of a test left open: only the role itself (or a superuser) may."""
    with psycopg.connect(url) as web:
        web.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = %s and usename = current_user",
            [database],
        )


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium; without one the browser tests are skipped, or fail if REQUIRE_BROWSER=1."""
    for name in (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name) if name else None
        if found:
            return found
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail("REQUIRE_BROWSER=1, but there is no Chromium: run `make browser`.")
    pytest.skip("!!! NO CHROMIUM: BROWSER TESTS SKIPPED. `make browser` installs it.")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Real servers and browsers come last, so that small faults show early."""
    items.sort(key=lambda item: item.path.is_relative_to(Path(__file__).parent / "browser"))


class StaffClient(Client):
    """A test client that logs in without the form, with both clocks of the session started."""

    def force_login_now(self, user: User) -> None:
        self.force_login(user, "django.contrib.auth.backends.ModelBackend")
        session = self.session
        session["began_at"] = session["seen_at"] = timezone.now().timestamp()
        session.save()


@pytest.fixture
def client() -> StaffClient:
    return StaffClient()
