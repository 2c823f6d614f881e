"""Files that arrive: uploaded on the page, or put into the watched folder."""

import datetime as dt
import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

import audit.actions
from accounts.models import Bureau, User
from documents.actions import store_file
from sources.actions.importing import request_import
from sources.models import Batch

QUIET = dt.timedelta(seconds=10)  # a file that changed later than that is still being written
DONE, REFUSED = "done", "refused"


@transaction.atomic
def receive_upload(
    *, files: Iterable[tuple[str, IO[bytes]]], bureau: Bureau, by: User, at: dt.datetime
) -> list[Batch]:
    """Keep uploaded files (name, stream) and ask for their import."""
    return [
        _receive(stream, name, origin=Batch.Origin.UPLOAD, bureau=bureau, by=by, at=at)
        for name, stream in files
    ]


def _receive(
    stream: IO[bytes], name: str, *, origin: str, bureau: Bureau, by: User | None, at: dt.datetime
) -> Batch:
    file = store_file(stream=stream, name=name, bureau=bureau, purpose="import", by=by, at=at)
    return request_import(file=file, origin=origin, bureau=bureau, by=by, at=at)


def scan_inbox(*, at: dt.datetime) -> int:
    """Receive what lies quiet in INBOX/<bureau code>/, one transaction a file; the number received.

    A file moves to done/ once its row has committed, so that a kill in between receives it again:
    the same rows change nothing. What cannot be received moves to refused/, with the reason beside.
    """
    inbox = Path(settings.INBOX)
    received = 0
    folders = sorted(place for place in inbox.glob("*") if place.is_dir())
    for folder in folders:
        bureau = Bureau.objects.select_related("parent").filter(code=folder.name).first()
        for path in sorted(folder.iterdir()):
            if path.is_file() and not path.name.startswith(".") and _is_quiet(path, at):
                received += _take(path, bureau, at=at)
    return received


def _is_quiet(path: Path, at: dt.datetime) -> bool:
    return at.timestamp() - path.stat().st_mtime >= QUIET.total_seconds()


def _take(path: Path, bureau: Bureau | None, *, at: dt.datetime) -> bool:
    try:
        _receive_file(path, bureau, at=at)
    except ValidationError as error:
        _refuse_file(path, "；".join(error.messages), at=at)
        return False
    _move(path, DONE, at)
    return True


@transaction.atomic
def _receive_file(path: Path, bureau: Bureau | None, *, at: dt.datetime) -> None:
    if bureau is None:
        raise ValidationError(
            f"没有编码为 {path.parent.name} 的机构，请把文件放到机构编码的文件夹里。"
        )
    if path.is_symlink():
        raise ValidationError("这是一个链接，不是文件，没有导入。")
    if path.stat().st_size > settings.IMPORT_FILE_LIMIT:
        raise ValidationError(
            f"文件超过 {settings.IMPORT_FILE_LIMIT // 2**20} MB，请分成几个文件。"
        )
    with path.open("rb") as stream:
        _receive(stream, path.name, origin=Batch.Origin.FOLDER, bureau=bureau, by=None, at=at)


@transaction.atomic
def _refuse_file(path: Path, reason: str, *, at: dt.datetime) -> None:
    """Move a file aside and say why, in a text beside it and in the audit trail."""
    moved = _move(path, REFUSED, at)
    moved.with_name(moved.name + ".原因.txt").write_text(reason + "\n")
    audit.actions.record(
        "import.turned_away",
        subject=f"inbox:{path.name}"[:80],
        bureau=path.parent.name[:20],
        by="system",
        reason=reason,
    )


def _move(path: Path, folder: str, at: dt.datetime) -> Path:
    """Move a file into a folder beside it; the time in its name keeps equal names apart."""
    target = path.parent / folder
    target.mkdir(exist_ok=True)
    moved = target / f"{at:%Y%m%d%H%M%S}-{path.name}"
    os.replace(path, moved)  # noqa: PTH105  (over a copy that a killed run left)
    return moved
