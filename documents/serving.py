"""Sending a stored file to the browser. Who may see it, the calling view has decided."""

import hashlib
import io
import re
from pathlib import Path

import structlog
from django.conf import settings
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string

from documents.models import StoredFile

log = structlog.get_logger()

# Telephones write recordings of sound alone as video/mp4, video/webm and video/3gpp too.
SHOWN = re.compile(r"application/pdf|image/(png|jpeg|webp)|audio/.+|video/(mp4|webm|3gpp)")
PIECE = 4 * 2**20  # bytes of one answer to a player that asks for a part
SMALL = 16 * 2**20  # bytes
RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


def serve(
    file: StoredFile, *, inline: bool, name: str, wanted: str = ""
) -> FileResponse | HttpResponse:
    """The file's bytes, if they still are those that were stored; else a page of status 500.

    `inline` shows pictures, sound and PDF in the browser; anything else is always a download.
    `wanted` is the request's Range header: players ask for parts, to jump and to begin early.
    """
    try:
        stream = _opened(file)
    except OSError:
        return _damaged(file, "missing")
    if hashlib.file_digest(stream, "sha256").hexdigest() != file.sha256:
        stream.close()
        return _damaged(file, "altered")
    stream.seek(0)
    shown = inline and SHOWN.fullmatch(file.content_type) is not None
    part = _part(wanted, file.size) if shown else None
    if part:
        with stream as whole:
            whole.seek(part[0])
            stream = io.BytesIO(whole.read(part[1] - part[0]))
    response = FileResponse(
        stream,
        as_attachment=not shown,
        filename=re.sub(r'[\x00-\x1f\x7f/\\"]', "_", name) or "file",
        content_type=file.content_type if shown else "application/octet-stream",
    )
    if part:
        response.status_code = 206
        response["Content-Range"] = f"bytes {part[0]}-{part[1] - 1}/{file.size}"
    if shown:
        response["Accept-Ranges"] = "bytes"
    _lock(response, file)
    return response


def _opened(file: StoredFile) -> io.BufferedReader | io.BytesIO:
    """The file; up to 16 MiB in memory, so that what was checked is to the byte what is sent."""
    path = Path(settings.MEDIA_ROOT) / file.path
    return io.BytesIO(path.read_bytes()) if file.size <= SMALL else path.open("rb")


def _lock(response: HttpResponseBase, file: StoredFile) -> None:
    """Whatever the bytes are, the browser runs, loads and keeps nothing of them."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    if file.content_type != "application/pdf":  # the browser's own viewer does not open sandboxed
        policy += "; img-src 'self'; media-src 'self'; sandbox"
    response["Content-Security-Policy"] = policy
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"


def _part(wanted: str, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last of a Range header that makes sense, or None."""
    found = RANGE.fullmatch(wanted)
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if first:
        begin, end = int(first), int(last) + 1 if last else size
    else:
        begin, end = max(0, size - int(last)), size
    end = min(end, size, begin + PIECE)
    return (begin, end) if begin < end else None


def _damaged(file: StoredFile, what: str) -> HttpResponse:
    log.error("stored_file.damaged", file=file.pk, what=what, path=file.path, sha256=file.sha256)
    return HttpResponse(render_to_string("documents/damaged.html", {"file": file}), status=500)
