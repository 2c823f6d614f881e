"""What the shell around every page shows: navigation by role, bureau, notices, today."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts.models import Notice, User
from accounts.permissions import MAY, Role


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
    Entry("", "规则命中台账", "台账", "alerts:hits", "list-details", READS_ALERTS),
    Entry("资料", "零售户", "零售户", "sources:retailers", "building-store", ("read_retailer",)),
    Entry("资料", "数据导入", "导入", "sources:imports", "database", ("read_import",)),
    Entry("资料", "夜间检测", "检测", "alerts:runs", "history", ("read_run",)),
    Entry("资料", "工作日与时限", "日历", "accounts:calendar", "calendar"),
    Entry("管理", "人员与岗位", "人员", "accounts:users", "users", ("manage_users",)),
    Entry("管理", "审计记录", "审计", "accounts:trail", "shield-check", ("read_audit",)),
    Entry("管理", "运行状况", "运行", "jobs:health", "activity", ("read_health",)),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Nothing for visitors; else `nav`, `bureau_name`, `user_title`, `notices_count` and so on."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {"demo": settings.DEBUG}
    held = list(user.assignments.current().select_related("bureau").order_by("bureau__path"))
    roles = {Role(row.role) for row in held}
    nav = _navigation(roles, request.path)
    return {
        "nav": nav,
        "bureau_name": held[0].bureau.name if held else "未安排岗位",
        "user_title": "、".join(dict.fromkeys(row.get_role_display() for row in held)),
        "notices_count": Notice.objects.unread(user).count(),
        "today": timezone.localdate(),
        "demo": user.is_demo,
        "search_url": reverse("alerts:alerts") if _any(roles, READS_ALERTS) else "",
    }


def _any(roles: set[Role], actions: tuple[str, ...]) -> bool:
    return any(roles & MAY[action].roles for action in actions)


def _navigation(roles: set[Role], path: str) -> list[dict[str, Any]]:
    sections: dict[str, list[dict[str, Any]]] = {}
    for entry in ENTRIES:
        if entry.actions and not _any(roles, entry.actions):
            continue
        try:
            url = reverse(entry.view)
        except NoReverseMatch:
            continue
        active = path == url if url == "/" else path.startswith(url)
        item = {"title": entry.title, "short": entry.short, "url": url, "icon": entry.icon}
        sections.setdefault(entry.section, []).append({**item, "active": active})
    return [{"title": title, "items": items} for title, items in sections.items()]
