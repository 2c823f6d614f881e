"""The record of a visit as one dictionary: what is read out, signed by its digest, and sealed.

Personal fields go in as they are stored, encrypted: the digest covers them, the text does not tell them.
"""

import datetime as dt
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects

from cases.models import DoubtAnswer, Inspection, Photo, Signature, StockLine
from cases.sections import SECTIONS

FORM = "实地核查记录/1"
APART = (Photo.Kind.PAPER,)  # made from the record, so no part of it
UNSIGNED = (Inspection.Signed.REFUSED, Inspection.Signed.UNABLE, Inspection.Signed.ABSENT)


def load(inspection: Inspection) -> Inspection:
    """Read the visit's parts, in order, where they were not read yet: then `.all()` asks nothing.

    For an object that nobody changes afterwards; whoever writes takes a fresh one.
    """
    prefetch_related_objects(
        [inspection],
        Prefetch("stock", StockLine.objects.order_by("pk")),
        Prefetch("answers", DoubtAnswer.objects.select_related("doubt").order_by("doubt__number")),
        Prefetch("photos", Photo.objects.select_related("taken_by").order_by("number")),
        Prefetch("signatures", Signature.objects.select_related("by").order_by("pk")),
    )
    return inspection


def photos_of(inspection: Inspection) -> list[Photo]:
    """The photographs with their files. Not by a join: a file that the second wall hides must not let
    its photograph vanish in silence."""
    photos = list(load(inspection).photos.all())
    prefetch_related_objects(photos, "file")
    return photos


def record_of(inspection: Inspection) -> dict[str, Any]:
    """All that people read before they sign. Whoever asks sees the files of its bureau."""
    load(inspection)
    start = inspection.content.get("start", {})
    content: dict[str, Any] = {
        "form": FORM,
        "code": inspection.code,
        "bureau": {"code": inspection.bureau.code, "name": inspection.bureau.name},
        "reason": inspection.reason,
        "shop": inspection.shop,
        "officers": [
            {"name": officer.name, "code": officer.code, "certificate": certificate}
            for officer, certificate in (
                (inspection.first_officer, inspection.first_certificate),
                (inspection.second_officer, inspection.second_certificate),
            )
        ],
        "started_at": moment(inspection.started_at),
        "place": {
            "lat": inspection.lat,
            "lon": inspection.lon,
            "accuracy_m": inspection.accuracy_m,
            **start,
        },
        "sections": {
            section.key: inspection.content.get(section.key, {})
            for section in SECTIONS
            if section.fields
        },
        "stock": [_line(line) for line in inspection.stock.all()],
        "doubts": [
            {
                "number": answer.doubt.number,
                "text": answer.doubt.text,
                "statement": answer.statement,
                "seen": answer.seen,
                "evidence": answer.evidence,
                "finding": answer.finding,
            }
            for answer in inspection.answers.all()
        ],
        "photos": [_photo(one) for one in photos_of(inspection) if one.kind not in APART],
    }
    if inspection.signed in UNSIGNED:
        content["unsigned"] = {
            "kind": inspection.signed,
            "reason": inspection.unsigned_reason,
            "witness": inspection.witness,
        }
    return content


def sealed_content(
    inspection: Inspection, record: dict[str, Any], *, record_sha256: str, strokes: dict[int, str]
) -> dict[str, Any]:
    """The final content: the record as it was signed, its digest, and who signed how.

    `strokes` has the digest of each signature's strokes, by primary key.
    """
    signatures = list(load(inspection).signatures.all())
    prefetch_related_objects(signatures, "picture")
    return {
        "form": FORM,
        "record": record,
        "record_sha256": record_sha256,
        "ended_at": moment(inspection.ended_at),
        "signed": inspection.signed,
        "papers": [_photo(one) for one in photos_of(inspection) if one.kind in APART],
        "signatures": [_signature(one, strokes[one.pk]) for one in signatures],
    }


def moment(at: dt.datetime | None) -> str | None:
    """A moment of the record: UTC, to the second."""
    return at.astimezone(dt.UTC).isoformat(timespec="seconds") if at else None


def _line(line: StockLine) -> dict[str, Any]:
    return {
        "sku_id": line.sku_id,
        "sku_name": line.sku_name,
        "opening": round(line.opening, 1),
        "bought": round(line.bought, 1),
        "returned": round(line.returned, 1),
        "sold": round(line.sold, 1),
        "expected": round(line.expected, 1),
        "counter": line.counter,
        "store": line.store,
        "counted": None if line.counted is None else round(line.counted, 1),
        "difference": line.difference,
        "codes_checked": line.codes_checked,
        "codes_foreign": line.codes_foreign,
        "codes_missing": line.codes_missing,
        "suspect": line.suspect,
        "note": line.note,
    }


def _photo(photo: Photo) -> dict[str, Any]:
    return {
        "number": photo.number,
        "kind": photo.kind,
        "caption": photo.caption,
        "taken_at": moment(photo.taken_at),
        "taken_by": photo.taken_by.name,
        "lat": photo.lat,
        "lon": photo.lon,
        "name": photo.file.name,
        "content_type": photo.file.content_type,
        "size": photo.file.size,
        "sha256": photo.file.sha256,
    }


def _signature(one: Signature, strokes: str) -> dict[str, Any]:
    return {
        "who": one.who,
        "name": one.name,
        "method": one.method,
        "digest": one.digest,
        "at": moment(one.at),
        "by": one.by.code,
        "strokes_sha256": strokes if one.strokes else None,
        "picture_sha256": one.picture.sha256 if one.picture else None,
    }
