"""Claim, release, dismiss and reopen, as pages."""

import pytest
from django.urls import reverse

from accounts.models import Audience
from accounts.permissions import Role
from alerts.models import Alert, Grade, State
from audit.models import Event
from tests import make

pytestmark = pytest.mark.django_db
GROUNDS = {"causes": ["N04"], "note": "电话核实，系孙子升学宴用烟。"}


def go(client, alert, step, **data):
    return client.post(reverse(f"alerts:{step}", args=[alert.code]), data)


def said(response):
    return [str(one) for one in response.context["messages"]]


def test_claiming_and_giving_back(client, supervisor):
    alert = make.alert()

    response = go(client, alert, "claim", version=1)
    alert.refresh_from_db()
    assert response.url == alert.get_absolute_url()
    assert (alert.state, alert.holder) == (State.CLAIMED, supervisor)

    go(client, alert, "release", version=2)
    alert.refresh_from_db()
    assert (alert.state, alert.holder) == (State.PUSHED, None)


def test_a_stale_page_is_told_who_has_it(client, supervisor, client_of_another):
    alert = make.alert()
    go(client_of_another, alert, "claim", version=1)

    response = client.post(reverse("alerts:claim", args=[alert.code]), {"version": 1}, follow=True)

    assert said(response) == ["该预警已由王二领取，请刷新页面。"]


@pytest.fixture
def client_of_another():
    from tests.conftest import StaffClient

    client = StaffClient()
    client.force_login_now(make.user(name="王二"))
    return client


def test_dismissing_with_grounds(client, supervisor):
    alert = make.alert()

    assert client.get(reverse("alerts:dismiss", args=[alert.code])).status_code == 200
    response = go(client, alert, "dismiss", **GROUNDS, version=1)

    assert response.url == alert.get_absolute_url()
    assert Alert.objects.get().causes == ["N04"]
    assert Event.objects.get(kind="alert.dismissed").actor == supervisor.code
    assert "已排除" in client.get(alert.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"causes": []}, "请至少选择一项排除原因。"),
        ({"note": "太短"}, "至少10个字"),
        ({"note": " " * 20}, "请写明核实情况"),
        ({"version": 7}, "刚有变动"),
    ],
)
def test_what_is_lacking_is_said_in_the_form(client, supervisor, given, complaint):
    alert = make.alert()

    response = go(client, alert, "dismiss", **{**GROUNDS, **given})

    assert complaint in response.content.decode()
    assert Alert.objects.get().state == State.PUSHED


def test_the_lead_is_needed_for_orange_and_the_city_for_red(client, supervisor):
    for grade in (Grade.ORANGE, Grade.RED):
        response = go(client, make.alert(grade=grade), "dismiss", **GROUNDS)
        assert "须" in response.content.decode()
    assert not Alert.objects.filter(state=State.INVALID).exists()


def test_a_dismissal_is_undone_from_the_page(client, supervisor):
    alert = make.alert()
    go(client, alert, "dismiss", **GROUNDS)
    assert client.get(alert.get_absolute_url()).context["may_reopen"]

    go(client, alert, "reopen")

    assert Alert.objects.get().state == State.PUSHED


def test_many_are_claimed_at_once(client, supervisor):
    mine, other = make.alert(), make.alert()
    foreign = make.alert(at=make.bureau("451424"))

    response = client.post(
        reverse("alerts:bulk_claim"),
        {"codes": [mine.code, other.code, foreign.code]},
        follow=True,
    )

    assert said(response) == ["已领取 2 条预警。"]
    assert Alert.objects.filter(holder=supervisor).count() == 2


def test_nothing_chosen_is_said(client, supervisor):
    response = client.post(reverse("alerts:bulk_claim"), follow=True)

    assert said(response) == ["没有可领取的预警，请重新选择。"]


@pytest.mark.parametrize("step", ["claim", "release", "dismiss", "reopen"])
@pytest.mark.parametrize("role", [Role.COUNTY_HEAD, Role.PROVINCE_VIEWER, Role.DATA_CLERK])
def test_read_only_roles_find_no_such_step(client, log_in, step, role):
    log_in(role, make.bureau("45") if role == Role.PROVINCE_VIEWER else None)
    alert = make.alert()

    assert go(client, alert, step, **GROUNDS).status_code == 404
    assert Alert.objects.get().version == 1


@pytest.mark.parametrize("step", ["claim", "release", "dismiss", "reopen"])
def test_foreign_and_hidden_alerts_are_not_found(client, supervisor, step):
    for given in ({"at": make.bureau("451424")}, {"audience": Audience.ABOVE}):
        assert go(client, make.alert(**given), step, **GROUNDS).status_code == 404


@pytest.mark.parametrize("step", ["claim", "release", "reopen"])
def test_steps_take_no_get(client, supervisor, step):
    assert client.get(reverse(f"alerts:{step}", args=[make.alert().code])).status_code == 405
