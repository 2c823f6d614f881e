"""A county's people and records of one month, October 2026."""

import datetime as dt

import pytest
from django.utils import timezone

from cases.actions.sealing import seal_record
from cases.models import Inspection, Interview, SealedRecord, StockLine
from tests import make

OCTOBER = dt.date(2026, 10, 1)


def at(day, hour=10, minute=0, month=10):
    """A moment of 2026, China time."""
    return dt.datetime(2026, month, day, hour, minute, tzinfo=timezone.get_current_timezone())


def alert(**given):
    """An alert of October, due on the 20th at 24:00."""
    given = {"pushed_at": at(5), "conclude_by": at(21, 0), **given}
    if given.get("closed_at") and "state" not in given:
        given = {"state": "closed", "outcome": "N", "causes": ["N04"], **given}
    return make.alert(**given)


def interview(of, **given):
    """A completed talk with a shop about an alert."""
    given = {
        "state": "completed", "result": "reasonable", "ended_at": at(8, 11), "stated_at": at(8),
        "created_at": at(8), **given,
    }  # fmt: skip
    number = Interview.objects.count() + 1
    return Interview.objects.create(
        code=f"DHXF-{of.bureau.code}-202610-{number:04}", alert=of, bureau=of.bureau,
        interviewer=make.user(at=of.bureau), audience=of.audience, **given,
    )  # fmt: skip


def inspection(of, *, gap=0.0, **given):
    """A visit that is over and sealed; `gap` is how many cartons stock and books differ."""
    given = {
        "created_at": at(9), "planned_at": at(9), "started_at": at(9, 15), "ended_at": at(9, 16),
        "state": "on_site", "signed": "signed", "first_certificate": "1", "second_certificate": "2",
        **given,
    }  # fmt: skip
    number = Inspection.objects.count() + 1
    officers = [make.user(at=of.bureau), make.user(at=of.bureau)]
    made = Inspection.objects.create(
        code=f"SDHC-{of.bureau.code}-202610-{number:04}", alert=of, bureau=of.bureau,
        audience=of.audience, first_officer=officers[0], second_officer=officers[1],
        created_by=officers[0], reason="核实订货", **given,
    )  # fmt: skip
    StockLine.objects.create(
        inspection=made, sku_id="1", sku_name="甲", opening=1, bought=10, sold=6, counter=3 + gap,
        store=2,
    )  # fmt: skip
    if made.ended_at:
        Inspection.objects.filter(pk=made.pk).update(state="sealed")
        seal_record(
            code=made.code, kind=SealedRecord.Kind.INSPECTION, content={}, bureau=made.bureau,
            by=officers[0], at=made.ended_at,
        )  # fmt: skip
    return made


@pytest.fixture
def county():
    return make.bureau("451423")
