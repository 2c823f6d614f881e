import contextlib
import datetime as dt
import io
import random
from fractions import Fraction

import pytest
from django.core.exceptions import ValidationError
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from documents.pictures import Taken, ink, preview, taken_at_and_place
from tests.documents.paper import picture, png_of


def shown(content, **options):
    return Image.open(io.BytesIO(preview(io.BytesIO(content), **options)))


def exif(**details):
    """The bytes of an EXIF block with a time, an orientation and a place in Longzhou."""
    made = Image.Exif()
    made[Base.Orientation] = details.get("orientation", 1)
    made[Base.Make] = "Telephone"
    made.get_ifd(IFD.Exif).update(
        {
            Base.DateTimeOriginal: details.get("at", "2026:11:23 15:04:05"),
            Base.OffsetTimeOriginal: details.get("offset", ""),
        }
    )
    made.get_ifd(IFD.GPSInfo).update(
        {
            GPS.GPSLatitudeRef: "N",
            GPS.GPSLatitude: details.get("latitude", (22.0, 20.0, Fraction(4596, 100))),
            GPS.GPSLongitudeRef: details.get("side", "E"),
            GPS.GPSLongitude: (106.0, 51.0, Fraction(2592, 100)),
        }
    )
    return made.tobytes()


def test_a_large_picture_becomes_a_jpeg_of_2048_pixels():
    image = shown(picture(size=(4000, 3000)))

    assert (image.format, image.size) == ("JPEG", (2048, 1536))
    assert shown(picture(size=(60, 40))).size == (60, 40)


def test_it_stands_upright_and_tells_nothing_of_the_camera():
    image = shown(picture(size=(60, 40), exif=exif(orientation=6)))

    assert image.size == (40, 60)
    assert dict(image.getexif()) == {}
    assert b"Telephone" not in preview(io.BytesIO(picture(exif=exif())))


@pytest.mark.parametrize(
    ("kind", "mode", "colour"),
    [
        ("PNG", "RGBA", (0, 0, 0, 0)),
        ("PNG", "LA", (0, 0)),
        ("WEBP", "RGBA", (0, 0, 0, 0)),
        ("JPEG", "CMYK", (0, 0, 0, 0)),
        ("JPEG", "L", 255),
        ("PNG", "1", 1),
        ("PNG", "P", 255),
        ("MPO", "RGB", "white"),
    ],
)
def test_every_kind_of_picture_is_shown_on_white(kind, mode, colour):
    image = shown(picture(kind, mode=mode, colour=colour))

    assert (image.format, image.mode) == ("JPEG", "RGB")
    if mode != "P":
        assert min(image.getpixel((5, 5))) > 250


def test_a_signature_keeps_its_transparent_ground():
    image = Image.open(io.BytesIO(ink(io.BytesIO(picture("PNG", mode="RGBA", colour=(0,) * 4)))))

    assert (image.format, image.mode, image.getpixel((0, 0))) == ("PNG", "RGBA", (0, 0, 0, 0))


@pytest.mark.parametrize("size", [(8001, 8000), (12_000, 9_000), (60_000, 60_000)])
def test_a_small_file_that_is_a_huge_picture_is_refused(size):
    with pytest.raises(ValidationError, match="超过 6400 万像素"):
        preview(io.BytesIO(png_of(*size)))


@pytest.mark.parametrize("content", [b"", b"MZ", b"<svg/>", picture("GIF"), picture("TIFF")])
@pytest.mark.parametrize("read", [preview, ink, taken_at_and_place])
def test_what_is_no_picture_is_refused_in_words(content, read):
    with pytest.raises(ValidationError, match="不是可以识别的图片"):
        read(io.BytesIO(content))


def test_half_a_picture_is_refused_in_words():
    content = picture(size=(400, 400))

    with pytest.raises(ValidationError, match="图片已损坏"):
        preview(io.BytesIO(content[: len(content) // 2]))


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, of damaged EXIF
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_damage_anywhere_is_shown_or_refused_but_never_a_fault(kind):
    whole, chance = picture(kind, exif=exif()), random.Random(7)  # noqa: S311
    for _ in range(150):
        content = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        for read in (preview, ink, taken_at_and_place):
            with contextlib.suppress(ValidationError):
                read(io.BytesIO(content))


def test_time_and_place_come_from_the_original():
    stream = io.BytesIO(picture(exif=exif()))
    stream.read()

    taken = taken_at_and_place(stream)

    assert taken.at == dt.datetime(2026, 11, 23, 7, 4, 5, tzinfo=dt.UTC)  # Shanghai, if unsaid
    assert (taken.latitude, taken.longitude) == (22.346100, 106.857200)
    assert stream.tell() == 0


def test_the_cameras_own_offset_and_side_of_the_globe_count():
    taken = taken_at_and_place(io.BytesIO(picture(exif=exif(offset="+07:00", side="W"))))

    assert taken.at == dt.datetime(2026, 11, 23, 8, 4, 5, tzinfo=dt.UTC)
    assert taken.longitude == -106.857200


@pytest.mark.parametrize(
    "details",
    [
        {"at": "0000:00:00 00:00:00", "latitude": (200.0, 0.0, 0.0)},
        {"at": "昨天", "latitude": (1.0,)},
        {"at": "", "latitude": (1.0, 2.0)},
        {"at": "2026:11:23 15:04:05", "offset": "+99:99", "latitude": (90.0, 59.0, 0.0)},
    ],
)
def test_what_makes_no_sense_is_not_known(details):
    assert taken_at_and_place(io.BytesIO(picture(exif=exif(**details)))) == Taken()


def test_a_picture_without_details_says_nothing():
    assert taken_at_and_place(io.BytesIO(picture("PNG"))) == Taken()


def test_a_signature_loses_its_empty_margins():
    canvas = Image.new("RGBA", (600, 200), (0, 0, 0, 0))
    canvas.paste((0, 0, 0, 255), (40, 50, 140, 90))
    kept = io.BytesIO()
    canvas.save(kept, "PNG")
    kept.seek(0)

    assert Image.open(io.BytesIO(ink(kept))).size == (100, 40)
