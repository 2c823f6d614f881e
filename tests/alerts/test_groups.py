"""What people decide about a proposed case."""

import pytest
from django.urls import reverse

from alerts.models import Alert
from audit.models import Event
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def mine(client):
    client.force_login_now(make.user("county_supervisor", username="lz", name="李一"))
    return client


def press(client, group, button, **given):
    url = reverse(f"alerts:{button}_group", args=[group.code])
    page = client.post(url, {"version": group.version, **given}, follow=True)
    group.refresh_from_db()
    return page.content.decode()


def test_the_list_and_the_page_show_its_members(mine):
    group = make.group()

    assert group.code in mine.get(reverse("alerts:groups")).content.decode()
    page = mine.get(reverse("alerts:group", args=[group.code])).content.decode()
    assert all(one.code in page for one in group.alerts.all())
    assert group.reason in page


def test_without_any_the_list_says_so(mine):
    assert "没有建议合并的预警" in mine.get(reverse("alerts:groups")).content.decode()


def test_accepting_claims_what_waits(mine):
    group = make.group()
    taken = group.alerts.earliest("pk")
    other = make.user("county_lead", username="gz", name="股长")
    Alert.objects.filter(pk=taken.pk).update(state="claimed", holder=other)

    press(mine, group, "accept")

    assert group.state == "accepted"
    assert {str(one.holder) for one in group.alerts.all()} == {"李一", "股长"}
    assert Event.objects.filter(kind="group.accepted", subject=group.code).exists()


def test_pressed_twice_it_says_so_and_changes_nothing(mine):
    group = make.group()
    stale = group.version
    press(mine, group, "accept")
    group.version = stale

    assert "刚有变动" in press(mine, group, "accept")


def test_rejecting_wants_a_reason(mine):
    group = make.group()
    assert "请写明不并案的理由" in press(mine, group, "reject", note=" ")
    assert group.state == "proposed"

    press(mine, group, "reject", note="三户为同一法人，已登记。")

    assert (group.state, str(group.decided_by)) == ("rejected", "李一")


def test_splitting_takes_one_alert_out(mine):
    group = make.group(alerts=3)
    out = group.alerts.earliest("pk")

    press(mine, group, "split", code=out.code)
    assert group.alerts.count() == 2
    assert "已不在此案内" in press(mine, group, "split", code=out.code)


def test_an_alert_that_the_user_does_not_see_cannot_be_split(mine):
    group = make.group()
    foreign = make.alert(at=make.bureau("451424"))

    url = reverse("alerts:split_group", args=[group.code])
    assert mine.post(url, {"version": 1, "code": foreign.code}).status_code == 404


def test_the_county_does_not_decide_the_citys(mine):
    group = make.group()
    group.bureau = make.bureau("4514")
    group.save()

    url = reverse("alerts:accept_group", args=[group.code])
    assert mine.post(url, {"version": 1}).status_code == 404
