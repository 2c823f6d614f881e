"""Photographs, recordings and scans of a visit: the original is kept as it came."""

import datetime as dt
import uuid as uuids
from dataclasses import dataclass
from typing import IO

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

import audit.actions
from accounts.models import User
from cases.actions.inspections import Place, locked, void_signatures
from cases.models import Inspection, Photo
from documents.actions import store_file
from documents.models import StoredFile
from documents.pictures import Taken, preview, taken_at_and_place

PICTURES = ("image/jpeg", "image/png", "image/webp")
SOUND = ("audio/", "video/")  # telephones write sound alone as video too
TAKES = {  # what each kind may be; the others are pictures
    Photo.Kind.RECORDING: SOUND,
    Photo.Kind.VIDEO: SOUND,
    Photo.Kind.PAPER: (*PICTURES, "application/pdf"),
}
WORDS = {
    Photo.Kind.RECORDING: "录音请上传音频文件。",
    Photo.Kind.VIDEO: "见证录音录像请上传音频或视频文件。",
    Photo.Kind.PAPER: "纸质签字件请上传 JPEG、PNG 或 PDF 文件。",
}
SIDE = 480  # pixels, of the copy that shows whether a picture is whole
LEAST_REASON = 5  # characters


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One upload: the device's number for it, what it shows, its bytes."""

    uuid: uuids.UUID
    kind: Photo.Kind
    caption: str
    stream: IO[bytes]
    name: str
    place: Place | None = None


@transaction.atomic
def add_photo(*, inspection: Inspection, shot: Shot, by: User, now: dt.datetime) -> Photo:
    """Keep one upload. The same upload again is the same photograph."""
    if known := _known(inspection, shot):
        return known
    inspection = locked(inspection, by)
    if known := _known(inspection, shot):  # it came twice at the same time
        return known
    file = store_file(
        stream=shot.stream, name=shot.name, bureau=inspection.bureau, purpose="photo", by=by, at=now
    )
    _check(file, shot.kind)
    taken = _taken(shot, file)
    lat, lon = taken.latitude, taken.longitude
    if lat is None and shot.place is not None:
        lat, lon = shot.place.lat, shot.place.lon
    photo = Photo.objects.create(
        inspection=inspection,
        number=_next_number(inspection),
        uuid=shot.uuid,
        kind=shot.kind,
        caption=shot.caption.strip(),
        file=file,
        taken_at=taken.at or now,
        taken_by=by,
        lat=lat,
        lon=lon,
    )
    void_signatures(inspection=inspection, by=by)
    audit.actions.record(
        "inspection.photo_added", subject=inspection.code, bureau=inspection.bureau.code,
        by=by.code, number=photo.number, what=photo.get_kind_display(), sha256=file.sha256,
    )  # fmt: skip
    return photo


@transaction.atomic
def remove_photo(*, inspection: Inspection, number: int, reason: str, by: User) -> None:
    """Take a photograph off the record, for a reason; its file stays kept. Done twice, done once."""
    inspection = locked(inspection, by)
    if len(reason.strip()) < LEAST_REASON:
        raise ValidationError(f"请写明移除的原因，至少{LEAST_REASON}个字。")
    photo = inspection.photos.prefetch_related("file").filter(number=number).first()
    if photo is None:
        return
    if inspection.signatures.filter(picture=photo.file).exists():
        raise ValidationError("这份纸质签字件已用于签名，请先重签。")
    photo.delete()
    void_signatures(inspection=inspection, by=by)
    audit.actions.record(
        "inspection.photo_removed", subject=inspection.code, bureau=inspection.bureau.code,
        by=by.code, number=number, reason=reason.strip(), sha256=photo.file.sha256,
    )  # fmt: skip


def _known(inspection: Inspection, shot: Shot) -> Photo | None:
    photo = Photo.objects.filter(uuid=shot.uuid).first()
    if photo is not None and photo.inspection_id != inspection.pk:
        raise ValidationError("这张照片的编号已被占用，请重新选择文件上传。")
    return photo


def _next_number(inspection: Inspection) -> int:
    """One more than any that the audit trail or the record knows: numbers are not given twice."""
    highest = inspection.photos.aggregate(top=Max("number"))["top"] or 0
    given = int(inspection.content.get("photo_numbers", 0))
    number = max(highest, given) + 1
    inspection.content["photo_numbers"] = number
    inspection.save(update_fields=["content"])
    return int(number)


def _check(file: StoredFile, kind: Photo.Kind) -> None:
    if not file.size:
        raise ValidationError("文件是空的，请重新选择。")
    if not file.content_type.startswith(TAKES.get(kind, PICTURES)):
        raise ValidationError(WORDS.get(kind, "照片请上传 JPEG、PNG 或 WebP 格式的图片。"))


def _taken(shot: Shot, file: StoredFile) -> Taken:
    """What the camera says; nothing where there is no camera."""
    if not file.content_type.startswith(PICTURES):
        return Taken()
    preview(shot.stream, side=SIDE)  # refuses what broke off on the way
    return taken_at_and_place(shot.stream)
