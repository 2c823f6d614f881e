import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from accounts.templatetags import ui


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("本周订货92条，应在28条左右", "本周订货 <b>92 条</b>，应在 <b>28 条</b>左右"),
        ("为190%；实际3.3倍", "为 <b>190%</b>；实际 <b>3.3 倍</b>"),
        ("近26周常态、行情×1.03", "近 26 周常态、行情×1.03"),
        ("<b>3次</b> & 5户", "&lt;b&gt;<b>3 次</b>&lt;/b&gt; &amp; <b>5 户</b>"),
    ],
)
def test_figures_stand_out_and_markup_is_escaped(sentence, shown):
    assert ui.figures(sentence) == shown


@pytest.mark.parametrize(
    ("quantity", "shown"), [(None, "—"), (0, "0"), (4486.0, "4 486"), (2.5, "2.5")]
)
def test_cartons(quantity, shown):
    assert ui.cartons(quantity) == shown


@pytest.mark.parametrize(("fen", "shown"), [(None, "—"), (0, "0.00"), (1234500, "12 345.00")])
def test_yuan(fen, shown):
    assert ui.yuan(fen) == shown


@pytest.mark.parametrize(("number", "shown"), [(None, "—"), ("", "—"), (8213, "8 213")])
def test_count(number, shown):
    assert ui.count(number) == shown


@pytest.mark.parametrize(("share", "shown"), [(None, "—"), (0.5, "50%"), (0.333, "33.3%")])
def test_percent(share, shown):
    assert ui.percent(share) == shown


@pytest.mark.parametrize(("value", "shown"), [(None, "—"), (1.84, "1.8 秒"), (125, "2 分 5 秒")])
def test_seconds(value, shown):
    assert ui.seconds(value) == shown


@time_machine.travel(dt.datetime(2026, 11, 24, 1, tzinfo=dt.UTC), tick=False)
@pytest.mark.parametrize(
    ("hours_ago", "shown"),
    [(0, "今日 09:00"), (10, "昨日 23:00"), (48, "11 月 22 日 09:00")],
)
def test_moment(hours_ago, shown):
    assert ui.moment(timezone.now() - dt.timedelta(hours=hours_ago)) == shown


@time_machine.travel(dt.datetime(2026, 11, 24, 1, tzinfo=dt.UTC), tick=False)
def test_what_lies_in_another_year_says_so():
    assert ui.day(dt.date(2025, 12, 31)) == "2025 年 12 月 31 日 周三"
    assert ui.moment(dt.datetime(2025, 12, 31, 1, tzinfo=dt.UTC)) == "2025 年 12 月 31 日 09:00"
    assert ui.day(dt.date(2026, 11, 23)) == "11 月 23 日 周一"


def test_nothing_is_shown_as_a_dash():
    assert (ui.day(None), ui.moment(None)) == ("—", "—")


def test_get_reads_keys_that_are_no_names():
    assert ui.get({"DD-1": 3}, "DD-1") == 3
    assert ui.get(None, "DD-1") == ""


def test_an_icon_is_decorative_and_of_the_sprite():
    assert ui.icon("clock", "s") == (
        '<svg class="ico ico-s" aria-hidden="true"><use href="/static/icons.svg#clock"/></svg>'
    )
