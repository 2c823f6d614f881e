import datetime as dt
import json
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command

from accounts.models import Assignment, Bureau, User
from accounts.permissions import Role
from neiguan.demo_people import DEMO_PASSWORD, POSTS
from neiguan.management.commands.demo import Diary, make_bureaus, make_people
from sources.models import Batch, Retailer, TableVersion

TODAY = dt.date(2026, 6, 10)  # a Wednesday
NAMES = (
    "lz-neiguan lz-neiguan2 lz-guzhang lz-fenguan lz-shuju lz-yingxiao lz-zhuanmai lz-wuliu "
    "cz-neiguan cz-kezhang cz-fenguan gx-viewer jijian shenji admin "
    "px-neiguan px-neiguan2 px-guzhang px-fenguan"
).split()


@pytest.fixture
def var(settings, tmp_path):
    settings.DEBUG = True
    settings.VAR = tmp_path
    return tmp_path


def demo(day: dt.date = TODAY) -> str:
    out = StringIO()
    with time_machine.travel(dt.datetime.combine(day, dt.time(1), dt.UTC), tick=False):
        call_command("demo", weeks=2, nights=2, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_everybody_of_the_issue_can_log_in_with_the_one_password():
    make_bureaus()
    make_people(today=TODAY)

    assert [post.username for post in POSTS] == NAMES
    for user in User.objects.get_queryset().filter(username__in=NAMES[:2]):
        assert user.check_password(DEMO_PASSWORD)
        assert user.is_demo
        assert not user.must_change_password
    assert Assignment.objects.get(user__username="cz-kezhang").role == Role.CITY_LEAD
    assert Assignment.objects.get(user__username="px-guzhang").bureau.code == "450098"


@pytest.mark.django_db
def test_people_and_bureaus_are_made_once():
    for _ in range(2):
        make_bureaus()
        make_people(today=TODAY)

    assert Bureau.objects.filter(code__startswith="45").count() == 4
    assert User.objects.get_queryset().filter(is_demo=True).count() == len(NAMES)
    assert Assignment.objects.count() == len(NAMES)


@pytest.mark.django_db
def test_a_role_taken_back_stays_taken_back():
    make_bureaus()
    make_people(today=TODAY)
    Assignment.objects.filter(user__username="lz-wuliu").delete()

    make_people(today=TODAY)

    assert not Assignment.objects.filter(user__username="lz-wuliu").exists()


@pytest.mark.django_db
def test_it_refuses_production(var, settings):
    settings.DEBUG = False

    with pytest.raises(CommandError, match="DEBUG=0"):
        call_command("demo")

    assert not User.objects.get_queryset().exists()


def test_the_diary_survives_and_forgets(tmp_path):
    diary = Diary(tmp_path / "sample")
    assert (diary.anchor, diary.until) == (None, None)

    diary.write(anchor=TODAY, until=None)
    assert (Diary(diary.folder).anchor, Diary(diary.folder).until) == (TODAY, None)

    diary.write(anchor=TODAY, until=TODAY)
    again = Diary(diary.folder)
    assert (again.anchor, again.until) == (TODAY, TODAY)
    again.forget()
    assert (again.anchor, again.until) == (None, None)
    assert json.loads((tmp_path / "sample/stories.json").read_text(encoding="utf-8"))["stories"]


@pytest.mark.long
@pytest.mark.django_db
def test_the_county_is_brought_up_to_yesterday_and_a_second_start_adds_nothing(var):
    said = demo()

    assert DEMO_PASSWORD in said
    assert all(name in said for name in NAMES)
    assert Retailer.objects.filter(bureau__code="450099").count() == 1100
    assert Retailer.objects.filter(bureau__code="450098").count() == 150
    assert rows("orders") > 2000
    before = (Batch.objects.count(), rows("orders"), rows("lines"))

    demo()
    assert before == (Batch.objects.count(), rows("orders"), rows("lines"))

    demo(TODAY + dt.timedelta(days=1))
    assert rows("orders") > before[1]
    assert Retailer.objects.count() == 1250
    assert not (Path(var) / "sample/files").exists()


def rows(table: str) -> int:
    """Rows of a lake table over all bureaus, as committed."""
    return sum(TableVersion.objects.filter(table=table).values_list("rows", flat=True))
