"""Classified supervision: what the policy asks for, the lists, the reviews and the tasks."""

import datetime as dt

import pytest
from django.urls import reverse

from alerts.actions.supervising import rules_of, supervise
from alerts.models import Alert, Measure, SupervisionRule, Task, Watch
from alerts.supervision import DEFAULTS, Past, judge
from audit.models import Event
from tests import make

NOW, DAY = make.NOW, dt.date(2026, 3, 3)  # NOW is the third in China


def rule(what="alert", number=2, unit="90d", measure="key"):
    return SupervisionRule(
        what=what, number=number, unit=unit, measure=measure, review_days=90, source="测试"
    )


def past(*ages, **given):
    known = {"grade": "黄", "family": "VOL", "state": "pushed", "outcome": "", **given}
    return [Past(f"YJ-{age}", DAY - dt.timedelta(days=age), **known) for age in ages]


def verdict(known, *rules, since=None):
    return judge(known, rules, on=DAY, since=since)


@pytest.mark.parametrize(
    ("ages", "counts"), [([0, 89], True), ([0, 90], False), ([1], False), ([1, 2, 3], True)]
)
def test_it_counts_within_its_time(ages, counts):
    assert (verdict(past(*ages), rule()) is not None) is counts


def test_the_reason_says_what_was_counted():
    found = verdict(past(1, 5, 9), rule())

    assert found.reason == "近90天推送预警3次，达到2次。"
    assert found.alerts == ("YJ-1", "YJ-5", "YJ-9")


@pytest.mark.parametrize("given", [{"state": "invalid"}, {"state": "closed", "outcome": "N"}])
def test_what_proved_innocent_is_not_counted(given):
    assert verdict(past(1, 2, **given), rule()) is None


@pytest.mark.parametrize(
    ("what", "given"),
    [
        ("grade:红", {"grade": "红"}),
        ("family:CASE", {"family": "CASE"}),
        ("outcome:G", {"outcome": "G", "state": "closed"}),
        ("proven", {"outcome": "X", "state": "closed"}),
        ("proven", {"outcome": "J", "state": "closed"}),
    ],
)
def test_each_kind_counts_its_own(what, given):
    assert verdict(past(1, **given), rule(what, 1))
    assert verdict(past(1), rule(what, 1)) is None


def test_the_gravest_measure_counts():
    found = verdict(past(1, 2, 3, 4), rule(), rule(number=4, unit="12m", measure="special"))

    assert found.measure == Measure.SPECIAL


def test_what_came_before_a_release_is_settled():
    assert verdict(past(1, 2), rule(), since=DAY - dt.timedelta(days=1)) is None


@pytest.fixture
def city(db):
    return make.bureau("4514")


def alerts(shop, count, **given):
    for age in range(1, count + 1):
        make.alert(
            subject_id=shop, on=DAY - dt.timedelta(days=age), state="closed", outcome="G",
            closed_at=NOW, **given,
        )  # fmt: skip


def test_a_city_starts_with_the_proposed_policy(city):
    assert len(rules_of(city=city, now=NOW)) == len(DEFAULTS)


def test_shops_come_on_the_list_once_with_their_task(city):
    shop = make.retailer(name="常订店").code
    alerts(shop, 4)

    assert supervise(city=city, now=NOW) == 1
    assert supervise(city=city, now=NOW) == 0

    watch = Watch.objects.get()
    assert (watch.retailer_name, watch.measure, watch.book) == ("常订店", "special", "key")
    assert watch.tasks.get().title == "专项检查：常订店"
    assert Event.objects.filter(kind="watch.entered").count() == 1


def test_a_graver_measure_raises_and_opens_the_task(city):
    shop = make.retailer().code
    alerts(shop, 2)
    supervise(city=city, now=NOW)
    assert Watch.objects.get().measure == "key"
    assert not Task.objects.exists()

    alerts(shop, 4)
    supervise(city=city, now=NOW)

    assert Watch.objects.get().measure == "special"
    assert Task.objects.count() == 1


def test_a_big_buyer_is_entered_and_visited_every_quarter(city):
    shop = make.retailer(name="大店").code
    make.hit(detector="big_shop", subject_id=shop, on=make.DAY, sentence="本月累计订货1200条。")

    supervise(city=city, now=NOW)
    supervise(city=city, now=NOW + dt.timedelta(days=91))  # the first is still open
    assert Task.objects.get().title == "大户季度核查：大店"
    Task.objects.update(state="done")
    supervise(city=city, now=NOW + dt.timedelta(days=91))

    assert Task.objects.count() == 2
    assert Watch.objects.get().book == "buyer"


def test_hidden_alerts_put_nobody_on_a_countys_list(city):
    alerts(make.retailer().code, 4, audience="above")

    assert supervise(city=city, now=NOW) == 0


def press(client, name, row, **given):
    url = reverse(f"alerts:{name}", args=[row.pk])
    page = client.post(url, {"version": row.version, **given}, follow=True).content.decode()
    row.refresh_from_db()
    return page


@pytest.fixture
def mine(client, db):
    client.force_login_now(make.user("county_supervisor", username="lz", name="李一"))
    return client


def test_a_released_shop_is_not_entered_again_for_the_same(city, mine):
    shop = make.retailer().code
    alerts(shop, 4)
    supervise(city=city, now=NOW)
    watch = Watch.objects.get()

    press(mine, "review_watch", watch, answer="release", note="半年内守法经营。")
    assert supervise(city=city, now=NOW) == 0

    assert str(watch.released_by) == "李一"
    assert watch.tasks.get().state == "dropped"


def test_a_review_moves_the_next_one(mine):
    watch = make.watch()

    press(mine, "review_watch", watch, answer="keep", note="仍有波动，继续关注。")

    assert watch.reviewed_on is not None
    assert watch.review_on == watch.reviewed_on + dt.timedelta(days=90)


def test_every_spell_is_as_long_as_the_first(mine):
    watch = make.watch(measure="special", review_days=180, review_on=DAY)

    for _ in range(3):
        press(mine, "review_watch", watch, answer="keep", note="仍有波动，继续关注。")
        assert watch.reviewed_on
        assert watch.review_on - watch.reviewed_on == dt.timedelta(days=180)


@pytest.mark.parametrize(("measure", "days"), [("key", 90), ("special", 180)])
def test_the_policy_says_how_long_a_spell_is(city, measure, days):
    shop = make.retailer().code
    alerts(shop, 2 if measure == "key" else 4)

    supervise(city=city, now=NOW)

    assert Watch.objects.get().review_days == days


def test_one_that_became_special_has_its_spells(city):
    shop = make.retailer().code
    alerts(shop, 2)
    supervise(city=city, now=NOW)
    alerts(shop, 4)
    supervise(city=city, now=NOW)

    assert Watch.objects.get().review_days == 180


def checked(watch, *, at=NOW):
    """The open check is done."""
    watch.tasks.filter(state="open").update(state="done", done_at=at, result="库存相符。")


def test_a_special_watch_that_is_kept_is_checked_again(mine):
    watch = make.watch(measure="special")
    task = Task.objects.create(
        bureau=watch.bureau, watch=watch, title="专项检查", opened_at=NOW, due_at=NOW
    )

    press(mine, "review_watch", watch, answer="keep", note="仍有波动，继续关注。")
    assert watch.tasks.get() == task, "one is open"
    checked(watch)
    press(mine, "review_watch", watch, answer="keep", note="仍有波动，继续关注。")

    assert watch.tasks.filter(state="open").count() == 1
    assert watch.tasks.count() == 2


def test_a_key_shop_that_is_kept_has_no_check(mine):
    watch = make.watch()

    press(mine, "review_watch", watch, answer="keep", note="仍有波动，继续关注。")

    assert not watch.tasks.exists()


def test_new_alerts_after_a_check_open_another(city):
    shop = make.retailer(name="常订店").code
    alerts(shop, 4, pushed_at=NOW)
    supervise(city=city, now=NOW)
    watch = Watch.objects.get()
    alerts(shop, 1, pushed_at=NOW + dt.timedelta(hours=1))  # while the check is open
    checked(watch, at=NOW + dt.timedelta(days=1))
    supervise(city=city, now=NOW + dt.timedelta(days=2))
    assert watch.tasks.count() == 1

    alerts(shop, 1, pushed_at=NOW + dt.timedelta(days=3))
    supervise(city=city, now=NOW + dt.timedelta(days=4))
    supervise(city=city, now=NOW + dt.timedelta(days=4))

    assert watch.tasks.filter(state="open").get().title == "专项检查：常订店"
    assert watch.tasks.count() == 2
    watch.refresh_from_db()
    assert len(watch.facts["alerts"]) == 6
    assert Event.objects.filter(kind="task.opened").count() == 2


def test_what_is_proven_after_a_check_opens_another(city):
    shop = make.retailer().code
    alerts(shop, 4, pushed_at=NOW)
    supervise(city=city, now=NOW)
    watch = Watch.objects.get()
    checked(watch, at=NOW + dt.timedelta(days=1))
    SupervisionRule.objects.exclude(what="proven").update(ended_at=NOW)

    one = Alert.objects.first()
    assert one is not None
    one.outcome, one.closed_at = "X", NOW + dt.timedelta(days=2)
    one.save()
    supervise(city=city, now=NOW + dt.timedelta(days=3))

    assert watch.tasks.count() == 2


@pytest.mark.parametrize(("given", "says"), [({"note": ""}, "未作改动"), ({"version": 9}, "刷新")])
def test_a_review_wants_words_and_the_newest_page(mine, given, says):
    watch = make.watch()

    page = press(
        mine, "review_watch", watch, **{"answer": "release", "note": "守法经营。", **given}
    )

    assert says in page
    assert watch.released_on is None


def test_a_task_is_finished_once(mine):
    task = make.task()
    stale = task.version
    press(mine, "finish_task", task, note="库存与台账相符，价签齐全。")
    assert (task.state, str(task.done_by)) == ("done", "李一")

    task.version = stale
    assert "刷新" in press(mine, "finish_task", task, note="再次登记结果。")


def test_people_add_a_shop_once(mine):
    shop = make.retailer(name="新店")
    url = reverse("alerts:watches", args=["key"])
    data = {"retailer": shop.code, "book": "key", "measure": "special", "reason": "上级交办核查。"}

    assert "已纳入名单" in mine.post(url, data, follow=True).content.decode()
    assert "未重复登记" in mine.post(url, data).content.decode()
    assert Watch.objects.get().tasks.count() == 1


def test_a_shop_elsewhere_cannot_be_added(mine):
    shop = make.retailer(at=make.bureau("451424"))
    data = {"retailer": shop.code, "book": "key", "measure": "key", "reason": "上级交办核查。"}

    page = mine.post(reverse("alerts:watches", args=["key"]), data).content.decode()

    assert "没有找到" in page
    assert not Watch.objects.exists()


def test_empty_lists_say_so(mine):
    assert "名单中没有零售户" in mine.get(reverse("alerts:watches", args=["key"])).content.decode()
    assert "没有检查任务" in mine.get(reverse("alerts:tasks")).content.decode()
    assert mine.get("/supervision/nothing/").status_code == 404


def test_the_city_sets_the_policy_and_the_county_reads_it(client, city):
    url = reverse("alerts:policy")
    data = {
        "what": "alert",
        "number": 3,
        "unit": "90d",
        "measure": "key",
        "source": "崇烟专〔2026〕1号",
    }
    client.force_login_now(make.user("county_supervisor"))
    assert "推送预警" in client.get(url).content.decode()
    assert client.post(url, data).status_code == 404

    client.force_login_now(make.user("city_lead", at=city))
    client.post(url, data)

    (mine,) = [
        one for one in rules_of(city=city, now=NOW) if (one.what, one.measure) == ("alert", "key")
    ]
    assert (mine.number, mine.source) == (3, "崇烟专〔2026〕1号")
    assert "请填写依据" in client.post(url, {**data, "source": ""}).content.decode()
    client.post(reverse("alerts:end_policy", args=[mine.pk]))
    assert mine.pk not in {one.pk for one in rules_of(city=city, now=NOW)}


def test_a_kind_may_be_left_to_routine(client, city):
    client.force_login_now(make.user("city_lead", at=city))
    url = reverse("alerts:policy")
    data = {"what": "grade:蓝", "number": 1, "unit": "90d", "measure": "routine", "source": "某文"}
    assert ">日常监管</option>" in client.get(url).content.decode()

    page = client.post(url, data, follow=True).content.decode()

    assert "已设置" in page
    assert '<span class="tag">日常监管</span>' in page
    alerts(make.retailer().code, 1, grade="蓝")
    assert supervise(city=city, now=NOW) == 0


def test_the_same_line_again_is_told(client, city):
    client.force_login_now(make.user("city_lead", at=city))
    url = reverse("alerts:policy")
    data = {"what": "alert", "number": 3, "unit": "90d", "measure": "key", "source": "某文"}
    client.post(url, data)

    assert "已有这一行，未重复设置" in client.post(url, data).content.decode()
