import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.test import RequestFactory

from alerts import naming
from alerts.models import Alert
from alerts.templatetags import alert_tags
from tests import make

CHINA = ZoneInfo("Asia/Shanghai")
NOW = dt.datetime(2026, 11, 23, 9, tzinfo=CHINA)  # a Monday


@pytest.mark.parametrize(
    ("due_at", "words", "tone"),
    [
        ((23, 8, 59), "逾期 1 小时", "late"),
        ((22, 9, 0), "逾期 1 天", "late"),
        ((23, 14, 20), "剩 5 小时 20 分", "soon"),
        ((24, 0, 0), "剩 15 小时 0 分", "soon"),
        ((24, 9, 0), "明日 09:00", ""),
        ((25, 0, 0), "明日 24:00", ""),
        ((27, 12, 0), "周五 12:00", ""),
        ((30, 12, 0), "11 月 30 日 12:00", ""),
    ],
)
def test_a_deadline_in_words(due_at, words, tone):
    day, hour, minute = due_at
    at = dt.datetime(2026, 11, day, hour, minute, tzinfo=CHINA)

    assert alert_tags.due_words(at, now=NOW) == (words, tone)


@pytest.mark.parametrize("state", ["pushed", "invalid"])
def test_a_closed_alert_has_no_deadline(state):
    shown = Template("{% load alert_tags %}{% due at state %}").render(
        Context({"at": NOW, "state": state})
    )

    assert ("逾期" in shown) == (state == "pushed")


@pytest.mark.parametrize(
    ("grade", "tone"), [("红", "red"), ("橙", "orange"), ("黄", "yellow"), ("蓝", "blue"), ("", "")]
)
def test_each_grade_has_its_colour(grade, tone):
    assert alert_tags.tone(grade) == tone


@pytest.mark.parametrize(
    ("state", "shape"), [("pushed", "new"), ("claimed", "doing"), ("invalid", "done")]
)
def test_each_state_has_its_mark(state, shape):
    assert alert_tags.shape(state) == shape


def test_the_sparkline_stays_in_its_frame():
    drawn = alert_tags.spark([0, 5, 10])

    assert drawn["points"] == "4.0,18.0 42.0,11.0 80.0,4.0"
    assert (drawn["x"], drawn["y"]) == (80.0, 4.0)


@pytest.mark.parametrize("values", [None, [], [3]])
def test_no_line_of_less_than_two_points(values):
    assert alert_tags.spark(values) == {}


def test_points_are_numbered_by_the_page():
    text = "一、今日电话询访；二、实地查看库存。"

    assert alert_tags.points(text) == ["今日电话询访", "实地查看库存"]


def test_titles_of_detectors_causes_and_families():
    assert naming.title_of("vol_order") != "vol_order"
    assert naming.code_of("vol_order") == "VOL-01"
    assert naming.title_of("gone") == naming.code_of("gone") == "gone"
    assert alert_tags.family_title("VOL") == "订单量"
    assert alert_tags.cause_titles(["N03", "N10"]) == "节假日、档位上调"


def test_a_chart_carries_its_alerts_on_mondays():
    alerts = [Alert(on=dt.date(2026, 11, 20), grade="红")]

    assert alert_tags.alert_marks(alerts) == [{"week": "26-11-16", "tone": "red"}]


@pytest.mark.django_db
def test_a_retailers_alerts_are_those_the_reader_may_see():
    county, other = make.bureau("451423"), make.bureau("451424")
    mine = make.alert(at=county, subject_id="R1")
    make.alert(at=other, subject_id="R1")
    make.alert(at=county, subject_id="R2")
    request = RequestFactory().get("/")
    request.user = make.user(at=county)

    assert alert_tags.retailer_alerts(Context({"request": request}), "R1") == [mine]
