"""The pages of retailers: search, and one retailer's file."""

import datetime as dt
import statistics
from typing import Any

from django.core.paginator import Paginator
from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.http import StaffRequest
from sources.actions.unmasking import note_unmasked
from sources.crypto import masked, unseal
from sources.lake.history import History, Row, history
from sources.models import Completeness, Licence, Retailer, RetailerQuerySet, RetailerVersion
from sources.wording import status_title

PAGE = 50
ORDERS = 20
WEEKS = 52
NORMAL = 12  # weeks before, from which a week's own normal range follows
FIELDS = {
    "phone": "电话",
    "tier": "档位",
    "status": "状态",
    "account": "结算账户",
    "address": "地址",
    "type": "类别",
    "licence_status": "许可证状态",
}


@require_GET
def retailers(request: StaffRequest) -> HttpResponse:
    """Retailers by code, licence number or name."""
    if not request.user.may("read_retailer"):
        raise Http404
    text = request.GET.get("q", "").strip()
    found = Retailer.objects.visible_to(request.user, "read_retailer").select_related("bureau")
    page = Paginator(found.matching(text).order_by("code"), PAGE)
    context = {"q": text, "page": page.get_page(request.GET.get("page"))}
    return render(request, "sources/retailers.html", context)


@require_GET
def retailer(request: StaffRequest, code: str) -> HttpResponse:
    """One retailer's file; personal data masked."""
    visible = Retailer.objects.visible_to(request.user, "read_retailer")
    shop, version = _found(visible, code)
    return _page(request, shop, version, in_full=False)


@require_POST
def unmask(request: StaffRequest, code: str) -> HttpResponse:
    """The same page with personal data in full; that it was shown is on record."""
    visible = Retailer.objects.visible_to(request.user, "unmask")
    shop, version = _found(visible, code)
    note_unmasked(retailer=shop, by=request.user)
    return _page(request, shop, version, in_full=True)


def _found(visible: RetailerQuerySet, code: str) -> tuple[Retailer, RetailerVersion | None]:
    """The shop with its record of today, and on that the state of its bureau's newest day."""
    newest = Completeness.objects.filter(bureau=OuterRef("retailer__bureau")).order_by("-day")
    day = JSONObject(day="day", is_complete="is_complete", reason="reason")
    records = (
        RetailerVersion.objects.on(timezone.localdate())
        .filter(retailer__in=visible.filter(code=code))
        .select_related("retailer__bureau", "batch__file")
        .annotate(newest_day=Subquery(newest.values(found=day)[:1]))
    )
    version = records.first()
    if version is not None:
        return version.retailer, version
    return get_object_or_404(visible.select_related("bureau"), code=code), None


def _page(
    request: StaffRequest, shop: Retailer, version: RetailerVersion | None, *, in_full: bool
) -> HttpResponse:
    today = timezone.localdate()
    past = history(shop.code, bureau=shop.bureau.code, in_full=in_full)
    orders = Paginator([_order(row) for row in past.orders], ORDERS)
    context = {
        "retailer": shop,
        "facts": _facts(version, in_full=in_full) if version else [],
        "licences": _licences(shop, today, in_full=in_full),
        "changes": [
            {**row, "field_title": FIELDS.get(row["field"], row["field"])} for row in past.changes
        ],
        "orders": orders.get_page(request.GET.get("page")),
        "deliveries": {row["order_id"]: row for row in past.deliveries},
        "payments": {row["order_id"]: row for row in past.payments},
        "chart": _chart(past),
        "masked": not in_full,
        "may_unmask": request.user.may_at("unmask", shop.bureau),
        "freshness": _freshness(version),
    }
    return render(request, "sources/retailer.html", context)


def _order(row: Row) -> Row:
    note = "已取消" if row["is_cancelled"] else "退货" if row["is_return"] else ""
    return {**row, "note": note}


def _facts(version: RetailerVersion, *, in_full: bool) -> list[dict[str, Any]]:
    """Label and value of what the sales system says today."""

    def shown(token: str) -> str:
        text = unseal(token)
        return text if in_full else masked(text)

    values = [
        ("负责人", shown(version.licensee)),
        ("订货电话", shown(version.phone)),
        ("经营地址", shown(version.address)),
        ("乡镇", version.town),
        ("市场类型", version.market_type),
        ("业态", version.biz_type),
        ("档位", version.tier),
        ("诚信等级", version.credit_grade),
        ("订货日", f"周{'一二三四五六日'[version.order_day - 1]}" if version.order_day else ""),
        ("入网日期", version.open_date),
        ("状态", status_title(version.status)),
        ("客户经理", version.manager_id),
        ("送货线路", version.route),
        ("连锁编码", version.chain_id),
        ("资料来源", f"{version.batch.file.name} 第 {version.row_no} 行"),
    ]
    return [{"label": label, "value": value} for label, value in values if value not in {None, ""}]


def _licences(shop: Retailer, today: dt.date, *, in_full: bool) -> list[dict[str, Any]]:
    """The newest version of each licence, the latest first."""
    found: dict[tuple[str, dt.date], Licence] = {}
    for licence in Licence.objects.filter(retailer_code=shop.code).order_by("known_from", "pk"):
        found[licence.licence_no, licence.valid_from] = licence
    return [
        {
            "licence_no": one.licence_no,
            "valid_from": one.valid_from,
            "valid_to": one.valid_to,
            "status": one.status,
            "status_date": one.status_date,
            "holder": unseal(one.holder) if in_full else masked(unseal(one.holder)),
            "address": unseal(one.address) if in_full else masked(unseal(one.address)),
            "is_valid": one.valid_from <= today <= one.valid_to,
        }
        for one in sorted(found.values(), key=lambda one: one.valid_from, reverse=True)
    ]


def _chart(past: History) -> dict[str, Any] | None:
    """Cartons of each of the last 52 weeks with orders known, and the range of the weeks before."""
    weekly: dict[dt.date, float] = {}
    for row in past.orders:
        if row["qty"] and not row["is_cancelled"] and not row["is_return"]:
            monday = row["week_start"] or row["day"] - dt.timedelta(days=row["day"].weekday())
            weekly[monday] = weekly.get(monday, 0) + row["qty"]
    if not weekly:
        return None
    last = max(weekly)
    weeks = [last - dt.timedelta(weeks=n) for n in reversed(range(WEEKS))]
    ranges = [_normal(weekly, week) for week in weeks]
    mean = statistics.fmean(weekly.get(week, 0) for week in weeks)
    return {
        "weeks": [f"{week:%y-%m-%d}" for week in weeks],
        "qty": [weekly.get(week, 0) for week in weeks],
        "lo": [low for low, _ in ranges],
        "hi": [high for _, high in ranges],
        "anom": [],
        "from": None,
        "unit": "条",
        "finding": f"最近一周（{last:%Y-%m-%d} 起）订购 {weekly[last]:.0f} 条，近 {WEEKS} 周平均每周 {mean:.0f} 条",
    }


def _normal(weekly: dict[dt.date, float], week: dt.date) -> tuple[float | None, float | None]:
    """Median of the weeks before, and three robust deviations to either side."""
    before = [weekly.get(week - dt.timedelta(weeks=n)) for n in range(1, NORMAL + 1)]
    known = [qty for qty in before if qty is not None]
    if len(known) < NORMAL // 2:
        return None, None
    middle = statistics.median(known)
    spread = max(1.4826 * statistics.median(abs(qty - middle) for qty in known), middle / 10)
    return round(max(0, middle - 3 * spread), 1), round(middle + 3 * spread, 1)


def _freshness(version: RetailerVersion | None) -> dict[str, Any] | None:
    """Until when the bureau's orders have come, and whether that day is complete."""
    newest = version.newest_day if version else None  # type: ignore[attr-defined]
    if newest is None:
        return None
    complete = newest["is_complete"]
    text = f"订单数据截至 {newest['day']}" + (
        "" if complete else f"，当日数据不完整：{newest['reason']}"
    )
    return {"complete": complete, "text": text}
