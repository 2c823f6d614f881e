"""Papers and pictures for tests, and the words of a finished PDF."""

import datetime as dt
import io
import re
import zlib

from PIL import Image
from pypdf import PdfReader

from documents.rendering import Paper, render

AT = dt.datetime(2026, 11, 23, 16, 40, tzinfo=dt.UTC)


def a_paper(*blocks, **given):
    given = {"title": "实地核查记录", "bureau": "龙州县烟草专卖局", "at": AT, **given}
    return Paper(blocks=blocks, **given)


def words(pdf):
    """The text of each page without spaces and line ends."""
    return [
        re.sub(r"\s", "", page.extract_text(extraction_mode="plain"))
        for page in PdfReader(io.BytesIO(pdf)).pages
    ]


def printed(*blocks, **given):
    return "".join(words(render(a_paper(*blocks, **given))))


def picture(kind="JPEG", size=(60, 40), mode="RGB", colour="green", **options):
    target = io.BytesIO()
    Image.new(mode, size, colour).save(target, kind, **options)
    return target.getvalue()


def png_of(width, height):
    """A small file that says it is a picture of that size."""

    def chunk(kind, data):
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    head = width.to_bytes(4) + height.to_bytes(4) + bytes([8, 2, 0, 0, 0])
    rows = chunk(b"IDAT", zlib.compress(b""))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + rows + chunk(b"IEND", b"")
