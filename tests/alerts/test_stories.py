"""The sample county's planted stories, from the files to the list: the guilty on it, the innocent not."""

import datetime as dt

import pytest
import time_machine
from django.core.management import call_command

from alerts.models import Alert, Hit
from sources.sample import county as sample

TODAY = dt.date(2026, 11, 27)  # a Friday: the goods ordered on the Friday before came on Saturday
NIGHTS = 7  # the last five order days

# What each guilty story is found by; one that ended before the nights is in the data only.
FOUND_BY = {
    "proxy_ordering": {"staff_order"},
    "five_licences": {"acct_share"},
    "rural_outflow": {"vol_robust", "struct_shift"},
    "closed_shop": {"licence_invalid", "frozen_basket", "found_shut"},
    "expired_licence": {"licence_invalid"},
    "over_limit": {"over_limit", "staff_order"},
    "short_delivery": {"delivery_short", "delivery_sign", "delivery_far"},
    "over_limit_4_weeks_ago": set(),
}


@pytest.mark.long
@pytest.mark.django_db
def test_the_guilty_stories_are_on_the_list_and_the_innocent_are_not(settings, tmp_path, capsys):
    settings.DEBUG, settings.VAR = True, tmp_path
    with time_machine.travel(dt.datetime.combine(TODAY, dt.time(1), dt.UTC), tick=False):
        call_command("demo", nights=NIGHTS)
    stories = sample.truth(TODAY - dt.timedelta(days=1))

    assert {story["key"] for story in stories if story["guilty"]} == set(FOUND_BY)
    for story in stories:
        if story["guilty"]:
            for shop in story["retailers"]:
                missing = FOUND_BY[story["key"]] - reasons(shop)
                assert not missing, (story["key"], shop, missing, capsys.readouterr().out)
        else:
            assert not graver_than_blue(story["retailers"]), story["key"]
    weddings = [story for story in stories if story["key"] == "wedding"]
    for shop in (shop for story in weddings for shop in story["retailers"]):
        assert Hit.objects.filter(subject_id=shop, detector="vol_order").exists()  # by the document


def reasons(shop: str) -> set[str]:
    """The detectors named by the shop's alerts."""
    alerts = Alert.objects.get_queryset().filter(subject_id=shop)
    return set(alerts.values_list("reasons__detector", flat=True))


def graver_than_blue(shops: list[str]) -> list[str]:
    alerts = Alert.objects.get_queryset().filter(subject_id__in=shops).exclude(grade="蓝")
    return [str(alert) for alert in alerts]
