"""An import that is killed anywhere and tried again leaves what an undisturbed one leaves."""

import datetime as dt
import io
import os
import subprocess
import sys

import pytest
from django.utils import timezone

from documents.actions import store_file
from jobs.actions import run_next
from jobs.models import Job
from sources.actions.importing import request_import
from sources.facts import COLUMNS
from sources.models import Batch, Completeness, HeldRow, TableVersion
from tests import make
from tests.sources.exports import (
    DELIVERIES,
    FILES,
    LINES,
    NOON,
    ORDERS,
    RETAILERS,
    SKUS,
    bring,
    known,
)
from tests.sources.faults import Point, arm, seeded

POINTS = seeded(26)
KILLED = [
    Point("sources.lake.writing.write_deltalake", 1, after=True),
    Point("sources.actions.loading.note_version", 1, after=True),
    Point("sources.actions.holding.settle", 1, after=False),
]
CORRECTED = ORDERS.replace("5,400.00", "6,480.00")
BEFORE = {  # lines and deliveries come before their orders, so that the orders release them
    "零售客户档案.csv": RETAILERS,
    "卷烟目录.csv": SKUS,
    "订单明细.csv": LINES,
    "配送.csv": DELIVERIES,
    "结算.csv": FILES["结算.csv"],
}


class StruckError(Exception):
    pass


def strike():
    raise StruckError


def ask(name, text):
    file = store_file(
        stream=io.BytesIO(text.encode()), name=name, bureau=make.bureau(), purpose="import",
        by=None, at=NOON,
    )  # fmt: skip
    return request_import(
        file=file, origin=Batch.Origin.UPLOAD, bureau=make.bureau(), by=None, at=NOON
    )


def work_off():
    """Everything due now or after its waiting time."""
    while run_next(now=timezone.now() + dt.timedelta(hours=1)):
        pass


def prepare():
    """Orders not yet imported, their correction behind them."""
    for name, text in BEFORE.items():
        bring(name, text)
    work_off()  # what follows those imports
    ask("订单主表.csv", ORDERS)
    ask("订单主表更正.csv", CORRECTED)


def state():
    """What everybody can see of the imports, without times and identifiers."""
    numbers = "added changed unchanged held rejected".split()
    return {
        "facts": known(),
        "held": HeldRow.objects.filter(released_by=None).count(),
        "released": HeldRow.objects.exclude(released_by=None).count(),
        "tables": sorted(TableVersion.objects.values_list("table", "rows", "columns"), key=str),
        "reports": [
            (batch.state, batch.kind, [batch.report[name] for name in numbers])
            for batch in Batch.objects.order_by("pk")
        ],
        "days": sorted(Completeness.objects.values_list("day", "orders", "is_complete", "reason")),
        "jobs": list(Job.objects.filter(done_at=None).values_list("kind")),
    }


@pytest.fixture(scope="session")  # tests with commits of their own run after all others
def undisturbed():
    """The state after the same imports without a fault, computed once."""
    return {}


def expected(undisturbed):
    assert undisturbed, "a test_it_comes_out_right runs first"
    return undisturbed


def comes_out_right(undisturbed):
    prepare()
    work_off()

    found = state()
    assert found["jobs"] == []
    assert found["released"] == 7
    qty = list(COLUMNS["orders"]).index("qty")
    assert {row[0]: row[qty] for row in found["facts"]["orders"]} == {"CO1": 6, "CO2": 2}
    undisturbed.update(found)


@pytest.mark.django_db
def test_it_comes_out_right_without_a_fault(undisturbed):
    comes_out_right(undisturbed)


@pytest.mark.long  # what the long ones compare with, where only they are asked for
def test_it_comes_out_right_with_real_commits(undisturbed, fresh_database):
    comes_out_right(undisturbed)


@pytest.mark.django_db
@pytest.mark.parametrize("point", POINTS, ids=str)
def test_an_exception_at_a_point_leaves_no_trace(point, undisturbed):
    prepare()
    before = known()

    holder, name, original, calls = arm(point, strike)
    try:
        run_next(now=timezone.now())
        struck = calls[0] >= point.nth
        if struck:
            assert known() == before
            assert not Batch.objects.filter(kind="orders").exists()
            assert Job.objects.filter(last_error__contains="StruckError").count() == 1
    finally:
        setattr(holder, name, original)
    work_off()

    assert state() == expected(undisturbed)


def in_child(point):
    """A worker of its own, which is killed at the point."""
    when = "after" if point.after else "before"
    command = [sys.executable, "-m", "tests.sources.faults", point.target, str(point.nth), when]
    return subprocess.run(
        command, env={**os.environ, "APP_BUREAUS": "all"}, capture_output=True, timeout=300,
        check=False,
    )  # fmt: skip


def killed_and_tried_again(point, undisturbed):
    prepare()

    ended = in_child(point)

    assert ended.returncode in {0, -9}, ended.stderr.decode()[-2000:]
    if point in KILLED:
        assert ended.returncode == -9
    Job.objects.filter(done_at=None).update(leased_until=None)
    work_off()
    assert state() == expected(undisturbed)


@pytest.mark.parametrize("point", KILLED, ids=str)
def test_a_worker_killed_at_a_point_leaves_no_trace(point, undisturbed, fresh_database):
    killed_and_tried_again(point, undisturbed)


@pytest.mark.long
@pytest.mark.parametrize("point", POINTS, ids=str)
def test_a_worker_killed_anywhere_leaves_no_trace(point, undisturbed, fresh_database):
    killed_and_tried_again(point, undisturbed)
