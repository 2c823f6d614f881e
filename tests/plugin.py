"""Loaded before Django's settings are (addopts: -p tests.plugin): real servers, and folders of the test run's own."""

import os
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
for name in (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "HASH_KEY",
    "FIELD_KEY",
):
    os.environ.pop(name, None)  # never the servers or keys that somebody works with
os.environ.setdefault("NEIGUAN_VAR", str(ROOT / "var" / "test"))
os.environ["DEBUG"] = "1"  # no HTTPS, no manifest; pytest-django sets settings.DEBUG to False
FILES = tempfile.TemporaryDirectory(prefix="neiguan-test-")
for name in ("LAKE_URL", "INBOX", "MEDIA_ROOT"):
    os.environ[name] = str(Path(FILES.name) / name.lower())

from neiguan import embedded  # noqa: E402 - the environment comes first

embedded.ensure()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Delete the run's files."""
    FILES.cleanup()
