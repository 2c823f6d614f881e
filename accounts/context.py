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
    """A line of the navigation: shown to whoever may do its action; `None` is for everybody."""

    section: str
    title: str
    short: str
    view: str
    icon: str
    action: str | None


ENTRIES = (
    Entry("", "预警工作台", "工作台", "alerts:board", "layout-dashboard", None),
    Entry("", "预警", "预警", "alerts:alerts", "bell-ringing", "read_alert"),
    Entry("", "规则命中台账", "台账", "alerts:hits", "list-details", "read_alert"),
    Entry("资料", "零售户", "零售户", "sources:retailers", "building-store", "read_retailer"),
    Entry("资料", "数据导入", "导入", "sources:imports", "database", "read_import"),
    Entry("资料", "夜间检测", "检测", "alerts:runs", "history", "read_run"),
    Entry("资料", "工作日与时限", "日历", "accounts:calendar", "calendar", None),
    Entry("管理", "人员与岗位", "人员", "accounts:users", "users", "manage_users"),
    Entry("管理", "审计记录", "审计", "accounts:trail", "shield-check", "read_audit"),
    Entry("管理", "运行状况", "运行", "jobs:health", "activity", "read_health"),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Nothing for visitors; else `nav`, `bureau_name`, `user_title`, `notices_count` and so on."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {"demo": settings.DEBUG}
    held = list(user.assignments.current().select_related("bureau").order_by("bureau__path"))
    roles = {Role(row.role) for row in held}
    nav = _navigation(roles, request.path)
    reads_alerts = bool(roles & MAY["read_alert"].roles)
    return {
        "nav": nav,
        "bureau_name": held[0].bureau.name if held else "未安排岗位",
        "user_title": "、".join(dict.fromkeys(row.get_role_display() for row in held)),
        "notices_count": Notice.objects.unread(user).count(),
        "today": timezone.localdate(),
        "demo": user.is_demo,
        "search_url": reverse("alerts:alerts") if reads_alerts else "",
    }


def _navigation(roles: set[Role], path: str) -> list[dict[str, Any]]:
    sections: dict[str, list[dict[str, Any]]] = {}
    for entry in ENTRIES:
        if entry.action is not None and not roles & MAY[entry.action].roles:
            continue
        try:
            url = reverse(entry.view)
        except NoReverseMatch:
            continue
        active = path == url if url == "/" else path.startswith(url)
        item = {"title": entry.title, "short": entry.short, "url": url, "icon": entry.icon}
        sections.setdefault(entry.section, []).append({**item, "active": active})
    return [{"title": title, "items": items} for title, items in sections.items()]
