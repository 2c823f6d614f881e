from django.utils import timezone

from cases.actions.printing import print_record
from jobs.kinds import job


@job("cases.print_record")
def print_sealed(*, code: str) -> None:
    print_record(code=code, now=timezone.now())
