"""Registering what was seized elsewhere, with the codes of its cartons, and withdrawing mistakes."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import IO

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q

import audit.actions
import jobs.actions
from accounts.models import Bureau, User
from documents.actions import store_file
from documents.pictures import preview
from sources.cartons import read_cartons
from sources.models import SeizedCode, Seizure, Sku

MOST_CODES = 2000
LEAST_REASON = 5  # characters


@dataclass(frozen=True, kw_only=True)
class Seized:
    """What somebody wrote down: qty in cartons, codes one a line; sku by code or name."""

    case_no: str
    seized_on: dt.date
    place: str
    sku: str
    qty: Decimal
    codes: str = ""
    photo: tuple[str, IO[bytes]] | None = None  # name and content


@transaction.atomic
def register_seizure(*, seized: Seized, bureau: Bureau, by: User, now: dt.datetime) -> Seizure:
    """Keep a seizure and ask for its traces. Raises ValidationError where something is to be mended."""
    _check(seized)
    photo = None
    if seized.photo is not None:
        name, stream = seized.photo
        preview(stream, side=64)  # refuses what is no picture
        stream.seek(0)
        photo = store_file(
            stream=stream, name=name, bureau=bureau, purpose="seizure", by=by, at=now
        )
    made = _create(
        Seizure(
            bureau=bureau,
            case_no=seized.case_no,
            seized_on=seized.seized_on,
            place=seized.place,
            sku=seized.sku,
            sku_id=_sku_id(seized.sku, bureau),
            qty=seized.qty,
            photo=photo,
            registered_by=by,
            registered_at=now,
        )
    )
    lines = [line.strip() for line in seized.codes.splitlines() if line.strip()]
    SeizedCode.objects.bulk_create(
        SeizedCode(seizure=made, row_no=number, typed=line)
        for number, line in enumerate(lines, start=1)
    )
    jobs.actions.enqueue("alerts.trace_seizure", key=f"trace-seizure-{made.pk}", number=made.pk)
    audit.actions.record(
        "seizure.registered", subject=f"seizure:{made.pk}", bureau=bureau.code, by=by.code,
        case_no=made.case_no, sku=made.sku, qty=str(made.qty), codes=len(lines),
    )  # fmt: skip
    return made


@transaction.atomic
def withdraw_seizure(*, seizure: Seizure, reason: str, by: User, now: dt.datetime) -> None:
    """Take a wrong registration back: it stays on record and leads to nobody any more."""
    seizure = Seizure.objects.select_for_update().get(pk=seizure.pk)
    if seizure.withdrawn_at is not None:
        raise ValidationError("这条登记已经作废。")
    if len(reason.strip()) < LEAST_REASON:
        raise ValidationError(f"请写明作废的原因，至少{LEAST_REASON}个字。")
    seizure.withdrawn_at, seizure.withdrawn_by = now, by
    seizure.why_withdrawn = reason.strip()
    seizure.save(update_fields=["withdrawn_at", "withdrawn_by", "why_withdrawn"])
    audit.actions.record(
        "seizure.withdrawn", subject=f"seizure:{seizure.pk}", bureau=seizure.bureau.code,
        by=by.code, case_no=seizure.case_no, reason=seizure.why_withdrawn,
    )  # fmt: skip


def _check(seized: Seized) -> None:
    cartons = read_cartons(seized.codes, case_on=seized.seized_on)
    wrong = [
        f"第{number}个码：{carton.mistakes[0]}。"
        for number, carton in enumerate(cartons, start=1)
        if carton.mistakes
    ]
    if len(cartons) > MOST_CODES:
        wrong.append(f"一次最多登记{MOST_CODES}个码，请分开登记。")
    if len(cartons) > seized.qty:
        wrong.append(f"录入了{len(cartons)}个码，查获数量只有{seized.qty:f}条，请核对。")
    if wrong:
        raise ValidationError(wrong[:20])


def _create(made: Seizure) -> Seizure:
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as error:
        if "one_registration_a_product" not in str(error):
            raise
        raise ValidationError(
            "本单位已登记过这个案号的这个规格；登记有误的，先作废再重新登记。"
        ) from error
    return made


def _sku_id(written: str, bureau: Bureau) -> str:
    """The product's code in the bureau's catalogue or its city's; empty where it is not listed."""
    catalogues = Q(bureau=bureau) | Q(bureau__children=bureau)
    named = Q(sku_id=written) | Q(name=written)
    found = Sku.objects.filter(catalogues, named).order_by("-known_from", "-pk").first()
    return found.sku_id if found else ""
