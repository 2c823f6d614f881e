"""What `manage.py verify` asks of stored files: that each is there, as the audit trail tells of it."""

import hashlib
import json
from pathlib import Path

from django.conf import settings

from audit.models import Event
from audit.verification import Fault, Result, checker
from documents.models import StoredFile


@checker("documents.files")
def files(result: Result) -> None:
    """Every file that was ever stored: its row, its bytes and the event of its storing agree."""
    rows = {f"file:{file.pk}": file for file in StoredFile.objects.order_by("pk")}
    stored = Event.objects.filter(kind="file.stored").order_by("number")
    for event in stored.iterator(chunk_size=5000):
        result.looked_at += 1
        told, file = json.loads(event.details), rows.pop(event.subject, None)
        where = f"文件 {told['name']}（审计事件 {event.number}）"
        if file is None:
            result.faults.append(Fault(where, "登记的记录已不存在"))
        elif file.sha256 != told["sha256"]:
            result.faults.append(Fault(where, "登记的摘要被改动"))
        else:
            result.faults += [Fault(where, what) for what in _faults_of(file)]
    result.faults += [Fault(f"文件 {file.name}", "没有入库的审计记录") for file in rows.values()]


def _faults_of(file: StoredFile) -> list[str]:
    try:
        with (Path(settings.MEDIA_ROOT) / file.path).open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ["原始文件缺失或无法读取"]
    return [] if digest == file.sha256 else ["内容与入库时的摘要不符"]
