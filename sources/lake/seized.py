"""Seizures that people registered, as rows of the facts beside those that files brought.

A row a code, for the one carton that bears it: what else the case held is traced to nobody and only
told as `case_qty`. `batch_id` is the registration's number with a minus, `row_no` the line of the code
(1 where no code was typed). A code that leads to a licence belongs to the bureau of the shop that
holds it, any other to whoever registered it.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pyarrow as pa
from django.db.models import Q
from django.utils import timezone

from sources.cartons import Carton
from sources.facts import schema
from sources.lake.committed import Scope
from sources.lake.engine import Connection
from sources.lake.views import Window
from sources.models import Licence, Retailer, Seizure

Row = dict[str, Any]
NAME = "registered_seizures"


def registered(con: Connection, scope: Scope, window: Window) -> str:
    """SQL of the registered rows of some bureaus; empty where there are none."""
    seizures = Seizure.objects.standing().filter(_dated(window)).order_by("pk")
    known = list(seizures.select_related("bureau").prefetch_related("codes"))
    if not known:
        return ""
    inside = _inside(scope)
    homes = homes_of(
        carton.licence_no for one in known for carton in one.cartons() if carton.leads_to_licence
    )
    of_case: defaultdict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for one in known:
        of_case[one.bureau_id, one.case_no] += one.qty
    rows = [
        {**row, "case_qty": float(of_case[one.bureau_id, one.case_no])}
        for one in known
        for row in _rows(one, homes)
        if inside(row.pop("path"))
    ]
    if not rows:
        return ""
    con.register(NAME, pa.Table.from_pylist(rows, schema=schema("seizures").to_pyarrow()))
    return f"SELECT * FROM {NAME}"


def homes_of(numbers: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Licence number -> code and path of the bureau whose shop holds it, by either register."""
    wanted = set(numbers)
    sets = (
        Licence.objects.filter(licence_no__in=wanted),
        Retailer.objects.filter(licence_no__in=wanted),
    )
    return {
        number: (code, path)
        for rows in sets
        for number, code, path in rows.order_by("pk").values_list(
            "licence_no", "bureau__code", "bureau__path"
        )
    }


def _dated(window: Window) -> Q:
    condition = Q()
    if window.since is not None:
        condition &= Q(seized_on__gte=window.since)
    if window.until is not None:
        condition &= Q(seized_on__lte=window.until)
    if window.known_at is not None:
        condition &= Q(registered_at__lte=window.known_at.replace(tzinfo=dt.UTC))
    return condition


def _inside(scope: Scope) -> Any:
    paths = tuple(scope.paths)
    return lambda path: path.startswith(paths)


def _rows(one: Seizure, homes: dict[str, tuple[str, str]]) -> list[Row]:
    """A row a code, each of one carton, repeated partial codes together; all cartons if there is none."""
    cartons = one.cartons()
    alike = Counter(carton.text for carton in cartons)
    first: dict[str, tuple[int, Carton]] = {}
    for number, carton in enumerate(cartons, start=1):
        first.setdefault(carton.text, (number, carton))
    told = [
        _row(one, number, carton, alike[carton.text], homes) for number, carton in first.values()
    ]
    return told or [_row(one, 1, None, float(one.qty), homes)]


def _row(
    one: Seizure, number: int, carton: Carton | None, qty: float, homes: dict[str, tuple[str, str]]
) -> Row:
    leads = carton is not None and carton.leads_to_licence
    licence = carton.licence_no if carton and leads else None
    code, path = homes.get(licence or "", (one.bureau.code, one.bureau.path))
    return {
        "case_no": one.case_no,
        "day": one.seized_on,
        "known_on": timezone.localdate(one.registered_at),
        "place": one.place,
        "code32": carton.text if carton and not carton.is_forged else None,
        "sku_id": one.sku_id or None,
        "qty": qty,
        "licence_no": licence,
        "bureau": code,
        "batch_id": -one.pk,
        "row_no": number,
        "path": path,
    }
