"""Ending a visit: what its record still lacks, and the sealing that makes it final."""

import datetime as dt
from collections.abc import Iterator

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from alerts.actions.alerts import locked_alert
from alerts.actions.grades import raise_by_record
from alerts.actions.handling import advance_alert
from alerts.models import State
from alerts.states import Step
from cases.actions.inspections import digest_of, officers_of, refuse_elsewhere
from cases.actions.sealing import canonical, digest, seal_record
from cases.actions.stock import is_far_off
from cases.content import UNSIGNED, load, record_of, sealed_content
from cases.models import Inspection, Photo, SealedRecord, Signature
from cases.sections import DOUBTS, PHOTOS, SECTIONS, STOCK

CODES = 10  # carton codes looked at, or a fifth of the stock where that is less
SIGNED = "signed"  # where a signature is missing, not an answer
Lack = tuple[str, str]  # the section's key or SIGNED, and what is missing there
PICTURED = (Photo.Kind.FRONT, Photo.Kind.LICENCE, Photo.Kind.COUNTER)
Kind = Photo.Kind


def lacking(inspection: Inspection) -> list[Lack]:
    """Everything that must still be done before the record can be sealed, in the form's order."""
    load(inspection)
    absent = inspection.signed == Inspection.Signed.ABSENT
    found = [
        (section.key, f"请填写“{field.label}”")
        for section in SECTIONS
        for field in section.lacks(inspection.content.get(section.key, {}), absent=absent)
    ]
    if not absent:
        found += [*_stock(inspection), *_doubts(inspection)]
    found += [*_photos(inspection, absent=absent), *_signatures(inspection, absent=absent)]
    order = [*(section.key for section in SECTIONS), SIGNED]
    return sorted(found, key=lambda lack: order.index(lack[0]))


def _stock(inspection: Inspection) -> Iterator[Lack]:
    lines = list(inspection.stock.all())
    uncounted = [line.sku_name for line in lines if line.counted is None]
    if uncounted:
        names = "、".join(uncounted[:3]) + ("等" if len(uncounted) > 3 else "")
        yield STOCK.key, f"{names} {len(uncounted)} 个品规还没有清点（没有存货填 0）"
    values = inspection.content.get(STOCK.key, {})
    if any(line.difference for line in lines) and not values.get("explanation"):
        yield STOCK.key, "账实有差异，请写明差异及去向"
    counted = sum(line.counted or 0 for line in lines)
    wanted = min(CODES, -(-counted // 5))
    if sum(line.codes_checked for line in lines) < wanted and not values.get("codes_note"):
        yield STOCK.key, f"32 位码应抽查 {wanted:.0f} 条，不足的请写明原因"


def _doubts(inspection: Inspection) -> Iterator[Lack]:
    for answer in inspection.answers.all():
        if not answer.finding:
            yield DOUBTS.key, f"疑点 {answer.doubt.number} 还没有核实结果"
        elif not (answer.statement or answer.seen):
            yield DOUBTS.key, f"疑点 {answer.doubt.number} 请写明当事人的说明或核查人所见"


def _photos(inspection: Inspection, *, absent: bool) -> Iterator[Lack]:
    kinds = {photo.kind for photo in inspection.photos.all()}
    wanted = (Kind.CLOSED,) if absent else PICTURED
    for kind in wanted:
        if kind not in kinds:
            yield PHOTOS.key, f"请拍摄“{kind.label}”照片"


def _signatures(inspection: Inspection, *, absent: bool) -> Iterator[Lack]:
    signed = {one.who: one for one in inspection.signatures.all()}
    Who = Signature.Who  # noqa: N806  a class
    unsigned = inspection.signed in UNSIGNED
    retailer = signed.get(Who.RETAILER)
    if not unsigned and retailer is None:
        yield SIGNED, "当事人还没有签字（拒绝或无法签字的请登记）"
    if unsigned and not absent and not _witnessed(inspection, signed):
        yield SIGNED, "当事人未签字，请由见证人签名，或上传见证录音录像"
    for who, officer in zip((Who.FIRST, Who.SECOND), officers_of(inspection), strict=True):
        if who not in signed:
            yield SIGNED, f"核查人{officer}还没有签字"
    for one in (retailer, signed.get(Who.WITNESS)):
        if one is not None and not _confirmed(one, inspection, signed):
            title = one.get_who_display()
            yield SIGNED, f"{title}以键入姓名签字，请另一名核查人在其后签字确认"


def _confirmed(one: Signature, inspection: Inspection, signed: dict[str, Signature]) -> bool:
    """A typed name counts once the officer who did not take it down has signed after it."""
    if one.method != Signature.Method.TYPED:
        return True
    taken_by_first = one.by == inspection.first_officer
    other = signed.get(Signature.Who.SECOND if taken_by_first else Signature.Who.FIRST)
    return other is None or other.at >= one.at  # that the other has not signed is said elsewhere


def _witnessed(inspection: Inspection, signed: dict[str, Signature]) -> bool:
    kinds = {photo.kind for photo in inspection.photos.all()}
    return Signature.Who.WITNESS in signed or Kind.VIDEO in kinds


@transaction.atomic
def seal_inspection(*, inspection: Inspection, by: User, now: dt.datetime) -> SealedRecord:
    """Make the record final, once; its alert goes on to the conclusion.

    The first officer seals, who holds the alert. Raises ValidationError with all that is missing.
    """
    inspection = Inspection.objects.select_for_update().get(pk=inspection.pk)
    if by != inspection.first_officer:
        raise ValidationError(f"请由{inspection.first_officer}封存这份记录。")
    if inspection.state == Inspection.State.SEALED:
        return SealedRecord.objects.get(code=inspection.code)
    if inspection.state != Inspection.State.ON_SITE or inspection.started_at is None:
        raise ValidationError(f"这次核查{inspection.get_state_display()}，不能封存。")
    missing = [words for _, words in lacking(inspection)]
    if missing:
        raise ValidationError([f"{words}。" for words in missing])
    stands = digest_of(inspection)
    if any(one.digest != stands for one in inspection.signatures.all()):
        raise ValidationError("有签名所依据的记录已改动，请重新签字。")
    refuse_elsewhere(inspection, since=inspection.started_at, until=now)
    inspection.state, inspection.ended_at = Inspection.State.SEALED, now
    inspection.version += 1
    inspection.save()
    sealed = seal_record(
        code=inspection.code,
        kind=SealedRecord.Kind.INSPECTION,
        content=final_content(inspection),
        bureau=inspection.bureau,
        by=by,
        at=now,
    )
    alert = locked_alert(inspection.alert)
    if alert.state == State.CHECKING and alert.holder == by:
        alert = advance_alert(alert=alert, step=Step.CONCLUDE, by=by, now=now)
    off = [line for line in inspection.stock.order_by("pk") if is_far_off(line)]
    if off:
        names = "、".join(f"{line.sku_name}{line.difference:+.1f}条" for line in off[:3])
        raise_by_record(
            alert=alert,
            grade="橙",
            reason=f"账实不符（{inspection.code}）：{names}。",
            by=by,
            now=now,
        )
    return sealed


def final_content(inspection: Inspection) -> dict[str, object]:
    """The record with its digest and signatures, as it would be sealed now."""
    strokes = {
        one.pk: digest(canonical({"strokes": one.strokes}))
        for one in load(inspection).signatures.all()
    }
    record = record_of(inspection)
    return sealed_content(
        inspection, record, record_sha256=digest(canonical(record)), strokes=strokes
    )
