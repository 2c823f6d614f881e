import datetime as dt
import hashlib
import io
import os
import shutil
import tempfile
from pathlib import Path
from typing import IO

import filetype
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

import audit.actions
from accounts.models import Bureau, User
from documents.models import StoredFile
from documents.rendering import Paper, render

CHUNK = 2**20  # bytes
RESERVE = 500 * 2**20  # bytes of disk that stay free for the database


@transaction.atomic
def store_file(
    *,
    stream: IO[bytes],
    name: str,
    bureau: Bureau,
    purpose: str,
    by: User | None,
    at: dt.datetime,
) -> StoredFile:
    """Keep a file as it came, named by its SHA-256. Raises ValidationError when the disk is full.

    The file stands on disk, flushed, before its row commits; what a failure leaves behind is a file
    without a row, never a row without a file.
    """
    folder = Path(settings.MEDIA_ROOT)
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < RESERVE:
        raise ValidationError("服务器磁盘空间不足，文件没有保存。请联系系统管理员清理磁盘后再试。")
    digest, size, draft = _write_draft(stream, folder)
    kept = folder / digest[:2] / digest
    content_type = _content_type(draft)
    _move(draft, kept)
    stored = StoredFile.objects.create(
        bureau=bureau,
        sha256=digest,
        size=size,
        name=Path(name.replace("\\", "/")).name[-255:],
        content_type=content_type,
        path=str(kept.relative_to(folder)),
        purpose=purpose,
        stored_at=at,
        stored_by=by,
    )
    audit.actions.record(
        "file.stored",
        subject=f"file:{stored.pk}",
        bureau=bureau.code,
        by=by.code if by else "system",
        name=stored.name,
        sha256=digest,
        size=size,
        purpose=purpose,
    )
    return stored


def store_paper(
    *, paper: Paper, name: str, bureau: Bureau, purpose: str, by: User | None, at: dt.datetime
) -> StoredFile:
    """Lay a paper out as PDF and keep it. Call it before anything is recorded in the transaction:

    rendering takes up to a second or two, and from the first event on the audit chain is locked.
    """
    pdf = io.BytesIO(render(paper))
    return store_file(stream=pdf, name=name, bureau=bureau, purpose=purpose, by=by, at=at)


def _write_draft(stream: IO[bytes], folder: Path) -> tuple[str, int, Path]:
    """Copy the stream to a temporary file, flushed to disk: its digest, size and path."""
    digest, size = hashlib.sha256(), 0
    descriptor, draft = tempfile.mkstemp(prefix="draft-", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as target:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
                target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    return digest.hexdigest(), size, Path(draft)


def _move(draft: Path, kept: Path) -> None:
    """Give the file its final name; the same content that is there already stays."""
    if kept.exists():
        draft.unlink()
        return
    kept.parent.mkdir(exist_ok=True)
    draft.rename(kept)
    folder = os.open(kept.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _content_type(path: Path) -> str:
    """What the file is, by its content."""
    found = filetype.guess_mime(str(path))
    if found is not None:
        return str(found)
    with path.open("rb") as file:
        start = file.read(4096)
    return "application/octet-stream" if b"\0" in start.replace(b"\0\n", b"") else "text/plain"
