"""The broker is only a doorbell: what must happen stands in jobs.Job, and beat rings `jobs.tick`."""

import os

from celery import Celery

os.environ["APP_BUREAUS"] = ""  # each job opens its own walls
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "neiguan.settings")

app = Celery("neiguan")
app.config_from_object("neiguan.celery_settings")
app.autodiscover_tasks(["jobs"])
