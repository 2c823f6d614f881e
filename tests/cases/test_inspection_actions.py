"""What two officers may do with a visit, and what is refused: planning, filling in, signing, sealing."""

import datetime as dt
import json
import uuid

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from accounts.models import Audience
from accounts.walls import walls_of
from alerts.models import Alert, State
from audit.models import Event
from cases.actions.inspections import Place, digest_of, save_section, start_inspection, version_of
from cases.actions.inspections_planning import (
    approve_inspection,
    cancel_inspection,
    plan_inspection,
    second_officers,
)
from cases.actions.inspections_sealing import lacking, seal_inspection
from cases.actions.photos import remove_photo
from cases.actions.sealing import canonical, digest, receipt_of
from cases.actions.signing import note_unsigned
from cases.actions.stock import Count, add_product, cartons, is_far_off, save_stock
from cases.models import Doubt, Inspection, Photo, SealedRecord, Signature, StockLine
from cases.sections import BY_KEY, STOCK
from documents.models import StoredFile
from jobs.models import Job
from sources.crypto import unseal
from sources.models import Staff
from tests import make
from tests.cases import visits

pytestmark = pytest.mark.django_db


def commit_checks():
    """What the database checks at the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def plan(alert, by, second, **given):
    given = {"planned_at": make.NOW, "reason": "核实订货异常情况", "now": make.NOW, **given}
    return plan_inspection(alert=alert, second=second, by=by, **given)


def held(by, **given):
    return make.alert(**{"state": State.CLAIMED, "holder": by, **given})


def start(inspection, by=None, place=None, why_far="", now=make.NOW):
    return start_inspection(
        inspection=inspection, place=place, why_far=why_far,
        by=by or inspection.first_officer, now=now,
    )  # fmt: skip


def kinds(code):
    return list(Event.objects.about(code).values_list("kind", flat=True))


# --- planning


def test_planning_moves_the_alert_and_prepares_the_form():
    first, second = make.officer(), make.officer()
    alert = held(first)
    make.retailer(code=alert.subject_id, name="和顺烟酒行", biz_type="便利店", lat=22.3, lon=106.8)

    made = plan(alert, first, second)

    alert.refresh_from_db()
    assert alert.state == State.CHECKING
    assert made.code == "SDHC-451423-202603-0001"
    assert made.shop["name"] == "和顺烟酒行"
    assert [one.doubt.text for one in made.answers.all()] == [alert.sentence]
    assert Doubt.objects.get().source == "vol_robust"
    assert made.content["premises"]["biz_type"] == "便利店"
    assert kinds(made.code) == ["inspection.planned"]
    assert second.notices.get().url == made.get_absolute_url()


def test_planning_twice_is_planning_once():
    first, second = make.officer(), make.officer()
    alert = held(first)

    assert plan(alert, first, second) == plan(alert, first, second)
    with pytest.raises(ValidationError, match="已有未完成"):
        plan(alert, first, make.officer())
    assert Inspection.objects.count() == 1


def test_a_second_visit_asks_no_doubt_twice():
    first, second = make.officer(), make.officer()
    made = make.inspection(first=first, second=second)
    cancel_inspection(inspection=made, reason="当日道路中断", by=first)

    again = plan(made.alert, first, second)

    assert Doubt.objects.count() == 1
    assert again.answers.count() == 1
    assert again.code.endswith("-0002")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"certificate_no": ""}, "没有登记执法证号"),
        ({"certificate_until": None}, "已过有效期"),
        ({"certificate_until": dt.date(2026, 3, 2)}, "已过有效期"),
        ({"certificate_no": "451400001"}, "不同执法证"),
    ],
)
def test_certificates_must_be_two_and_valid_on_the_day(given, words):
    first, second = make.officer(certificate_no="451400001"), make.officer(**given)
    with pytest.raises(ValidationError, match=words):
        plan(held(first), first, second)


def test_a_certificate_holds_on_its_last_day():
    first, second = make.officer(), make.officer(certificate_until=dt.date(2026, 3, 3))
    assert plan(held(first), first, second)  # 06:00 on 3 March in China


def test_only_the_holder_plans_and_only_where_the_alert_stands_so():
    first, other = make.officer(), make.officer()
    with pytest.raises(ValidationError, match="只能由本人"):
        plan(held(first), other, first)
    with pytest.raises(ValidationError, match="请先领取"):
        plan(make.alert(), first, other)
    with pytest.raises(ValidationError, match="待复核"):
        plan(held(first, state=State.REVIEWING), first, other)
    with pytest.raises(ValidationError, match="不能早于"):
        plan(held(first), first, other, planned_at=make.NOW - dt.timedelta(days=1))


def test_who_may_assist():
    county, sibling = make.bureau("451423"), make.bureau("451424")
    first = make.officer(at=county)
    mate, monopoly = make.officer(at=county), make.officer(at=county, role="monopoly_liaison")
    lead = make.officer(at=sibling, role="county_lead")
    for at, role in [
        (sibling, "monopoly_liaison"), (county, "sales_liaison"), (make.bureau("460101"), None),
    ]:  # fmt: skip
        make.officer(at=at, role=role or "county_supervisor")
    make.officer(at=county, is_active=False)

    assert set(second_officers(held(first), besides=first)) == {mate, monopoly, lead}


def test_who_may_assist_where_the_citys_people_look_into_a_county():
    city, county, sibling = map(make.bureau, ("4514", "451423", "451424"))
    first = make.officer(at=city, role="city_supervisor")
    mate, outside = make.officer(at=city, role="city_lead"), make.officer(at=sibling)
    make.officer(at=county)
    alert = held(first, audience=Audience.ABOVE)

    assert set(second_officers(alert, besides=first)) == {mate, outside}
    made = plan(alert, first, outside)
    assert made.audience == Audience.ABOVE


def test_relatives_stay_away():
    first, second = make.officer(), make.officer()
    alert = held(first)
    Staff.objects.create(
        bureau=make.bureau(), staff_id="S1", role="x", certificate_no=second.certificate_no,
        related_retailers=alert.subject_id, known_from=make.DAY, batch=make.batch(), row_no=1,
    )  # fmt: skip
    with pytest.raises(ValidationError, match="回避"):
        plan(alert, first, second)


@pytest.mark.parametrize(
    ("ended", "free"), [(None, False), ("2025-03-04", False), ("2025-03-03", True)]
)
def test_whoever_managed_the_account_within_a_year_stays_away(ended, free):
    first, second = make.officer(), make.officer()
    alert = held(first)
    shop = make.retailer(code=alert.subject_id, manager_id="S1")
    if ended:
        shop.versions.create(valid_from=ended, manager_id="S2", batch=make.batch(), row_no=3)
    Staff.objects.create(
        bureau=make.bureau(), staff_id="S1", role="x", certificate_no=second.certificate_no,
        known_from=make.DAY, batch=make.batch(), row_no=1,
    )  # fmt: skip
    if free:
        assert plan(alert, first, second)
    else:
        with pytest.raises(ValidationError, match="客户经理，应当回避"):
            plan(alert, first, second)


# --- red visits, starting, cancelling


def test_a_red_visit_is_agreed_to_by_somebody_else():
    made = make.inspection(planned_only=True, grade="红")
    lead = make.user("county_lead")
    assert lead.notices.count() == 0  # came later; those posted then were told
    with pytest.raises(ValidationError, match="须先经负责人批准"):
        start(made)
    with pytest.raises(ValidationError, match="无权"):
        approve_inspection(inspection=made, by=made.second_officer)

    approve_inspection(inspection=made, by=lead)
    approve_inspection(inspection=made, by=lead)

    assert kinds(made.code) == ["inspection.planned", "inspection.approved"]
    assert start(made).state == Inspection.State.ON_SITE


def test_who_takes_part_does_not_approve():
    lead = make.officer(role="county_lead")
    made = make.inspection(planned_only=True, grade="红", second=lead)
    with pytest.raises(ValidationError, match="参加核查的人"):
        approve_inspection(inspection=made, by=lead)


def test_far_from_the_licensed_place_needs_a_reason():
    made = make.inspection(planned_only=True)
    made.shop |= {"lat": 22.0, "lon": 106.0}
    made.save()
    near, far = Place(22.0017, 106.0), Place(22.0019, 106.0)  # 189 and 211 metres

    with pytest.raises(ValidationError, match="211 米"):
        start(made, place=far)
    began = start(made, place=far, why_far="店已搬到对面")
    assert began.content["start"] == {"distance_m": 211, "why_far": "店已搬到对面"}
    assert start(made, place=near).lat == far.lat  # began once


def test_nobody_is_at_two_places():
    one = make.inspection()
    other = make.inspection(second=one.second_officer, planned_only=True)
    with pytest.raises(ValidationError, match="另一次核查"):
        start(other)

    visits.sealed(one)
    with pytest.raises(ValidationError, match="另一次核查"):
        start(other, now=visits.LATER - dt.timedelta(seconds=1))
    assert start(other, now=visits.LATER).state == Inspection.State.ON_SITE


def test_a_visit_elsewhere_counts_though_its_bureau_is_hidden():
    """Under row-level security the first officer cannot see the sibling county's visit."""
    elsewhere = make.inspection(at=make.bureau("451424"))
    helper = elsewhere.second_officer
    mine = make.inspection(planned_only=True, second=make.officer(at=make.bureau("451424")))
    Inspection.objects.filter(pk=mine.pk).update(second_officer=helper)
    mine.refresh_from_db()
    with walls_of(mine.first_officer):
        assert not Inspection.objects.filter(pk=elsewhere.pk).exists()
        with pytest.raises(ValidationError, match="另一次核查"):
            start(mine)
        assert not Inspection.objects.filter(pk=elsewhere.pk).exists()


def test_the_second_wall_shows_an_assistant_the_one_form():
    helper = make.officer(at=make.bureau("451424"))
    made = make.inspection(second=helper)
    make.inspection()
    with walls_of(helper):
        assert list(Inspection.objects.all()) == [made]
        assert not Alert.objects.exists()
        assert not StoredFile.objects.exists()


def test_a_visit_is_given_up_for_a_reason():
    made = make.inspection()
    with pytest.raises(ValidationError, match="至少5个字"):
        cancel_inspection(inspection=made, reason="下雨", by=made.first_officer)
    with pytest.raises(ValidationError, match="只能由"):
        cancel_inspection(inspection=made, reason="当日道路中断", by=made.second_officer)
    cancel_inspection(inspection=made, reason="当日道路中断", by=made.first_officer)
    with pytest.raises(ValidationError, match="已取消"):
        visits.save(made, "premises")


# --- filling in


def test_personal_answers_are_kept_encrypted():
    made = visits.save(make.inspection(), "premises")
    kept = made.content["premises"]

    assert "13877112345" not in json.dumps(made.content)
    assert unseal(kept["present_phone"]) == "13877112345"
    again = visits.save(made, "premises")
    assert again.content["premises"] == kept


def test_two_officers_write_in_two_sections_and_not_over_one_another():
    made = make.inspection()
    visits.save(made, "ordering")
    visits.save(made, "receiving", by=made.second_officer)
    with pytest.raises(ValidationError) as refused:
        save_section(
            inspection=made, section=BY_KEY["ordering"], values={}, version=0,
            by=made.second_officer,
        )  # fmt: skip
    assert refused.value.code == "stale"


def test_strangers_and_visits_not_under_way_take_nothing():
    with pytest.raises(ValidationError, match="两名核查人"):
        visits.save(make.inspection(), "premises", by=make.user("county_lead"))
    with pytest.raises(ValidationError, match="还没有开始"):
        visits.save(make.inspection(planned_only=True), "premises")


def test_drafts_leave_no_event_and_savings_do():
    made = make.inspection()
    save_section(
        inspection=made, section=BY_KEY["sign"], values={"complaint": "无"}, version=0,
        by=made.first_officer, is_draft=True,
    )  # fmt: skip
    assert kinds(made.code) == ["inspection.planned", "inspection.started"]
    visits.save(visits.fresh(made), "sign")
    assert kinds(made.code)[-1] == "inspection.saved"


def test_ten_packs_are_a_carton():
    assert cartons(3, 5) == 3.5
    assert cartons(None, 12) == 1.2
    assert cartons(0, None) == 0
    assert cartons(None, None) is None


def test_stock_is_computed_and_a_product_can_be_added():
    made = make.inspection()
    line = add_product(inspection=made, sku_id="", name="真龙（软）", by=made.first_officer)
    assert line == add_product(inspection=made, sku_id="", name="真龙（软）", by=made.first_officer)
    StockLine.objects.filter(pk=line.pk).update(bought=62)

    save_stock(
        inspection=made, counts={line.sku_id: Count(opening=10, sold=8.5, returned=1, counter=9, store=0.5)},
        values={}, version=0, by=made.first_officer,
    )  # fmt: skip

    line.refresh_from_db()
    assert (line.expected, line.counted, line.difference) == (62.5, 9.5, -53.0)
    with pytest.raises(ValidationError, match="不能超过抽查"):
        save_stock(
            inspection=made, values={}, version=1, by=made.first_officer,
            counts={line.sku_id: Count(codes_checked=3, codes_foreign=2, codes_missing=2)},
        )  # fmt: skip


def test_a_product_under_a_former_name_is_the_same_line():
    made = make.inspection()
    line = StockLine.objects.create(inspection=made, sku_id="K1", sku_name="真龙（软）")

    assert line == add_product(inspection=made, sku_id="K1", name="真龙软", by=made.first_officer)


# --- photographs


def test_the_same_upload_twice_is_one_photograph():
    made, number = make.inspection(), uuid.uuid4()
    one = visits.photograph(made, uuid=number)
    assert one == visits.photograph(made, uuid=number)
    assert (one.number, StoredFile.objects.count()) == (1, 1)


def test_a_removed_photograph_leaves_its_file_and_its_number():
    made = make.inspection()
    photo = visits.photograph(made)
    with pytest.raises(ValidationError, match="至少5个字"):
        remove_photo(inspection=made, number=1, reason="糊", by=made.first_officer)
    remove_photo(inspection=made, number=1, reason="照片模糊，已重拍", by=made.first_officer)
    remove_photo(inspection=made, number=1, reason="照片模糊，已重拍", by=made.first_officer)

    assert StoredFile.objects.filter(pk=photo.file_id).exists()
    assert visits.photograph(visits.fresh(made)).number == 2
    assert kinds(made.code).count("inspection.photo_removed") == 1


@pytest.mark.parametrize(
    ("kind", "content", "words"),
    [
        (Photo.Kind.FRONT, b"%PDF-1.7 x", "图片"),
        (Photo.Kind.RECORDING, None, "音频"),
        (Photo.Kind.PAPER, b"hello", "JPEG、PNG 或 PDF"),
        (Photo.Kind.FRONT, b"\xff\xd8\xff\xe0 broken", "图片"),
    ],
)
def test_what_is_no_picture_is_refused(kind, content, words):
    made = make.inspection()
    with pytest.raises(ValidationError, match=words):
        visits.photograph(made, kind, content=content)
    assert not Photo.objects.exists()


# --- signing


def test_signing_under_a_text_that_changed_is_refused():
    made = visits.fill(make.inspection())
    shown = digest_of(made)
    visits.save(made, "sign", complaint="送货太晚")
    with pytest.raises(ValidationError, match="又有改动"):
        visits.put_hand(made, "retailer", shown=shown)


def test_officers_sign_from_their_own_log_in_only():
    made = visits.fill(make.inspection())
    with pytest.raises(ValidationError, match="用自己的账号"):
        visits.put_hand(made, "second", by=made.first_officer)
    with pytest.raises(ValidationError, match="用自己的账号"):
        visits.put_hand(made, "first", by=made.second_officer)
    with pytest.raises(ValidationError, match="两名核查人"):
        visits.put_hand(made, "retailer", by=make.user("county_lead"))


def test_signing_twice_is_signing_once_and_signing_anew_replaces():
    made = visits.fill(make.inspection())
    one = visits.put_hand(made, "retailer")
    assert one == visits.put_hand(made, "retailer")

    strokes = [{"points": [{"x": n, "y": n} for n in range(9)]}]
    other = visits.put_hand(made, "retailer", given=visits.hand(strokes=strokes))
    assert Signature.objects.get() == other


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"strokes": []}, "还是空的"),
        ({"picture": "data:image/png;base64,***"}, "没有传上来"),
        ({"picture": "data:image/png;base64,aGVsbG8="}, "图片"),
        ({"name": " "}, "姓名"),
    ],
)
def test_an_empty_hand_is_refused(given, words):
    made = visits.fill(make.inspection())
    with pytest.raises(ValidationError, match=words):
        visits.put_hand(made, "retailer", given=visits.hand(**given))


@pytest.mark.parametrize(
    "change",
    [
        lambda made: visits.save(made, "ordering", demo="no", demo_note="不会操作"),
        lambda made: visits.photograph(made, Photo.Kind.STOCK),
        lambda made: add_product(inspection=made, sku_id="", name="甲", by=made.first_officer),
        lambda made: note_unsigned(
            inspection=made, kind="refused", reason="当事人称有急事", witness="",
            by=made.first_officer,
        ),
    ],
    ids=["answer", "photo", "product", "refusal"],
)  # fmt: skip
def test_a_change_makes_signatures_void(change):
    made = visits.signed(make.inspection())

    change(made)

    assert not Signature.objects.exists()
    assert "inspection.unsigned" in kinds(made.code)
    assert visits.fresh(made).signed != "signed"


def test_saving_the_same_again_leaves_signatures():
    made = visits.signed(make.inspection())
    visits.save(made, "premises")
    assert Signature.objects.count() == 3


# --- sealing


def test_sealing_makes_all_final_and_the_alert_goes_on():
    made = visits.signed(make.inspection())

    record = seal_inspection(inspection=made, by=made.first_officer, now=visits.LATER)
    again = seal_inspection(inspection=made, by=made.first_officer, now=visits.LATER)
    commit_checks()

    made.refresh_from_db()
    assert record == again
    assert (made.state, made.ended_at) == (Inspection.State.SEALED, visits.LATER)
    assert made.alert.state == State.CONCLUDING
    assert not made.alert.grade_changes.exists()
    content = json.loads(record.text)
    assert digest(record.text) == record.sha256
    assert digest(canonical(content["record"])) == content["record_sha256"]
    assert {one["digest"] for one in content["signatures"]} == {content["record_sha256"]}
    assert [one["kind"] for one in content["record"]["photos"]] == ["front", "licence", "counter"]
    assert "13877112345" not in record.text
    assert Job.objects.get(kind="cases.print_record").args == {"code": made.code}
    assert str(receipt_of(record)).split("-")[0].isdigit()


def test_what_is_missing_is_said_in_plain_words():
    made = make.inspection()
    words = dict(lacking(made))
    assert set(words) == {
        "premises", "stock", "recording", "ordering", "receiving", "doubts", "photos", "sign", "signed",
    }  # fmt: skip
    with pytest.raises(ValidationError) as refused:
        seal_inspection(inspection=made, by=made.first_officer, now=visits.LATER)
    assert "请填写“在场人姓名”。" in refused.value.messages
    assert "请拍摄“门头招牌”照片。" in refused.value.messages
    assert f"核查人{made.second_officer}还没有签字。" in refused.value.messages


def test_only_the_first_officer_seals():
    made = visits.signed(make.inspection())
    with pytest.raises(ValidationError, match="封存这份记录"):
        seal_inspection(inspection=made, by=made.second_officer, now=visits.LATER)


def unsigned(made, kind, witness="村委会 李大山"):
    note_unsigned(
        inspection=made, kind=kind, reason="当事人称要先问家人", witness=witness,
        by=made.first_officer,
    )  # fmt: skip
    return visits.fresh(made)


def test_a_refusal_needs_a_witness_or_a_video():
    made = unsigned(visits.fill(make.inspection()), "refused")
    for who in ("first", "second"):
        visits.put_hand(made, who)
    assert [words for _, words in lacking(visits.fresh(made))] == [
        "当事人未签字，请由见证人签名，或上传见证录音录像"
    ]
    visits.put_hand(made, "witness", given=visits.hand(name="李大山"))
    seal_inspection(inspection=made, by=made.first_officer, now=visits.LATER)
    commit_checks()

    content = json.loads(SealedRecord.objects.get().text)
    assert content["record"]["unsigned"]["reason"] == "当事人称要先问家人"


def test_a_closed_door_needs_only_its_photograph():
    made = unsigned(make.inspection(), "absent", witness="")
    visits.save(made, "premises", open_state="closed")
    visits.photograph(visits.fresh(made), Photo.Kind.CLOSED)
    for who in ("first", "second"):
        visits.put_hand(made, who)

    assert lacking(visits.fresh(made)) == []
    seal_inspection(inspection=made, by=made.first_officer, now=visits.LATER)
    commit_checks()


def test_a_typed_name_is_confirmed_by_the_other_officer_afterwards():
    made = visits.fill(make.inspection())
    early, late = visits.LATER, visits.LATER + dt.timedelta(minutes=1)
    for who in ("first", "second"):
        visits.put_hand(made, who, now=early)
    visits.put_hand(made, "retailer", given=visits.hand(method=Signature.Method.TYPED), now=late)
    assert "另一名核查人" in lacking(visits.fresh(made))[0][1]

    strokes = [{"points": [{"x": n, "y": n} for n in range(9)]}]
    given = visits.hand(name=made.second_officer.name, strokes=strokes)
    visits.put_hand(made, "second", given=given, now=late + dt.timedelta(minutes=1))
    assert lacking(visits.fresh(made)) == []


def test_a_witness_who_types_a_name_is_confirmed_too():
    made = unsigned(visits.fill(make.inspection()), "refused")
    for who in ("first", "second"):
        visits.put_hand(made, who)
    typed = visits.hand(name="李大山", method=Signature.Method.TYPED)
    visits.put_hand(made, "witness", given=typed, now=visits.LATER + dt.timedelta(minutes=1))
    assert [words for _, words in lacking(visits.fresh(made))] == [
        "见证人以键入姓名签字，请另一名核查人在其后签字确认"
    ]


def test_a_paper_signed_by_hand_does_not_change_the_record():
    made = visits.fill(make.inspection())
    visits.put_hand(made, "first")
    paper = visits.photograph(made, Photo.Kind.PAPER)
    visits.put_hand(
        made, "retailer", given=visits.hand(method=Signature.Method.PAPER, paper=paper.number)
    )
    assert Signature.objects.count() == 2
    visits.put_hand(made, "second")
    seal_inspection(inspection=made, by=made.first_officer, now=visits.LATER)

    content = json.loads(SealedRecord.objects.get().text)
    assert content["papers"][0]["sha256"] == paper.file.sha256
    with pytest.raises(ValidationError, match="已封存"):
        remove_photo(inspection=made, number=1, reason="照片模糊，已重拍", by=made.first_officer)
    assert version_of(made, STOCK) >= 1


@pytest.mark.parametrize(
    ("expected", "counted", "far"),
    [(100, 80, False), (100, 79.9, True), (20, 10, False), (20, 9.9, True), (20, None, False)],
)
def test_a_count_is_far_off_beyond_ten_cartons_and_a_fifth(expected, counted, far):
    line = StockLine(opening=expected, counter=counted)

    assert is_far_off(line) is far


def test_a_count_far_off_makes_the_alert_orange():
    made = make.inspection()
    StockLine.objects.create(inspection=made, sku_id="S9", sku_name="真龙")
    made = visits.fill(made)
    StockLine.objects.filter(inspection=made, sku_id="S9").update(counter=20, store=0)
    made.content[STOCK.key]["explanation"] = "当事人称已送给亲友，不能提供去向。"
    made.save(update_fields=["content"])
    for who in ("retailer", "first", "second"):
        visits.put_hand(visits.fresh(made), who)
    made = visits.fresh(made)

    seal_inspection(inspection=made, by=made.first_officer, now=visits.LATER)

    change = made.alert.grade_changes.get()
    assert (change.old, change.new) == ("黄", "橙")
    assert "真龙+20.0条" in change.reason
