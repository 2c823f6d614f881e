import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Q, Subquery
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import StaffRequest
from accounts.models import Bureau, scope
from alerts.models import Alert, AlertQuerySet, Grade, Night
from alerts.sections import SECTIONS, section_of
from alerts.states import Step, right_to
from sources.models import Completeness

TODO = 8
WORKING = ("claim_alert", "claim_above")  # whoever may neither has nothing to do here
TOP = 3
TREND_WEEKS = 8
NEXT_RUN = dt.time(2)
ENDED = (Night.State.DONE, Night.State.FAILED)


@dataclass
class Tally:
    """Counts of open alerts by grade, and how many are late."""

    grades: Counter[str] = field(default_factory=Counter)
    due_today: Counter[str] = field(default_factory=Counter)
    overdue: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.grades.total()

    @property
    def counts(self) -> list[tuple[str, int]]:
        return [(grade, self.grades[grade]) for grade in Grade.values]

    def add(self, alert: Alert, *, now: dt.datetime, tonight: dt.datetime) -> None:
        self.grades[alert.grade] += 1
        if alert.due_at is not None and alert.due_at < now:
            self.overdue[alert.grade] += 1
        elif alert.due_at is not None and alert.due_at <= tonight:
            self.due_today[alert.grade] += 1


@require_safe
def board(request: StaffRequest) -> HttpResponse:
    """The morning board: what is open, what is due, what last night brought."""
    if not (request.user.may("read_alert") or request.user.may("see_hidden")):
        return render(request, "alerts/no_alerts.html", {"read_run": request.user.may("read_run")})
    seen = Alert.objects.visible_to(request.user, "read_alert")
    now = timezone.now()
    open_ones = list(seen.open().defer("picture").select_related("bureau", "holder").by("due"))
    night = _last_night(request)
    context = _counted(open_ones, night, now=now)
    todo = _todo(request, open_ones)
    context |= {
        "may_work": any(request.user.may(right) for right in WORKING),
        "open_total": len(open_ones),
        "todo": todo[:TODO],
        "todo_total": len(todo),
        "todo_url": reverse("alerts:alerts"),
        "first_url": todo[0].get_absolute_url() if todo else None,
        "run": night,
        "freshness": _freshness(request, night),
        "next_run_at": _next_run(now),
        "trend": _trend(seen, today=timezone.localdate(now)),
    }
    return render(request, "alerts/board.html", context)


def _todo(request: StaffRequest, open_ones: list[Alert]) -> list[Alert]:
    """Those that the user holds, and those of nobody that the user may claim."""
    return [
        one
        for one in open_ones
        if one.holder == request.user
        or (one.holder is None and request.user.may_at(right_to(Step.CLAIM, one), one.bureau))
    ]


def _counted(
    open_ones: list[Alert], night: dict[str, Any] | None, *, now: dt.datetime
) -> dict[str, Any]:
    """The figures by grade, by section and, where there is more than one, by bureau."""
    tomorrow = timezone.localdate(now) + dt.timedelta(days=1)
    tonight = timezone.make_aware(dt.datetime.combine(tomorrow, dt.time()))
    whole = Tally()
    sections: dict[str, Tally] = defaultdict(Tally)
    bureaus: dict[Bureau, Tally] = defaultdict(Tally)
    first: dict[str, list[Alert]] = defaultdict(list)
    new: Counter[str] = Counter()
    for alert in open_ones:
        section = section_of(alert.detector, alert.family).key
        for tally in (whole, sections[section], bureaus[alert.bureau]):
            tally.add(alert, now=now, tonight=tonight)
        new[alert.grade] += bool(night and alert.on == night["on"])
        if len(first[section]) < TOP:
            first[section].append(alert)
    return {
        "grades": [
            {
                "grade": grade,
                "count": whole.grades[grade],
                "due_today": whole.due_today[grade],
                "overdue": whole.overdue[grade],
                "delta": new[grade],
                "url": _list(grade=grade),
            }
            for grade in Grade.values
        ],
        "sections": [
            {
                "title": one.title,
                "url": _list(section=one.key),
                "total": sections[one.key].total,
                "counts": sections[one.key].counts,
                "top": first[one.key],
            }
            for one in SECTIONS
        ],
        "counties": _counties(bureaus),
    }


def _counties(bureaus: dict[Bureau, Tally]) -> list[dict[str, Any]]:
    if len(bureaus) < 2:
        return []
    return [
        {
            "name": bureau.name,
            "url": _list(bureau=bureau.code),
            "total": tally.total,
            "counts": tally.counts,
            "overdue": tally.overdue.total(),
        }
        for bureau, tally in sorted(bureaus.items(), key=lambda pair: pair[0].code)
    ]


def _list(**conditions: str) -> str:
    return f"{reverse('alerts:alerts')}?{urlencode(conditions)}"


def _last_night(request: StaffRequest) -> dict[str, Any] | None:
    """The newest finished night of the reader's bureaus, summed over them."""
    seen = Night.objects.visible_to(request.user, "read_run")
    newest = seen.filter(state__in=ENDED).order_by("-on").values("on")[:1]
    lacking = Q(steps__missing__gt="") | Q(steps__error__gt="")
    failed = ArrayAgg("steps__detector", filter=lacking, default=[])
    nights = list(seen.filter(on=Subquery(newest)).newest().annotate(failed=failed))
    if not nights:
        return None
    first = next(one for one in nights if one.state in ENDED)
    return {
        "on": first.on,
        "ended_at": max((one.finished_at for one in nights if one.finished_at), default=None),
        "new": sum(one.pushed for one in nights),
        "folded": sum(one.repeated for one in nights),
        "total_hits": sum(one.hits for one in nights),
        "failed": len({key for one in nights for key in one.failed}),  # type: ignore[attr-defined]
        "url": first.get_absolute_url(),
        "is_complete": first.is_complete,
    }


def _freshness(request: StaffRequest, night: dict[str, Any] | None) -> dict[str, Any]:
    """Whether the newest day's files are all here, and what is missing."""
    day = night["on"] if night else None
    rows = Completeness.objects.filter(bureau__in=scope(request.user, "read_run")).select_related(
        "bureau"
    )
    newest = rows.order_by("-day").values("day")[:1]
    lacking = list(rows.filter(day__in=newest, is_complete=False).order_by("bureau__code"))
    text = "；".join(f"{one.bureau.name}：{one.reason or '必需文件未到齐'}" for one in lacking)
    complete = not lacking and (night is None or night["is_complete"])
    return {
        "complete": complete,
        "text": text or (f"{day} 的检测所用数据不完整。" if not complete else ""),
        "url": reverse("sources:imports") if request.user.may("read_import") else "",
    }


def _next_run(now: dt.datetime) -> dt.datetime:
    local = timezone.localtime(now)
    day = local.date() + dt.timedelta(days=local.time() >= NEXT_RUN)
    return timezone.make_aware(dt.datetime.combine(day, NEXT_RUN))


def _trend(seen: AlertQuerySet, *, today: dt.date) -> dict[str, Any] | None:
    """Alerts pushed in each of the last weeks, by grade."""
    monday = today - dt.timedelta(days=today.weekday())
    weeks = [monday - dt.timedelta(weeks=back) for back in reversed(range(TREND_WEEKS))]
    rows = seen.filter(on__gte=weeks[0]).values_list("on", "grade").annotate(n=Count("pk"))
    found: Counter[tuple[dt.date, str]] = Counter()
    for on, grade, number in rows:
        found[on - dt.timedelta(days=on.weekday()), grade] += number
    if not found:
        return None
    names = {"红": "red", "橙": "orange", "黄": "yellow", "蓝": "blue"}
    series = {name: [found[week, grade] for week in weeks] for grade, name in names.items()}
    this = sum(values[-1] for values in series.values())
    usual = sum(sum(values[:-1]) for values in series.values()) / (TREND_WEEKS - 1)
    return {
        "x": [f"{week:%m-%d}" for week in weeks],
        **series,
        "finding": f"本周推送 {this} 条，前 {TREND_WEEKS - 1} 周平均 {usual:.1f} 条。",
    }
