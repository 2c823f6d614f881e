import datetime as dt
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import StaffRequest
from jobs import actions
from jobs.models import Heartbeat, Job, Timetable
from jobs.wording import KINDS

LATE = dt.timedelta(minutes=1)
DEAD = dt.timedelta(minutes=3)
STATES = {"waiting": "等待", "running": "执行中", "done": "已完成", "parked": "已搁置"}


@require_safe
def health(request: StaffRequest) -> HttpResponse:
    """What runs, what waits, what was given up: for the administrator and the auditor."""
    if not request.user.may("read_health"):
        raise Http404
    now = timezone.now()
    state = request.GET.get("state", "")
    work = Job.objects.in_state(state, now=now) if state in STATES else Job.objects.all()
    page = Paginator(work.order_by("-created_at", "-pk"), 25).get_page(request.GET.get("page"))
    for job in page.object_list:
        job.kind_title = KINDS.get(job.kind, job.kind)  # type: ignore[attr-defined]
        job.state_key = job.state(now=now)  # type: ignore[attr-defined]
        job.state_title = STATES[job.state(now=now)]  # type: ignore[attr-defined]
    timetable = list(Timetable.objects.order_by("kind"))
    for row in timetable:
        row.kind_title = KINDS.get(row.kind, row.kind)  # type: ignore[attr-defined]
    context = {
        "page": page,
        "state": state,
        "states": STATES,
        "counts": {key: Job.objects.in_state(key, now=now).count() for key in STATES},
        "services": [_service(row, now) for row in Heartbeat.objects.order_by("name")],
        "timetable": timetable,
        "may_revive": request.user.may("manage_users"),
    }
    return render(request, "jobs/health.html", context)


def _service(row: Heartbeat, now: dt.datetime) -> dict[str, Any]:
    silent = now - row.at
    key, text = ("ok", "正常") if silent < LATE else ("warn", "响应变慢")
    if silent >= DEAD:
        key, text = "bad", "没有响应，已要求重新启动"
    return {"title": KINDS.get(row.name, row.name), "state_key": key, "text": text, "at": row.at}


@require_POST
def revive(request: StaffRequest, number: str) -> HttpResponse:
    if not request.user.may("manage_users"):
        raise Http404
    job = get_object_or_404(Job, pk=number, parked_at__isnull=False)
    actions.revive_job(job=job, by=request.user.code)
    messages.success(request, "任务将重新执行。")
    return redirect("jobs:health")


@login_not_required
@require_safe
def live(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
def ready(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """The database answers and the worker beats; no numbers for strangers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM audit_head")
        head = cursor.fetchone() is not None
    beat = Heartbeat.objects.filter(name="worker", at__gt=timezone.now() - DEAD).exists()
    status = 200 if head and beat else 503
    return JsonResponse({"database": head, "worker": beat}, status=status)
