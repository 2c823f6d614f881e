"""What the jobs of this app do: read the clock, call one action. All may run twice."""

from django.utils import timezone

from jobs.kinds import job
from reports.actions import drafting, reminding


@job("reports.draft")
def draft() -> None:
    drafting.draft_reports(now=timezone.now())


@job("reports.remind")
def remind() -> None:
    reminding.remind_of_reports(now=timezone.now())
