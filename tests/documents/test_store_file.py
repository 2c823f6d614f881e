import hashlib
import io
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError

from audit.models import Event
from documents.actions import store_file
from documents.models import StoredFile
from tests import make
from tests.sources.exports import NOON

pytestmark = pytest.mark.django_db


def store(content, name="订单.csv", **given):
    given = {"bureau": make.bureau(), "purpose": "import", "by": None, "at": NOON, **given}
    return store_file(stream=io.BytesIO(content), name=name, **given)


def kept():
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_the_content_is_kept_under_its_digest():
    content = "订单号\n1\n".encode() * 200_000
    user = make.user("data_clerk")

    stored = store(content, by=user)

    digest = hashlib.sha256(content).hexdigest()
    assert (stored.sha256, stored.size, stored.stored_by) == (digest, len(content), user)
    assert (Path(settings.MEDIA_ROOT) / stored.path).read_bytes() == content
    event = Event.objects.get(kind="file.stored")
    assert (event.subject, event.actor) == (f"file:{stored.pk}", user.code)


def test_the_same_content_twice_is_one_file_and_two_rows():
    first, second = store(b"a,b\n"), store(b"a,b\n", name="again.csv")

    assert first.path == second.path
    assert len(kept()) == 1
    assert StoredFile.objects.count() == 2


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"a,b\n1,2\n", "text/plain"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "image/png"),
        (b"\0\1\2\3", "application/octet-stream"),
        (b"", "text/plain"),
    ],
)
def test_the_type_follows_from_the_content(content, kind):
    assert store(content, name="x.xlsx").content_type == kind


def test_paths_in_names_are_cut_off():
    assert store(b"a", name="..\\..\\etc/passwd").name == "passwd"


class Broken(io.BytesIO):
    def read(self, size=-1):
        raise OSError("gone")


def test_a_broken_stream_leaves_nothing():
    with pytest.raises(OSError, match="gone"):
        store_file(
            stream=Broken(), name="x", bureau=make.bureau(), purpose="import", by=None, at=NOON
        )

    assert kept() == []
    assert not StoredFile.objects.exists()


def test_a_full_disk_is_said_so(monkeypatch):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))

    with pytest.raises(ValidationError, match="磁盘空间不足"):
        store(b"a")
    assert kept() == []
