"""Where the codes of a seizure lead: licence, shop, and its orders around the day of sorting."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from accounts.models import Audience, Bureau, User, scope
from accounts.walls import beyond_walls
from sources.cartons import UNREADABLE, Carton, by_licence
from sources.lake.goods import order_lines
from sources.models import Licence, Retailer, RetailerQuerySet, Seizure

AROUND = dt.timedelta(days=3)  # between an order and the sorting of its cartons
MOST_UNREAD = 4  # unreadable digits of a licence with which candidates are still worth a look
MOST_CANDIDATES = 10


@dataclass
class Trace:
    """One licence number as the codes give it, what stands behind it, and what it ordered."""

    licence_no: str
    cartons: list[Carton] = field(default_factory=list)
    shops: list[Retailer] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)
    is_whole: bool = True
    note: str = ""


def trace(*, cartons: list[Carton], user: User, sku_id: str = "") -> list[Trace]:
    """The codes by licence number; shops and orders only as far as the user may see them."""
    found: dict[str, Trace] = {}
    for carton in cartons:
        if carton.licence_no and not carton.is_forged and not carton.mistakes:
            one = found.setdefault(carton.licence_no, Trace(carton.licence_no))
            one.cartons.append(carton)
    visible = Retailer.objects.visible_to(user, "read_retailer").select_related("bureau")
    for one in found.values():
        _look_up(one, visible)
        if one.is_whole and one.shops:
            one.orders = _orders(one.shops[0], one.cartons, sku_id)
    return sorted(found.values(), key=lambda one: (-len(one.cartons), one.licence_no))


def of_seizure(*, seizure: Seizure, user: User) -> list[Trace]:
    """The traces of a registered seizure."""
    return trace(cartons=seizure.cartons(), user=user, sku_id=seizure.sku_id)


def handed_to(*, number: int, user: User) -> Seizure | None:
    """A registration of another bureau, if its codes name a shop of the user's: for those codes only."""
    found = Seizure.objects.filter(pk=number, audience=Audience.EVERYONE)
    whole = found.newest().select_related("photo", "withdrawn_by").prefetch_related("codes")
    with beyond_walls():
        seizure = whole.first()
    return seizure if seizure and own_cartons(seizure=seizure, user=user) else None


def own_cartons(*, seizure: Seizure, user: User) -> list[Carton]:
    """Those cartons whose codes name a shop that the user may see."""
    cartons = seizure.cartons()
    numbers = set(by_licence(cartons))
    within = {"bureau__in": scope(user, "read_seizure")}
    sets = (
        Licence.objects.filter(licence_no__in=numbers, **within),
        Retailer.objects.filter(licence_no__in=numbers, **within),
    )
    mine = {number for rows in sets for number in rows.values_list("licence_no", flat=True)}
    return [one for one in cartons if one.leads_to_licence and one.licence_no in mine]


def with_licence(licence_no: str) -> Q:
    """Shops that hold a licence by either register; `?` stands for any digit."""
    if UNREADABLE not in licence_no:
        codes = Licence.objects.filter(licence_no=licence_no).values("retailer_code")
        return Q(licence_no=licence_no) | Q(code__in=codes)
    pattern = f"^{licence_no.replace(UNREADABLE, '.')}$"
    codes = Licence.objects.filter(licence_no__regex=pattern).values("retailer_code")
    return Q(licence_no__regex=pattern) | Q(code__in=codes)


def _look_up(one: Trace, visible: RetailerQuerySet) -> None:
    unread = one.licence_no.count(UNREADABLE)
    one.is_whole = not unread
    if unread > MOST_UNREAD:
        one.note = f"许可证号有{unread}位看不清，无法查找"
        return
    one.shops = list(
        visible.filter(with_licence(one.licence_no)).order_by("code")[:MOST_CANDIDATES]
    )
    if one.shops:
        if unread:
            one.note = f"许可证号有{unread}位看不清，以下是可能的零售户，请核对原件后确定"
        return
    known = Bureau.objects.filter(code=one.licence_no[:6]).first()
    one.note = f"本单位范围内没有这个许可证，前6位{one.licence_no[:6]}" + (
        f"属{known.name}" if known else "不是本系统登记的县区，可能属外地"
    )


def _orders(shop: Retailer, cartons: list[Carton], sku_id: str) -> list[dict[str, Any]]:
    """The shop's orders around the days of sorting: order_id, day, qty, of_sku (cartons)."""
    days = sorted({carton.sorted_on for carton in cartons if carton.sorted_on})
    if not days:
        return []
    lines = order_lines(
        shop.code, bureau=shop.bureau.code, since=days[0] - AROUND, until=days[-1] + AROUND
    )
    orders: dict[str, dict[str, Any]] = {}
    for line in lines:
        if not any(abs(line["day"] - day) <= AROUND for day in days):
            continue
        order = orders.setdefault(
            line["order_id"],
            {"order_id": line["order_id"], "day": line["day"], "qty": 0.0, "of_sku": 0.0},
        )
        order["qty"] += line["qty"] or 0
        if line["sku_id"] == sku_id:
            order["of_sku"] += line["qty"] or 0
    return list(orders.values())
