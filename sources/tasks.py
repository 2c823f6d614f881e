from django.utils import timezone

from jobs.kinds import job
from sources.actions import importing, receiving


@job("sources.import_file")
def import_file(*, batch_id: int) -> None:
    importing.import_file(batch_id=batch_id, at=timezone.now())


@job("sources.scan_inbox")
def scan_inbox() -> None:
    receiving.scan_inbox(at=timezone.now())
