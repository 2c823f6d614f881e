import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

import jobs.actions
from accounts.models import Notice
from accounts.permissions import Role
from alerts.actions.tracing import trace_seizure
from alerts.models import Alert, Origin, State
from audit.models import Event
from sources.actions.seizures import withdraw_seizure
from tests import make
from tests.sources.exports import LINES, ORDERS, RETAILERS, SKUS, bring

pytestmark = pytest.mark.django_db
SHOP, LICENCE = "451423100001", "451423100123"
LICENCES = (
    f"许可证号,客户编码,有效期起,有效期止,状态\n{LICENCE},{SHOP},2024-01-01,2028-12-31,有效\n"
)


@pytest.fixture(autouse=True)
def shop():
    """A shop that ordered on 27 February 2026, the day before its cartons were sorted."""
    bring("零售客户档案.csv", RETAILERS)
    bring("许可证.csv", LICENCES)
    bring("卷烟目录.csv", SKUS)
    bring("订单主表.csv", ORDERS.replace("2026-03-02 10:20", "2026-02-27 10:20"))
    bring("订单明细.csv", LINES)


def test_a_registered_seizure_is_an_alert_for_the_county_of_the_licence():
    seizure = make.seizure(at=make.bureau("4514"))

    (alert,) = trace_seizure(number=seizure.pk, now=make.NOW)

    assert (alert.bureau.code, alert.subject_id) == ("451423", SHOP)
    assert (alert.origin, alert.grade, alert.family) == (Origin.SEIZURE, "黄", "CASE")
    assert alert.state == State.PUSHED
    assert alert.sentence == (
        "3月2日在南宁市某仓库查获的卷烟中，本户许可证号读出1个码，该案共40条；对应2月27日的订单，共5条。"
    )
    assert alert.raised_by == seizure.registered_by
    evidence = alert.reasons.get().evidence
    assert {row["source"] for row in evidence} == {"seizures", "orders"}


def test_its_job_does_it_and_the_page_shows_the_alert(client):
    lead = make.user(Role.COUNTY_LEAD)
    client.force_login_now(lead)
    seizure = make.seizure(by=lead)
    assert "预警正在生成" in client.get(seizure.get_absolute_url()).content.decode()

    while jobs.actions.run_next(now=make.NOW + dt.timedelta(days=3650)):
        pass

    alert = Alert.objects.get()
    assert alert.code in client.get(seizure.get_absolute_url()).content.decode()
    shown = client.get(reverse("alerts:alert", args=[alert.code])).content.decode()
    assert f"查获登记 {seizure.pk}" in shown


def test_done_twice_it_is_one_alert():
    seizure = make.seizure()

    trace_seizure(number=seizure.pk, now=make.NOW)
    assert trace_seizure(number=seizure.pk, now=make.NOW) == []

    assert Alert.objects.count() == 1
    assert Event.objects.filter(kind="alert.made").count() == 1


def test_a_second_case_joins_the_open_alert_and_makes_it_red():
    trace_seizure(number=make.seizure(qty=Decimal(2)).pk, now=make.NOW)
    trace_seizure(number=make.seizure(qty=Decimal(1)).pk, now=make.NOW)

    alert = Alert.objects.get()
    assert alert.grade == "红"
    first, second = alert.reasons.order_by("pk")
    assert "该案共2条" in first.sentence
    assert "该案共1条" in second.sentence
    assert second.sentence.endswith("；近12个月共2起、2条。")
    assert second.numbers["case_no"] != first.numbers["case_no"]


@pytest.mark.parametrize(("read", "grade"), [(1, "黄"), (10, "橙"), (50, "红")])
def test_the_grade_follows_the_codes_that_were_read_not_the_case(read, grade):
    codes = "\n".join(f"60228000000012{number:02}YCYC{LICENCE}" for number in range(1, read + 1))

    (alert,) = trace_seizure(number=make.seizure(codes=codes, qty=Decimal(60)).pk, now=make.NOW)

    assert alert.grade == grade
    assert f"读出{read}个码，该案共60条" in alert.sentence


def test_its_page_names_the_rule_once_and_shows_weeks_and_the_order(client):
    lead = make.user(Role.COUNTY_LEAD)
    client.force_login_now(lead)
    seizure = make.seizure(by=lead)
    (alert,) = trace_seizure(number=seizure.pk, now=make.NOW)

    page = client.get(alert.get_absolute_url()).content.decode()

    head = page[page.index('<div class="ph">') : page.index("<h1")]
    assert head.count("查获卷烟的条码指向本户") == head.count("查获反馈") == 1
    assert "登记日 3月3日" in page.replace(" ", "").replace("登记日", "登记日 ")
    assert "规则 CASE-01 查获卷烟的条码指向本户" in page
    assert 'data-chart="history"' in page
    assert "CO1" in page
    assert "真龙(起源)" in page
    assert f'href="{seizure.get_absolute_url()}"' in page


def test_two_registrations_do_not_repeat_the_rule_in_the_heading(client):
    client.force_login_now(make.user(Role.COUNTY_LEAD))
    for _ in range(2):
        (alert,) = trace_seizure(number=make.seizure(qty=Decimal(2)).pk, now=make.NOW)

    page = client.get(alert.get_absolute_url()).content.decode()

    head = page[page.index('<div class="ph">') : page.index("<h1")]
    assert head.count("查获卷烟的条码指向本户") == 1


def test_the_countys_people_are_told():
    supervisor = make.user(Role.COUNTY_SUPERVISOR)
    trace_seizure(number=make.seizure(at=make.bureau("4514")).pk, now=make.NOW)

    assert Notice.objects.filter(user=supervisor).exists()


@pytest.mark.parametrize(
    "codes",
    ["", "6022800000001251YCYC451423100123", "6022800000001205YCYC460101100001"],
    ids=["without a code", "forged", "of another county"],
)
def test_what_leads_to_nobody_raises_nothing(codes):
    assert trace_seizure(number=make.seizure(codes=codes).pk, now=make.NOW) == []


def test_what_was_withdrawn_raises_nothing():
    seizure = make.seizure()
    withdraw_seizure(seizure=seizure, reason="重复登记了", by=make.user(), now=make.NOW)

    assert trace_seizure(number=seizure.pk, now=make.NOW) == []
