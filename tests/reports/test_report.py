"""The page of a report: its figures, its text, who may do what."""

import pytest
from django.urls import reverse

from tests import make

pytestmark = pytest.mark.django_db


def test_it_shows(client, county):
    report = make.report()
    client.force_login_now(make.user())
    page = client.get(report.get_absolute_url())
    assert page.status_code == 200
    for name in ("pdf", "annexes", "checks"):
        assert (
            client.get(reverse(f"reports:{name}", args=["2026-03", county.code])).status_code == 200
        )


def test_scores(client, county):
    one = make.assessment()
    client.force_login_now(make.user())
    assert client.get(one.get_absolute_url()).status_code == 200
    assert client.get(reverse("reports:scores")).status_code == 200
    assert client.get(one.report.get_absolute_url()).status_code == 200
    assert (
        client.get(reverse("reports:submission", args=["2026-03", county.code, 1])).status_code
        == 200
    )
