import dataclasses
import datetime as dt
from typing import Any

from django.db.models import Exists, OuterRef, Subquery
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
from alerts.actions.exempting import right_to_ask
from alerts.actions.grades import right_to_grade, right_to_review
from alerts.columns import column_title
from alerts.detection import Detector
from alerts.models import (
    OPEN_STATES,
    Alert,
    AlertQuerySet,
    Correction,
    Exemption,
    GradeChange,
    Group,
    Origin,
    Reason,
)
from alerts.naming import code_of, detector_of, title_of
from alerts.proposing import Proposal
from alerts.states import UNDO_WITHIN, Step, may_go, right_to
from alerts.views.cells import cell
from alerts.views.comparing import compare
from alerts.views.correcting import Notes, batches_of, notes_on, told
from alerts.views.proposals import events_near, proposals_of
from alerts.views.screening import screening_of
from audit.models import Event
from sources.models import Batch, Completeness, RetailerVersion
from sources.wording import status_title

NATIONAL = "国烟专〔2011〕49号"  # five rules, some without a limit
REPORTED = "reference"  # among the numbers of what people reported, be it empty
MOST_TAGS = 3
HIDDEN = {"source", "bureau", "batch_id", "row_no"}
SAID = {  # shorter than the audit trail's words, since the page is about one alert
    "alert.pushed": "系统推送",
    "alert.raised": "再次出现，等级上调",
    "alert.corrected": "依据数据有更正，已重新比对",
    "alert.claimed": "领取",
    "alert.released": "退回",
    "alert.dismissed": "排除",
}


@require_safe
def alert(request: StaffRequest, code: str) -> HttpResponse:
    """Why it was raised, with what, and what became of it."""
    seen = Alert.objects.visible_to(request.user, "read_alert")
    partial = Completeness.objects.filter(
        bureau=OuterRef("bureau"), day=OuterRef("on"), is_complete=False
    )
    found = get_object_or_404(
        seen.select_related("bureau", "holder", "rule_version__bureau").annotate(
            incomplete=Subquery(partial.values("reason")[:1]),
            events=events_near(request.user),
            **_decisions(request.user),
        ),
        code=code,
    )
    reasons = _reasons(found)
    notes = notes_on(reasons)
    files = _files(reasons, notes, request.user)
    picture = _revived(found.picture)
    is_shop = found.subject_kind == "retailer"
    shop = RetailerVersion.objects.of(found.subject_id, on=found.on) if is_shop else None
    town = shop.town if shop else ""
    proposals = proposals_of(found, vars(found)["events"], town=town)
    shown = [
        _reason(
            one,
            Origins(files, seizures=request.user.may("read_seizure")),
            tonight=reasons[0].on,
            notes=told(found, notes.get(one.pk, []), files),
        )
        for one in reasons
    ]
    context = {
        "alert": found,
        "reasons": shown,
        **_tags(found, shown),
        "chart": picture.get("chart"),
        "peers": picture.get("peers"),
        "order": picture.get("order"),
        "order_lines": picture.get("order_lines"),
        "sku": picture.get("sku"),
        "proposals": proposals,
        **_screening(found, picture, request.user, proposals),
        "compare": compare(shop, on=found.on) if shop else None,
        "facts": _facts(shop) if shop else None,
        "retailer_url": _retailer_url(found, shop),
        "timeline": _timeline(found),
        "repeats": _repeats(found),
        "freshness": _freshness(found, vars(found)["incomplete"]),
        **_related(found, seen),
        **_steps(found, request.user),
        **_people(found, reasons, request.user),
    }
    return render(request, "alerts/alert.html", context)


def _decisions(user: User) -> dict[str, Subquery]:
    """What people decided about an alert or have yet to: a lower grade, a live exemption."""
    waiting = GradeChange.objects.filter(alert=OuterRef("pk"), is_waiting=True)
    live = (Exemption.State.WAITING, Exemption.State.APPROVED)
    seen = Exemption.objects.visible_to(user, "read_alert")
    exempted = seen.filter(
        alert=OuterRef("pk"), state__in=live, until__gte=timezone.localdate()
    ).order_by("-pk")
    return {
        "waiting_grade": Subquery(waiting.values("new")[:1]),
        "exempted": Subquery(exempted.values("pk")[:1]),
        "exempted_state": Subquery(exempted.values("state")[:1]),
    }


@dataclasses.dataclass(frozen=True)
class Origins:
    """What the copied rows came with: imports that the user may read, and registered seizures."""

    files: dict[int, Batch]
    seizures: bool  # whether the user may read those

    def name(self, number: int) -> str:
        batch = self.files.get(number)
        return batch.file.name if batch else origin_of(number)

    def url(self, number: int) -> str:
        if number in self.files:
            return reverse("sources:import_batch", args=[number])
        if number < 0 and self.seizures:
            return reverse("sources:seizure", args=[-number])
        return ""


def _people(found: Alert, reasons: list[Reason], user: User) -> dict[str, Any]:
    """Its case, its exemption, a grade that waits; and the ways to change these."""
    decided = vars(found)
    group = None
    if found.group_id:
        groups = Group.objects.visible_to(user, "read_alert").exclude(state=Group.State.REJECTED)
        group = groups.filter(pk=found.group_id).first()
    state = decided["exempted_state"]
    may_grade = user.may_at(right_to_grade(found), found.bureau)
    may_confirm = user.may_at(right_to_review(found), found.bureau)
    return {
        "group": group,
        "exemption": (decided["exempted"], Exemption.State(state).label) if state else None,
        "waiting_grade": decided["waiting_grade"],
        "may_grade": may_grade and found.state in OPEN_STATES,
        "may_see_grades": may_grade or may_confirm,
        "may_confirm_grade": may_confirm,
        "may_exempt": not state
        and user.may_at(right_to_ask(found), found.bureau)
        and any(detector_of(one.detector) for one in reasons),
    }


def _screening(
    found: Alert, picture: dict[str, Any], user: User, proposals: list[Proposal]
) -> dict[str, Any]:
    """The steps from a product's alert to a clue; other alerts have none."""
    if found.subject_kind != "sku":
        return {}
    helps = (picture.get("sku") or {}).get("helps", [])
    return screening_of(found, helps, user, proposals)


def _reasons(found: Alert) -> list[Reason]:
    """Those of the newest night, the leading one first, and what people reported; then older ones to
    which something came."""
    notes = Correction.objects.filter(reason=OuterRef("pk"))
    reasons = found.reasons.select_related("recheck").annotate(is_corrected=Exists(notes))
    known = list(reasons.order_by("-on", "-surprise"))
    night = next((one.on for one in known if REPORTED not in one.numbers), None)
    shown = [
        one
        for one in known
        if REPORTED in one.numbers or one.on == night or one.recheck or vars(one)["is_corrected"]
    ]
    return sorted(shown, key=lambda one: (one.on != known[0].on, one.detector != found.detector))


def _reason(
    reason: Reason, origins: Origins, *, tonight: dt.date, notes: list[dict[str, Any]]
) -> dict[str, Any]:
    """A reason in the words of its detector, with its parameters and copied rows."""
    kind = detector_of(reason.detector)
    columns = [name for name in _columns(reason) if name not in HIDDEN]
    return {
        "code": code_of(reason.detector),
        "title": title_of(reason.detector),
        "sentence": reason.sentence,
        "on": reason.on if reason.on != tonight else None,
        "late_on": reason.recheck.arrived_at if reason.recheck else None,
        "notes": notes,
        "surprise": reason.surprise,
        "document": _document(kind),
        "looks_for": kind.looks_for if kind else "",
        "why_it_matters": kind.why_it_matters if kind else "",
        "innocent_causes": kind.innocent_causes if kind else "",
        "next_steps": kind.next_steps if kind else "",
        "parameter_rows": _parameters(reason, kind),
        "evidence_columns": [column_title(name) for name in columns],
        "evidence_rows": [_evidence(row, columns, origins) for row in reason.evidence],
        "others": reason.elsewhere,
    }


def _columns(reason: Reason) -> list[str]:
    names: dict[str, None] = {}
    for row in reason.evidence:
        names |= dict.fromkeys(row)
    return list(names)


def _document(kind: type[Detector] | None) -> str:
    """The document whose rule this is, as its limits name it; "" for our own rules."""
    if kind is None or not kind.statutory:
        return ""
    sources = (str(field.metadata["source"]) for field in dataclasses.fields(kind))
    return next((one for one in sources if one.startswith("国烟专")), NATIONAL)


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


def _files(reasons: list[Reason], notes: Notes, user: User) -> dict[int, Batch]:
    """Those imports that the rows came with and the user may read, by number."""
    numbers = {row.get("batch_id") for one in reasons for row in one.evidence}
    numbers |= batches_of(notes)
    seen = Batch.objects.visible_to(user, "read_import")
    found = seen.filter(pk__in=numbers - {None}).select_related("file")
    return {batch.pk: batch for batch in found}


def origin_of(number: int) -> str:
    """What an import's number is called; registered seizures are numbered below nought."""
    return f"查获登记 {-number}" if number < 0 else f"批次 {number}"


def _evidence(row: dict[str, Any], columns: list[str], origins: Origins) -> dict[str, Any]:
    number = row.get("batch_id") or 0
    return {
        "cells": [cell(name, row.get(name)) for name in columns],
        "file": origins.name(number),
        "row_no": row.get("row_no"),
        "url": origins.url(number),
    }


def _tags(found: Alert, reasons: list[dict[str, Any]]) -> dict[str, Any]:
    """What the heading calls the alert: each rule once, and its origin unless a rule says the same."""
    titles = list(dict.fromkeys(one["title"] for one in reasons))[:MOST_TAGS]
    origin = found.get_origin_display() if found.origin != Origin.NIGHT else ""
    by_hand = found.detector.partition(":")[0] in Origin.values
    return {
        "tags": titles,
        "origin": origin if origin not in titles else "",
        "day_title": "登记日" if by_hand else "订货日",
    }


def _revived(picture: dict[str, Any]) -> dict[str, Any]:
    """The kept picture with its dates as dates again."""
    order = picture.get("order")
    if not order:
        return picture
    at = parse_datetime(order["at"]) if order.get("at") else None
    if at is not None and timezone.is_naive(at):
        at = timezone.make_aware(at)
    return {**picture, "order": {**order, "day": parse_date(order["day"]), "at": at}}


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
    people = User.objects.filter(username=OuterRef("actor")).values("name")[:1]
    events = Event.objects.about(found.code).annotate(who=Subquery(people))
    entries = [
        {
            "at": at,
            "who": who or "系统",
            "text": SAID.get(kind) or EVENTS.get(kind, kind),
            "now": False,
            "hot": kind in ("alert.raised", "alert.corrected"),
        }
        for at, kind, who in events.values_list("at", "kind", "who")
    ]
    if entries:
        entries[-1]["now"] = True
    return entries


def _repeats(found: Alert) -> list[dict[str, Any]]:
    """The later nights that were folded in, newest first."""
    if found.last_on == found.on:
        return []
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


def _freshness(found: Alert, incomplete: str | None) -> dict[str, Any]:
    text = f"{found.on} 的数据不完整：{incomplete or '必需文件未到齐'}"
    return {"complete": incomplete is None, "text": text}


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
