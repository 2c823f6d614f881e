"""A night of the sample county on Spark: what is stored is what DuckDB's night stores."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.db import transaction

from alerts.actions import nights
from alerts.models import Alert, Step, Surprise
from sources.sample import county as sample
from sources.sample.masters import CITY, PLACES
from tests import make

pytestmark = [pytest.mark.spark, pytest.mark.django_db]

ON = dt.date(2026, 6, 9)  # a Tuesday
NOW = dt.datetime(2026, 6, 9, 18, tzinfo=dt.UTC)
WEEKS = 16  # enough orders for a shop to have a normal
PLACE = PLACES[-1]  # the smaller county


@pytest.fixture
def city(tmp_path):
    """Sixteen weeks of one county, imported as users would."""
    make.bureau(PLACE.code)
    sample.write_county(tmp_path / "files", until=ON, weeks=WEEKS, places=(PLACE,))
    call_command("import_data", str(tmp_path / "files"), bureau=PLACE.code)
    return make.bureau(CITY)


def stored():
    """What the night found, comparable: logarithms may differ in their last bits."""
    told = Surprise.objects.values_list(
        "detector", "subject_kind", "subject_id", "bureau__code", "surprise", "floor", "link",
        "is_hit", "sentence",
    )  # fmt: skip
    return sorted(
        (*row[:4], round(row[4], 9), *row[5:]) for row in told.order_by("detector", "subject_id")
    )


def listed():
    names = ("subject_id", "grade", "sentence", "bureau__code")
    return sorted(Alert.objects.values_list(*names).order_by("pk"))


def test_it_stores_the_same_findings(city, spark, settings):
    settings.ENGINE = "duckdb"
    with transaction.atomic():
        nights.run_night(on=ON, city=city, now=NOW)
        expected, alerts = stored(), listed()
        transaction.set_rollback(True)
    settings.ENGINE = "spark"

    nights.run_night(on=ON, city=city, now=NOW)

    assert not list(Step.objects.exclude(error="").values_list("detector", "error"))
    assert stored() == expected
    assert listed() == alerts
    assert len({row[0] for row in expected}) >= 5, "kinds of findings that were compared"
