"""Verification of stored files: what was changed, removed or slipped in shows."""

from pathlib import Path

import pytest
from django.conf import settings

from audit.verification import verify
from documents.models import StoredFile
from tests import make
from tests.documents.test_store_file import store

pytestmark = pytest.mark.django_db


def faults():
    return [fault.what for result in verify() for fault in result.faults]


@pytest.fixture
def path():
    """The kept bytes of the second of three files."""
    _, stored, _ = (store(text.encode(), name=f"{text}.csv") for text in ("甲", "乙", "丙"))
    return Path(settings.MEDIA_ROOT) / stored.path


def test_untouched_files_are_clean(path):
    assert faults() == []


def test_a_changed_file_shows(path):
    path.chmod(0o644)
    path.write_bytes(b"other")
    assert faults() == ["内容与入库时的摘要不符"]


def test_a_removed_file_shows(path):
    path.unlink()
    assert faults() == ["原始文件缺失或无法读取"]


def test_a_changed_digest_and_a_removed_row_show(path):
    StoredFile.objects.filter(name="甲.csv").update(sha256="0" * 64)
    StoredFile.objects.filter(name="丙.csv").delete()
    assert sorted(faults()) == ["登记的摘要被改动", "登记的记录已不存在"]


def test_a_row_without_its_event_shows(path):
    make.batch()
    assert faults() == ["没有入库的审计记录"]
