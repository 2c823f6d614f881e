"""What is sealed stays: refused to the web role and to the owner; what an owner forces shows in verify."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as searching
from hypothesis import strategies as some

from audit.verification import verify
from cases.actions.inspections_sealing import seal_inspection
from cases.actions.sealing import canonical, digest
from cases.models import Inspection, Paper, SealedRecord
from jobs.actions import run_next
from jobs.models import Job
from tests import make
from tests.cases import visits

SETS = {
    "sealedrecord": "text = 'x'", "paper": "file_id = 1", "inspection": "reason = 'x'",
    "stockline": "counter = 1", "photo": "caption = 'x'", "doubtanswer": "seen = 'x'",
    "signature": "digest = 'x'",
}  # fmt: skip


def execute(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def statements():
    for table, values in SETS.items():
        yield f"UPDATE cases_{table} SET {values}"  # noqa: S608
        yield f"DELETE FROM cases_{table}"  # noqa: S608
        yield f"TRUNCATE cases_{table} CASCADE"


def visit_with_everything():
    """Sealed and printed, with a counted product."""
    from cases.actions.stock import add_product

    visit = make.inspection()
    add_product(inspection=visit, sku_id="", name="真龙（软）", by=visit.first_officer)
    visits.sealed(visit)
    while run_next(now=timezone.now()):
        pass
    assert Paper.objects.filter(record__code=visit.code).exists()
    return visit


@pytest.mark.django_db
def test_the_web_role_changes_nothing_that_is_sealed():
    visit_with_everything()
    for statement in statements():
        with (
            pytest.raises(DatabaseError, match=r"final|sealed|permission denied"),
            transaction.atomic(),
        ):
            execute(statement)


@pytest.mark.django_db
def test_nothing_is_added_to_a_sealed_visit():
    visit = visit_with_everything()
    with pytest.raises(DatabaseError, match="sealed"), transaction.atomic():
        visit.stock.create(sku_id="x", sku_name="x")


@pytest.mark.django_db
def test_no_visit_becomes_final_without_its_text():
    visit = visits.signed(make.inspection())
    final = {"state": Inspection.State.SEALED, "ended_at": visits.LATER}
    Inspection.objects.filter(pk=visit.pk).update(**final)
    with pytest.raises(DatabaseError, match="not sealed"):
        execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.django_db
def test_the_paper_is_made_once_however_often_the_job_runs():
    visit = visit_with_everything()
    Job.objects.filter(kind="cases.print_record").update(done_at=None, leased_until=None)
    assert run_next(now=timezone.now())

    paper = Paper.objects.get()
    assert paper.file.name == f"{visit.code}.pdf"
    assert [fault for result in verify() for fault in result.faults] == []


@pytest.fixture
def owner(fresh_database):
    """Run SQL as the schema's owner, who can do what the web role cannot."""

    def run(text):
        with connections["owner"].cursor() as cursor:
            cursor.execute(text)

    return run


def test_the_owner_is_refused_too(owner):
    visit_with_everything()
    for statement in statements():
        with pytest.raises(DatabaseError, match=r"final|sealed"):
            owner(statement)


def faults_of(visit):
    return [
        fault.what
        for result in verify()
        for fault in result.faults
        if visit.code in fault.where and result.checker == "cases.sealed"
    ]


def force(owner, table, change):
    """A change by somebody who first switches the triggers of the table and of the papers off."""
    for switch in ("DISABLE", "ENABLE"):
        if switch == "ENABLE":
            owner(change)
        for name in {table, "paper"}:
            owner(f"ALTER TABLE cases_{name} {switch} TRIGGER USER")


ATTACKS = {
    "text": ("sealedrecord", "UPDATE cases_sealedrecord SET text = replace(text, '黄顺', '李四')"
             " || ' ' WHERE code = '{code}'", "内容与封存摘要不符"),
    "text and digest": (
        "sealedrecord", "UPDATE cases_sealedrecord SET text = replace(text, '核实订货异常情况', 'x'),"
        " sha256 = encode(sha256(convert_to(replace(text, '核实订货异常情况', 'x'), 'UTF8')), 'hex')"
        " WHERE code = '{code}'", "审计事件记载的摘要不同"),
    "record": ("sealedrecord", "DELETE FROM cases_paper USING cases_sealedrecord AS s"
               " WHERE record_id = s.id AND s.code = '{code}';"
               " DELETE FROM cases_sealedrecord WHERE code = '{code}'",
               "已是最终状态，却没有封存的内容"),
    "row": ("inspection", "UPDATE cases_inspection SET reason = 'x' WHERE id = {id}",
            "核查登记与封存内容不符"),
    "content": ("inspection", "UPDATE cases_inspection SET content = jsonb_set(content,"
                " '{{ordering,demo}}', '\"no\"') WHERE id = {id}", "核查内容与封存内容不符"),
    "unsealed": ("inspection", "UPDATE cases_inspection SET state = 'on_site' WHERE id = {id}",
                 "没有对应的已封存核查"),
    "stock": ("stockline", "UPDATE cases_stockline SET counter = 99 WHERE inspection_id = {id}",
              "库存盘点与封存内容不符"),
    "doubt": ("doubtanswer", "UPDATE cases_doubtanswer SET finding = 'unexplained'"
              " WHERE inspection_id = {id}", "疑点核实与封存内容不符"),
    "photo": ("photo", "DELETE FROM cases_photo WHERE inspection_id = {id} AND number = 2",
              "照片 2 已不存在"),
    "swapped photo": ("photo", "UPDATE cases_photo SET file_id = (SELECT max(id) FROM"
                      " documents_storedfile WHERE purpose = 'record') WHERE inspection_id = {id}"
                      " AND number = 1", "照片 1 登记的摘要与封存内容不符"),
    "signature": ("signature", "DELETE FROM cases_signature WHERE inspection_id = {id}"
                  " AND who = 'retailer'", "当事人的签名已不存在"),
    "strokes": ("signature", "UPDATE cases_signature SET strokes = '[]' WHERE inspection_id = {id}"
                " AND who = 'second'", "核查人二的签名与封存内容不符"),
}  # fmt: skip


def test_what_the_owner_forces_shows(owner):
    assert faults_of(visit_with_everything()) == []
    for name, (table, change, words) in ATTACKS.items():
        visit = visit_with_everything()
        force(owner, table, change.format(code=visit.code, id=visit.pk))
        assert words in faults_of(visit), name


def test_files_that_are_gone_or_exchanged_show(owner):
    visit = visit_with_everything()
    folder = Path(settings.MEDIA_ROOT)
    first, second = (photo.file for photo in visit.photos.order_by("number")[:2])
    paper = Paper.objects.get().file
    for file, change, words in [
        (
            first,
            lambda path: path.write_bytes(visits.picture("red")),
            "照片 1 文件内容与封存时不符",
        ),
        (paper, lambda path: path.write_bytes(b"%PDF-"), "PDF 文件内容与封存时不符"),
        (second, Path.unlink, "照片 2 文件缺失或无法读取"),
    ]:
        path = folder / file.path
        path.chmod(0o644)
        change(path)
        assert words in faults_of(visit)


def walls():
    return [
        f"{fault.where} {fault.what}"
        for result in verify()
        for fault in result.faults
        if result.checker == "cases.walls"
    ]


def test_walls_that_were_taken_down_show(owner):
    assert walls() == []
    owner("ALTER TABLE cases_photo DISABLE TRIGGER cases_photo_stays")
    owner("DROP TRIGGER cases_inspection_sealed ON cases_inspection")
    owner("CREATE OR REPLACE FUNCTION cases_refuse() RETURNS trigger LANGUAGE plpgsql AS"
          " $$ BEGIN RETURN NULL; END $$")  # fmt: skip
    owner("GRANT UPDATE ON cases_sealedrecord TO neiguan_web")

    assert sorted(walls()) == [
        "函数 cases_refuse 已被替换",
        "授权 网页角色不应有 cases_sealedrecord UPDATE",
        "触发器 cases_inspection_sealed 缺失或已停用",
        "触发器 cases_photo_stays 缺失或已停用",
    ]


anything = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=5),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@pytest.mark.django_db
@searching(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=some.data())
def test_no_text_stops_the_check(data):
    """However a sealed text was spoiled, it is a fault of that record, and the others are looked at."""
    with transaction.atomic():
        visit = make.inspection()
        content: dict[str, object] = {"record": {}, "signatures": []}
        text = data.draw(
            some.text(alphabet=some.characters(exclude_characters="\0", exclude_categories=["Cs"]))
            | anything.map(lambda value: json.dumps(value).replace("\\u0000", ""))
            | some.just("[" * 5000)
            | some.fixed_dictionaries(
                {"record": anything, "record_sha256": anything, "signed": anything,
                 "papers": anything, "signatures": anything}
            ).map(lambda value: json.dumps({**content, **value}).replace("\\u0000", "").replace("\\ud", ""))
        )  # fmt: skip
        SealedRecord.objects.create(
            code=visit.code, kind="inspection", text=text, sha256=digest(text), sealed_at=make.NOW,
            sealed_by=visit.first_officer,
        )  # fmt: skip
        assert faults_of(visit)
        transaction.set_rollback(True)


def test_the_canonical_text_is_one_text():
    assert canonical({"b": 1, "a": "é"}) == canonical({"a": "e\u0301", "b": 1})


def test_two_who_seal_at_once_seal_once(fresh_database):
    """Two requests at the same time: one sealed record, and both are told of it."""
    visit = visits.signed(make.inspection())

    def seal(_):
        try:
            return seal_inspection(inspection=visit, by=visit.first_officer, now=visits.LATER).pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(seal, range(2)))

    assert made[0] == made[1]
    assert SealedRecord.objects.count() == 1


def test_the_same_upload_twice_at_once_is_one_photograph(fresh_database):
    visit, number = make.inspection(), uuid.uuid4()

    def upload(_):
        try:
            return visits.photograph(visit, uuid=number).number
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(upload, range(2))) == [1, 1]
