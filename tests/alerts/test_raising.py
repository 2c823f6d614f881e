"""Alerts that people raise."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import Audience
from alerts.actions.raising import Suspicion, raise_alert
from alerts.models import Alert, Origin, Reason
from audit.models import Event
from tests import make

pytestmark = pytest.mark.django_db
NEW = reverse("alerts:new")


def filled(**given):
    return {
        "origin": "tip", "reference": "JB-2026-031", "subject_kind": "retailer",
        "subject": "R1", "family": "CASE", "grade": "黄",
        "sentence": "来信称该店11月20日一次卖出整件卷烟50条给外地车辆。", **given,
    }  # fmt: skip


@pytest.fixture
def shop():
    made = make.retailer(at=make.bureau(), code="R1")
    made.licence_no = "451423100001"
    made.save()
    return made


@pytest.fixture
def mine(client, shop):
    client.force_login_now(make.user("county_supervisor", username="lz", name="李一"))
    return client


@pytest.mark.parametrize("subject", ["R1", "451423100001", " R1 "])
def test_it_stands_on_the_list_with_its_reason_and_clocks(mine, subject):
    response = mine.post(NEW, filled(subject=subject))

    alert = Alert.objects.get()
    assert response.url == alert.get_absolute_url()
    assert (alert.origin, alert.reference, alert.grade, alert.family) == (
        "tip", "JB-2026-031", "黄", "CASE"
    )  # fmt: skip
    assert (alert.subject_id, str(alert.raised_by)) == ("R1", "李一")
    assert "-R01" in alert.code
    assert alert.due_at
    assert alert.conclude_by
    assert alert.due_at <= alert.conclude_by
    assert Reason.objects.get(alert=alert).sentence == alert.sentence
    assert Event.objects.filter(kind="alert.made", subject=alert.code, actor="lz").exists()
    page = mine.get(alert.get_absolute_url()).content.decode()
    assert "举报线索" in page
    assert "来信称该店" in page


def test_a_complaint_is_at_least_orange(mine):
    mine.post(NEW, filled(origin="complaint", grade="蓝"))

    assert Alert.objects.get().grade == "橙"


def test_one_number_makes_one_alert(mine):
    mine.post(NEW, filled())
    Alert.objects.update(state="invalid", closed_at=make.NOW, causes=["N04"])

    page = mine.post(NEW, filled()).content.decode()

    assert Alert.objects.count() == 1
    assert f"已建预警{Alert.objects.get().code}" in page


def test_a_second_report_joins_the_open_alert_and_may_make_it_graver(mine):
    mine.post(NEW, filled())
    first = Alert.objects.get()

    response = mine.post(NEW, filled(reference="JB-2026-032", grade="红"), follow=True)

    alert = Alert.objects.get()
    assert "已并入" in response.content.decode()
    assert alert.grade == "红"
    assert alert.conclude_by
    assert first.conclude_by
    assert alert.conclude_by <= first.conclude_by
    assert alert.reasons.count() == 2
    assert Event.objects.filter(kind="alert.joined", subject=alert.code).exists()


def test_a_report_that_joins_a_nights_alert_hides_none_of_its_reasons(mine):
    alert = make.alert(subject_id="R1")

    mine.post(NEW, filled())

    assert Alert.objects.get() == alert
    page = mine.get(alert.get_absolute_url()).content.decode()
    assert "周常态" in page
    assert "来信称该店" in page


def test_what_concerns_staff_goes_to_the_city(mine, client):
    response = mine.post(NEW, filled(staff_concerned="on"), follow=True)

    alert = Alert.objects.get()
    assert alert.audience == Audience.ABOVE
    assert "由市局办理" in response.content.decode()
    assert mine.get(alert.get_absolute_url()).status_code == 404
    client.force_login_now(make.user("city_supervisor", at=make.bureau("4514")))
    assert client.get(alert.get_absolute_url()).status_code == 200


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"reference": ""}, "须填写编号"),
        ({"sentence": "太短了"}, "至少10个字"),
        ({"subject": "R9"}, "没有找到"),
        ({"subject": ""}, "请填写客户编码"),
        ({"grade": "紫"}, "还没有新建"),
        ({"subject_kind": "staff", "subject": "R1"}, "没有找到工号"),
    ],
)
def test_it_says_what_is_missing_and_makes_nothing(mine, given, says):
    page = mine.post(NEW, filled(**given)).content.decode()

    assert says in page
    assert not Alert.objects.exists()


def test_a_shop_of_another_county_is_not_found(mine):
    make.retailer(at=make.bureau("451424"), code="R2")

    assert "没有找到" in mine.post(NEW, filled(subject="R2")).content.decode()


def test_the_city_raises_one_for_its_county(client, shop):
    client.force_login_now(make.user("city_supervisor", at=make.bureau("4514")))

    client.post(NEW, filled(origin="person", reference=""))

    assert Alert.objects.get().bureau == shop.bureau


def test_two_on_one_day_have_their_own_numbers(mine):
    make.retailer(at=make.bureau(), code="R2")
    mine.post(NEW, filled())
    mine.post(NEW, filled(subject="R2", reference="JB-2"))

    assert {code[-3:] for code in Alert.objects.values_list("code", flat=True)} == {"R01", "R02"}


def test_two_reports_without_a_number_on_one_day_are_both_kept_but_not_a_second_click(mine):
    first = filled(origin="person", reference="")
    mine.post(NEW, first)
    mine.post(NEW, first)
    mine.post(NEW, {**first, "sentence": "当日走访时见该店库房堆放整件卷烟20件。"})

    alert = Alert.objects.get()
    assert sorted(alert.reasons.values_list("detector", flat=True)) == ["person", "person:#2"]
    assert "当日走访时见" in mine.get(alert.get_absolute_url()).content.decode()


def test_what_is_wrong_stands_at_its_field(mine):
    page = mine.post(NEW, filled(subject="没有这户", sentence="\x00")).content.decode()

    assert 'id="id_subject_error"' in page
    assert 'aria-describedby="id_subject_error"' in page
    assert "还没有新建" in page


def suspicion(**given):
    known = {
        "origin": Origin.PERSON, "family": "CASE", "grade": "黄", "subject_kind": "retailer",
        "subject_id": "R1", "sentence": "走访时见该店库房堆放整件卷烟二十件。", **given,
    }  # fmt: skip
    return Suspicion(**known)


@pytest.mark.parametrize("number", ["ts-1", "TS-1 ", "ＴＳ－１", "TS—1"])
@pytest.mark.parametrize("origin", ["complaint", "tip"])
def test_a_number_is_used_once_in_the_city_however_it_is_written(client, shop, number, origin):
    make.retailer(at=make.bureau("451424"), code="R2")
    client.force_login_now(make.user("city_supervisor", at=make.bureau("4514")))
    client.post(NEW, filled(origin="complaint", reference="TS-1"))

    page = client.post(NEW, filled(subject="R2", reference=number, origin=origin)).content.decode()

    assert Alert.objects.count() == 1
    assert f"已建预警{Alert.objects.get().code}" in page


def test_a_number_of_another_county_is_refused_without_naming_the_alert(mine):
    make.retailer(at=make.bureau("451424"), code="R2")
    other = make.user(at=make.bureau("451424"))
    told = suspicion(origin=Origin.TIP, reference="jb-2026-031", subject_id="R2")
    alert, _ = raise_alert(suspicion=told, bureau=make.bureau("451424"), by=other, now=make.NOW)

    page = mine.post(NEW, filled()).content.decode()

    assert "编号JB-2026-031已建预警，由本市其他单位或市局办理，未重复新建" in page
    assert alert.code not in page


def test_another_city_has_its_own_numbers(mine):
    told = suspicion(origin=Origin.TIP, reference="JB-2026-031", subject_id="R2")
    far = make.bureau("450199")
    raise_alert(suspicion=told, bureau=far, by=make.user(at=far), now=make.NOW)

    mine.post(NEW, filled())

    assert Alert.objects.count() == 2


def test_the_database_refuses_a_number_twice_in_a_city():
    alert, city = make.alert(), make.bureau("4514")
    given = {"surprise": 1, "weight": 0, "sentence": "x", "numbers": {}, "parameters": {}}
    make_reason = Reason.objects.create
    make_reason(alert=alert, on=alert.on, detector="tip:1", city=city, number="1", **given)

    with pytest.raises(IntegrityError, match="one_report_a_number"), transaction.atomic():
        make_reason(alert=alert, on=alert.on, detector="tip:1b", city=city, number="1", **given)
    with pytest.raises(IntegrityError, match="a_number_is_of_a_city"):
        make_reason(alert=alert, on=alert.on, detector="tip:2", number="2", **given)


DAY = dt.timedelta(days=1)


def complain(number, *, ago=0, origin=Origin.COMPLAINT, at=None, who="S1", grade="黄"):
    """A complaint about a member of staff, some days before make.NOW."""
    place = at or make.bureau()
    told = suspicion(
        origin=origin, reference=number, subject_kind="staff", subject_id=who, family="CMP",
        subject_name=f"客户经理{who}", staff_concerned=True, grade=grade,
    )  # fmt: skip
    by = make.user("city_supervisor", at=make.bureau("4514"))
    return raise_alert(suspicion=told, bureau=place, by=by, now=make.NOW - ago * DAY)[0]


def close(alert):
    Alert.objects.filter(pk=alert.pk).update(state="invalid", closed_at=make.NOW, causes=["N21"])


def test_a_second_complaint_about_the_same_person_is_red(db):
    first = complain("TS-1", ago=89)
    assert first.grade == "橙"
    close(first)

    second = complain("TS-2")

    assert second.grade == "红"
    again = second.reasons.get(detector="complaint_again")
    assert again.sentence == "客户经理近90天被投诉举报2次。"


def test_it_makes_the_open_alert_red(db):
    complain("TS-1", ago=3)

    alert = complain("TS-2")

    assert (Alert.objects.count(), alert.grade, alert.reasons.count()) == (1, "红", 3)


@pytest.mark.parametrize(
    ("given", "grade"),
    [
        ({"ago": 90}, "橙"),
        ({"who": "S2"}, "橙"),
        ({"origin": Origin.TIP}, "红"),
        ({"at": "451424"}, "红"),  # the person worked elsewhere in the city then
        ({"at": "450199"}, "橙"),
    ],
)
def test_what_counts_as_the_first(db, given, grade):
    if "at" in given:
        given = {**given, "at": make.bureau(given["at"])}
    close(complain("TS-1", **{"ago": 3, **given}))

    assert complain("TS-2").grade == grade


def test_one_that_a_night_found_counts_by_its_ticket(db):
    night = make.alert(subject_kind="staff", subject_id="S1", audience=Audience.ABOVE)
    ticket = {"ticket_no": "ts-1", "day": "2026-03-01"}
    night.reasons.update(detector="complaint_staff", evidence=[ticket])
    close(night)

    assert complain("TS-1").grade == "橙", "the same complaint, entered by hand"
    assert complain("TS-9").grade == "红"
