from django.utils import timezone

from jobs.kinds import job
from sources.actions import importing


@job("sources.import_file")
def import_file(*, batch_id: int) -> None:
    importing.import_file(batch_id=batch_id, at=timezone.now())
