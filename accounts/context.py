"""What the shell around every page shows: navigation by role, bureau, notices, today.

What costs a query is a function: templates call it where they show it, so fragments pay nothing.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import Count, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts.models import Notice, User


@dataclass(frozen=True)
class Entry:
    """A line of the navigation: shown to whoever may do one of its actions; to all if it has none."""

    section: str
    title: str
    short: str
    view: str
    icon: str
    actions: tuple[str, ...] = ()


READS_ALERTS = ("read_alert", "see_hidden")
ENTRIES = (
    Entry("", "预警工作台", "工作台", "alerts:board", "layout-dashboard"),
    Entry("", "预警", "预警", "alerts:alerts", "bell-ringing", READS_ALERTS),
    Entry("", "电话询访", "询访", "cases:interviews", "phone-call", ("read_case",)),
    Entry("", "实地核查", "核查", "cases:inspections", "map-pin", ("read_case",)),
    Entry("", "办结复核", "复核", "cases:reviews", "clipboard-check", ("read_case",)),
    Entry("", "规则命中台账", "台账", "alerts:hits", "list-details", READS_ALERTS),
    Entry("", "分类监管", "监管", "alerts:key_shops", "flag", ("read_alert",)),
    Entry("", "随机抽查", "抽查", "alerts:samples", "users", ("read_alert",)),
    Entry("报告与考核", "月度报告", "报告", "reports:reports", "file-text", ("read_report",)),
    Entry("报告与考核", "月度考核", "考核", "reports:scores", "chart-bar", ("read_score",)),
    Entry("资料", "零售户", "零售户", "sources:retailers", "building-store", ("read_retailer",)),
    Entry("资料", "条码追溯", "追溯", "sources:seizures", "package", ("read_seizure",)),
    Entry("资料", "数据导入", "导入", "sources:imports", "database", ("read_import",)),
    Entry("资料", "夜间检测", "检测", "alerts:runs", "history", ("read_run",)),
    Entry("资料", "工作日与时限", "日历", "accounts:calendar", "calendar"),
    Entry("规则", "现行规则", "规则", "alerts:rules", "adjustments-horizontal", ("read_rules",)),
    Entry("规则", "预警类型目录", "目录", "alerts:catalogue", "books", READS_ALERTS),
    Entry("规则", "豁免", "豁免", "alerts:exemptions", "eye-off", READS_ALERTS),
    Entry("规则", "市场事件", "事件", "alerts:events", "building-community", ("read_alert",)),
    Entry("规则", "规则异常", "异常", "alerts:floods", "alert-triangle", ("decide_flood",)),
    Entry("规则", "权重建议", "权重", "alerts:lessons", "scale", ("draft_rules", "approve_rules")),
    Entry("管理", "人员与岗位", "人员", "accounts:users", "users", ("manage_users",)),
    Entry("管理", "审计记录", "审计", "accounts:trail", "shield-check", ("read_audit",)),
    Entry("管理", "运行状况", "运行", "jobs:health", "activity", ("read_health",)),
)


# What an app counts for the navigation. The queryset gives at most one value, a JSON object:
# view name -> {"count": number, "late": number}; all apps' are asked in one query.
Counting = Callable[[User, dt.datetime], QuerySet[Any, Any]]
_countings: list[Counting] = []


def badges(counting: Counting) -> Counting:
    """Decorator for `badges.py` of an app: numbers beside entries of the navigation."""
    _countings.append(counting)
    return counting


@dataclass(frozen=True)
class Figures:
    """Unread notices, and the badges by view name."""

    notices: int
    badges: dict[str, dict[str, int]]

    @classmethod
    def of(cls, user: User, *, now: dt.datetime) -> "Figures":
        unread = Notice.objects.unread(user).values("user").annotate(number=Count("pk"))
        asked = [unread.values("number"), *(counting(user, now) for counting in _countings)]
        found = User.objects.filter(pk=user.pk).values_list(*[Subquery(one) for one in asked]).get()
        shown: dict[str, dict[str, int]] = {}
        for one in filter(None, found[1:]):
            shown |= one
        return cls(found[0] or 0, shown)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Nothing for visitors; else `nav`, `bureau_name`, `user_title`, `notices_count` and so on."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {"demo": settings.DEBUG}

    @cache
    def figures() -> Figures:
        return Figures.of(user, now=timezone.now())

    @cache
    def nav() -> list[dict[str, Any]]:
        return _navigation(user, request.path, figures())

    return {
        "nav": nav,
        "bureau_name": lambda: user.posts[0].bureau.name if user.posts else "未安排岗位",
        "user_title": lambda: "、".join(
            dict.fromkeys(post.get_role_display() for post in user.posts)
        ),
        "notices_count": lambda: figures().notices,
        "badges": lambda: figures().badges,
        "today": timezone.localdate(),
        "demo": user.is_demo,
        "search_url": lambda: reverse("alerts:alerts") if _any(user, READS_ALERTS) else "",
    }


def _any(user: User, actions: tuple[str, ...]) -> bool:
    return any(user.may(action) for action in actions)


def _navigation(user: User, path: str, figures: Figures) -> list[dict[str, Any]]:
    sections: dict[str, list[dict[str, Any]]] = {}
    for entry in ENTRIES:
        if entry.actions and not _any(user, entry.actions):
            continue
        try:
            url = reverse(entry.view)
        except NoReverseMatch:
            continue
        badge = figures.badges.get(entry.view, {})
        item = {
            "title": entry.title,
            "short": entry.short,
            "url": url,
            "icon": entry.icon,
            "active": path == url if url == "/" else path.startswith(url),
            "count": badge.get("count", 0),
            "hot": bool(badge.get("late")),
        }
        sections.setdefault(entry.section, []).append(item)
    return [{"title": title, "items": items} for title, items in sections.items()]
