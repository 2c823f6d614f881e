"""What the two officers do at a shop: begin, write down section by section, answer doubts."""

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

import audit.actions
from accounts.models import User
from accounts.walls import beyond_walls
from alerts.models import Grade
from cases.actions.sealing import canonical, digest
from cases.content import UNSIGNED, record_of
from cases.models import Inspection, Signature
from cases.sections import DOUBTS, Section
from sources.crypto import seal, unseal

FAR = 200  # metres from the licensed coordinates; beyond, a reason is asked for
EARTH = 6_371_000  # metres
STALE = "stale"


@dataclass(frozen=True)
class Place:
    """Where a device says it is: degrees (WGS 84) and metres of accuracy."""

    lat: float
    lon: float
    accuracy_m: float | None = None


def distance(shop: Mapping[str, Any], place: Place | None) -> float | None:
    """Metres from the shop's licensed coordinates, or None where either is not known."""
    if place is None or shop.get("lat") is None or shop.get("lon") is None:
        return None
    lat, lon = math.radians(shop["lat"]), math.radians(shop["lon"])
    here = math.radians(place.lat)
    half = (
        math.sin((here - lat) / 2) ** 2
        + math.cos(lat) * math.cos(here) * math.sin((math.radians(place.lon) - lon) / 2) ** 2
    )
    return round(2 * EARTH * math.asin(min(1.0, math.sqrt(half))))


def officers_of(inspection: Inspection) -> tuple[User, User]:
    return inspection.first_officer, inspection.second_officer


def locked(inspection: Inspection, by: User) -> Inspection:
    """The visit as it is once nobody else changes it; only under way, only for its officers."""
    found = Inspection.objects.select_for_update().get(pk=inspection.pk)
    if by not in officers_of(found):
        raise ValidationError("只有这次核查的两名核查人可以填写。")
    if found.state != Inspection.State.ON_SITE:
        words = {"planned": "核查还没有开始。", "sealed": "记录已封存，只能补充。"}
        raise ValidationError(words.get(found.state, "核查已取消。"))
    return found


@transaction.atomic
def start_inspection(
    *, inspection: Inspection, place: Place | None, why_far: str, by: User, now: dt.datetime
) -> Inspection:
    """Begin at the shop. Pressed twice, it began once.

    Raises ValidationError where an officer may not, is elsewhere, or the shop is far without a reason.
    """
    inspection = Inspection.objects.select_for_update().get(pk=inspection.pk)
    if by not in officers_of(inspection):
        raise ValidationError("只能由这次核查的两名核查人开始。")
    if inspection.state == Inspection.State.ON_SITE:
        return inspection
    if inspection.state != Inspection.State.PLANNED:
        raise ValidationError(f"这次核查{inspection.get_state_display()}，不能开始。")
    _refuse_unfit(inspection, now=now)
    away = distance(inspection.shop, place)
    if away is not None and away > FAR and not why_far.strip():
        raise ValidationError(
            f"现在的位置距许可证登记地址约 {away:.0f} 米，请写明原因后再开始。", code="far"
        )
    inspection.state, inspection.started_at = Inspection.State.ON_SITE, now
    if place is not None:
        inspection.lat, inspection.lon = place.lat, place.lon
        inspection.accuracy_m = place.accuracy_m
    inspection.content["start"] = {"distance_m": away, "why_far": why_far.strip()}
    inspection.version += 1
    inspection.save()
    audit.actions.record(
        "inspection.started", subject=inspection.code, bureau=inspection.bureau.code, by=by.code,
        distance_m=away, why_far=why_far.strip(),
    )  # fmt: skip
    return inspection


def _refuse_unfit(inspection: Inspection, *, now: dt.datetime) -> None:
    """Red visits were approved, certificates hold today, and nobody is elsewhere."""
    if inspection.alert.grade == Grade.RED and inspection.approved_by is None:
        raise ValidationError("红色预警的实地核查须先经负责人批准。")
    on = timezone.localtime(now).date()
    for officer in officers_of(inspection):
        if officer.certificate_until is None or officer.certificate_until < on:
            raise ValidationError(f"{officer}的执法证今天已过有效期，不能开始核查。")
    refuse_elsewhere(inspection, since=now, until=None)


def refuse_elsewhere(
    inspection: Inspection, *, since: dt.datetime, until: dt.datetime | None
) -> None:
    """One person is at one place at a time: no other visit of either officer may overlap."""
    officers = sorted(officer.pk for officer in officers_of(inspection))
    # two visits that begin at the same moment wait for one another here
    list(
        User.objects.get_queryset()
        .select_for_update(no_key=True)
        .filter(pk__in=officers)
        .order_by("pk")
    )
    with beyond_walls():
        others = Inspection.objects.exclude(pk=inspection.pk).exclude(
            state=Inspection.State.CANCELLED
        )
        others = others.filter(Q(ended_at=None) | Q(ended_at__gt=since), started_at__isnull=False)
        if until is not None:
            others = others.filter(started_at__lt=until)
        for officer in officers_of(inspection):
            if others.filter(Q(first_officer=officer) | Q(second_officer=officer)).exists():
                raise ValidationError(f"{officer}同一时间还在另一次核查中，请先完成那一次。")


@transaction.atomic
def save_section(
    *,
    inspection: Inspection,
    section: Section,
    values: Mapping[str, Any],
    version: int,
    by: User,
    is_draft: bool = False,
) -> Inspection:
    """Keep one section's answers. A draft saved by itself leaves no audit event, a person's saving does.

    Raises ValidationError with the code "stale" where somebody else saved the section meanwhile.
    """
    inspection = locked(inspection, by)
    write_section(inspection, section, values, version=version)
    void_signatures(inspection=inspection, by=by)
    if is_draft:
        return inspection
    audit.actions.record(
        "inspection.saved", subject=inspection.code, bureau=inspection.bureau.code, by=by.code,
        section=section.key,
    )  # fmt: skip
    return inspection


@dataclass(frozen=True)
class Answer:
    """What was said and seen about a doubt."""

    statement: str = ""
    seen: str = ""
    evidence: str = ""
    finding: str = ""


@transaction.atomic
def answer_doubts(
    *,
    inspection: Inspection,
    answers: Mapping[int, Answer],
    version: int,
    by: User,
    is_draft: bool = False,
) -> Inspection:
    """Keep the answers by the doubt's number."""
    inspection = locked(inspection, by)
    write_section(inspection, DOUBTS, {}, version=version)
    for row in inspection.answers.select_related("doubt").order_by("pk"):
        given = answers.get(row.doubt.number)
        if given is None:
            continue
        row.statement, row.seen = given.statement, given.seen
        row.evidence, row.finding = given.evidence, given.finding
        row.save()
    void_signatures(inspection=inspection, by=by)
    if is_draft:
        return inspection
    audit.actions.record(
        "inspection.saved", subject=inspection.code, bureau=inspection.bureau.code, by=by.code,
        section=DOUBTS.key,
    )  # fmt: skip
    return inspection


def version_of(inspection: Inspection, section: Section) -> int:
    """How often the section was saved: what a page names as the state that it shows."""
    return int(inspection.content.get("versions", {}).get(section.key, 0))


def write_section(
    inspection: Inspection, section: Section, values: Mapping[str, Any], *, version: int
) -> None:
    """Put the answers into a locked visit and save it."""
    if version != version_of(inspection, section):
        raise ValidationError(
            "这一页刚由另一名核查人保存过，您的改动没有保存。请刷新后核对，再填写。", code=STALE
        )
    kept = dict(inspection.content.get(section.key, {}))
    for field in section.fields:
        if field.key in values:
            value = values[field.key]
            kept[field.key] = _sealed(kept.get(field.key), value) if field.secret else value
    inspection.content[section.key] = kept
    versions = inspection.content.setdefault("versions", {})
    versions[section.key] = version + 1
    inspection.version += 1
    inspection.save(update_fields=["content", "version"])


def _sealed(kept: str | None, value: str) -> str:
    """The value encrypted; unchanged, it stays the same text, and so does the record's digest."""
    if kept and unseal(kept) == value:
        return kept
    return seal(value)


def digest_of(inspection: Inspection) -> str:
    """SHA-256 of the record as it stands: what a signature is given under."""
    return digest(canonical(record_of(inspection)))


@transaction.atomic
def void_signatures(*, inspection: Inspection, by: User) -> None:
    """After any change: those given under another text are void. Part of the caller's action."""
    signatures = list(inspection.signatures.order_by("pk"))
    if not signatures:
        return
    stands = digest_of(inspection)
    void = [one for one in signatures if one.digest != stands]
    if not void:
        return
    if any(one.who == Signature.Who.RETAILER for one in void) and inspection.signed not in UNSIGNED:
        inspection.signed = ""
        inspection.save(update_fields=["signed"])
    inspection.signatures.filter(pk__in=[one.pk for one in void]).delete()
    audit.actions.record(
        "inspection.unsigned", subject=inspection.code, bureau=inspection.bureau.code, by=by.code,
        void=[one.get_who_display() for one in void],
    )  # fmt: skip
