"""A person's grade instead of the rules'."""

import pytest
from django.core.exceptions import ValidationError

from alerts.actions.grades import change_grade, review_grade
from alerts.models import GradeChange
from audit.models import Event
from tests import make

pytestmark = pytest.mark.django_db
WHY = "电话核实为连续三周节前备货，购销相符。"


@pytest.fixture
def lead():
    return make.user("county_lead")


@pytest.fixture
def city():
    return make.user("city_lead", at=make.bureau("4514"))


def change(alert, grade, by, **given):
    return change_grade(
        **{"alert": alert, "grade": grade, "reason": WHY, "by": by, "now": make.NOW,
           "version": alert.version, **given}
    )  # fmt: skip


@pytest.mark.parametrize(("old", "new"), [("黄", "蓝"), ("黄", "橙"), ("橙", "黄"), ("橙", "红")])
def test_it_counts_at_once(lead, old, new):
    alert = make.alert(grade=old)

    change(alert, new, lead)

    alert.refresh_from_db()
    assert (alert.grade, alert.graded_by) == (new, lead)
    assert Event.objects.filter(kind="alert.graded", subject=alert.code).exists()


def test_a_graver_grade_has_shorter_clocks_and_a_lighter_one_no_longer_ones(lead):
    alert = make.alert(grade="黄", due_at=make.NOW.replace(year=2027), conclude_by=None)
    change(alert, "红", lead)
    alert.refresh_from_db()
    soon = alert.due_at
    assert soon
    assert soon.year == make.NOW.year

    other = make.alert(grade="橙", due_at=soon)
    change(other, "黄", lead)
    other.refresh_from_db()
    assert other.due_at == soon


def test_red_is_lowered_once_the_city_has_confirmed(lead, city):
    alert = make.alert(grade="红")
    asked = change(alert, "黄", lead)
    alert.refresh_from_db()
    assert (alert.grade, asked.is_waiting) == ("红", True)

    review_grade(change=asked, confirm=True, by=city, now=make.NOW)

    alert.refresh_from_db()
    assert (alert.grade, alert.graded_by) == ("黄", lead)


def test_a_refused_one_leaves_it_red(lead, city):
    alert = make.alert(grade="红")
    asked = change(alert, "黄", lead)

    review_grade(change=asked, confirm=False, by=city, now=make.NOW)

    alert.refresh_from_db()
    assert alert.grade == "红"
    with pytest.raises(ValidationError, match="已经有人确认过"):
        review_grade(change=asked, confirm=True, by=city, now=make.NOW)


def test_a_rise_to_red_that_the_city_refuses_is_undone(lead, city):
    alert = make.alert(grade="橙")
    raised = change(alert, "红", lead)

    review_grade(change=raised, confirm=False, by=city, now=make.NOW)

    alert.refresh_from_db()
    assert alert.grade == "橙"


@pytest.mark.parametrize(
    ("old", "new", "given", "says"),
    [
        ("黄", "黄", {}, "不同的等级"),
        ("黄", "紫", {}, "不同的等级"),
        ("黄", "蓝", {"reason": "没事"}, "至少10个字"),
        ("黄", "蓝", {"version": 99}, "刚有变动"),
    ],
)
def test_it_refuses(lead, old, new, given, says):
    alert = make.alert(grade=old)

    with pytest.raises(ValidationError, match=says):
        change(alert, new, lead, **given)

    assert not GradeChange.objects.exists()


def test_it_refuses_a_closed_alert(lead):
    alert = make.alert(state="invalid", closed_at=make.NOW, causes=["N04"])

    with pytest.raises(ValidationError, match="已办结"):
        change(alert, "蓝", lead)


def test_who_may_not_close_an_orange_one_may_not_make_it_yellow():
    alert, supervisor = make.alert(grade="橙"), make.user("county_supervisor")

    with pytest.raises(ValidationError, match="须由股长"):
        change(alert, "黄", supervisor)
    change(alert, "红", supervisor)


def test_nobody_confirms_their_own(city):
    alert = make.alert(at=make.bureau("4514"), grade="红")
    asked = change(alert, "黄", city)

    with pytest.raises(ValidationError, match="自己提出"):
        review_grade(change=asked, confirm=True, by=city, now=make.NOW)


def test_one_waits_at_a_time(lead):
    alert = make.alert(grade="红")
    change(alert, "黄", lead)

    with pytest.raises(ValidationError, match="待确认"):
        change(alert, "蓝", lead)


def test_another_county_and_a_county_for_hidden_alerts_may_not(lead):
    stranger = make.user("county_lead", at=make.bureau("451424"), username="px")
    with pytest.raises(ValidationError, match="无权"):
        change(make.alert(), "蓝", stranger)
    with pytest.raises(ValidationError, match="无权"):
        change(make.alert(audience="above"), "蓝", lead)


def test_the_page_asks_and_the_city_answers(client, lead, city):
    alert = make.alert(grade="红")
    client.force_login_now(lead)
    url = f"{alert.get_absolute_url()}grade/"
    assert "降低红色须市局确认" in client.get(url).content.decode()
    page = client.post(url, {"grade": "黄", "reason": WHY, "version": alert.version}, follow=True)
    assert "市局确认后生效" in page.content.decode()

    client.force_login_now(city)
    assert "待市局确认" in client.get(url).content.decode()
    client.post(f"{url}{GradeChange.objects.get().pk}/", {"confirm": "yes"})

    alert.refresh_from_db()
    assert alert.grade == "黄"
