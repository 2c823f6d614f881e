"""The shell around every page: what it asks the database, and what stands beside its entries."""

import pytest
from django.urls import reverse

from accounts.models import Notice
from accounts.permissions import Role
from tests import make

pytestmark = pytest.mark.django_db


def nav(client, name="accounts:notices"):
    sections = client.get(reverse(name)).context["nav"]()
    return {item["url"]: item for section in sections for item in section["items"]}


def test_entries_follow_the_posts(client):
    client.force_login_now(make.user(Role.SYSADMIN))

    assert reverse("accounts:users") in nav(client)
    assert reverse("alerts:alerts") not in nav(client)


def test_somebody_without_a_post_is_told_so(client):
    client.force_login_now(make.user(None))

    page = client.get(reverse("accounts:notices"))

    assert "未安排岗位" in page.content.decode()


def test_unread_notices_are_counted(client):
    user = make.user()
    client.force_login_now(user)
    for number in range(2):
        Notice.objects.create(user=user, key=f"{number}", text="有新的预警")

    assert "2 条未读" in client.get(reverse("accounts:calendar")).content.decode()


def test_a_fragment_does_not_pay_for_the_shell(client, django_assert_max_num_queries):
    client.force_login_now(make.user(Role.DATA_CLERK))
    make.batch()

    with django_assert_max_num_queries(9):  # a whole page: 12
        client.get(reverse("sources:imports"), headers={"HX-Request": "true"})
