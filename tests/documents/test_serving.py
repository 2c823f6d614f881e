import io
from pathlib import Path

import pytest
import structlog
from django.conf import settings

from documents.actions import store_file
from documents.serving import PIECE, serve
from tests import make
from tests.documents.paper import AT, picture

pytestmark = pytest.mark.django_db


def store(content, name="店面.jpg"):
    return store_file(
        stream=io.BytesIO(content), name=name, bureau=make.bureau(), purpose="photo", by=None, at=AT
    )


def on_disk(file):
    return Path(settings.MEDIA_ROOT) / file.path


def body(response):
    return b"".join(response.streaming_content)


def test_a_picture_is_shown_in_the_browser_which_runs_nothing_of_it():
    file = store(picture())

    response = serve(file, inline=True, name="图 1 “店面”.jpg")

    assert body(response) == picture()
    assert response["Content-Type"] == "image/jpeg"
    assert response["Content-Disposition"].startswith("inline; filename*=utf-8''%E5%9B%BE")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"
    assert response["Content-Security-Policy"].startswith("default-src 'none'")
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["Content-Length"] == str(len(picture()))


def test_a_pdf_opens_in_the_browsers_viewer():
    response = serve(store(b"%PDF-1.7\n"), inline=True, name="笔录.pdf")

    assert response["Content-Type"] == "application/pdf"
    assert "sandbox" not in response["Content-Security-Policy"]


@pytest.mark.parametrize(
    "content",
    [
        b"<script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"MZ\0",
        b"",
        b"PK\3\4",
    ],
)
def test_anything_else_is_a_download_even_if_asked_inline(content):
    response = serve(store(content), inline=True, name="a.html")

    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == 'attachment; filename="a.html"'
    assert body(response) == content


def test_a_download_is_a_download():
    response = serve(store(picture()), inline=False, name="a.jpg")

    assert response["Content-Disposition"] == 'attachment; filename="a.jpg"'


def test_a_name_cannot_leave_its_header():
    response = serve(store(picture()), inline=True, name='a"\r\nSet-Cookie: x=1/../b\\.jpg')

    assert response["Content-Disposition"] == 'inline; filename="a___Set-Cookie: x=1_.._b_.jpg"'
    assert serve(store(picture()), inline=True, name="")["Content-Disposition"].endswith('"file"')


@pytest.mark.parametrize("harm", ["altered", "cut", "grown", "missing"])
def test_bytes_that_are_not_those_stored_are_never_sent(harm):
    file = store(picture())
    path, content = on_disk(file), picture()
    if harm == "missing":
        path.unlink()
    else:
        changed = {"altered": content[:-1] + b"?", "cut": content[:-1], "grown": content + b"\n"}
        path.write_bytes(changed[harm])

    with structlog.testing.capture_logs() as logs:
        response = serve(file, inline=True, name="a.jpg")

    assert response.status_code == 500
    assert "文件与入库时不一致" in response.content.decode()
    assert file.sha256 in response.content.decode()
    assert [log["event"] for log in logs] == ["stored_file.damaged"]


SOUND = b"OggS\0" + bytes(range(256)) * 4


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("bytes=0-", "0-1028"),
        ("bytes=5-9", "5-9"),
        ("bytes=1000-9999", "1000-1028"),
        ("bytes=-10", "1019-1028"),
    ],
)
def test_a_player_gets_the_part_it_asks_for(wanted, said):
    response = serve(store(SOUND, "录音.ogg"), inline=True, name="录音.ogg", wanted=wanted)

    first, last = map(int, said.split("-"))
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {said}/1029"
    assert response["Content-Length"] == str(last + 1 - first)
    assert body(response) == SOUND[first : last + 1]


@pytest.mark.parametrize(
    "wanted",
    ["", "bytes=-", "bytes=9-5", "bytes=2000-", "bytes=0-1,5-6", "bytes=" + "9" * 5000 + "-"],
)
def test_a_part_that_makes_no_sense_is_the_whole(wanted):
    response = serve(store(SOUND), inline=True, name="录音.ogg", wanted=wanted)

    assert response.status_code == 200
    assert body(response) == SOUND


def test_a_long_recording_comes_in_pieces():
    file = store(b"OggS" + bytes(PIECE))

    response = serve(file, inline=True, name="录音.ogg", wanted="bytes=0-")

    assert response["Content-Range"] == f"bytes 0-{PIECE - 1}/{PIECE + 4}"
    assert len(body(response)) == PIECE
