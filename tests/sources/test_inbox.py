import datetime as dt
import os

import pytest
from django.conf import settings
from django.utils import timezone

from audit.models import Event
from jobs.actions import enqueue, run_next
from jobs.models import Timetable
from sources.actions.receiving import scan_inbox
from sources.models import Batch
from tests import make
from tests.sources.exports import ORDERS, RETAILERS

pytestmark = pytest.mark.django_db


def drop(name, text, *, folder="451423", age=60):
    place = settings.INBOX / folder
    place.mkdir(parents=True, exist_ok=True)
    path = place / name
    path.write_text(text)
    moment = timezone.now().timestamp() - age
    os.utime(path, (moment, moment))
    return path


def test_quiet_files_are_imported_and_moved():
    make.bureau()
    paths = [drop("零售客户档案.csv", RETAILERS), drop("订单主表.csv", ORDERS)]

    enqueue("sources.scan_inbox")
    while run_next(now=timezone.now() + dt.timedelta(minutes=1)):
        pass

    assert not any(path.exists() for path in paths)
    done = sorted(path.name.split("-")[1] for path in (paths[0].parent / "done").iterdir())
    assert done == ["订单主表.csv", "零售客户档案.csv"]
    assert set(Batch.objects.values_list("state", "origin")) == {("done", "folder")}


def test_a_file_that_is_still_written_waits():
    make.bureau()
    path = drop("订单主表.csv", ORDERS, age=9)

    assert scan_inbox(at=timezone.now()) == 0
    assert path.exists()
    assert scan_inbox(at=timezone.now() + dt.timedelta(seconds=2)) == 1
    assert scan_inbox(at=timezone.now() + dt.timedelta(seconds=2)) == 0


def test_files_of_an_unknown_bureau_too_large_files_and_links_are_turned_away():
    make.bureau()
    settings_limit, settings.IMPORT_FILE_LIMIT = settings.IMPORT_FILE_LIMIT, len(RETAILERS.encode())
    try:
        drop("订单主表.csv", ORDERS, folder="999999")
        drop("大.csv", RETAILERS + "x")
        link = settings.INBOX / "451423" / "链接.csv"
        link.symlink_to("/etc/hostname")
        assert scan_inbox(at=timezone.now() + dt.timedelta(days=36500)) == 0
    finally:
        settings.IMPORT_FILE_LIMIT = settings_limit

    reasons = [path.read_text() for path in settings.INBOX.glob("*/refused/*.原因.txt")]
    assert len(reasons) == 3
    assert any("999999" in reason for reason in reasons)
    assert Event.objects.filter(kind="import.turned_away").count() == 3
    assert not Batch.objects.exists()


def test_the_timetable_looks_every_half_minute():
    assert Timetable.objects.get(kind="sources.scan_inbox").every_seconds == 30
