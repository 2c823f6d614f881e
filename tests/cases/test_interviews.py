"""The list of telephone interviews, planning one, and the calls up to giving up."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from accounts.permissions import Role
from alerts.models import Alert, State
from audit.models import Event
from cases.actions import interviews as actions
from cases.models import Attempt, Interview
from sources.crypto import seal
from tests import make

pytestmark = pytest.mark.django_db
R, S = Attempt.Result, Attempt.Source
CHINA = timezone.get_default_timezone()
LATER = make.NOW + dt.timedelta(days=5)


@pytest.fixture
def supervisor(client):
    user = make.user(name="李一")
    client.force_login_now(user)
    return user


def at(day, hour, minute=0, second=0):
    return dt.datetime(2026, 3, day, hour, minute, second, tzinfo=CHINA)


def call(dialled_at, result=R.NO_ANSWER, **given):
    return actions.Call(S.OTHER, result, dialled_at, **{"phone": "13877140001", **given})


def note(interview, *calls, now=LATER):
    for one in calls:
        actions.note_attempt(interview=interview, call=one, by=interview.interviewer, now=now)


def listed(client, **asked):
    page = client.get(reverse("cases:interviews"), asked).context["page"]
    return [one.alert.subject_name for one in page.object_list]


def test_planning_copies_the_order_and_moves_the_alert(client, supervisor):
    alert = make.alert(state=State.CLAIMED, holder=supervisor, picture=make.ORDER)

    response = client.post(reverse("cases:plan_interview", args=[alert.code]))

    made = Interview.objects.get()
    alert.refresh_from_db()
    assert response.url == made.get_absolute_url()
    assert made.code.startswith("DHXF-451423-")
    assert made.order == {"order_id": "DD20260302001", "day": "2026-03-02"}
    assert sorted(made.items.values_list("ordered", flat=True)) == [30, 62]
    assert alert.state == State.PHONING
    assert Event.objects.get(kind="interview.planned").subject == made.code

    client.post(reverse("cases:plan_interview", args=[alert.code]))
    assert Interview.objects.count() == 1


@pytest.mark.parametrize("given", [{"subject_kind": "sku"}, {"state": State.PUSHED}])
def test_what_cannot_be_called_is_said(client, supervisor, given):
    given = {"state": State.CLAIMED, "holder": supervisor, **given}
    if given["state"] == State.PUSHED:
        given["holder"] = None
    alert = make.alert(**given)

    response = client.post(reverse("cases:plan_interview", args=[alert.code]), follow=True)

    assert len(list(response.context["messages"])) == 1
    assert not Interview.objects.exists()


def test_the_list_begins_with_what_is_mine(client, supervisor):
    make.interview(by=supervisor, until="planned", subject_name="我的店")
    make.interview(until="planned", subject_name="同事的店")
    make.alert(state=State.CLAIMED, holder=supervisor, subject_name="未询访的店")

    assert listed(client) == ["我的店"]
    assert set(listed(client, view="open")) == {"我的店", "同事的店"}
    assert listed(client, view="open", q="同事") == ["同事的店"]
    page = client.get(reverse("cases:interviews")).content.decode()
    assert "未询访的店" in page
    assert "92" not in page


def test_an_empty_list_says_what_to_do(client, supervisor):
    assert "领取预警后" in client.get(reverse("cases:interviews")).content.decode()


def test_the_list_is_paged_and_asks_little(client, supervisor, django_assert_max_num_queries):
    for _ in range(26):
        make.interview(by=supervisor, until="planned")

    with django_assert_max_num_queries(12):
        assert len(listed(client)) == 25
    assert len(listed(client, page="2")) == 1


def test_neighbours_and_hidden_ones_are_not_listed(client, supervisor):
    make.interview(at=make.bureau("451424"), until="planned")
    make.interview(until="planned", audience="above", by=_city())

    assert listed(client, view="all") == []


def _city():
    return make.user(Role.CITY_SUPERVISOR, at=make.bureau("4514"))


def test_a_hidden_alerts_interview_is_hidden_too(client):
    made = make.interview(until="planned", audience="above", by=_city())

    assert made.audience == "above"
    client.force_login_now(make.user(Role.DISCIPLINE, at=make.bureau("4514")))
    assert client.get(made.get_absolute_url()).status_code == 200


@pytest.mark.parametrize(
    ("hour", "minute", "allowed"),
    [
        (7, 59, False), (8, 0, True), (11, 59, True), (12, 0, False), (13, 59, False),
        (14, 0, True), (19, 59, True), (20, 0, False),
    ],
)  # fmt: skip
def test_nobody_is_called_at_meals_or_at_night(hour, minute, allowed):
    made = make.interview(until="planned")
    one = call(at(4, hour, minute))

    if allowed:
        note(made, one)
    else:
        with pytest.raises(ValidationError, match="08:00"):
            note(made, one)
        with pytest.raises(ValidationError, match="写明情况"):
            note(made, call(at(4, hour, minute), is_callback=True))
        note(made, call(at(4, hour, minute), is_callback=True, note="对方看到未接来电后回电"))
    assert made.attempts.count() == 1


def test_the_same_call_twice_is_one():
    made = make.interview(until="planned")

    note(made, call(at(4, 9)), call(at(4, 9)))

    assert made.attempts.get().phone == "138****01"


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"dialled_at": at(30, 9)}, "不能晚于现在"),
        ({"dialled_at": at(2, 9)}, "早于本次询访"),
        ({"result": R.REACHED}, "接通时间"),
        ({"result": R.REACHED, "connected_at": at(4, 8, 59)}, "依次"),
        ({"ended_at": at(4, 14)}, "超过 4 小时"),
        ({"phone": " "}, "所拨号码"),
    ],
)
def test_a_call_that_cannot_have_been_is_refused(given, complaint):
    made = make.interview(until="planned")

    with pytest.raises(ValidationError, match=complaint):
        note(made, call(**{"dialled_at": at(4, 9), **given}))
    assert not made.attempts.exists()


def test_nobody_holds_two_calls_at_once():
    by = make.user()
    first, second = (make.interview(by=by, until="planned") for _ in range(2))
    note(first, call(at(4, 9), R.REACHED, connected_at=at(4, 9, 1)))

    with pytest.raises(ValidationError, match="还没有记录结束"):
        note(second, call(at(4, 10)))
    actions.end_call(interview=first, at=at(4, 9, 6), by=by, now=LATER)
    with pytest.raises(ValidationError, match="时间重叠"):
        note(second, call(at(4, 9, 5)))
    note(second, call(at(4, 9, 6)))
    note(make.interview(until="planned"), call(at(4, 9, 5)))


def test_the_end_of_a_call_is_noted_once_and_in_order():
    made = make.interview(until="planned")
    with pytest.raises(ValidationError, match="没有正在进行"):
        actions.end_call(interview=made, at=at(4, 9), by=made.interviewer, now=LATER)
    note(made, call(at(4, 9), R.REACHED, connected_at=at(4, 9, 1)))

    with pytest.raises(ValidationError, match="接通之后"):
        actions.end_call(interview=made, at=at(4, 9), by=made.interviewer, now=LATER)
    for minute in (5, 7):
        actions.end_call(interview=made, at=at(4, 9, minute), by=made.interviewer, now=LATER)
    assert made.attempts.get().ended_at == at(4, 9, 5)


def test_three_attempts_on_two_half_days_before_giving_up(client):
    made = make.interview(until="planned")

    def give_up():
        return actions.end_unreached(interview=made, by=made.interviewer, now=LATER)

    with pytest.raises(ValidationError, match="再拨打 3 次，还须在另外 2 个半天"):
        give_up()
    note(made, call(at(4, 9)), call(at(4, 10), R.OFF), call(at(4, 11), R.REFUSED))
    with pytest.raises(ValidationError, match="还须在另外 1 个半天"):
        give_up()
    note(made, call(at(4, 14)))
    ended = give_up()

    assert ended.state == Interview.State.UNREACHED
    assert ended.alert.grade_changes.get().new == "橙"  # it was yellow
    assert Alert.objects.get(pk=made.alert_id).state == State.CHECKING
    assert give_up().ended_at == ended.ended_at
    assert Event.objects.filter(kind="interview.unreached").count() == 1


def test_the_number_is_shown_to_the_interviewer_only_and_on_record(client, supervisor):
    number = "13977156621"
    shop = make.retailer(phone=seal(number), name="和顺烟酒行")
    made = make.interview(by=supervisor, until="planned", subject_id=shop.code)
    url = reverse("cases:reveal_number", args=[made.code])

    assert number not in client.get(made.get_absolute_url()).content.decode()
    shown = client.post(url, headers={"HX-Request": "true"}).content.decode()
    assert f'href="tel:{number}"' in shown
    assert number in client.post(url).content.decode()
    event = Event.objects.filter(kind="interview.number_revealed").earliest("number")
    assert "订货电话" in event.details
    assert number not in "".join(Event.objects.values_list("details", flat=True))

    client.force_login_now(make.user())
    assert number not in client.post(url, follow=True).content.decode()


def test_a_colleague_and_a_reader_write_nothing(client, supervisor):
    made = make.interview(until="planned")
    url = reverse("cases:note_attempt", args=[made.code])
    sent = {
        "source": "other", "phone": "1380000", "result": "off", "dialled_at": "2026-03-04T09:00:00"
    }  # fmt: skip

    assert "只能由本人填写" in client.post(url, sent).content.decode()
    client.force_login_now(make.user(Role.COUNTY_HEAD))
    assert client.post(url, sent).status_code == 404
    assert not made.attempts.exists()


def test_the_form_notes_a_call(client, supervisor):
    made = make.interview(by=supervisor, until="planned")
    sent = {
        "source": "other", "phone": "13877140001", "result": "reached",
        "dialled_at": "2026-03-04T09:00:00", "connected_at": "09:00:20",
    }  # fmt: skip

    response = client.post(reverse("cases:note_attempt", args=[made.code]), sent)

    assert response.url == made.get_absolute_url()
    attempt = made.attempts.get()
    assert (attempt.dialled_at, attempt.connected_at) == (at(4, 9), at(4, 9, 0, 20))
    page = client.get(made.get_absolute_url()).content.decode()
    assert "通话中" in page
    client.post(reverse("cases:hang_up", args=[made.code]), {"at": "09:04:00"})
    assert made.attempts.get().ended_at == at(4, 9, 4)
