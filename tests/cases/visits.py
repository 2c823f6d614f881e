"""Filling in a visit as two officers would, so that tests can change one thing."""

import base64
import datetime as dt
import io
import uuid
from typing import Any

from PIL import Image, ImageDraw

from cases.actions.inspections import (
    Answer,
    answer_doubts,
    digest_of,
    save_section,
    version_of,
)
from cases.actions.inspections_sealing import seal_inspection
from cases.actions.photos import Shot, add_photo
from cases.actions.signing import Hand, sign
from cases.actions.stock import Count, save_stock
from cases.models import Photo, Signature
from cases.sections import BY_KEY, DOUBTS, STOCK
from tests import make

LATER = make.NOW + dt.timedelta(minutes=50)
ANSWERS: dict[str, dict[str, Any]] = {
    "premises": {
        "shown_certificate": "yes", "told_recusal": "yes", "place": "城南路 8 号",
        "present_name": "黄顺", "present_relation": "self", "present_id": "451423198001010012",
        "present_phone": "13877112345", "licence_shown": "yes", "licence_match": "yes",
        "holder_match": "yes", "address_match": "yes", "open_state": "open", "biz_type": "便利店",
        "daily_sales": 6.0,
    },
    "recording": {"played": "none"},
    "ordering": {"device": "self", "demo": "yes", "password": "self", "knows": "yes"},
    "receiving": {"receiver": "self", "full": "yes", "card": "self"},
    "sign": {"opinion": "true"},
}  # fmt: skip


def save(inspection, key, by=None, **changes):
    """Save a section's good answers, with changes."""
    section = BY_KEY[key]
    return save_section(
        inspection=inspection, section=section, values={**ANSWERS.get(key, {}), **changes},
        version=version_of(inspection, section), by=by or inspection.first_officer,
    )  # fmt: skip


def picture(colour="teal"):
    """The bytes of a small JPEG."""
    target = io.BytesIO()
    Image.new("RGB", (80, 60), colour).save(target, "JPEG")
    return target.getvalue()


def photograph(inspection, kind=Photo.Kind.FRONT, *, by=None, content=None, **given):
    shot = Shot(**{
        "uuid": uuid.uuid4(), "kind": kind, "caption": kind.label, "name": f"{kind}.jpg",
        "stream": io.BytesIO(content or picture()), **given,
    })  # fmt: skip
    return add_photo(
        inspection=inspection, shot=shot, by=by or inspection.first_officer, now=make.NOW
    )


def png():
    """A drawn hand as signature_pad sends it."""
    target = io.BytesIO()
    image = Image.new("RGBA", (300, 120), (0, 0, 0, 0))
    ImageDraw.Draw(image).line([(20, 80), (90, 20), (150, 90), (260, 40)], fill="black", width=4)
    image.save(target, "PNG")
    return "data:image/png;base64," + base64.b64encode(target.getvalue()).decode()


STROKES = [{"points": [{"x": 10.5 * n, "y": 20 + n, "time": 1772488800000 + n} for n in range(12)]}]


def hand(name="黄顺", method=Signature.Method.DRAWN, **given):
    if method != Signature.Method.DRAWN:
        return Hand(method=method, name=name, **given)
    return Hand(**{
        "method": method, "name": name, "strokes": STROKES, "picture": png(), **given
    })  # fmt: skip


def put_hand(inspection, who, *, by=None, given=None, shown=None, now=LATER):
    people = {"second": inspection.second_officer}
    by = by or people.get(who, inspection.first_officer)
    names = {"first": inspection.first_officer.name, "second": inspection.second_officer.name}
    return sign(
        inspection=inspection, who=Signature.Who(who),
        hand=given or hand(name=names.get(who, "黄顺")),
        shown=shown or digest_of(fresh(inspection)), by=by, now=now,
    )  # fmt: skip


def fresh(inspection):
    inspection.refresh_from_db()
    return inspection


def fill(inspection):
    """Everything but the signatures."""
    for key in ("premises", "recording", "ordering", "receiving", "sign"):
        save(inspection, key)
        inspection.refresh_from_db()
    counts = {
        line.sku_id: Count(counter=round(line.expected, 1), codes_checked=10)
        for line in inspection.stock.all()
    }
    save_stock(
        inspection=inspection, counts=counts, values={"where": "shop"},
        version=version_of(inspection, STOCK), by=inspection.first_officer,
    )  # fmt: skip
    said = Answer(statement="女儿办婚宴", seen="看了请柬", evidence="照片 3", finding="explained")
    numbers = inspection.answers.values_list("doubt__number", flat=True)
    answer_doubts(
        inspection=inspection, answers=dict.fromkeys(numbers, said),
        version=version_of(inspection, DOUBTS), by=inspection.first_officer,
    )  # fmt: skip
    for kind in (Photo.Kind.FRONT, Photo.Kind.LICENCE, Photo.Kind.COUNTER):
        photograph(inspection, kind)
    return fresh(inspection)


def signed(inspection):
    """Filled in and signed by all three."""
    fill(inspection)
    for who in ("retailer", "first", "second"):
        put_hand(inspection, who)
    return fresh(inspection)


def sealed(inspection):
    seal_inspection(inspection=signed(inspection), by=inspection.first_officer, now=LATER)
    return fresh(inspection)
