"""One telephone interview: statement, answers, recording, the end, corrections and supplements."""

import datetime as dt
import io
import json

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.urls import reverse
from django.utils import timezone

from accounts.permissions import Role
from alerts.models import Alert, State
from audit.models import Event
from cases.actions import interviews_record as actions
from cases.models import Addendum, Doubt, Interview
from cases.questions import EXTRA, Kind, missing, questions
from tests import make

pytestmark = pytest.mark.django_db
GOOD = {
    "received": "all", "taken_by": "self", "ordered_by": "self", "password": "self",
    "account": "self", "bundled": "no", "passed_on": "no", "staff": "no",
}  # fmt: skip
WORDS = {"taken_by": "本人，店内，3 月 3 日上午", "password": "手机", "cause": "女儿办婚宴"}


@pytest.fixture
def supervisor(client):
    user = make.user(name="李一")
    client.force_login_now(user)
    return user


def sent(interview, received=(62, 30), words=None, **choices):
    """The form of a whole record in order, with other choices where wanted."""
    interview.refresh_from_db()
    data = {"version": interview.version, "result": "reasonable", "credibility": "high"}
    data |= {f"a_{key}": value for key, value in {**GOOD, **choices}.items()}
    data |= {f"a_{key}_text": value for key, value in {**WORDS, **(words or {})}.items()}
    for item, qty in zip(interview.items.order_by("pk"), received, strict=True):
        data[f"r_{item.pk}"] = qty
    return data


def go(client, interview, step, data, **headers):
    return client.post(reverse(f"cases:{step}", args=[interview.code]), data, headers=headers)


def complete(client, interview, **given):
    extra = {name: given.pop(name) for name in ("result", "doubts") if name in given}
    return go(client, interview, "complete_interview", {**sent(interview, **given), **extra})


def fresh(interview):
    return Interview.objects.get(pk=interview.pk)


SAID = {
    "relation": "self", "identity": "shop", "told": "yes", "stated_on": "2026-03-02",
    "stated_qty": "60", "interviewee": "黄某顺",
}  # fmt: skip


def test_no_quantity_is_on_the_page_before_the_statement(client, supervisor):
    lines = [{"sku_id": "S1", "sku_name": "真龙（海韵）", "qty": 8362.0}]
    made = make.interview(
        by=supervisor, until="talking", sentence="本周订货8362条，为3.37倍。",
        picture={**make.ORDER, "order_lines": lines},
    )  # fmt: skip

    before = client.get(made.get_absolute_url()).content.decode()
    for told in ("真龙", "8362", "8 362", "DD2026", "3.37", "data-goods"):
        assert told not in before, told
    go(client, made, "save_statement", SAID)
    after = client.get(made.get_absolute_url()).content.decode()

    assert "真龙（海韵）" in after
    assert 'data-ordered="8362"' in after
    assert fresh(made).stated_qty == 60
    assert "黄某顺" not in fresh(made).interviewee
    assert fresh(made).script_version


def test_a_statement_is_said_once(client, supervisor):
    made = make.interview(by=supervisor, until="talking")
    go(client, made, "save_statement", SAID)
    version = fresh(made).version

    go(client, made, "save_statement", SAID)  # sent twice
    assert fresh(made).version == version
    response = go(client, made, "save_statement", {**SAID, "stated_qty": "92"})

    assert fresh(made).stated_qty == 60
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"told": ""}, "是否已告知录音"),
        ({"relation": ""}, "与持证人的关系"),
        ({"stated_qty": ""}, "自述的订货日期和数量"),
        ({"stated_on": "2099-01-01"}, "不能晚于今天"),
    ],
)
def test_what_a_statement_lacks_is_said(client, supervisor, given, complaint):
    made = make.interview(by=supervisor, until="talking")

    response = go(client, made, "save_statement", {**SAID, **given})

    assert complaint in response.content.decode()
    assert fresh(made).stated_at is None


def test_there_is_no_statement_before_a_call(client, supervisor):
    made = make.interview(by=supervisor, until="planned")

    go(client, made, "save_statement", SAID)

    assert fresh(made).stated_at is None


def test_drafts_are_kept_by_the_script_and_stale_ones_are_not(client, supervisor):
    made = make.interview(by=supervisor)
    data = {**sent(made, received=(62, "")), "a_taken_by": ""}

    response = go(client, made, "save_answers", data, **{"X-Autosave": "1"})
    assert response.status_code == 204
    assert response["X-Saved"]
    assert response["X-Version"] == str(fresh(made).version)
    assert fresh(made).answers["cause"] == {"text": "女儿办婚宴"}
    assert list(made.items.order_by("pk").values_list("received", flat=True)) == [62, None]

    response = go(client, made, "save_answers", data, **{"X-Autosave": "1"})
    assert response.status_code == 409
    assert "在别处改过" in response.content.decode()
    assert Event.objects.filter(kind="interview.drafted").count() == 1


def test_an_explanation_that_fits_goes_to_the_conclusion(client, supervisor):
    made = make.interview(by=supervisor)

    response = complete(client, made)

    assert response.status_code == 302, response.context["answers_form"].errors
    done = fresh(made)
    assert (done.state, done.result, done.contradictions) == ("completed", "reasonable", [])
    assert Alert.objects.get().state == State.CONCLUDING
    complete(client, made)  # sent twice
    assert Event.objects.filter(kind="interview.completed").count() == 1
    assert "回答与订单相符" in client.get(made.get_absolute_url()).content.decode()


CONTRADICTED = {
    "received": (56, 30), "ordered_by": "manager", "words": {"ordered_by": "陆某，事后才告知"},
}  # fmt: skip


def test_contradictions_become_doubts_and_no_reasonable_end(client, supervisor):
    made = make.interview(by=supervisor)

    response = complete(client, made, **CONTRADICTED)
    assert "不能记为解释合理" in response.content.decode()
    assert fresh(made).state == "talking"
    complete(client, made, **CONTRADICTED, result="clue", doubts="店里没有婚宴的样子\n")

    assert fresh(made).contradictions == [
        "真龙（海韵）订购62条，自述收到56条，少6条",
        "自述订单由客户经理提交：陆某，事后才告知",
    ]
    doubts = Doubt.objects.order_by("number")
    assert [one.text for one in doubts] == [*fresh(made).contradictions, "店里没有婚宴的样子"]
    assert {one.source for one in doubts} == {made.code}
    assert Alert.objects.get().state == State.CHECKING
    assert "少6条" in client.get(made.get_absolute_url()).content.decode().replace(
        "<b>6条</b>", "6条"
    ).replace(" ", "")


@pytest.mark.parametrize(
    ("on", "qty", "count"),
    [
        ("2026-03-02", 92.0, 0), ("2026-03-02", 83.0, 0), ("2026-03-02", 82.0, 1),
        ("2026-02-28", 92.0, 0), ("2026-02-27", 92.0, 1), ("2026-03-04", 92.0, 0),
        ("2026-03-05", 10.0, 0),
    ],
)  # fmt: skip
def test_a_statement_is_compared_with_room_for_memory(client, supervisor, on, qty, count):
    made = make.interview(by=supervisor)
    Interview.objects.filter(pk=made.pk).update(stated_on=on, stated_qty=qty)

    complete(client, made, result="visit")

    assert len(fresh(made).contradictions) == count


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"taken_by": ""}, "Q3 没有回答"),
        ({"words": {"password": ""}}, "Q5 须写明"),
        ({"words": {"cause": ""}}, "Q7 没有回答"),
        ({"staff": "yes"}, "Q11 须写明"),
        ({"received": (62, "")}, "还没有填实收条数：黄山（硬）"),
    ],
)
def test_what_a_record_lacks_is_said_by_number(client, supervisor, given, complaint):
    made = make.interview(by=supervisor)

    response = complete(client, made, result="visit", **given)

    assert complaint in response.content.decode()
    assert fresh(made).ended_at is None


def test_a_stale_page_does_not_complete(client, supervisor):
    made = make.interview(by=supervisor)
    data = sent(made)
    go(client, made, "save_answers", data)

    assert "在别处改过" in go(client, made, "complete_interview", data).content.decode()
    assert fresh(made).state == "talking"


def test_others_neither_save_nor_complete(client, supervisor):
    made = make.interview()
    data = sent(made)

    for step in ("save_answers", "complete_interview"):
        go(client, made, step, data)
        assert fresh(made).version == data["version"]
    client.force_login_now(make.user(Role.PROVINCE_VIEWER, at=make.bureau("45")))
    assert go(client, made, "save_answers", data).status_code == 404
    assert client.get(made.get_absolute_url()).status_code == 200


def test_a_recording_is_kept_with_its_digest_and_played(client, supervisor):
    made = make.interview(by=supervisor, until="stated")
    text = SimpleUploadedFile("通话.mp3", b"not a sound")
    assert (
        "请上传录音文件"
        in go(client, made, "upload_recording", {"recording": text}).content.decode()
    )
    sound = SimpleUploadedFile("通话.mp3", make.MP3)
    go(client, made, "upload_recording", {"recording": sound})

    file = fresh(made).recording
    assert file.purpose == "recording"
    assert file.sha256 in client.get(made.get_absolute_url()).content.decode()
    played = client.get(reverse("cases:recording", args=[made.code]))
    assert b"".join(played.streaming_content) == make.MP3
    with pytest.raises(ValidationError, match="不能替换"):
        actions.attach_recording(
            interview=made, stream=io.BytesIO(make.MP3), name="x.mp3", by=supervisor,
            now=timezone.now(),
        )  # fmt: skip


def test_nothing_is_recorded_of_whom_nobody_told(client, supervisor):
    made = make.interview(by=supervisor, until="talking")
    go(client, made, "save_statement", {**SAID, "told": "no"})

    response = go(
        client, made, "upload_recording", {"recording": SimpleUploadedFile("a.mp3", make.MP3)}
    )

    assert fresh(made).recording is None
    assert response.status_code == 200


def corrected(interview, reason="听错了品规的数量", **given):
    data = {**sent(interview, **given), "told": "yes", "relation": "self", "identity": "shop"}
    said = {"stated_on": "2026-03-02", "stated_qty": "90"}
    return {**data, **said, "reason": reason}


def test_the_interviewer_corrects_for_a_day(client, supervisor):
    made = make.interview(by=supervisor)
    complete(client, made, received=(56, 30), result="visit")
    url = reverse("cases:correct_interview", args=[made.code])
    assert client.get(url).status_code == 200

    assert "更正理由" in client.post(url, corrected(made, reason="")).content.decode()
    assert "没有改动" in client.post(url, corrected(made, received=(56, 30))).content.decode()
    response = client.post(url, corrected(made))

    assert response.status_code == 302, response.context["answers_form"].errors
    assert fresh(made).contradictions == []
    assert not Doubt.objects.exists()
    event = Event.objects.get(kind="interview.corrected")
    assert json.loads(event.details)["fields"] == ["实收数量"]

    client.force_login_now(make.user())
    assert client.get(url).status_code == 302


def test_a_correction_does_not_contradict_the_result(client, supervisor):
    made = make.interview(by=supervisor)
    complete(client, made)

    url = reverse("cases:correct_interview", args=[made.code])
    response = client.post(url, corrected(made, received=(1, 30)))

    assert "相抵" in response.content.decode()
    assert fresh(made).contradictions == []


def test_after_a_day_only_a_supplement_is_left(client, supervisor):
    with time_machine.travel(timezone.now() - dt.timedelta(hours=25), tick=False):
        made = make.interview(by=supervisor)
        client.force_login_now(supervisor)
        complete(client, made)
    client.force_login_now(supervisor)

    response = client.get(reverse("cases:correct_interview", args=[made.code]), follow=True)
    assert "只能补充" in response.content.decode()
    go(client, made, "supplement", {"text": "当日下午对方来电补充说明"})
    go(client, made, "supplement", {"text": "当日下午对方来电补充说明"})

    assert Addendum.objects.get().code == made.code
    assert "对方来电补充" in client.get(made.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE cases_interview SET statement = 'x'", "DELETE FROM cases_interview",
        "UPDATE cases_interviewitem SET received = 1", "DELETE FROM cases_attempt",
    ],
)  # fmt: skip
def test_the_database_refuses_to_change_a_locked_record(client, supervisor, sql):
    with time_machine.travel(timezone.now() - dt.timedelta(hours=25), tick=False):
        made = make.interview(by=supervisor)
        client.force_login_now(supervisor)
        complete(client, made)

    with pytest.raises(DatabaseError, match="locked"), transaction.atomic():
        connection.cursor().execute(sql)


def test_the_working_page_asks_little(client, supervisor, django_assert_max_num_queries):
    made = make.interview(by=supervisor)
    for _ in range(4):
        make.interview(by=supervisor, until="planned")

    with django_assert_max_num_queries(16):
        client.get(made.get_absolute_url())


def test_every_question_is_known_once_and_answerable():
    for family in ("VOL", *EXTRA):
        asked = questions(family)
        assert len({one.key for one in asked}) == len(asked)
        assert all(len(one.choices) >= 2 for one in asked if one.kind is Kind.CHOICE)
        assert len(list(missing(family, {}))) == sum(one.is_required for one in asked)


@pytest.mark.parametrize(
    ("who", "grade"), [("self", "黄"), ("family", "黄"), ("manager", "红"), ("other", "橙")]
)
def test_who_ordered_in_the_shops_name_makes_the_alert_graver(client, supervisor, who, grade):
    made = make.interview(by=supervisor)

    doubtful = {} if grade == "黄" else {"result": "visit", "doubts": "核对操作日志。"}
    complete(client, made, ordered_by=who, words={"ordered_by": "王某，办公室代订"}, **doubtful)

    assert fresh(made).state == Interview.State.COMPLETED
    assert fresh(made).alert.grade == grade
