"""What is printed of a sealed record: always from its text, never from the rows it was made of."""

import datetime as dt
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.timezone import localtime

from cases.actions.sealing import receipt_of
from cases.models import Inspection, Photo, SealedRecord
from cases.papers_conclusion import report_paper
from cases.reading import Part, ended, parts_of, signatures_of, when
from cases.sections import STATEMENT
from documents.models import StoredFile
from documents.rendering import (
    Block,
    Facts,
    Heading,
    Paper,
    Pictures,
    Signatures,
    Statement,
    Table,
)

NUMERALS = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一"]
PRINTED = ("image/jpeg", "image/png", "image/webp")
Bytes = dict[str, bytes]  # of files, by their SHA-256


def paper_of(sealed: SealedRecord) -> Paper:
    """The paper of a sealed record of any kind. Raises ValueError where the text is none of ours."""
    receipt = str(receipt_of(sealed))
    if sealed.kind == SealedRecord.Kind.CONCLUSION:
        return report_paper(sealed.text, digest=sealed.sha256, receipt=receipt)
    content = json.loads(sealed.text)
    return inspection_paper(
        content, pictures=pictures_of(content), at=sealed.sealed_at, receipt=receipt
    )


def inspection_paper(
    content: dict[str, Any],
    *,
    pictures: Bytes,
    at: dt.datetime,
    receipt: str = "",
    draft: bool = False,
) -> Paper:
    """The record on A4. A draft has room to sign by hand, on every page too."""
    record = content["record"]
    parts = parts_of(record)
    blocks: list[Block] = []
    for numeral, part in zip(NUMERALS[: len(parts)], parts, strict=True):
        blocks += _blocks(numeral, part)
    shown = [one for one in record["photos"] if one["content_type"] in PRINTED]
    if shown and not draft:
        items = [(pictures.get(one["sha256"], b""), _caption(one)) for one in shown]
        blocks += [Heading("附：现场照片"), Pictures(items)]
    blocks += [
        Statement(_statement(record)),
        Signatures(_signatures(content, pictures, draft=draft)),
    ]
    stop = ended(content)
    until = f"{localtime(stop):%H:%M}" if stop else "　　"
    return Paper(
        title="实地核查记录",
        subtitle=f"{record['shop'].get('name', '')}　{when(record['started_at'])} 至 {until}",
        bureau=record["bureau"]["name"],
        code=record["code"],
        blocks=blocks,
        at=at,
        digest=content["record_sha256"],
        receipt=receipt,
        draft=draft,
        page_signature=draft,
        page_signers=("当事人", "核查人"),
    )


def _blocks(numeral: str, part: Part) -> Iterable[Block]:
    yield Heading(f"{numeral}、{part.title}")
    if part.facts:
        yield Facts(part.facts)
    if part.rows:
        columns: Any = part.columns
        yield Table(columns, part.rows, total=part.total, note=part.note)
    if not part.facts and not part.rows:
        yield Facts([("情况", "无")], columns=1)


def _statement(record: dict[str, Any]) -> str:
    """What the retailer declares, or that they did not."""
    noted = record.get("unsigned")
    if not noted:
        return STATEMENT
    label = Inspection.Signed(noted["kind"]).label
    witness = f"见证人：{noted['witness']}。" if noted["witness"] else ""
    return f"{label}。原因：{noted['reason']}。{witness}以上记录与现场情况一致。"


def _caption(photo: dict[str, Any]) -> str:
    kind = Photo.Kind(photo["kind"]).label
    title = " ".join(filter(None, [kind, photo["caption"]]))
    return f"{photo['number']}. {title}\n{when(photo['taken_at'])} {photo['taken_by']}"


def _signatures(
    content: dict[str, Any], pictures: Bytes, *, draft: bool
) -> list[tuple[str, bytes | None, str, str]]:
    """Who signed; on a draft, room for whoever still has to."""
    if draft:
        return [(who, None, "", "") for who in ("当事人", "核查人一", "核查人二")]
    rows: list[tuple[str, bytes | None, str, str]] = []
    noted = content["record"].get("unsigned")
    if noted:
        label = Inspection.Signed(noted["kind"]).label
        rows.append(("当事人", None, when(content["ended_at"]), f"{label}：{noted['reason']}"))
    for one in signatures_of(content):
        image = pictures.get(one.picture_sha256 or "") if not one.note else None
        rows.append((f"{one.who}\n{one.name}", image, one.at, one.note))
    return rows


def pictures_of(content: dict[str, Any]) -> Bytes:
    """The pictures that the content names, as they are kept; what is missing is left out."""
    named = {one["sha256"] for one in content["record"]["photos"] if one["content_type"] in PRINTED}
    named |= {one["picture_sha256"] for one in content["signatures"] if one["picture_sha256"]}
    found: Bytes = {}
    for file in StoredFile.objects.filter(sha256__in=named).order_by("pk"):
        try:
            found[file.sha256] = (Path(settings.MEDIA_ROOT) / file.path).read_bytes()
        except OSError:
            continue
    return found
