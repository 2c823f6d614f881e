"""What `manage.py verify` asks of sealed records: text, row, signatures, files, paper and the walls."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

from audit.models import Event
from audit.verification import Fault, Result, Walls, check_walls, checker
from cases.actions.sealing import canonical, digest
from cases.models import Conclusion, Inspection, Paper, Photo, SealedRecord, Signature
from documents.models import StoredFile

KINDS = SealedRecord.Kind
# The tables whose rows stay as they are, and the triggers that see to it.
STAYING = (
    "sealedrecord", "paper", "addendum", "review", "inspection", "conclusion", "interview",
    "stockline", "photo", "doubtanswer", "signature", "attempt", "interviewitem",
)  # fmt: skip
WALLS = Walls(
    triggers={
        **{f"cases_{table}_stays": f"cases_{table}" for table in STAYING},
        **{f"cases_{table}_whole": f"cases_{table}" for table in STAYING},
        "cases_inspection_sealed": "cases_inspection",
        "cases_conclusion_sealed": "cases_conclusion",
    },
    functions={
        "cases_refuse": "61fdef7e1c981399888d4ef8e27e5714a431f7b32321818dda4bc2c152f03444",
        "cases_stays": "ea7b521de5501a3d34e7ea0942d604e13111f62cc326ac7188ddb9b518b538b1",
        "cases_interview_stays": "45f4d74bc46e6ccc1566b1da90428e38827fea6fd13b25c85edd27a7cbc44c5e",
        "cases_part_of_inspection": "0676babbbb1422420ed715463e176fae3c5077a7612ec072d80503586472384d",
        "cases_part_of_interview": "28953adc006df2937b2a67d832f5c516c1701fbcd047556e70fb9f53929c6bcd",
        "cases_is_sealed": "4bbb4f5ef382e89a60cb317293f83e8716401c1ac63b75a83a4ee3183ee21ac8",
    },
    append_only=("cases_sealedrecord", "cases_paper", "cases_addendum", "cases_review"),
)


@checker("cases.sealed")
def sealed(result: Result) -> None:
    """Every sealed record against its text, its audit event, its row, its files and its paper."""
    for record in SealedRecord.objects.order_by("pk").iterator(chunk_size=200):
        result.looked_at += 1
        where = f"{record.get_kind_display()} {record.code}"
        try:
            faults = list(_faults(record))
        except Exception as error:  # noqa: BLE001  a text that stops the check would hide others
            faults = [f"内容不是系统封存的格式（{type(error).__name__}）"]
        result.faults += [Fault(where, what) for what in faults]
    result.faults += _unsealed()


def _faults(record: SealedRecord) -> Iterator[str]:
    if hashlib.sha256(record.text.encode("utf-8", "surrogatepass")).hexdigest() != record.sha256:
        yield "内容与封存摘要不符"
    yield from _told(record)
    yield from _printed(record)
    content = json.loads(record.text)
    if canonical(content) != record.text:
        yield "内容不是规范形式"
    if record.kind == KINDS.CONCLUSION:
        if not Conclusion.objects.filter(code=record.code, state="approved").exists():
            yield "没有对应的已办结报告"
        return
    row = Inspection.objects.filter(code=record.code).first()
    if row is None or row.state != Inspection.State.SEALED:
        yield "没有对应的已封存核查"
    else:
        yield from _against_rows(content, row)


def _told(record: SealedRecord) -> Iterator[str]:
    """The audit event of the sealing: one, with this digest and person."""
    kind = f"{record.kind}.sealed"
    events = list(Event.objects.about(record.code).filter(kind=kind).order_by("number"))
    if len(events) != 1:
        yield f"封存的审计事件应有 1 条，实有 {len(events)} 条"
    elif json.loads(events[0].details).get("sha256") != record.sha256:
        yield "审计事件记载的摘要不同"


def _printed(record: SealedRecord) -> Iterator[str]:
    paper = Paper.objects.filter(record=record).prefetch_related("file").first()
    if paper is not None:
        yield from (f"PDF {what}" for what in _file_faults(paper.file, paper.file.sha256))


def _against_rows(content: dict[str, Any], row: Inspection) -> Iterator[str]:
    """What was signed, against what the tables say now."""
    record = content["record"]
    stands = digest(canonical(record))
    if content["record_sha256"] != stands:
        yield "记录与签字时的摘要不符"
    if (record["code"], record["reason"], record["shop"]) != (row.code, row.reason, row.shop):
        yield "核查登记与封存内容不符"
    if content["signed"] != row.signed:
        yield "签字情况与封存内容不符"
    yield from _photos(record["photos"] + content["papers"], row)
    yield from _signatures(content["signatures"], row, stands)
    yield from _sections(record, row)


def _sections(record: dict[str, Any], row: Inspection) -> Iterator[str]:
    if any(row.content.get(key, {}) != values for key, values in record["sections"].items()):
        yield "核查内容与封存内容不符"
    stock = {
        line.sku_id: (line.expected, line.counted, line.difference) for line in row.stock.all()
    }
    sealed_stock = {
        line["sku_id"]: (line["expected"], line["counted"], line["difference"])
        for line in record["stock"]
    }
    if _rounded(stock) != _rounded(sealed_stock):
        yield "库存盘点与封存内容不符"
    answers = {
        one.doubt.number: (one.statement, one.seen, one.evidence, one.finding)
        for one in row.answers.select_related("doubt").order_by("pk")
    }
    sealed_answers = {
        one["number"]: (one["statement"], one["seen"], one["evidence"], one["finding"])
        for one in record["doubts"]
    }
    if answers != sealed_answers:
        yield "疑点核实与封存内容不符"


def _rounded(stock: dict[str, Any]) -> dict[str, list[float | None]]:
    return {
        code: [None if value is None else round(value, 1) + 0.0 for value in values]
        for code, values in stock.items()
    }


def _photos(named: list[dict[str, Any]], row: Inspection) -> Iterator[str]:
    rows = {photo.number: photo for photo in _with_files(row.photos)}
    for one in named:
        photo = rows.pop(one["number"], None)
        if photo is None:
            yield f"照片 {one['number']} 已不存在"
        else:
            words = f"照片 {one['number']} "
            yield from (f"{words}{what}" for what in _file_faults(photo.file, one["sha256"]))
    yield from (f"照片 {number} 不在封存内容中" for number in rows)


def _with_files(photos: Any) -> list[Photo]:
    return list(photos.prefetch_related("file").order_by("number"))


def _signatures(named: list[dict[str, Any]], row: Inspection, stands: str) -> Iterator[str]:
    rows = {one.who: one for one in row.signatures.prefetch_related("picture").order_by("pk")}
    for one in named:
        signed = rows.pop(one["who"], None)
        title = Signature.Who(one["who"]).label
        if one["digest"] != stands:
            yield f"{title}的签名所依据的摘要不同"
        if signed is None:
            yield f"{title}的签名已不存在"
        else:
            yield from (f"{title}的{what}" for what in _signature(one, signed))
    yield from (f"{one.get_who_display()}的签名不在封存内容中" for one in rows.values())


def _signature(one: dict[str, Any], signed: Signature) -> Iterator[str]:
    strokes = digest(canonical({"strokes": signed.strokes})) if signed.strokes else None
    if (signed.name, signed.digest, strokes) != (one["name"], one["digest"], one["strokes_sha256"]):
        yield "签名与封存内容不符"
    if one["picture_sha256"]:
        if signed.picture is None:
            yield "签名图像已不存在"
        else:
            what = _file_faults(signed.picture, one["picture_sha256"])
            yield from (f"签名图像{words}" for words in what)


def _file_faults(file: StoredFile, sha256: str) -> Iterator[str]:
    """A stored file against the digest that was sealed, row and bytes."""
    if file.sha256 != sha256:
        yield "登记的摘要与封存内容不符"
    try:
        with (Path(settings.MEDIA_ROOT) / file.path).open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        yield "文件缺失或无法读取"
        return
    if found != sha256:
        yield "文件内容与封存时不符"


def _unsealed() -> Iterator[Fault]:
    """Rows that are final, and events that tell of a sealing, without a sealed record."""
    known = set(SealedRecord.objects.values_list("code", flat=True))
    final = Inspection.objects.filter(state="sealed").values_list("code", flat=True)
    approved = Conclusion.objects.filter(state="approved").values_list("code", flat=True)
    for code in sorted({*final, *approved} - known):
        yield Fault(code, "已是最终状态，却没有封存的内容")
    kinds = [f"{kind.value}.sealed" for kind in KINDS]
    told = Event.objects.filter(kind__in=kinds).values_list("subject", flat=True)
    for code in sorted(set(told) - known):
        yield Fault(code, "审计记录有封存事件，封存的内容已不存在")


@checker("cases.walls")
def walls(result: Result) -> None:
    """The walls around what was signed."""
    check_walls(WALLS, result)
