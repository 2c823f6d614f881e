"""What a visit takes from the books: the shop's masters, purchases as stock lines, recent orders."""

import datetime as dt
import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from alerts.models import State
from cases.actions.inspections import start_inspection
from cases.actions.inspections_planning import cancel_inspection, plan_inspection
from cases.actions.inspections_sealing import seal_inspection
from cases.actions.signing import note_unsigned
from cases.actions.stock import add_product
from cases.models import Photo, Signature
from sources.crypto import unseal
from tests import make
from tests.cases import visits
from tests.conftest import StaffClient
from tests.sources.exports import NOON, bring, bring_all

pytestmark = pytest.mark.django_db
CODE = "451423100001"
LICENCES = "许可证号,客户编码,有效期起,有效期止,状态,负责人\n451423109999,451423100001,2024-01-01,2028-12-31,有效,黄某兰\n"


@pytest.fixture
def visit():
    bring_all()
    bring("许可证.csv", LICENCES, at=NOON - dt.timedelta(days=20))
    return make.inspection(subject_id=CODE)


def test_the_shop_is_as_the_masters_say_that_day_its_people_encrypted(visit):
    assert (visit.shop["name"], visit.shop["licence_to"]) == ("阿兰便利店", "2028-12-31")
    assert "黄某兰" not in json.dumps(visit.shop)
    assert unseal(visit.shop["licensee"]) == "黄某兰"
    assert unseal(visit.content["premises"]["place"]) == "龙州镇一号"


def test_four_weeks_of_purchases_stand_on_the_sheet(visit):
    (line,) = visit.stock.all()
    assert (line.sku_name, line.bought, line.opening) == ("真龙(起源)", 5, 0)
    assert visit.content["stock"]["since"] == "2026-02-03"


def test_the_last_count_is_the_next_opening(visit):
    line = visit.stock.get()
    visits.sealed(visit)
    alert = visit.alert
    days = dt.timedelta(days=5)

    again = plan_inspection(
        alert=alert, second=visit.second_officer, planned_at=make.NOW + days, reason="回访",
        by=visit.first_officer, now=make.NOW + days,
    )  # fmt: skip

    (other,) = again.stock.all()
    assert (other.sku_id, other.opening, other.bought) == (line.sku_id, 5, 0)
    assert again.content["stock"]["since"] == "2026-03-03"
    alert.refresh_from_db()
    assert alert.state == State.CHECKING


def test_recent_orders_are_shown_beside_the_questions(visit):
    client = StaffClient()
    client.force_login_now(visit.first_officer)
    page = client.get(reverse("cases:inspection_section", args=[visit.code, "ordering"]))
    assert [row["order_id"] for row in page.context["orders"]] == ["CO3", "CO1"]
    assert "最近的订单从哪里来" in page.content.decode()


def test_an_alert_about_no_shop_has_no_books():
    visit = make.inspection(subject_kind="route", subject_id="R7", subject_name="七号线")
    assert visit.shop == {"code": "R7", "name": "七号线", "licence_no": ""}
    assert not visit.stock.exists()


# --- what else is refused


def test_what_is_not_under_way_is_neither_started_sealed_nor_cancelled():
    sealed = visits.sealed(make.inspection())
    officer = sealed.first_officer
    with pytest.raises(ValidationError, match="已封存"):
        cancel_inspection(inspection=sealed, reason="不需要核查了", by=officer)
    gone = make.inspection(planned_only=True)
    cancel_inspection(inspection=gone, reason="当日道路中断", by=gone.first_officer)
    assert cancel_inspection(inspection=gone, reason="", by=gone.first_officer).state == "cancelled"
    with pytest.raises(ValidationError, match="已取消，不能开始"):
        start_inspection(
            inspection=gone, place=None, why_far="", by=gone.first_officer, now=make.NOW
        )
    with pytest.raises(ValidationError, match="不能封存"):
        seal_inspection(inspection=gone, by=gone.first_officer, now=make.NOW)


def test_only_its_officers_start_it_and_with_a_certificate_that_holds_today():
    visit = make.inspection(planned_only=True)
    given: dict[str, Any] = {"inspection": visit, "place": None, "why_far": "", "now": make.NOW}
    with pytest.raises(ValidationError, match="两名核查人开始"):
        start_inspection(by=make.officer(), **given)
    visit.second_officer.certificate_until = dt.date(2026, 3, 2)
    visit.second_officer.save()
    visit.refresh_from_db()
    with pytest.raises(ValidationError, match="今天已过有效期"):
        start_inspection(by=visit.first_officer, **given)


def test_a_product_needs_a_name():
    visit = make.inspection()
    with pytest.raises(ValidationError, match="品规名称"):
        add_product(inspection=visit, sku_id="", name=" ", by=visit.first_officer)


def test_an_uploads_number_belongs_to_one_visit():
    one, other = make.inspection(), make.inspection()
    photo = visits.photograph(one)
    with pytest.raises(ValidationError, match="已被占用"):
        visits.photograph(other, uuid=photo.uuid)


@pytest.mark.parametrize(
    ("kind", "reason", "words"),
    [("busy", "当事人称有事", "情形"), ("refused", "不签", "至少5个字")],
)
def test_not_signing_needs_a_kind_and_a_reason(kind, reason, words):
    visit = make.inspection()
    with pytest.raises(ValidationError, match=words):
        note_unsigned(
            inspection=visit, kind=kind, reason=reason, witness="", by=visit.first_officer
        )


def test_a_paper_must_be_there_and_officers_sign_on_none():
    visit = visits.fill(make.inspection())
    paper = visits.hand(method=Signature.Method.PAPER, paper=99)
    with pytest.raises(ValidationError, match="先在“现场照片”中上传"):
        visits.put_hand(visit, "retailer", given=paper)
    with pytest.raises(ValidationError, match="手写签名或键入姓名"):
        visits.put_hand(visit, "first", given=paper)
    note_unsigned(
        inspection=visit, kind="unable", reason="当事人右手骨折", witness="", by=visit.first_officer
    )
    with pytest.raises(ValidationError, match="先撤销该登记"):
        visits.put_hand(visit, "retailer")


def test_an_officer_signs_under_no_other_name():
    visit = visits.fill(make.inspection())

    with pytest.raises(ValidationError, match="本人姓名"):
        visits.put_hand(visit, "first", given=visits.hand(name="张三丰"))


def test_the_cameras_own_time_and_place_are_kept():
    from io import BytesIO

    from PIL import Image
    from PIL.ExifTags import GPS, IFD, Base

    exif = Image.Exif()
    exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = "2026:03:03 06:10:00"
    exif.get_ifd(IFD.GPSInfo).update({
        GPS.GPSLatitude: (22.0, 20.0, 0.0), GPS.GPSLatitudeRef: "N",
        GPS.GPSLongitude: (106.0, 30.0, 0.0), GPS.GPSLongitudeRef: "E",
    })  # fmt: skip
    target = BytesIO()
    Image.new("RGB", (40, 30)).save(target, "JPEG", exif=exif)
    visit = make.inspection()

    photo = visits.photograph(visit, content=target.getvalue())

    assert photo.taken_at == dt.datetime(2026, 3, 2, 22, 10, tzinfo=dt.UTC)
    assert (round(photo.lat, 3), photo.lon) == (22.333, 106.5)
    assert Photo.objects.get().file.size == len(target.getvalue())
