"""The stock sheet of a visit: lines from the books, counted in cartons and packs."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

import audit.actions
from accounts.models import User
from cases.actions.inspections import locked, void_signatures, write_section
from cases.actions.sealing import digest
from cases.models import Inspection, StockLine
from cases.sections import STOCK
from sources.lake.goods import order_lines

WEEKS = 4  # of purchases, where no earlier count begins later
PACKS = 10  # in a carton
FAR_QTY, FAR_SHARE = 10.0, 0.2


def is_far_off(line: StockLine) -> bool:
    """Whether the count departs from the books by more than 10 cartons and a fifth of them (账实不符)."""
    off = abs(line.difference or 0.0)
    return off > max(FAR_QTY, FAR_SHARE * abs(line.expected))


def prefill_stock(inspection: Inspection, *, on: dt.date) -> dt.date:
    """One line for each product bought in the last four weeks. Returns the first day counted.

    Where the shop's last sealed visit falls into these weeks, its count is the opening stock.
    """
    since, opening = on - dt.timedelta(weeks=WEEKS), dict[str, tuple[str, float]]()
    last = _last_count(inspection)
    if last is not None and last.ended_at is not None and last.ended_at.date() >= since:
        since = last.ended_at.date() + dt.timedelta(days=1)
        counted = last.stock.order_by("pk")
        opening = {one.sku_id: (one.sku_name, one.counted or 0) for one in counted}
    bought: dict[str, tuple[str, float]] = {}
    place = inspection.shop.get("bureau", inspection.bureau.code)
    subject = inspection.alert.subject_id
    if inspection.alert.subject_kind == "retailer":
        for row in order_lines(subject, bureau=place, since=since, until=on):
            name, qty = bought.get(row["sku_id"], (row["sku_name"], 0.0))
            bought[row["sku_id"]] = name, qty + row["qty"]
    products = sorted(
        {**opening, **bought}.items(), key=lambda one: -bought.get(one[0], ("", 0))[1]
    )
    StockLine.objects.bulk_create(
        StockLine(
            inspection=inspection,
            sku_id=sku_id,
            sku_name=name,
            opening=round(opening.get(sku_id, ("", 0.0))[1], 1),
            bought=round(bought.get(sku_id, ("", 0.0))[1], 1),
        )
        for sku_id, (name, _) in products
    )
    return since


def _last_count(inspection: Inspection) -> Inspection | None:
    sealed = Inspection.objects.filter(
        bureau=inspection.bureau,
        state=Inspection.State.SEALED,
        alert__subject_kind=inspection.alert.subject_kind,
        alert__subject_id=inspection.alert.subject_id,
    )
    return sealed.exclude(signed=Inspection.Signed.ABSENT).order_by("-ended_at").first()


@dataclass(frozen=True, kw_only=True)
class Count:
    """One line as it was filled in, in cartons; None: not counted."""

    opening: float = 0
    returned: float = 0
    sold: float = 0
    counter: float | None = None
    store: float | None = None
    codes_checked: int = 0
    codes_foreign: int = 0
    codes_missing: int = 0
    suspect: bool = False
    note: str = ""


COUNTED = [field.name for field in fields(Count)]


def cartons(whole: float | None, packs: float | None) -> float | None:
    """Cartons and packs as cartons: ten packs are one. Nothing entered is None."""
    if whole is None and packs is None:
        return None
    return round((whole or 0) + (packs or 0) / PACKS, 1)


@transaction.atomic
def save_stock(
    *,
    inspection: Inspection,
    counts: Mapping[str, Count],
    values: Mapping[str, Any],
    version: int,
    by: User,
    is_draft: bool = False,
) -> Inspection:
    """Keep the counts by product code, and the section's own answers."""
    inspection = locked(inspection, by)
    write_section(inspection, STOCK, values, version=version)
    other = []
    for line in inspection.stock.filter(sku_id__in=counts).order_by("pk"):
        count = counts[line.sku_id]
        if count.codes_foreign + count.codes_missing > count.codes_checked:
            raise ValidationError(f"{line.sku_name}：非本户码与无码之和不能超过抽查条数。")
        if any(getattr(line, name) != getattr(count, name) for name in COUNTED):
            for name in COUNTED:
                setattr(line, name, getattr(count, name))
            other.append(line)
    StockLine.objects.bulk_update(other, COUNTED)
    void_signatures(inspection=inspection, by=by)
    if is_draft:
        return inspection
    audit.actions.record(
        "inspection.saved", subject=inspection.code, bureau=inspection.bureau.code, by=by.code,
        section=STOCK.key,
    )  # fmt: skip
    return inspection


@transaction.atomic
def add_product(*, inspection: Inspection, sku_id: str, name: str, by: User) -> StockLine:
    """Put a product on the sheet that was not bought in these weeks. Known by its code, else by its name."""
    inspection = locked(inspection, by)
    name = name.strip()
    if not name:
        raise ValidationError("请填写品规名称。")
    sku_id = sku_id or f"other-{digest(name)[:20]}"
    same = inspection.stock.filter(Q(sku_name=name) | Q(sku_id=sku_id)).order_by("pk").first()
    if same is not None:  # also under a former name
        return same
    line = StockLine.objects.create(inspection=inspection, sku_id=sku_id, sku_name=name[:100])
    void_signatures(inspection=inspection, by=by)
    audit.actions.record(
        "inspection.product_added", subject=inspection.code, bureau=inspection.bureau.code,
        by=by.code, name=line.sku_name,
    )  # fmt: skip
    return line


def totals(lines: Sequence[StockLine]) -> dict[str, float]:
    """Expected, counted and difference of the lines that were counted, cartons."""
    counted = [line for line in lines if line.counted is not None]
    expected = round(sum(line.expected for line in counted), 1)
    found = round(sum(line.counted or 0 for line in counted), 1)
    return {"expected": expected, "counted": found, "difference": round(found - expected, 1)}
