"""Asking for an exemption, deciding about it, ending it."""

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.models import Audience
from alerts.models import Exemption, Surprise
from alerts.tasks import weekly
from audit.models import Event
from tests import make

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture
def supervisor():
    return make.user("county_supervisor", username="lz")


@pytest.fixture
def lead():
    return make.user("county_lead", username="gz")


@pytest.fixture
def city():
    return make.user("city_lead", at=make.bureau("4514"), username="kz")


def ask(client, by, alert, **given):
    client.force_login_now(by)
    data = {
        "reason": alert.reasons.get().pk, "cause": "N05", "until": TODAY + dt.timedelta(days=60),
        "note": "门店由20平方米扩到60平方米，已现场核实。",
        "proof": SimpleUploadedFile("门店.jpg", b"\xff\xd8\xff\xe0jpg", "image/jpeg"), **given,
    }  # fmt: skip
    return client.post(reverse("alerts:exempt", args=[alert.code]), data, follow=True)


def answer(client, by, exemption, answer, words=""):
    client.force_login_now(by)
    url = reverse("alerts:decide_exemption", args=[exemption.pk])
    page = client.post(url, {"answer": answer, "words": words}, follow=True)
    exemption.refresh_from_db()
    return page.content.decode()


@pytest.mark.parametrize(("grade", "state"), [
    ("蓝", "approved"), ("黄", "approved"), ("橙", "waiting"), ("红", "waiting"),
])  # fmt: skip
def test_graver_ones_wait_for_a_second_person(client, supervisor, grade, state):
    alert = make.alert(grade=grade)

    page = ask(client, supervisor, alert)

    made = Exemption.objects.get()
    assert (made.state, made.detector, made.subject_id) == (state, alert.detector, alert.subject_id)
    assert made.size == pytest.approx(3.3)
    assert ("待另一人审批" in page.content.decode()) is (state == "waiting")
    assert client.get(reverse("alerts:proof", args=[made.pk])).status_code == 200


def test_the_size_is_the_reasons_ratio(client, supervisor):
    alert = make.alert()
    alert.reasons.update(numbers={"ratio": 2.4})

    ask(client, supervisor, alert)

    made = Exemption.objects.get()
    assert made.size == 2.4
    page = client.get(reverse("alerts:exemption", args=[made.pk])).content.decode()
    assert "订货量为应订数的2.4倍，达到两倍即终止" in page


def test_a_reason_without_its_number_is_not_exempted(client, supervisor):
    alert = make.alert()
    alert.reasons.update(numbers={})

    assert "没有存下偏离" in ask(client, supervisor, alert).content.decode()
    assert not Exemption.objects.exists()


def test_the_facts_of_the_grant_are_kept(client, supervisor):
    alert = make.alert()
    Surprise.objects.create(
        night=make.night(at=alert.bureau, on=alert.on), bureau=alert.bureau,
        detector=alert.detector, subject_kind="retailer", subject_id=alert.subject_id,
        surprise=3.1, sentence="", numbers={}, floor="黄",
    )  # fmt: skip

    ask(client, supervisor, alert)

    assert Exemption.objects.get().floor == "黄"


def test_an_expired_one_can_be_asked_for_again(client, supervisor):
    alert = make.alert()
    ask(client, supervisor, alert)
    old = Exemption.objects.get()
    Exemption.objects.update(
        since=TODAY - dt.timedelta(days=30), until=TODAY - dt.timedelta(days=1)
    )
    client.force_login_now(supervisor)
    assert "已到期" in client.get(reverse("alerts:exemptions")).content.decode()
    page = client.get(reverse("alerts:exemption", args=[old.pk])).content.decode()
    assert "已到期" in page
    assert "提前终止" not in page

    ask(client, supervisor, alert)

    old.refresh_from_db()
    assert (old.state, old.ended_on) == ("expired", TODAY)
    assert Exemption.objects.exclude(pk=old.pk).get().state == "approved"
    assert Event.objects.filter(kind="exemption.expired").count() == 1


def test_the_last_day_itself_is_not_over(client, supervisor):
    alert = make.alert()
    ask(client, supervisor, alert, until=TODAY)

    assert "未重复登记" in ask(client, supervisor, alert).content.decode()


def test_every_day_ends_what_lapsed_and_what_nobody_approved_never_counted(lead):
    yesterday = TODAY - dt.timedelta(days=1)
    since = TODAY - dt.timedelta(days=30)
    granted = make.exemption(state="approved", since=since, until=yesterday)
    waiting = make.exemption(since=since, until=yesterday)
    running = make.exemption(state="approved", since=TODAY, until=TODAY)

    weekly()
    weekly()

    for one in (granted, waiting, running):
        one.refresh_from_db()
    assert (granted.state, waiting.state, running.state) == ("expired", "refused", "approved")
    assert list(Exemption.objects.in_force(on=yesterday)) == [granted]
    assert Event.objects.filter(kind="exemption.expired").count() == 2


def test_it_is_not_approved_after_its_last_day(client, lead):
    late = make.exemption(
        alert=make.alert(grade="橙"), since=TODAY - dt.timedelta(days=30),
        until=TODAY - dt.timedelta(days=1),
    )  # fmt: skip

    assert "截止日已过" in answer(client, lead, late, "approve")
    assert late.state == "waiting"


def test_a_link_of_two_is_exempted_as_a_pair(client, supervisor):
    alert = make.alert(detector="dev_share", family="LINK")
    other = make.retailer(at=alert.bureau, name="弟弟的店")
    alert.reasons.update(numbers={"others": 1, "elsewhere": 0, "other": other.code})

    ask(client, supervisor, alert)

    made = Exemption.objects.get()
    assert made.other_id == other.code
    page = client.get(reverse("alerts:exemption", args=[made.pk])).content.decode()
    assert "弟弟的店" in page


@pytest.mark.parametrize(
    "numbers", [{"others": 2, "elsewhere": 0}, {"others": 1, "elsewhere": 1, "other": "X"}]
)
def test_a_larger_link_or_one_across_counties_is_no_pair(client, supervisor, numbers):
    alert = make.alert(detector="dev_share", family="LINK")
    alert.reasons.update(numbers=numbers)

    ask(client, supervisor, alert)

    assert Exemption.objects.get().other_id == ""


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"proof": ""}, "请上传证明材料"),
        ({"proof": SimpleUploadedFile("a.html", b"<b>", "text/html")}, "只能上传"),
        ({"until": TODAY + dt.timedelta(days=91)}, "最长90天"),
        ({"until": TODAY - dt.timedelta(days=1)}, "最长90天"),
        ({"until": "下周"}, "有效的日期"),
        ({"note": "属实"}, "至少10个字"),
        ({"cause": "N88"}, "还没有提交"),
    ],
)
def test_it_says_what_is_missing_and_makes_nothing(client, supervisor, given, says):
    page = ask(client, supervisor, make.alert(), **given)

    assert says in page.content.decode()
    assert not Exemption.objects.exists()


def test_ninety_days_are_allowed_and_two_at_once_are_not(client, supervisor):
    alert = make.alert()
    ask(client, supervisor, alert, until=TODAY + dt.timedelta(days=90))

    page = ask(client, supervisor, alert)

    assert "未重复登记" in page.content.decode()
    assert Exemption.objects.count() == 1


def test_the_lead_approves_an_orange_one_and_the_city_a_red_one(client, supervisor, lead, city):
    orange, red = (
        make.exemption(alert=make.alert(grade="橙")),
        make.exemption(alert=make.alert(grade="红")),
    )
    assert "豁免已生效" in answer(client, lead, orange, "approve")
    assert "您无权办理" in answer(client, lead, red, "approve")
    assert red.state == "waiting"
    answer(client, city, red, "approve")

    assert (orange.state, red.state) == ("approved", "approved")
    assert Event.objects.filter(kind="exemption.granted").count() == 2


def test_nobody_approves_their_own(client, lead):
    mine = make.exemption(made_by=lead, alert=make.alert(grade="橙"))

    assert "不能审批自己" in answer(client, lead, mine, "approve")
    assert mine.state == "waiting"


def test_refusing_and_ending_want_words(client, lead, supervisor):
    waiting = make.exemption(made_by=supervisor)
    assert "请写明退回理由" in answer(client, lead, waiting, "refuse")
    answer(client, lead, waiting, "refuse", "证明材料看不清。")
    assert waiting.state == "refused"

    granted = make.exemption(made_by=supervisor, state="approved")
    assert "请写明终止原因" in answer(client, supervisor, granted, "end")
    answer(client, supervisor, granted, "end", "门店已转让。")
    assert (granted.state, granted.ended_on) == ("ended", timezone.localdate())
    assert "请刷新页面" in answer(client, lead, granted, "end", "再次终止。")


def test_what_it_kept_off_stands_on_its_page_and_in_the_list(client, supervisor):
    granted = make.exemption(state="approved")
    night = make.night()
    Surprise.objects.create(
        night=night, bureau=night.bureau, detector=granted.detector, subject_kind="retailer",
        subject_id=granted.subject_id, surprise=3.2, sentence="本周订货80条，为常态的3.0倍。",
        numbers={}, exemption=granted,
    )  # fmt: skip
    client.force_login_now(supervisor)

    assert "1 次" in client.get(reverse("alerts:exemptions")).content.decode()
    page = client.get(reverse("alerts:exemption", args=[granted.pk])).content.decode()
    assert "本周订货" in page


def test_the_empty_list_says_how_to_get_one(client, supervisor):
    client.force_login_now(supervisor)

    assert "没有豁免" in client.get(reverse("alerts:exemptions")).content.decode()


def test_what_concerns_staff_stays_with_the_city(client, lead, city):
    hidden = make.exemption(audience=Audience.ABOVE)
    url = reverse("alerts:exemption", args=[hidden.pk])

    client.force_login_now(lead)
    assert client.get(url).status_code == 404
    client.force_login_now(city)
    assert client.get(url).status_code == 200


def test_a_report_of_people_has_no_rule_to_exempt(client, supervisor):
    alert = make.alert()
    alert.reasons.update(detector="tip:JB-1")
    client.force_login_now(supervisor)

    page = client.get(reverse("alerts:exempt", args=[alert.code])).content.decode()
    assert "没有对应的规则" in page
