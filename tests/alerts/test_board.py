import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from accounts.models import Audience
from accounts.permissions import Role
from alerts.models import Grade
from sources.models import Completeness
from tests import make

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 3, 1, tzinfo=dt.UTC)  # 09:00 in China


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def board(client):
    response = client.get(reverse("alerts:board"))
    assert response.status_code == 200
    return response


def test_it_counts_open_alerts_by_grade_deadline_and_section(client, supervisor):
    make.alert(grade=Grade.RED, due_at=NOW - dt.timedelta(hours=1), detector="phone_staff",
               family="LINK")  # fmt: skip
    make.alert(due_at=NOW + dt.timedelta(hours=3))
    make.alert(state="invalid", closed_at=NOW, causes=["N04"])

    context = board(client).context

    grades = {one["grade"]: one for one in context["grades"]}
    assert (grades["红"]["count"], grades["红"]["overdue"]) == (1, 1)
    assert (grades["黄"]["count"], grades["黄"]["due_today"]) == (1, 1)
    sections = {one["title"]: one["total"] for one in context["sections"]}
    assert list(sections) == [
        "订单量", "客户信息异常", "许可证", "配送结算", "关联", "外流", "投放", "投诉",
    ]  # fmt: skip
    assert (sections["订单量"], sections["关联"]) == (1, 1)
    assert context["todo_total"] == 2


def test_each_figure_opens_the_list_that_it_counts(client, supervisor):
    make.alert(grade=Grade.RED)
    make.alert(detector="short", family="DELIV")
    context = board(client).context

    for one in [*context["grades"], *context["sections"]]:
        count = one["count"] if "count" in one else one["total"]
        assert client.get(one["url"]).context["page"].paginator.count == count


def test_it_tells_of_the_last_night_and_of_missing_files(client, supervisor):
    bureau = make.bureau()
    make.night(pushed=4, repeated=2, hits=9)
    Completeness.objects.create(
        bureau=bureau, day=dt.date(2026, 3, 2), orders=3, cartons=9, is_complete=False,
        reason="订单明细未到",
    )  # fmt: skip

    response = board(client)

    run = response.context["run"]
    assert (run["new"], run["folded"], run["total_hits"]) == (4, 2, 9)
    assert "昨日数据不完整" in response.content.decode()
    assert "订单明细未到" in response.content.decode()


@pytest.mark.parametrize(
    ("role", "at"),
    [
        (Role.DISCIPLINE, "4514"),
        (Role.PROVINCE_VIEWER, "45"),
        (Role.COUNTY_HEAD, "451423"),
    ],
)
def test_who_only_reads_is_offered_nothing_to_do(client, log_in, role, at):
    make.alert()
    make.alert(audience=Audience.ABOVE, staff_concerned=True)
    log_in(role, make.bureau(at))

    text = board(client).content.decode()

    assert "未办结预警" in text
    assert "今天要办" not in text
    assert "现在要办" not in text  # nor its rows' buttons to claim
    assert "act-w" not in text
    assert "逐条处置" not in text


def test_the_city_has_to_do_what_is_the_citys(client, log_in):
    make.alert()
    hidden = make.alert(audience=Audience.ABOVE, staff_concerned=True)
    log_in(Role.CITY_SUPERVISOR, make.bureau("4514"))

    assert board(client).context["todo"] == [hidden]


def test_the_city_sees_its_counties_side_by_side(client, log_in):
    for code in ("451423", "451424"):
        make.alert(at=make.bureau(code))
    log_in(Role.CITY_SUPERVISOR, make.bureau("4514"))

    counties = board(client).context["counties"]

    assert [one["name"] for one in counties] == ["451423局", "451424局"]
    assert [one["total"] for one in counties] == [1, 1]


def test_the_county_does_not_count_what_is_hidden_from_it(client, supervisor):
    make.alert(audience=Audience.ABOVE)

    assert board(client).context["todo_total"] == 0


@pytest.mark.parametrize("role", [Role.SALES_LIAISON, Role.DATA_CLERK, Role.AUDITOR, Role.SYSADMIN])
def test_roles_without_alerts_are_told_what_they_can_do(client, log_in, role):
    log_in(role)
    make.alert(subject_name="看不见的店")

    text = board(client).content.decode()

    assert "您的岗位不查看预警" in text
    assert "看不见的店" not in text


def test_an_empty_board_says_so(client, supervisor):
    text = board(client).content.decode()

    assert "尚未检测过订单" in text


def test_the_number_of_queries_does_not_grow(client, supervisor, django_assert_max_num_queries):
    for _ in range(30):
        make.alert()
    make.night()
    board(client)

    with django_assert_max_num_queries(12):
        board(client)
