"""The pages of a visit, as two officers, readers and strangers meet them."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.models import Audience
from alerts.models import State
from cases.actions.inspections import digest_of
from cases.actions.inspections_planning import approve_inspection
from cases.models import Inspection, Paper, Photo, SealedRecord, Signature
from cases.sections import SECTIONS
from jobs.actions import run_next
from tests import make
from tests.cases import visits
from tests.conftest import StaffClient

pytestmark = pytest.mark.django_db


def client_of(user):
    client = StaffClient()
    client.force_login_now(user)
    return client


def post(client, name, *arguments, data=None, **headers):
    return client.post(reverse(f"cases:{name}", args=arguments), data or {}, **headers)


def get(client, name, *arguments):
    return client.get(reverse(f"cases:{name}", args=arguments))


def said(response):
    return [str(one) for one in response.wsgi_request._messages]


@pytest.fixture
def officers():
    return make.officer(name="韦志成"), make.officer(name="黄丽")


@pytest.fixture
def visit(officers):
    return make.inspection(first=officers[0], second=officers[1], subject_name="和顺烟酒行")


def section_data(visit, key, **changes):
    versions = visits.fresh(visit).content.get("versions", {})
    return {"version": versions.get(key, 0), **visits.ANSWERS.get(key, {}), **changes}


# --- the way through


def test_the_whole_way_from_alert_to_paper(officers):
    first, second = officers
    client, other = client_of(first), client_of(second)
    alert = make.alert(state=State.CLAIMED, holder=first, subject_name="和顺烟酒行")
    today = timezone.localtime().strftime("%Y-%m-%dT23:30")

    response = post(
        client, "plan_inspection", alert.code,
        data={"second": second.username, "planned_at": today, "reason": "核实订货异常"},
    )  # fmt: skip
    visit = Inspection.objects.get()
    assert response.url == visit.get_absolute_url()

    post(client, "start_inspection", visit.code, data={"lat": "22.34", "lon": "106.85"})
    post(
        client, "inspection_section", visit.code, "stock",
        data={"version": 0, "product": "真龙（软）", "add": "1"},
    )  # fmt: skip
    line = visit.stock.get()
    for key in ("premises", "recording", "ordering", "receiving", "sign"):
        post(client, "inspection_section", visit.code, key, data=section_data(visit, key))
    post(
        client, "inspection_section", visit.code, "stock",
        data={"version": 1, "where": "shop", f"l{line.pk}-opening": "10",
              f"l{line.pk}-counter": "9", f"l{line.pk}-counter_packs": "5",
              f"l{line.pk}-codes_checked": "2", "explanation": "自用五包"},
    )  # fmt: skip
    post(
        other, "inspection_section", visit.code, "doubts",
        data={"version": 0, "d1-statement": "女儿办婚宴", "d1-finding": "explained"},
    )  # fmt: skip
    for number, kind in enumerate(["front", "licence", "counter"]):
        file = SimpleUploadedFile(f"{kind}.jpg", visits.picture())
        data = {"uuid": f"00000000-0000-4000-8000-{number:012}", "kind": kind, "file": file}
        post(client, "inspection_section", visit.code, "photos", data=data)
    shown = digest_of(visits.fresh(visit))
    for who, name, by in [
        ("retailer", "黄顺", client), ("first", "韦志成", client), ("second", "黄丽", other)
    ]:  # fmt: skip
        hand = {"who": who, "method": "drawn", "name": name, "shown": shown, "agreed": "on",
                "strokes": json.dumps(visits.STROKES), "picture": visits.png()}  # fmt: skip
        post(by, "sign_inspection", visit.code, data=hand)
    response = post(client, "seal_inspection", visit.code)
    assert response.url == visit.get_absolute_url(), said(response)

    visit.refresh_from_db()
    line.refresh_from_db()
    assert (visit.state, line.difference) == (Inspection.State.SEALED, -0.5)
    page = get(client, "inspection", visit.code).content.decode()
    assert "PDF 正在生成" in page
    while run_next(now=timezone.now()):
        pass
    assert b"".join(get(client, "inspection_paper", visit.code)).startswith(b"%PDF-1.7")
    assert "打开 PDF" in get(client, "inspection", visit.code).content.decode()


@pytest.mark.parametrize("section", [one.key for one in SECTIONS])
def test_every_step_opens_for_officers_and_readers(visit, section):
    for user in (
        visit.first_officer,
        visit.second_officer,
        make.user("province_viewer", at=make.bureau("45")),
    ):
        response = get(client_of(user), "inspection_section", visit.code, section)
        page = response.content.decode()
        assert response.status_code == 200
        writes = user in (visit.first_officer, visit.second_officer)
        assert ("csrfmiddlewaretoken" in page) is writes


def test_a_step_that_is_not_there_is_not_found(visit):
    client = client_of(visit.first_officer)
    assert get(client, "inspection_section", visit.code, "weather").status_code == 404


# --- saving


def test_drafts_save_themselves_and_tell_when(visit):
    client = client_of(visit.first_officer)
    data = section_data(visit, "premises", daily_sales="3.5")

    kept = post(
        client, "inspection_section", visit.code, "premises", data=data, HTTP_X_AUTOSAVE="1"
    )
    stale = post(
        client, "inspection_section", visit.code, "premises", data=data, HTTP_X_AUTOSAVE="1"
    )
    wrong = post(
        client, "inspection_section", visit.code, "premises",
        data={**data, "version": 1, "daily_sales": "viel"}, HTTP_X_AUTOSAVE="1",
    )  # fmt: skip

    assert (kept.status_code, kept["X-Version"]) == (204, "1")
    assert len(kept["X-Saved"]) == 8
    assert (stale.status_code, wrong.status_code) == (409, 400)
    assert "另一名核查人" in stale.content.decode()
    assert visits.fresh(visit).content["premises"]["daily_sales"] == 3.5


def test_a_wrong_number_comes_back_with_what_was_typed(visit):
    client = client_of(visit.first_officer)
    data = section_data(visit, "premises", daily_sales="viel", others="李某")
    response = post(client, "inspection_section", visit.code, "premises", data=data)
    assert response.status_code == 200
    assert "李某" in response.content.decode()


def test_counts_and_answers_that_cannot_be_kept_are_not_lost(visit):
    client = client_of(visit.first_officer)
    post(
        client, "inspection_section", visit.code, "stock",
        data={"version": 0, "product": "真龙（软）", "add": "1"},
    )  # fmt: skip
    line = visit.stock.get()
    counts = {f"l{line.pk}-counter": "37", f"l{line.pk}-codes_foreign": "2"}
    page = post(client, "inspection_section", visit.code, "stock", data={"version": 1, **counts})
    assert 'value="37"' in page.content.decode()
    assert "不能超过抽查条数" in page.content.decode()

    data = {"version": 5, "d1-statement": "店主说不记得了"}
    page = post(client, "inspection_section", visit.code, "doubts", data=data)
    assert "店主说不记得了" in page.content.decode()
    assert "刚由另一名核查人保存过" in page.content.decode()


def test_a_products_name_is_kept_without_what_the_database_refuses(visit):
    data = {"version": 0, "product": "真龙\0软", "add": "1"}

    post(client_of(visit.first_officer), "inspection_section", visit.code, "stock", data=data)

    assert visit.stock.get().sku_name == "真龙软"


def test_back_and_stay(visit):
    client = client_of(visit.first_officer)
    for button, step in (("back", "premises"), ("stay", "recording"), ("x", "ordering")):
        data = {"version": 0, "played": "none", button: "1"}
        data = section_data(visit, "recording", **data) | {
            "version": visits.fresh(visit).content.get("versions", {}).get("recording", 0)
        }
        response = post(client, "inspection_section", visit.code, "recording", data=data)
        expected = "stock" if button == "back" else step
        assert response.url.endswith(f"/{expected}/")


def test_personal_numbers_are_shown_to_those_who_fill_in_only(visit):
    visits.save(visit, "premises")
    own = get(client_of(visit.second_officer), "inspection_section", visit.code, "premises")
    lead = get(client_of(make.user("county_lead")), "inspection_section", visit.code, "premises")

    assert "13877112345" in own.content.decode()
    assert "13877112345" not in lead.content.decode()
    assert "138****45" in lead.content.decode()


def test_uploads_one_by_one(visit):
    client = client_of(visit.first_officer)
    data = {"uuid": "00000000-0000-4000-8000-000000000001", "kind": "front", "caption": "正门"}

    def upload(content):
        file = SimpleUploadedFile("a.jpg", content)
        return post(
            client, "inspection_section", visit.code, "photos", data={**data, "file": file},
            HTTP_X_ONE_FILE="1",
        )  # fmt: skip

    assert upload(b"no picture").status_code == 400
    broken = visits.picture()[:-20]
    assert "已损坏" in upload(broken).content.decode()
    for _ in range(2):
        response = upload(visits.picture())
        assert response.status_code == 201
        assert "正门" in response.content.decode()
    photo = Photo.objects.get()
    original = get(client, "inspection_photo", visit.code, photo.number)
    assert b"".join(original.streaming_content) == visits.picture()
    assert get(client, "inspection_photo_small", visit.code, 1)["Content-Type"] == "image/jpeg"
    assert get(client, "inspection_photo", visit.code, 2).status_code == 404


# --- refusals, as pages tell them


def test_a_plan_that_cannot_be_made_says_why(officers):
    first, _ = officers
    alert = make.alert()
    page = get(client_of(first), "plan_inspection", alert.code).content.decode()
    assert "请先领取该预警" in page
    mine = make.alert(state=State.CLAIMED, holder=first)
    stranger = make.user("sales_liaison")
    response = post(
        client_of(first), "plan_inspection", mine.code,
        data={"second": stranger.username, "planned_at": "2030-01-01T09:00", "reason": "x"},
    )  # fmt: skip
    assert "请另选一人" in response.content.decode()
    assert not Inspection.objects.exists()


def test_planning_where_one_is_under_way_leads_to_it(visit):
    response = get(client_of(visit.first_officer), "plan_inspection", visit.alert.code)
    assert response.url == visit.get_absolute_url()


def test_an_incomplete_record_is_not_sealed_and_says_what_is_missing(visit):
    client = client_of(visit.first_officer)
    response = post(client, "seal_inspection", visit.code)
    assert any("请填写" in words for words in said(response))
    assert not SealedRecord.objects.exists()
    page = get(client, "inspection_section", visit.code, "sign").content.decode()
    assert "签字前还缺" in page
    assert "data-sign" not in page


@pytest.mark.parametrize("part", ['"\\u0000"', '"\\ud800"', "NaN", "[" * 100_000])
def test_strokes_that_cannot_be_kept_are_refused(visit, part):
    visits.fill(visit)
    strokes = '[{"points": [1, 2, 3, 4, 5], "x": ' + part + "}]"
    data = {
        "who": "first", "method": "drawn", "name": "韦志成", "agreed": "on", "strokes": strokes,
        "picture": visits.png(), "shown": digest_of(visits.fresh(visit)),
    }  # fmt: skip

    response = post(client_of(visit.first_officer), "sign_inspection", visit.code, data=data)

    assert "签名没有传上来" in "".join(said(response))
    assert not Signature.objects.exists()


def test_a_signature_over_an_old_text_is_refused(visit):
    visits.fill(visit)
    client = client_of(visit.first_officer)
    hand = {"who": "retailer", "method": "typed", "name": "黄顺", "shown": "0" * 64, "agreed": "on"}
    assert "又有改动" in said(post(client, "sign_inspection", visit.code, data=hand))[-1]
    unread = {**hand, "shown": digest_of(visit)}
    del unread["agreed"]
    assert "勾选声明" in said(post(client, "sign_inspection", visit.code, data=unread))[-1]
    assert not Signature.objects.exists()


def test_red_visits_wait_for_approval():
    visit = make.inspection(planned_only=True, grade="红")
    lead = make.user("county_lead")
    client = client_of(visit.first_officer)
    assert "等待批准" in get(client, "inspection", visit.code).content.decode()
    assert "批准核查" in get(client_of(lead), "inspection", visit.code).content.decode()
    post(client_of(lead), "approve_inspection", visit.code)
    assert "开始核查" in get(client, "inspection", visit.code).content.decode()


def test_supplements_are_added_by_officers_only(visit):
    visits.sealed(visit)
    for _ in range(2):  # pressed twice
        post(
            client_of(visit.second_officer),
            "supplement_inspection",
            visit.code,
            data={"text": "次日补充送货单"},
        )
    post(
        client_of(make.user("county_lead")),
        "supplement_inspection",
        visit.code,
        data={"text": "我也要补充"},
    )

    page = get(client_of(visit.first_officer), "inspection", visit.code).content.decode()
    assert page.count("次日补充送货单") == 1
    assert "我也要补充" not in page


def test_a_sealed_record_shows_what_was_sealed_and_its_receipt(visit):
    visits.sealed(visit)
    page = get(
        client_of(make.user("county_deputy_head")), "inspection", visit.code
    ).content.decode()
    sealed = SealedRecord.objects.get()
    assert json.loads(sealed.text)["record_sha256"] in page
    assert "回执号" in page
    assert "13877112345" not in page
    response = get(client_of(visit.first_officer), "inspection_section", visit.code, "stock")
    assert response.url == visit.get_absolute_url()


# --- who finds what


def test_strangers_and_sibling_counties_find_nothing(visit):
    for role, at in [
        ("county_supervisor", "451424"), ("county_lead", "460101"), ("sales_liaison", "451423"),
        ("monopoly_liaison", "451423"), ("auditor", "451423"), ("sysadmin", "45"),
    ]:  # fmt: skip
        client = client_of(make.user(role, at=make.bureau(at)))
        assert get(client, "inspection", visit.code).status_code == 404
        assert post(client, "seal_inspection", visit.code).status_code == 404
        assert "和顺烟酒行" not in get(client, "inspections").content.decode()


@pytest.mark.parametrize(
    ("role", "at"), [("county_supervisor", "451424"), ("monopoly_liaison", "451423")]
)
def test_an_assistant_works_on_that_form_and_finds_nothing_else(officers, role, at):
    """With row-level security as it is served: the middleware opens the assistant's own walls only."""
    second = make.officer(role=role, at=make.bureau(at), name="陆远")
    visit = make.inspection(first=officers[0], second=second, subject_name="和顺烟酒行")
    other = make.inspection(subject_name="别家商店")
    visits.fill(visit)
    client = client_of(second)

    assert "和顺烟酒行" in get(client, "inspections").content.decode()
    assert "别家商店" not in client.get(reverse("cases:inspections") + "?view=all").content.decode()
    page = get(client, "inspection", visit.code).content.decode()
    assert reverse("alerts:alert", args=[visit.alert.code]) not in page
    assert visit.alert.code not in page
    for section in SECTIONS:
        page = get(client, "inspection_section", visit.code, section.key)
        assert page.status_code == 200
        assert visit.alert.code not in page.content.decode()
    assert get(client, "inspection_photo_small", visit.code, 1).status_code == 200
    assert client.get(reverse("alerts:alert", args=[visit.alert.code])).status_code == 404
    assert get(client, "inspection", other.code).status_code == 404
    if not second.may("read_retailer"):
        assert client.get(reverse("sources:retailers")).status_code == 404


def test_an_assistant_of_another_county_writes_signs_and_reads_the_paper(officers):
    second = make.officer(at=make.bureau("451424"), name="陆远")
    visit = visits.fill(make.inspection(first=officers[0], second=second))
    client = client_of(second)

    post(client, "inspection_section", visit.code, "premises",
         data=section_data(visit, "premises", others="陆远记录"))  # fmt: skip
    assert visits.fresh(visit).content["premises"]["others"] == "陆远记录"
    shown = digest_of(visit)
    hand = {"who": "second", "method": "drawn", "name": "陆远", "shown": shown, "agreed": "on",
            "strokes": json.dumps(visits.STROKES), "picture": visits.png()}  # fmt: skip
    post(client, "sign_inspection", visit.code, data=hand)
    assert Signature.objects.get().digest == shown
    for who in ("retailer", "first"):
        visits.put_hand(visit, who)
    post(client_of(officers[0]), "seal_inspection", visit.code)
    while run_next(now=timezone.now()):
        pass
    assert get(client, "inspection", visit.code).status_code == 200
    assert get(client, "inspection_paper", visit.code).status_code == 200
    assert Paper.objects.count() == 1


def test_a_hidden_visit_is_the_citys(officers):
    city = make.bureau("4514")
    first, second = (make.officer(role="city_supervisor", at=city) for _ in range(2))
    visit = make.inspection(first=first, second=second, audience=Audience.ABOVE)
    assert get(client_of(first), "inspection", visit.code).status_code == 200
    assert get(client_of(make.user("county_lead")), "inspection", visit.code).status_code == 404


# --- the list


def test_the_list_has_tabs_filters_and_pages(officers):
    first, second = officers
    client = client_of(first)
    assert "没有要您参加的核查" in get(client, "inspections").content.decode()
    for number in range(3):
        make.inspection(
            planned_only=True, first=first, second=second, subject_name=f"第{number}店铺"
        )
    url = reverse("cases:inspections")

    assert "第1店铺" in client.get(url).content.decode()
    assert "第1店铺" not in client.get(f"{url}?view=sealed").content.decode()
    page = client.get(f"{url}?view=planned&q=第2").content.decode()
    assert "第2店铺" in page
    assert "第1店铺" not in page
    assert "没有符合条件的核查" in client.get(f"{url}?q=nobody").content.decode()
    rows = client.get(f"{url}?view=all", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in rows


def test_pages_take_few_queries(visit, django_assert_max_num_queries):
    visits.fill(visit)
    client = client_of(visit.first_officer)
    for name, arguments, most in [
        ("inspections", [], 12), ("inspection", [visit.code], 14),
        *(("inspection_section", [visit.code, one.key], 13) for one in SECTIONS),
    ]:  # fmt: skip
        get(client, name, *arguments)
        with django_assert_max_num_queries(most):
            get(client, name, *arguments)


def test_approvers_are_told(officers):
    lead = make.user("county_lead")
    visit = make.inspection(planned_only=True, first=officers[0], second=officers[1], grade="红")
    assert lead.notices.get().url == visit.get_absolute_url()
    approve_inspection(inspection=visit, by=lead)
