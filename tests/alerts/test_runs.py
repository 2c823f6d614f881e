import datetime as dt

import pytest
from django.urls import reverse

from accounts.permissions import Role
from alerts.models import Night, Recheck, Step
from jobs.models import Job
from tests import make

pytestmark = pytest.mark.django_db


def test_the_list_says_how_many_rules_could_not_be_computed(client, supervisor):
    night = make.night(pushed=3)
    Step.objects.create(night=night, detector="vol_order", found=2)
    Step.objects.create(night=night, detector="ip_burst", missing="未能计算：缺 订单的IP")

    (row,) = client.get(reverse("alerts:runs")).context["page"].object_list

    assert (row.missing, row.pushed) == (1, 3)


def test_a_night_shows_its_steps(client, supervisor):
    night = make.night()
    Step.objects.create(night=night, detector="vol_order", found=2, pushed=1, seconds=0.4)
    Step.objects.create(night=night, detector="ip_burst", missing="未能计算：缺 订单的IP")

    response = client.get(night.get_absolute_url())

    assert [step.detector for step in response.context["steps"]] == ["vol_order", "ip_burst"]
    assert "缺 订单的IP" in response.content.decode()
    assert not response.context["running"]


def test_a_night_tells_when_later_data_were_looked_at(client, supervisor):
    night = make.night()
    for later, numbers in enumerate(({}, {"corrected": 3, "late": 2, "hits": 1})):
        at = make.NOW + dt.timedelta(days=later)
        Recheck.objects.create(night=night, arrived_at=at, at=at, **numbers)

    text = " ".join(client.get(night.get_absolute_url()).content.decode().split())

    assert "没有影响" in text
    assert "更正 3 条，补报预警 2 条，补报命中 1 次" in text


def test_while_it_runs_the_page_asks_again(client, supervisor):
    night = make.night(state=Night.State.WAITING, finished_at=None)

    response = client.get(night.get_absolute_url(), headers={"HX-Request": "true"})

    assert "every 1500ms" in response.content.decode()
    assert "<html" not in response.content.decode()


def test_foreign_and_nonsense_nights_are_not_found(client, supervisor):
    foreign = make.night(at=make.bureau("451424"))

    assert client.get(foreign.get_absolute_url()).status_code == 404
    assert client.get("/runs/yesterday/451423/").status_code == 404


def test_the_lead_asks_for_a_day(client, log_in):
    user = log_in(Role.COUNTY_LEAD)

    response = client.post(reverse("alerts:start_run"), {"on": "2026-03-02", "bureau": "451423"})

    assert response.status_code == 302
    job = Job.objects.get(kind="alerts.start_night")
    assert job.args == {"on": "2026-03-02", "code": "4514", "by": user.code}


@pytest.mark.parametrize(
    "given",
    [
        {"on": "2026-03-02", "bureau": "451424"},
        {"on": f"{dt.date.today() + dt.timedelta(days=400)}", "bureau": "451423"},  # noqa: DTZ011
        {"on": "", "bureau": "451423"},
    ],
    ids=["foreign", "future", "no day"],
)
def test_it_refuses(client, log_in, given):
    log_in(Role.COUNTY_LEAD)

    client.post(reverse("alerts:start_run"), given)

    assert not Job.objects.filter(kind="alerts.start_night").exists()


def test_supervisors_do_not_start_runs_and_liaisons_see_none(client, supervisor, log_in):
    assert client.post(reverse("alerts:start_run")).status_code == 404
    assert "form" not in client.get(reverse("alerts:runs")).context
    log_in(Role.SALES_LIAISON)
    assert client.get(reverse("alerts:runs")).status_code == 404
