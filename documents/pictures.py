"""Pictures that people upload: a copy to show, and when and where the original was taken."""

import datetime as dt
import io
import math
import re
from dataclasses import dataclass
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from PIL import Image, ImageOps
from PIL.ExifTags import GPS, IFD, Base

SIDE = 2048  # pixels of the longer side of a copy
MOST = 64_000_000  # pixels: a 50-megapixel telephone has 50.3; a small file can say far more
FORMATS = ("JPEG", "PNG", "WEBP")  # JPEG includes what some telephones make of it, MPO
UNREADABLE = (
    *(OSError, ValueError, SyntaxError, LookupError, TypeError, EOFError, OverflowError),
    *(Image.DecompressionBombError, Image.DecompressionBombWarning),
)


@dataclass(frozen=True)
class Taken:
    """What the camera wrote down. Anybody can change it: a hint, no proof."""

    at: dt.datetime | None = None  # aware; the camera's own offset, else the server's zone
    latitude: float | None = None  # degrees, WGS 84, north and east positive
    longitude: float | None = None


def preview(stream: IO[bytes], *, side: int = SIDE) -> bytes:
    """The picture as JPEG, upright, at most `side` pixels long, without anything the camera added.

    Raises ValidationError for what is no picture or has more than 64 million pixels.
    """
    image = _load(stream, side)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return _encode(image.convert("RGB"), "JPEG", quality=85)


def ink(stream: IO[bytes], *, side: int = SIDE) -> bytes:
    """A signature as PNG that keeps its transparent ground, without empty margins; else like `preview`."""
    drawn = _load(stream, side).convert("RGBA")
    return _encode(drawn.crop(drawn.getchannel("A").getbbox()), "PNG")


def taken_at_and_place(stream: IO[bytes]) -> Taken:
    """When and where, by the picture's EXIF; what is missing or makes no sense is None.

    Raises ValidationError for what is no picture. Leaves the stream at its beginning.
    """
    image = _open(stream)
    try:
        exif = image.getexif()
        details, place = exif.get_ifd(IFD.Exif), exif.get_ifd(IFD.GPSInfo)
    except UNREADABLE:
        return Taken()
    finally:
        stream.seek(0)
    latitude = _degrees(place, GPS.GPSLatitude, GPS.GPSLatitudeRef, "S", 90)
    longitude = _degrees(place, GPS.GPSLongitude, GPS.GPSLongitudeRef, "W", 180)
    if latitude is None or longitude is None:
        latitude = longitude = None
    return Taken(at=_moment(details), latitude=latitude, longitude=longitude)


def _open(stream: IO[bytes]) -> Image.Image:
    stream.seek(0)
    Image.init()  # else WebP is not known yet
    try:
        image = Image.open(stream, formats=FORMATS)
        pixels = image.width * image.height
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        pixels = MOST + 1
    except UNREADABLE:
        raise ValidationError(
            "这个文件不是可以识别的图片。请上传 JPEG、PNG 或 WebP 格式的照片。"
        ) from None
    if pixels > MOST:
        raise ValidationError("图片超过 6400 万像素，无法处理。请缩小后再上传。")
    return image


def _load(stream: IO[bytes], side: int) -> Image.Image:
    """The whole picture in memory, upright and reduced."""
    image = _open(stream)
    try:
        image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=1.1)
        image.load()
        image = ImageOps.exif_transpose(image)
    except UNREADABLE:
        raise ValidationError("图片已损坏，无法打开。请重新拍摄或重新选择后上传。") from None
    return image


def _encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    clean = Image.new(image.mode, image.size)  # without the EXIF and texts that Pillow would copy
    clean.paste(image)
    target = io.BytesIO()
    clean.save(target, kind, **options)
    return target.getvalue()


def _moment(details: dict[int, Any]) -> dt.datetime | None:
    text = str(details.get(Base.DateTimeOriginal) or details.get(Base.DateTimeDigitized) or "")
    offset = str(details.get(Base.OffsetTimeOriginal) or "").strip("\0 ")
    if not re.fullmatch(r"[+-]\d\d:\d\d", offset):
        offset = ""
    try:
        if offset:
            return dt.datetime.strptime(text.strip("\0 ") + offset, "%Y:%m:%d %H:%M:%S%z")
        naive = dt.datetime.strptime(text.strip("\0 "), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007
    except ValueError:
        return None
    return timezone.make_aware(naive)


def _degrees(place: dict[int, Any], tag: int, side: int, negative: str, limit: int) -> float | None:
    """Degrees, minutes and seconds as one number."""
    try:
        degrees, minutes, seconds = map(float, place[tag])
    except (*UNREADABLE, ZeroDivisionError):
        return None
    value = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(value) or not 0 <= value <= limit:
        return None
    return round(-value if str(place.get(side, "")).upper().startswith(negative) else value, 6)
