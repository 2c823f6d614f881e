"""Signing a visit's record: each over the digest of the text as it was shown."""

import base64
import binascii
import datetime as dt
import io
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

import audit.actions
from accounts.models import User
from cases.actions.inspections import digest_of, locked, void_signatures
from cases.content import UNSIGNED
from cases.models import Inspection, Photo, Signature
from documents.actions import store_file
from documents.models import StoredFile
from documents.pictures import ink
from sources.crypto import seal, unseal

PNG = "data:image/png;base64,"
MOST_POINTS = 20_000
LEAST_REASON = 5  # characters
OFFICERS = (Signature.Who.FIRST, Signature.Who.SECOND)


@dataclass(frozen=True, kw_only=True)
class Hand:
    """How somebody signed: strokes and their picture, a scanned paper, or a typed name."""

    method: Signature.Method
    name: str
    strokes: list[dict[str, Any]] = field(default_factory=list)  # signature_pad's groups of points
    picture: str = ""  # a PNG as data URL
    paper: int | None = None  # the number of the scan among the photographs


@transaction.atomic
def sign(
    *,
    inspection: Inspection,
    who: Signature.Who,
    hand: Hand,
    shown: str,
    by: User,
    now: dt.datetime,
) -> Signature:
    """Sign the record whose digest was shown. Pressed twice, it was signed once.

    Officers sign from their own log-in only. Raises ValidationError where the record changed since.
    """
    inspection = locked(inspection, by)
    _check_person(inspection, who, hand, by)
    stands = digest_of(inspection)
    if shown != stands:
        raise ValidationError("记录在显示之后又有改动，请重新阅读后再签字。", code="stale")
    before = inspection.signatures.filter(who=who).first()
    if before is not None and _is_same(before, hand):
        return before
    inspection.signatures.filter(who=who).delete()
    made = Signature.objects.create(
        inspection=inspection,
        who=who,
        name=seal(hand.name.strip()),
        method=hand.method,
        digest=stands,
        strokes=hand.strokes,
        picture=_picture(inspection, hand, by=by, now=now),
        at=now,
        by=by,
    )
    if who == Signature.Who.RETAILER:
        inspection.signed = Inspection.Signed.SIGNED
        inspection.save(update_fields=["signed"])
    audit.actions.record(
        "inspection.signed", subject=inspection.code, bureau=inspection.bureau.code, by=by.code,
        who=made.get_who_display(), method=made.get_method_display(), sha256=stands,
    )  # fmt: skip
    return made


def _is_same(before: Signature, hand: Hand) -> bool:
    """Whether the button was pressed twice; a paper is always looked at anew."""
    if hand.method == Signature.Method.PAPER or before.method != hand.method:
        return False
    return before.strokes == hand.strokes and unseal(before.name) == hand.name.strip()


def _check_person(inspection: Inspection, who: Signature.Who, hand: Hand, by: User) -> None:
    if who == Signature.Who.FIRST and by != inspection.first_officer:
        raise ValidationError(f"请{inspection.first_officer}用自己的账号登录后签字。")
    if who == Signature.Who.SECOND and by != inspection.second_officer:
        raise ValidationError(f"请{inspection.second_officer}用自己的账号登录后签字。")
    if who == Signature.Who.RETAILER and inspection.signed in UNSIGNED:
        raise ValidationError("已登记当事人未签字。如当事人愿意签字，请先撤销该登记。")
    if not hand.name.strip():
        raise ValidationError("请填写签名人的姓名。")
    if who in OFFICERS and hand.method == Signature.Method.PAPER:
        raise ValidationError("核查人请手写签名或键入姓名。")
    if who in OFFICERS and hand.name.strip() != by.name:
        raise ValidationError("核查人请以本人姓名签字。")


def _picture(
    inspection: Inspection, hand: Hand, *, by: User, now: dt.datetime
) -> StoredFile | None:
    """The file that shows the signature; none for a typed name."""
    if hand.method == Signature.Method.TYPED:
        return None
    if hand.method == Signature.Method.PAPER:
        papers = inspection.photos.filter(kind=Photo.Kind.PAPER).prefetch_related("file")
        paper = papers.filter(number=hand.paper).first() if hand.paper else None
        if paper is None:
            raise ValidationError("请先在“现场照片”中上传纸质签字件，再选择它。")
        return paper.file
    points = sum(len(group.get("points", [])) for group in hand.strokes)
    if not 5 <= points <= MOST_POINTS:
        raise ValidationError("签名区还是空的，请手写签名。")
    image = _decoded(hand.picture)
    ink(io.BytesIO(image))  # refuses what is no picture
    return store_file(
        stream=io.BytesIO(image),
        name=f"{inspection.code}-签名.png",
        bureau=inspection.bureau,
        purpose="signature",
        by=by,
        at=now,
    )


def _decoded(picture: str) -> bytes:
    try:
        return base64.b64decode(picture.removeprefix(PNG), validate=True)
    except (binascii.Error, ValueError):
        raise ValidationError("签名图像没有传上来，请重签一次。") from None


@transaction.atomic
def note_unsigned(
    *,
    inspection: Inspection,
    kind: str,
    reason: str,
    witness: str,
    by: User,
) -> Inspection:
    """Note that the retailer refused, could not sign or was absent, and why; an empty kind takes it back."""
    inspection = locked(inspection, by)
    if kind and kind not in UNSIGNED:
        raise ValidationError("请选择未签字的情形。")
    if kind and len(reason.strip()) < LEAST_REASON:
        raise ValidationError(f"请写明未签字的原因，至少{LEAST_REASON}个字。")
    inspection.signatures.filter(who=Signature.Who.RETAILER).delete()
    inspection.signed = kind
    inspection.unsigned_reason = reason.strip() if kind else ""
    inspection.witness = witness.strip() if kind else ""
    inspection.version += 1
    inspection.save(update_fields=["signed", "unsigned_reason", "witness", "version"])
    void_signatures(inspection=inspection, by=by)
    audit.actions.record(
        "inspection.unsigned_noted", subject=inspection.code, bureau=inspection.bureau.code,
        by=by.code, what=inspection.get_signed_display() if kind else "撤销登记",
        reason=inspection.unsigned_reason,
    )  # fmt: skip
    return inspection
