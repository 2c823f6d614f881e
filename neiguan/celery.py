"""The broker is only a doorbell: what must happen stands in jobs.Job, and beat rings `jobs.tick`."""

import os
import signal
from typing import Any

from celery import Celery
from celery.signals import worker_process_init

from neiguan.servers import die_with_parent

os.environ["APP_BUREAUS"] = ""  # each job opens its own walls
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "neiguan.settings")

app = Celery("neiguan")
app.config_from_object("neiguan.celery_settings")
app.autodiscover_tasks(["jobs"])


@worker_process_init.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def end_with_the_worker(**_: Any) -> None:
    """A pool process whose worker was killed would go on working at a job that others take over."""
    die_with_parent(signal.SIGKILL)
