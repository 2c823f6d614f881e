from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.views.decorators.http import require_safe

from accounts.http import StaffRequest
from accounts.models import User
from accounts.wording import EVENTS
from alerts.actions.alerts import REFUSALS
from alerts.columns import column_title
from alerts.detection import Detector
from alerts.detectors import all_detectors
from alerts.models import Alert, AlertQuerySet, Reason
from alerts.states import UNDO_WITHIN, Step, may_go, right_to
from alerts.views.comparing import compare
from audit.models import Event
from sources.models import Batch, Completeness, RetailerVersion
from sources.wording import status_title

MONEY = {"amount", "paid_amount", "price", "wholesale_price", "retail_price"}  # in fen
HIDDEN = {"source", "bureau", "batch_id", "row_no"}
SAID = {  # shorter than the audit trail's words, since the page is about one alert
    "alert.pushed": "系统推送",
    "alert.raised": "再次出现，等级上调",
    "alert.claimed": "领取",
    "alert.released": "退回",
    "alert.dismissed": "排除",
}


@require_safe
def alert(request: StaffRequest, code: str) -> HttpResponse:
    """Why it was raised, with what, and what became of it."""
    seen = Alert.objects.visible_to(request.user, "read_alert")
    found = get_object_or_404(
        seen.select_related("bureau", "holder", "rule_version", "night"), code=code
    )
    reasons = list(found.reasons.order_by("-on", "-surprise"))
    newest = [one for one in reasons if one.on == reasons[0].on]
    newest.sort(key=lambda one: one.detector != found.detector)
    files = _files(newest, request.user)
    picture = _revived(found.picture)
    shop = _shop(found)
    context = {
        "alert": found,
        "reasons": [_reason(one, files) for one in newest],
        "chart": picture.get("chart"),
        "peers": picture.get("peers"),
        "order": picture.get("order"),
        "order_lines": picture.get("order_lines"),
        "compare": compare(shop, on=found.on) if shop else None,
        "facts": _facts(shop) if shop else None,
        "retailer_url": _retailer_url(found, shop),
        "timeline": _timeline(found),
        "repeats": _repeats(found),
        "freshness": _freshness(found),
        **_related(found, seen),
        **_steps(found, request.user),
    }
    return render(request, "alerts/alert.html", context)


def _detector(key: str) -> type[Detector] | None:
    return next((one for one in all_detectors() if one.key == key), None)


def _reason(reason: Reason, files: dict[int, Batch]) -> dict[str, Any]:
    """A reason in the words of its detector, with its parameters and copied rows."""
    kind = _detector(reason.detector)
    columns = [name for name in _columns(reason) if name not in HIDDEN]
    return {
        "code": kind.code if kind else reason.detector,
        "title": kind.title if kind else reason.detector,
        "sentence": reason.sentence,
        "surprise": reason.surprise,
        "statutory": bool(kind and kind.statutory),
        "looks_for": kind.looks_for if kind else "",
        "why_it_matters": kind.why_it_matters if kind else "",
        "innocent_causes": kind.innocent_causes if kind else "",
        "next_steps": kind.next_steps if kind else "",
        "parameter_rows": _parameters(reason, kind),
        "evidence_columns": [column_title(name) for name in columns],
        "evidence_rows": [_evidence(row, columns, files) for row in reason.evidence],
        "others": reason.elsewhere,
    }


def _columns(reason: Reason) -> list[str]:
    names: dict[str, None] = {}
    for row in reason.evidence:
        names |= dict.fromkeys(row)
    return list(names)


def _parameters(reason: Reason, kind: type[Detector] | None) -> list[dict[str, Any]]:
    fields = kind.__dataclass_fields__ if kind else {}
    limits = {name: dict(field.metadata) for name, field in fields.items()}
    return [
        {
            "title": limits.get(name, {}).get("help", name),
            "value": f"{value:g}" if isinstance(value, float) else value,
            "unit": limits.get(name, {}).get("unit", ""),
            "source": limits.get(name, {}).get("source", ""),
        }
        for name, value in reason.parameters.items()
    ]


def _files(reasons: list[Reason], user: User) -> dict[int, Batch]:
    """Those imports that the copied rows came with and the user may read, by number."""
    numbers = {row.get("batch_id") for one in reasons for row in one.evidence}
    seen = Batch.objects.visible_to(user, "read_import")
    found = seen.filter(pk__in=numbers - {None}).select_related("file")
    return {batch.pk: batch for batch in found}


def _evidence(row: dict[str, Any], columns: list[str], files: dict[int, Batch]) -> dict[str, Any]:
    batch = files.get(row.get("batch_id") or 0)
    return {
        "cells": [_cell(name, row.get(name)) for name in columns],
        "file": batch.file.name if batch else f"批次 {row.get('batch_id')}",
        "row_no": row.get("row_no"),
        "url": reverse("sources:import_batch", args=[batch.pk]) if batch else "",
    }


def _cell(column: str, value: Any) -> Any:
    """A copied cell as people read it: fen as yuan, whole cartons without decimals."""
    if value is None or isinstance(value, str):
        return value.replace("T", " ") if value and column.endswith("at") else value
    if isinstance(value, bool):
        return "是" if value else "否"
    if column in MONEY:
        return f"{value / 100:.2f}"
    return f"{value:g}" if isinstance(value, float) else value


def _revived(picture: dict[str, Any]) -> dict[str, Any]:
    """The kept picture with its dates as dates again."""
    order = picture.get("order")
    if not order:
        return picture
    at = parse_datetime(order["at"]) if order.get("at") else None
    if at is not None and timezone.is_naive(at):
        at = timezone.make_aware(at)
    return {**picture, "order": {**order, "day": parse_date(order["day"]), "at": at}}


def _shop(found: Alert) -> RetailerVersion | None:
    if found.subject_kind != "retailer":
        return None
    versions = RetailerVersion.objects.on(found.on).select_related("retailer", "batch")
    return versions.filter(retailer__code=found.subject_id).first()


def _retailer_url(found: Alert, shop: RetailerVersion | None) -> str:
    return reverse("sources:retailer", args=[found.subject_id]) if shop else ""


def _facts(shop: RetailerVersion) -> list[dict[str, Any]]:
    pairs = [
        ("许可证号", shop.licence_no),
        ("档位", shop.tier),
        ("业态", shop.biz_type),
        ("市场类型", shop.market_type),
        ("乡镇", shop.town),
        ("诚信等级", shop.credit_grade),
        ("订货方式", shop.order_channel),
        ("入网日期", shop.open_date),
        ("客户经理", shop.manager_id),
        ("送货线路", shop.route),
        ("状态", status_title(shop.status)),
    ]
    return [{"label": label, "value": value} for label, value in pairs if value not in (None, "")]


def _timeline(found: Alert) -> list[dict[str, Any]]:
    """All that happened to the alert, newest last; people by name."""
    events = list(Event.objects.about(found.code))
    names = dict(
        User.objects.filter(username__in={one.actor for one in events}).values_list(
            "username", "name"
        )
    )
    return [
        {
            "at": event.at,
            "who": names.get(event.actor, "系统"),
            "text": SAID.get(event.kind) or EVENTS.get(event.kind, event.kind),
            "now": event is events[-1],
            "hot": event.kind == "alert.raised",
        }
        for event in events
    ]


def _repeats(found: Alert) -> list[dict[str, Any]]:
    """The later nights that were folded in, newest first."""
    later = found.sightings.filter(on__gt=found.on).order_by("-on")
    return [
        {
            "on": one.on,
            "score": one.score,
            "grade": one.grade,
            "sentence": one.sentence,
            "raised": one.listed,
        }
        for one in later
    ]


def _related(found: Alert, seen: AlertQuerySet) -> dict[str, Any]:
    """The other members of its link, and other alerts about the subject."""
    if not found.link:
        return {"related": [], "others": 0}
    visible = seen.filter(link=found.link).exclude(pk=found.pk).select_related("bureau")
    related = list(visible.by("grade")[:20])
    shown = sum(one.bureau_id != found.bureau_id for one in related)
    return {"related": related, "others": max(0, found.link_elsewhere - shown)}


def _freshness(found: Alert) -> dict[str, Any]:
    row = Completeness.objects.filter(bureau=found.bureau, day=found.on).first()
    complete = row is None or row.is_complete
    reason = row.reason if row and not complete else ""
    return {"complete": complete, "text": f"{found.on} 的数据不完整：{reason or '必需文件未到齐'}"}


def _steps(found: Alert, user: User) -> dict[str, Any]:
    """Which buttons the page shows, and why one of them is not there."""
    right = right_to(Step.DISMISS, found)
    can_dismiss = may_go(found.state, Step.DISMISS)
    may_dismiss = can_dismiss and user.may_at(right, found.bureau)
    is_mine = found.holder == user
    undoable = found.closed_at is not None and timezone.now() - found.closed_at <= UNDO_WITHIN
    return {
        "may_claim": may_go(found.state, Step.CLAIM)
        and user.may_at(right_to(Step.CLAIM, found), found.bureau),
        "may_release": may_go(found.state, Step.RELEASE) and is_mine,
        "may_dismiss": may_dismiss,
        "may_reopen": may_go(found.state, Step.REOPEN)
        and undoable
        and user.may_at(right, found.bureau),
        "dismiss_note": REFUSALS.get(right, "") if can_dismiss and not may_dismiss else "",
    }
