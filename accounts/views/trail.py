import json
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.http import StaffRequest
from accounts.models import Bureau, User, scope
from accounts.wording import DETAILS, EVENTS
from audit.models import Checkpoint, Event


@require_safe
def trail(request: StaffRequest) -> HttpResponse:
    """The audit trail of the auditor's bureaus, newest first; reading is all there is."""
    if not request.user.may("read_audit"):
        raise Http404
    codes = scope(request.user, "read_audit").values_list("code", flat=True)
    events = Event.objects.of_bureaus([*codes, ""]).order_by("-number")
    text = request.GET.get("q", "").strip()
    kind, actor = request.GET.get("kind", ""), request.GET.get("actor", "").strip()
    if text:
        events = events.filter(subject__contains=text)
    if kind:
        events = events.filter(kind=kind)
    if actor:
        events = events.filter(actor=actor)
    page = Paginator(events, 50).get_page(request.GET.get("page"))
    _explain(list(page.object_list))
    context = {
        "page": page,
        "q": text,
        "kind": kind,
        "actor": actor,
        "kinds": sorted(EVENTS.items(), key=lambda item: item[1]),
        "checkpoint": Checkpoint.objects.order_by("-size").first(),
        "total": page.paginator.count,
    }
    return render(request, "accounts/trail.html", context)


def _explain(events: list[Event]) -> None:
    """Give each event its words: kind, actor, bureau and details as a person reads them."""
    people = dict(
        User.objects.filter(username__in={event.actor for event in events}).values_list(
            "username", "name"
        )
    )
    bureaus = dict(
        Bureau.objects.filter(code__in={event.bureau for event in events}).values_list(
            "code", "name"
        )
    )
    for event in events:
        shown: dict[str, Any] = {
            "kind_title": EVENTS.get(event.kind, event.kind),
            "actor_name": people.get(event.actor, "系统" if event.actor == "system" else ""),
            "bureau_name": bureaus.get(event.bureau, ""),
            "pairs": [
                (DETAILS.get(name, name), _text(value))
                for name, value in json.loads(event.details).items()
            ],
        }
        for name, value in shown.items():
            setattr(event, name, value)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(map(str, value))
    return "" if value is None else str(value)
