import datetime as dt
import io
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.urls import reverse

from accounts.permissions import Role
from accounts.walls import walls_of
from audit.models import Event
from jobs.models import Job
from sources import lake
from sources.actions.seizures import withdraw_seizure
from sources.facts import rows
from sources.models import SeizedCode, Seizure
from tests import make
from tests.cases.visits import picture
from tests.sources.exports import LINES, ORDERS, RETAILERS, SKUS, bring, fact

pytestmark = pytest.mark.django_db
SHOP, LICENCE = "451423100001", "451423100123"
OTHER = "6022800000001206YCYC460101100001"  # of a county elsewhere
FORGED = "6022800000001251YCYC451423100123"
LICENCES = (
    f"许可证号,客户编码,有效期起,有效期止,状态\n{LICENCE},{SHOP},2024-01-01,2028-12-31,有效\n"
)
FORM = {
    "case_no": "邕烟立〔2026〕第9号",
    "seized_on": "2026-03-02",
    "place": "南宁市某仓库",
    "sku": "真龙(起源)",
    "qty": "40",
    "codes": make.CODE32,
}


@pytest.fixture
def lead(client):
    user = make.user(Role.COUNTY_LEAD)
    client.force_login_now(user)
    return user


def bring_shop():
    bring("零售客户档案.csv", RETAILERS)
    bring("许可证.csv", LICENCES)
    bring("卷烟目录.csv", SKUS)
    bring("订单主表.csv", ORDERS.replace("2026-03-02 10:20", "2026-02-27 10:20"))
    bring("订单明细.csv", LINES)


def register(client, **given):
    data = {"bureau": make.bureau().pk, **FORM, **given}
    return client.post(reverse("sources:register_seizure"), data)


def seizures(bureau):
    """What a night of the bureau sees: qty, bureau, licence_no, batch_id, row_no."""
    with lake.open_facts(on=dt.date(2026, 3, 31), bureaus=[bureau]) as facts:
        found = rows(facts.seizures.select("qty", "bureau", "licence_no", "batch_id", "row_no"))
    return sorted((tuple(row.values()) for row in found), key=str)


def page(client, seizure):
    return client.get(reverse("sources:seizure", args=[seizure.pk])).content.decode()


def test_registering_keeps_it_asks_for_its_traces_and_is_on_record(client, lead):
    bring("卷烟目录.csv", SKUS)

    response = register(client)

    seizure = Seizure.objects.get()
    assert response.url == seizure.get_absolute_url()
    assert (seizure.case_no, seizure.qty, seizure.sku_id) == (
        FORM["case_no"],
        Decimal(40),
        "6901001",
    )
    assert seizure.registered_by == lead
    (job,) = Job.objects.filter(kind="alerts.trace_seizure")
    assert job.args == {"number": seizure.pk}
    event = Event.objects.get(kind="seizure.registered")
    assert (event.subject, event.actor) == (f"seizure:{seizure.pk}", lead.code)


def test_the_list_shows_it(client, lead):
    register(client)

    text = client.get(reverse("sources:seizures")).content.decode()

    assert FORM["case_no"] in text
    assert "南宁市某仓库" in text


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"codes": make.CODE32[:-1]}, "第1个码：应为32位"),
        ({"codes": f"{make.CODE32}\n{make.CODE32}"}, "第2个码：与前面某一行重复"),
        ({"codes": f"{make.CODE32}\n{OTHER}", "qty": "1"}, "录入了2个码，查获数量只有1条"),
        ({"seized_on": "2099-01-01"}, "查获日期不能晚于今天"),
        ({"qty": "0"}, "查获数量应大于零"),
        ({"case_no": ""}, "必填"),
    ],
)
def test_what_is_to_be_mended_is_told_and_nothing_is_kept(client, lead, given, told):
    text = register(client, **given).content.decode()

    assert told in text
    assert "南宁市某仓库" in text, "what was typed stays"
    assert not Seizure.objects.exists()


def test_the_same_product_of_a_case_is_registered_once(client, lead):
    register(client)

    assert "已登记过" in register(client).content.decode()
    assert Seizure.objects.count() == 1
    register(client, sku="真龙(海韵)")
    assert Seizure.objects.count() == 2


def test_a_photo_is_kept_and_anything_else_refused(client, lead):
    text = register(client, photo=io.BytesIO(b"no picture")).content.decode()
    assert "不是可以识别的图片" in text

    photo = io.BytesIO(picture())
    photo.name = "码.jpg"
    register(client, photo=photo)
    response = client.get(reverse("sources:seizure_photo", args=[Seizure.objects.get().pk]))
    assert b"".join(response.streaming_content) == picture()


def test_a_seizure_without_a_photo_has_none(client, lead):
    register(client)

    url = reverse("sources:seizure_photo", args=[Seizure.objects.get().pk])
    assert client.get(url).status_code == 404


def test_what_a_code_means_is_shown_as_it_is_typed(client, lead):
    codes = f"{make.CODE32}\n{FORGED}\nYCYC451423100123\n45"
    url = reverse("sources:decode")

    text = client.post(url, {"codes": codes, "seized_on": "2026-03-02"}).content.decode()

    assert "2026-02-28" in text
    assert LICENCE in text
    assert "疑似伪码，不作追溯" in text
    assert "只有第二行" in text
    assert "现为2位" in text
    assert not Seizure.objects.exists()


def test_without_the_day_of_the_case_a_code_has_no_year(client, lead):
    text = client.post(reverse("sources:decode"), {"codes": make.CODE32}).content.decode()

    assert "先填查获日期" in text


def test_it_leads_to_licence_shop_and_the_orders_of_three_days_around(client, lead):
    bring_shop()
    register(client)

    text = page(client, Seizure.objects.get())

    assert reverse("sources:retailer", args=[SHOP]) in text
    assert "阿兰便利店" in text
    assert "CO1" in text  # the day before its cartons were sorted
    assert "CO3" not in text


def test_a_shop_of_another_bureau_is_not_shown(client, lead):
    make.retailer(
        at=make.bureau("460101", name="外市县局"), name="外地店", licence_no="460101100001"
    )
    register(client, codes=OTHER)

    text = page(client, Seizure.objects.get())

    assert "外地店" not in text
    assert "前6位460101属外市县局" in text


@pytest.fixture
def handed(client):
    """Registered by 451424: a code of a shop of 451423, where the reader works, and another's."""
    bring_shop()
    photo = ("码.png", io.BytesIO(picture()))
    far = make.bureau("451424")
    seizure = make.seizure(at=far, codes=f"{make.CODE32}\n{OTHER}", photo=photo)
    client.force_login_now(make.user(Role.COUNTY_SUPERVISOR))
    return seizure


def test_a_county_to_which_a_case_was_handed_reads_what_concerns_its_shops(client, handed):
    text = page(client, handed)

    assert "南宁市某仓库" in text
    assert "40 条" in text
    assert make.CODE32 in text
    assert "阿兰便利店" in text
    assert OTHER not in text
    assert "460101100001" not in text
    assert "另有 1 个码不属本单位的零售户" in text
    assert "作废的登记留在记录里" not in text
    photo = client.get(reverse("sources:seizure_photo", args=[handed.pk]))
    assert b"".join(photo.streaming_content) == picture()


def test_it_is_read_through_the_wall_too(client, handed):
    with walls_of(None):
        assert client.get(handed.get_absolute_url()).status_code == 200


def test_it_may_not_withdraw_it(client, handed):
    url = reverse("sources:withdraw_seizure", args=[handed.pk])

    assert client.post(url, {"reason": "案号写错，另行登记"}).status_code == 404


def test_a_county_that_it_does_not_concern_does_not_find_it(client, handed):
    client.force_login_now(make.user(Role.COUNTY_SUPERVISOR, at=make.bureau("451425")))

    assert client.get(handed.get_absolute_url()).status_code == 404
    assert client.get(reverse("sources:seizure_photo", args=[handed.pk])).status_code == 404


def test_roles_without_seizures_do_not_find_it(client, handed):
    client.force_login_now(make.user(Role.DATA_CLERK))

    assert client.get(handed.get_absolute_url()).status_code == 404


def test_unreadable_digits_of_a_licence_give_candidates(client, lead):
    bring_shop()
    register(client, codes="YCYC4514231001?3")

    text = page(client, Seizure.objects.get())

    assert "可能的零售户" in text
    assert "阿兰便利店" in text


def test_a_forged_code_leads_to_nobody(client, lead):
    bring_shop()
    register(client, codes=FORGED)

    text = page(client, Seizure.objects.get())

    assert "疑似伪码" in text
    assert "没有能追溯到许可证的码" in text


def test_a_licence_that_nobody_can_read_is_said_so(client, lead):
    register(client, codes="YCYC4514???????3")

    assert "7位看不清，无法查找" in page(client, Seizure.objects.get())


def test_a_city_sees_those_of_its_counties_and_registers_its_own(client):
    city = make.bureau("4514")
    client.force_login_now(make.user(Role.CITY_SUPERVISOR, at=city))
    seizure = make.seizure()

    assert seizure.case_no in page(client, seizure)
    assert "作废的登记留在记录里" not in page(client, seizure), "that is the county's to do"
    register(client, bureau=city.pk)
    assert Seizure.objects.filter(bureau=city).count() == 1


def test_nobody_registers_for_another_bureau(client, lead):
    register(client, bureau=make.bureau("451424").pk)

    assert not Seizure.objects.exists()


def test_a_wrong_registration_is_withdrawn_with_a_reason(client, lead):
    seizure = make.seizure()
    url = reverse("sources:withdraw_seizure", args=[seizure.pk])

    assert "至少5个字" in client.post(url, {"reason": "错"}).content.decode()
    client.post(url, {"reason": "案号写错，另行登记"})

    seizure.refresh_from_db()
    assert seizure.withdrawn_by == lead
    assert "案号写错，另行登记" in page(client, seizure)
    assert Event.objects.filter(kind="seizure.withdrawn").count() == 1
    with pytest.raises(ValidationError, match="已经作废"):
        withdraw_seizure(seizure=seizure, reason="再作废一次", by=lead, now=make.NOW)


def test_a_registration_is_not_rewritten_nor_deleted():
    seizure = make.seizure()

    for doomed in (SeizedCode.objects.all(), Seizure.objects.all()):
        with pytest.raises(DatabaseError), transaction.atomic():
            doomed.delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        SeizedCode.objects.filter(seizure=seizure).update(typed=OTHER)


def test_the_night_sees_it_at_the_shops_own_county():
    bring_shop()
    city = make.bureau("4514")
    seizure = make.seizure(at=city, codes=f"{make.CODE32}\n{OTHER}", qty=Decimal(40))

    assert seizures("451423") == [(1.0, "451423", LICENCE, -seizure.pk, 1)]
    assert seizures("4514") == [
        (1.0, "4514", "460101100001", -seizure.pk, 2),
        (1.0, "451423", LICENCE, -seizure.pk, 1),
    ]
    assert fact("seizures", "case_qty") == {seizure.case_no: 40}


def test_the_whole_of_a_case_is_told_over_its_products():
    bring_shop()
    seizure = make.seizure(qty=Decimal(40))
    make.seizure(case_no=seizure.case_no, sku="真龙（起源）", codes="", qty=Decimal(20))

    assert fact("seizures", "case_qty") == {seizure.case_no: 60}


def test_alike_partial_codes_are_one_row_with_all_their_cartons():
    seizure = make.seizure(codes="YCYC451423100123\nYCYC451423100123\n451423100999", qty=Decimal(6))

    assert seizures("451423") == [
        (1.0, "451423", "451423100999", -seizure.pk, 3),
        (2.0, "451423", LICENCE, -seizure.pk, 1),
    ]


def test_cartons_without_a_code_are_a_row_too_and_a_forged_code_is_none():
    without = make.seizure(codes="")
    forged = make.seizure(codes=FORGED)

    assert seizures("451423") == [
        (1.0, "451423", None, -forged.pk, 1),
        (40.0, "451423", None, -without.pk, 1),
    ]


def test_what_was_withdrawn_is_not_seen_any_more():
    bring_shop()
    seizure = make.seizure()
    assert fact("seizures", "licence_no") == {seizure.case_no: LICENCE}

    withdraw_seizure(seizure=seizure, reason="重复登记了", by=make.user(), now=make.NOW)

    assert fact("seizures", "licence_no") == {}


def test_what_a_file_brought_and_what_was_typed_stand_together():
    bring_shop()
    bring("外流反馈.csv", f"案号,查获日期,32位码,条\nA1,2026-03-01,{make.CODE32},5\n")
    seizure = make.seizure()

    assert fact("seizures", "qty") == {"A1": 5, seizure.case_no: 1}
    known = fact("seizures", "known_on")
    assert known == {"A1": dt.date(2026, 3, 9), seizure.case_no: dt.date(2026, 3, 3)}
