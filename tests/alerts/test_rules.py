"""The rules of a city: in force, drafted, decided by a second person, brought back."""

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from alerts.actions import changing, rules
from alerts.actions.backtests import ask_for_test
from alerts.actions.changing import Words
from alerts.models import BackTest, RuleChange, RuleVersion
from alerts.rulebook import Book
from audit.models import Event
from tests import make

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 3, 10)
NOW = dt.datetime(2026, 3, 10, 2, tzinfo=dt.UTC)
NIGHT = dt.datetime(2026, 3, 10, 16, 30, tzinfo=dt.UTC)  # half past midnight of the 11th in China
LARGER = Book({"vol_order": {"ratio": 2.5}})


@pytest.fixture(autouse=True)
def that_day():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def city():
    return make.bureau("4514", name="崇左市局")


@pytest.fixture
def author(city):
    return make.user("city_supervisor", at=city, name="梁起草")


@pytest.fixture
def second(city):
    return make.user("city_lead", at=city, name="韦批准")


def draft(
    city, by, *, book=LARGER, title="放宽单次订购", reason="按省局口径调整", source="省局文件"
):
    return changing.draft_change(
        city=city, words=Words(title, reason, source), book=book, by=by, now=NOW
    )


def submitted(city, by, **given):
    change = draft(city, by, **given)
    return changing.submit_change(change=change, by=by, now=NOW, version=change.version)


def approve(change, by, *, now=NOW, version=None):
    return changing.approve_change(
        change=change, decision="同意，按文件执行", by=by, now=now,
        version=change.version if version is None else version,
    )  # fmt: skip


def get(client, name, *args, **query):
    return client.get(reverse(f"alerts:{name}", args=args), query)


def post(client, name, *args, **data):
    return client.post(reverse(f"alerts:{name}", args=args), data)


def test_the_page_shows_the_standard_the_citys_value_its_source_and_since_when(
    client, city, author, second
):
    approve(submitted(city, author), second)
    reader = make.user("county_supervisor", at=make.bureau("451423"))

    with time_machine.travel(NOW + dt.timedelta(days=1)):
        client.force_login_now(reader)
        text = get(client, "rules").content.decode()

    row = text.split("超过前3个周期平均数的倍数")[2]
    assert "2 倍" in row[:900]
    assert "2.5 倍" in row[:900]
    assert "省局文件" in row[:900]
    assert "v1</a>" in row[:900]


def test_an_approved_change_holds_from_the_next_day_not_tonight(city, author, second):
    made = approve(submitted(city, author), second)

    tonight = rules.version_in_force(city=city, on=TODAY, now=NOW)
    tomorrow = rules.version_in_force(city=city, on=TODAY + dt.timedelta(days=1), now=NOW)
    assert tonight.number == 0
    assert tomorrow == made
    assert made.since == dt.date(2026, 3, 11)


def test_the_day_is_chinas(client, city, author, second):
    change = submitted(city, author)
    client.force_login_now(second)

    with time_machine.travel(NIGHT, tick=False):
        client.force_login_now(second)
        post(client, "decide_change", change.pk, version=change.version, verdict="approve",
             decision="同意，按文件执行")  # fmt: skip

    assert RuleVersion.objects.get(number=1).since == dt.date(2026, 3, 12)


def test_each_step_is_in_the_audit_trail_and_told_to_the_other_person(city, author, second):
    change = submitted(city, author)
    approve(change, second)

    kinds = Event.objects.filter(subject=f"4514:{change.pk}").order_by("number")
    assert [one.kind for one in kinds] == ["rules.drafted", "rules.submitted", "rules.approved"]
    assert "送审规则变更：放宽单次订购" in second.notices.get().text
    assert "2026-03-11 起生效" in author.notices.get().text


def test_without_a_finished_test_of_the_same_content_nothing_goes_on(client, city, author, second):
    make.night(at=city, on=TODAY)
    change = draft(city, author)
    with pytest.raises(ValidationError, match="回测"):
        changing.submit_change(change=change, by=author, now=NOW, version=1)
    span = {"span": (TODAY, TODAY), "by": author, "now": NOW, "change": change}
    ask_for_test(city=city, book=Book({"vol_order": {"ratio": 3.0}}), **span)
    with pytest.raises(ValidationError, match="回测"):
        changing.submit_change(change=change, by=author, now=NOW, version=1)

    test = ask_for_test(city=city, book=LARGER, **span)
    change = changing.submit_change(change=change, by=author, now=NOW, version=1)

    test.state = BackTest.State.WAITING
    test.save()
    with pytest.raises(ValidationError, match="回测"):
        approve(change, second)
    BackTest.objects.filter(pk=test.pk).update(state=BackTest.State.DONE)
    assert approve(change, second).parameters == LARGER.parameters


def test_the_page_offers_to_test_and_hand_in(client, city, author):
    make.night(at=city, on=TODAY)
    change = draft(city, author)
    client.force_login_now(author)
    assert "回测后送审" in client.get(change.get_absolute_url()).content.decode()

    given = {"first": TODAY, "last": TODAY, "version": 1, "submit": "1"}
    assert post(client, "test_change", change.pk, **given).url == change.get_absolute_url()

    change.refresh_from_db()
    assert change.state == RuleChange.State.WAITING
    assert change.test.state == BackTest.State.DONE


def test_a_long_test_is_waited_for(client, city, author, monkeypatch):
    monkeypatch.setattr("alerts.actions.backtests.AT_ONCE", -1)
    make.night(at=city, on=TODAY)
    change = draft(city, author)
    client.force_login_now(author)

    given = {"first": TODAY, "last": TODAY, "version": 1, "submit": "1"}
    post(client, "test_change", change.pk, **given)

    change.refresh_from_db()
    assert change.state == RuleChange.State.DRAFT
    assert "回测正在进行" in client.get(change.get_absolute_url()).content.decode()


def test_a_draft_made_of_a_test_is_tested(client, city, author):
    make.night(at=city, on=TODAY)
    test = ask_for_test(city=city, book=LARGER, span=(TODAY, TODAY), by=author, now=NOW)
    client.force_login_now(author)

    client.post(reverse("alerts:draft_change"), {"city": city.code, "test": test.pk})

    assert changing.is_tested(RuleChange.objects.get())


def test_the_author_cannot_approve(city, author):
    lead = make.user("city_lead", at=city)
    change = submitted(city, lead)

    with pytest.raises(ValidationError, match="第二人"):
        approve(change, lead)


def test_neither_can_the_author_in_the_browser(client, city, second):
    change = submitted(city, second)
    client.force_login_now(second)

    post(client, "decide_change", change.pk, version=change.version, verdict="approve",
         decision="同意，按文件执行")  # fmt: skip

    assert not RuleVersion.objects.filter(number=1).exists()


def test_a_decision_needs_words(client, city, author, second):
    change = submitted(city, author)
    client.force_login_now(second)

    post(
        client, "decide_change", change.pk, version=change.version, verdict="approve", decision="好"
    )

    change.refresh_from_db()
    assert change.state == "waiting"


def test_what_is_refused_says_why_and_never_counts(client, city, author, second):
    change = submitted(city, author)
    client.force_login_now(second)

    post(client, "decide_change", change.pk, version=change.version, verdict="refuse",
         decision="依据不足，请附文件")  # fmt: skip

    change.refresh_from_db()
    assert (change.state, change.decision) == ("refused", "依据不足，请附文件")
    assert not RuleVersion.objects.filter(number=1).exists()


def test_the_author_may_withdraw_and_nobody_else(city, author, second):
    change = submitted(city, author)

    with pytest.raises(ValidationError, match="只有本人"):
        changing.withdraw_change(change=change, by=second, version=change.version)
    assert changing.withdraw_change(change=change, by=author, version=change.version).state == (
        "withdrawn"
    )


def test_a_value_out_of_range_is_refused_with_its_limits(client, city, author):
    change = draft(city, author)
    client.force_login_now(author)

    response = post(client, "change", change.pk, version=change.version, title="太大",
                    **{"vol_order.ratio": "99"})  # fmt: skip

    assert "须在 1 至 10 倍之间，现为 99" in response.content.decode()
    change.refresh_from_db()
    assert change.parameters == {"vol_order": {"ratio": 2.5}}


@pytest.mark.parametrize(("given", "fits"), [("10", True), ("10.01", False), ("1", True)])
def test_limits_include_their_ends(client, city, author, given, fits):
    change = draft(city, author)
    client.force_login_now(author)

    response = post(client, "change", change.pk, version=change.version, title="边界",
                    **{"vol_order.ratio": given})  # fmt: skip

    assert (response.status_code == 302) is fits


def test_the_cuts_must_fall(client, city, author):
    change = draft(city, author)
    client.force_login_now(author)

    response = post(client, "change", change.pk, version=change.version, title="次序",
                    **{"policy.red": "4"})  # fmt: skip

    assert "依次降低" in response.content.decode()


def test_an_empty_field_is_the_standard_and_a_detector_can_be_switched_off(client, city, author):
    change = draft(city, author)
    client.force_login_now(author)

    post(client, "change", change.pk, version=change.version, title="停用一项",
         **{"vol_order.ratio": "", "off.same_basket": "on", "weight.vol_order": "-0.75"})  # fmt: skip

    change.refresh_from_db()
    assert change.parameters == {}
    assert change.policy == {"off": ["same_basket"], "weights": {"vol_order": -0.75}}


def test_a_stale_page_overwrites_nothing(client, city, author):
    change = draft(city, author)
    client.force_login_now(author)
    post(client, "change", change.pk, version=change.version, title="先保存的")

    response = post(client, "change", change.pk, version=change.version, title="后保存的")

    assert "不是最新内容" in response.content.decode()
    change.refresh_from_db()
    assert change.title == "先保存的"


def test_what_waits_cannot_be_edited(city, author):
    change = submitted(city, author)

    with pytest.raises(ValidationError):
        changing.edit_change(
            change=change, words=Words("偷改"), book=Book(), by=author, version=change.version
        )


def test_a_submission_needs_reason_source_and_a_difference(city, author):
    for missing in ({"reason": ""}, {"source": ""}, {"book": Book()}):
        with pytest.raises(ValidationError):
            submitted(city, author, **missing)


def test_another_version_in_between_asks_for_a_new_base(city, author, second):
    mine = submitted(city, author)
    other = submitted(city, author, book=Book(policy={"budget_share": 0.002}), title="少推一些")
    approve(other, second)

    with pytest.raises(ValidationError, match="更新底稿"):
        approve(mine, second)
    again = changing.rebase_change(change=mine, by=author, now=NOW, version=mine.version)

    assert (again.state, again.base.number) == ("draft", 1)
    assert (again.parameters, again.policy) == (
        {"vol_order": {"ratio": 2.5}}, {"budget_share": 0.002}
    )  # fmt: skip


def test_an_older_version_comes_back_by_the_same_two_persons(client, city, author, second):
    approve(submitted(city, author), second)
    client.force_login_now(author)
    post(client, "draft_change", city=city.code, back_to=0)
    change = RuleChange.objects.get(state="draft")
    assert change.parameters == {}
    assert str(change.returns_to) == "初始版本"

    later = NOW + dt.timedelta(days=3)
    changing.edit_change(
        change=change, words=Words("恢复原规则", "效果不好", "内部讨论"), book=Book(), by=author,
        version=1,
    )  # fmt: skip
    changing.submit_change(change=change, by=author, now=later, version=2)
    made = approve(change, second, now=later, version=3)

    assert (made.number, made.parameters) == (2, {})


def test_a_preset_is_one_click(client, city, author):
    client.force_login_now(author)

    post(client, "draft_change", city=city.code, preset="jiangsu")

    change = RuleChange.objects.get()
    assert change.source.startswith("江苏")
    assert change.parameters == {
        "sku_month": {"growth": 0.75}, "sku_day": {"share": 0.2}, "vol_order": {"ratio": 2.5}
    }  # fmt: skip


def test_the_versions_page_tells_who_why_and_what(client, city, author, second):
    made = approve(submitted(city, author), second)
    client.force_login_now(make.user("county_head", at=make.bureau("451423")))

    text = client.get(made.get_absolute_url()).content.decode()

    for words in ("梁起草", "韦批准", "按省局口径调整", "同意，按文件执行", "2.5 倍", "2 倍"):
        assert words in text


@pytest.mark.parametrize("role", ["county_supervisor", "county_head", "province_viewer"])
def test_others_read_but_do_not_draft(client, city, role):
    seat = make.bureau("45" if role == "province_viewer" else "451423")
    client.force_login_now(make.user(role, at=seat))

    assert get(client, "rules").status_code == 200
    assert post(client, "draft_change", city=city.code).status_code == 404
    assert not RuleChange.objects.exists()


def test_a_foreign_city_is_not_found(client, author):
    foreign = make.bureau("4601")
    theirs = draft(foreign, make.user("city_supervisor", at=foreign))
    client.force_login_now(author)

    assert get(client, "rules", city="4601").status_code == 404
    assert get(client, "change", theirs.pk).status_code == 404
    assert post(client, "submit_change", theirs.pk, version=1).status_code == 404


def test_the_trial_of_a_change_begins_and_ends(client, city, author):
    change = draft(city, author)
    client.force_login_now(author)

    post(client, "switch_shadow", change.pk, version=1, on="1")
    change.refresh_from_db()
    assert (change.in_shadow, change.shadow_since) == (True, timezone.localdate())
    post(client, "switch_shadow", change.pk, version=2)

    change.refresh_from_db()
    assert not change.in_shadow
