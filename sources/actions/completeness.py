"""Whether a day's orders and lines of a bureau have come, against the last eight same weekdays."""

from collections.abc import Iterable
from typing import Any

import pandas as pd
from django.db import transaction
from django.db.models import Q

from accounts.models import Bureau
from sources.importing.kinds import KINDS
from sources.lake.daily import daily_totals
from sources.models import Batch, BatchQuerySet, Completeness

WEEKS = 8
FEWEST = 4  # same weekdays below which nothing is known of what is usual
LEAST_SHARE = 0.6  # of the usual orders and cartons
LEAST_LINES = 0.98  # of the orders that must have lines
ORDER_KINDS = ("orders", "order_lines")
FIELDS = ["orders", "cartons", "usual_orders", "usual_cartons", "is_complete", "reason"]


@transaction.atomic
def note_completeness(*, bureaus: Iterable[str]) -> None:
    """Judge every order day of these bureaus (codes) anew; the night starts on complete days."""
    codes = sorted(bureaus)
    if not codes:
        return
    days = judged(daily_totals(Q(bureau__code__in=codes)))
    ids = dict(Bureau.objects.filter(code__in=codes).values_list("code", "pk"))
    known = {
        (row.bureau_id, row.day): row for row in Completeness.objects.filter(bureau__code__in=codes)
    }
    rows = records(days)
    _doubt_totals(rows)
    wanted = []
    for row in rows:
        fresh = Completeness(bureau_id=ids[row.pop("bureau")], **row)
        former = known.get((fresh.bureau_id, fresh.day))
        if former is None or any(getattr(former, f) != getattr(fresh, f) for f in FIELDS):
            wanted.append(fresh)
    Completeness.objects.bulk_create(
        wanted,
        batch_size=2000,
        update_conflicts=True,
        unique_fields=["bureau", "day"],
        update_fields=FIELDS,
    )


def _doubt_totals(rows: list[dict[str, Any]]) -> None:
    """Days are not complete that end a file whose own totals say that rows are missing."""
    paths = dict(
        Bureau.objects.filter(code__in={row["bureau"] for row in rows}).values_list("code", "path")
    )
    for batch in _totals_off():
        title, what = KINDS[batch.kind].title, batch.report["totals_off"]
        reason = f"{title}文件的合计与逐行相加不符（{what}），可能缺行"
        sound = list(_sound_after(batch))
        for code in batch.days.keys() & paths.keys():
            first, last = batch.days[code]
            if any(_settles(later, batch, code, paths[code]) for later in sound):
                continue
            own = [row for row in rows if row["bureau"] == code]
            own = [row for row in own if first <= row["day"].isoformat() <= last]
            newest = max(own, key=lambda row: row["day"], default=None)
            if newest and newest["is_complete"]:
                newest["is_complete"], newest["reason"] = False, reason[:200]


def _totals_off() -> BatchQuerySet:
    return _loaded().filter(report__has_key="totals_off")


def _sound_after(batch: Batch) -> BatchQuerySet:
    later = _loaded().filter(pk__gt=batch.pk, kind=batch.kind)
    return later.exclude(report__has_key="totals_off").select_related("bureau")


def _loaded() -> BatchQuerySet:
    loaded = Batch.objects.filter(state=Batch.State.DONE, kind__in=ORDER_KINDS)
    return loaded.order_by("pk")


def _settles(later: Batch, batch: Batch, code: str, path: str) -> bool:
    """Whether a sound file of the kind brought rows of the same days, or nothing new at all."""
    if not later.days:
        return path.startswith(later.bureau.path)
    first, last = batch.days[code]
    days = later.days.get(code)
    return days is not None and days[0] <= last and first <= days[1]


def judged(totals: pd.DataFrame) -> pd.DataFrame:
    """Totals a day (bureau, day, orders, cartons, with_lines) with what is usual and a verdict."""
    days = totals.sort_values(["bureau", "day"], ignore_index=True)
    weekday = pd.to_datetime(days["day"]).dt.day_of_week
    for name in ("orders", "cartons"):
        before = days.groupby([days["bureau"], weekday])[name].shift(1)
        usual = before.groupby([days["bureau"], weekday]).rolling(WEEKS, min_periods=FEWEST)
        days[f"usual_{name}"] = usual.median().droplevel([0, 1]).sort_index()
    days["reason"] = [_reason(row) for row in records(days)]
    days["is_complete"] = days["reason"] == ""
    days["orders"] = days["orders"].astype(int)
    for name in ("usual_orders", "usual_cartons"):
        days[name] = days[name].astype(object).where(days[name].notna(), None)
    return days.drop(columns="with_lines")


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as dicts by column name."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _reason(day: dict[str, float]) -> str:
    """Why a day is not complete, in Chinese; empty when it is."""
    if day["with_lines"] < LEAST_LINES * day["orders"]:
        lacking = day["orders"] - day["with_lines"]
        return f"订单明细未到齐：{day['orders']:.0f} 笔订单中 {lacking:.0f} 笔没有明细"
    for name, title, unit in (("orders", "订单", "笔"), ("cartons", "订货量", "条")):
        usual = day[f"usual_{name}"]
        if usual == usual and day[name] < LEAST_SHARE * usual:
            return f"{title} {day[name]:.0f} {unit}，前 {WEEKS} 个同星期日一般为 {usual:.0f} {unit}"
    return ""
