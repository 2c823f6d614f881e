"""A visit's record in words: what is read out before signing, shown afterwards, and printed.

One place for all three, so that what was read is what is printed. Telephone and identity numbers show
their ends only; names and places are told.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.timezone import localtime

from cases.models import DoubtAnswer, Inspection, Photo, Signature
from cases.sections import SECTIONS, Field
from sources.crypto import SEALED, masked, unseal

Row = tuple[str, str]
NOTHING = "—"


@dataclass(frozen=True)
class Part:
    """A titled piece: facts, then a table."""

    title: str
    facts: list[Row] = field(default_factory=list)
    columns: Sequence[tuple[str, str]] = ()  # title and alignment
    rows: list[list[str]] = field(default_factory=list)
    total: list[str] = field(default_factory=list)
    note: str = ""

    def body(self) -> list[list[tuple[str, str]]]:
        """Each row's cells with their alignment."""
        return [self._aligned(row) for row in self.rows]

    def foot(self) -> list[tuple[str, str]]:
        return self._aligned(self.total)

    def _aligned(self, row: list[str]) -> list[tuple[str, str]]:
        return list(zip(row, [align for _, align in self.columns], strict=bool(row)))


def parts_of(record: dict[str, Any]) -> list[Part]:
    """The record as numbered parts, in the order of the form."""
    sections = record["sections"]
    parts = [_head(record), _shop(record["shop"])]
    for section in SECTIONS:
        if section.key == "stock":
            parts.append(_stock(record["stock"], section.title, _facts(section.key, sections)))
            parts += _codes(record["stock"])
        elif section.key == "doubts":
            parts.append(_doubts(record["doubts"], section.title))
        elif section.key == "photos":
            parts.append(_photos(record["photos"], "照片与录音录像"))
        elif section.key != "sign":
            parts.append(Part(section.title, _facts(section.key, sections)))
    parts.append(Part("当事人意见", [*_facts("sign", sections), *_unsigned(record)]))
    return parts


def opened(text: str | None) -> str:
    """A personal field in full, whether or not it was encrypted."""
    return unseal(text) if text and text.startswith(SEALED) else text or ""


def _head(record: dict[str, Any]) -> Part:
    place = record["place"]
    officers = [f"{one['name']}（执法证号 {one['certificate']}）" for one in record["officers"]]
    rows = [
        ("核查事由", record["reason"]),
        ("开始时间", when(record["started_at"])),
        ("核查人一", officers[0]),
        ("核查人二", officers[1]),
    ]
    if place["lat"] is not None:
        accuracy = f"（±{place['accuracy_m']:.0f} 米）" if place["accuracy_m"] else ""
        rows.append(("定位", f"北纬 {place['lat']:.5f}，东经 {place['lon']:.5f}{accuracy}"))
    else:
        rows.append(("定位", "设备没有提供"))
    if place.get("distance_m") is not None:
        rows.append(("距登记地址", _far(place["distance_m"])))
    if place.get("why_far"):
        rows.append(("距离较远的原因", place["why_far"]))
    return Part("核查情况", rows)


def _far(metres: float) -> str:
    return f"约 {metres:.0f} 米" if metres < 10_000 else f"约 {metres / 1000:.0f} 公里"


def _shop(shop: dict[str, Any]) -> Part:
    until = shop.get("licence_to")
    rows = [
        ("店名", shop.get("name")),
        ("许可证号", shop.get("licence_no")),
        ("客户编码", shop.get("code")),
        ("负责人", opened(shop.get("licensee"))),
        ("许可证有效期", f"{shop.get('licence_from')} 至 {until}" if until else ""),
        ("许可证状态", shop.get("licence_status")),
        ("登记地址", opened(shop.get("address"))),
        ("登记电话", masked(opened(shop.get("phone")))),
        ("业态与档位", _joined(shop.get("biz_type"), shop.get("tier"))),
        ("系统资料日期", shop.get("as_of")),
    ]
    return Part("许可与登记资料", [(label, str(value)) for label, value in rows if value])


def _joined(biz_type: str | None, tier: int | None) -> str:
    return " ".join(filter(None, [biz_type, f"{tier} 档" if tier is not None else ""]))


def _facts(key: str, sections: dict[str, Any]) -> list[Row]:
    """The answers of a section; questions without an answer are told as such where they are due."""
    values = sections.get(key, {})
    fields = next(section.fields for section in SECTIONS if section.key == key)
    return [
        (field.label, spoken(field, values.get(field.key)) or NOTHING)
        for field in fields
        if field.required or values.get(field.key) not in (None, "")
    ]


def spoken(field: Field, value: Any) -> str:
    """An answer in words, its personal part opened or masked."""
    if field.secret:
        text = opened(value)
        return masked(text) if field.masked else text
    return field.said(value)


def _stock(lines: list[dict[str, Any]], title: str, facts: list[Row]) -> Part:
    columns = [("品规", "left")] + [
        (title, "right")
        for title in ["期初", "购进", "退货", "销售", "应存", "柜台", "库房", "实存", "差异"]
    ]
    amounts = ("opening", "bought", "returned", "sold", "expected", "counter", "store", "counted")
    rows = [
        [line["sku_name"], *(qty(line[name]) for name in amounts), gap(line["difference"])]
        for line in lines
    ]
    counted = [line for line in lines if line["counted"] is not None]
    sums = [qty(round(sum(line[name] or 0 for line in counted), 1)) for name in amounts]
    difference = round(sum(line["difference"] or 0 for line in counted), 1)
    total = ["合计", *sums, gap(difference)] if counted else []
    note = "单位：条（10 包为 1 条）。应存 = 期初 + 购进 − 退货 − 销售；差异 = 实存 − 应存。"
    return Part(title, facts, columns, rows, total, note)


def qty(cartons: float | None) -> str:
    return NOTHING if cartons is None else f"{cartons:g}"


def gap(difference: float | None) -> str:
    if difference is None:
        return NOTHING
    return f"{difference:+g}".replace("-", "−") if difference else "相符"


def _codes(lines: list[dict[str, Any]]) -> list[Part]:
    """What was seen of single products: codes, doubts about genuineness, notes. Nothing is no part."""
    columns = (
        ("品规", "left"), ("抽查（条）", "right"), ("非本户码", "right"), ("无码、损码", "right"),
        ("说明", "left"),
    )  # fmt: skip
    names = ("codes_checked", "codes_foreign", "codes_missing")
    rows = [
        [line["sku_name"], *(str(line[name]) for name in names), _remark(line)]
        for line in lines
        if line["codes_checked"] or _remark(line)
    ]
    return [Part("32 位码抽查与品规说明", [], columns, rows)] if rows else []


def _remark(line: dict[str, Any]) -> str:
    return "；".join(filter(None, ["疑似假烟" if line["suspect"] else "", line["note"]]))


def _doubts(answers: list[dict[str, Any]], title: str) -> Part:
    columns = (
        ("疑点", "left"), ("当事人说明", "left"), ("核查人所见", "left"), ("证据", "left"),
        ("结果", "center"),
    )  # fmt: skip
    findings = dict(DoubtAnswer.Finding.choices)
    rows = [
        [f"{one['number']}. {one['text']}", one["statement"] or NOTHING, one["seen"] or NOTHING,
         one["evidence"] or NOTHING, str(findings.get(one["finding"], NOTHING))]
        for one in answers
    ]  # fmt: skip
    return Part(title, [], columns, rows)


def _photos(photos: list[dict[str, Any]], title: str) -> Part:
    columns = (
        ("编号", "right"), ("内容", "left"), ("时间", "left"), ("拍摄人", "left"),
        ("SHA-256 前 16 位", "left"),
    )  # fmt: skip
    kinds = dict(Photo.Kind.choices)
    rows = [
        [str(one["number"]), " ".join(filter(None, [str(kinds.get(one["kind"], one["kind"])),
         one["caption"]])), when(one["taken_at"]), one["taken_by"], one["sha256"][:16]]
        for one in photos
    ]  # fmt: skip
    return Part(title, [], columns, rows)


def _unsigned(record: dict[str, Any]) -> Iterator[Row]:
    noted = record.get("unsigned")
    if noted:
        yield "签字情况", str(Inspection.Signed(noted["kind"]).label)
        yield "未签字的原因", noted["reason"]
        if noted["witness"]:
            yield "见证人", noted["witness"]


def when(text: str | None) -> str:
    """A moment of the record in China time, to the minute."""
    at = parse_datetime(text) if text else None
    return f"{localtime(at):%Y-%m-%d %H:%M}" if at else NOTHING


@dataclass(frozen=True)
class Signed:
    """A signature as people see it."""

    who: str
    name: str
    method: str
    at: str
    picture_sha256: str | None
    note: str


def signatures_of(content: dict[str, Any]) -> list[Signed]:
    """Who signed, in the order of the form."""
    order = list(Signature.Who.values)
    found = sorted(content["signatures"], key=lambda one: order.index(one["who"]))
    return [
        Signed(
            who=str(Signature.Who(one["who"]).label),
            name=opened(one["name"]),
            method=one["method"],
            at=when(one["at"]),
            picture_sha256=one["picture_sha256"],
            note=_how(one),
        )
        for one in found
    ]


def _how(one: dict[str, Any]) -> str:
    """What stands where there is no picture of a hand."""
    if one["method"] == Signature.Method.TYPED:
        return f"{opened(one['name'])}（键入姓名，账号 {one['by']}）"
    if one["method"] == Signature.Method.PAPER:
        return f"{opened(one['name'])}（见纸质签字件）"
    return ""


def ended(content: dict[str, Any]) -> dt.datetime | None:
    return parse_datetime(content["ended_at"] or "")
