"""One notice a night to those who work its list; for nights that are news, not for replays."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable

from django.urls import reverse
from django.utils import timezone

import accounts.actions
from accounts.models import Audience, Bureau, User
from accounts.permissions import MAY
from alerts.models import Alert, Grade

NEWS = dt.timedelta(days=4)  # a long weekend


def tell_workers(
    *, pushed: Iterable[Alert], on: dt.date, now: dt.datetime, arrived_on: dt.date | None = None
) -> None:
    """Tell each bureau's people, and the city's of what only it may see, how much is new.

    `arrived_on`: the day of the late data that show it, where it is not the night's own list.
    """
    if arrived_on is None and timezone.localtime(now).date() - on > NEWS:
        return
    lists: dict[tuple[Bureau, bool], Counter[str]] = {}
    for alert in pushed:
        hidden = alert.audience != Audience.EVERYONE
        whose = alert.bureau.city if hidden else alert.bureau
        lists.setdefault((whose, hidden), Counter())[alert.grade] += 1
    for (bureau, hidden), grades in lists.items():
        action = "claim_above" if hidden else "claim_alert"
        accounts.actions.notify(
            users=list(User.objects.posted_at(bureau, MAY[action].roles)),
            key=f"night:{bureau.code}:{on}:{hidden}" + (f":{now:%m%d%H%M}" if arrived_on else ""),
            text=_text(on, grades, hidden=hidden, is_late=arrived_on is not None),
            url=f"{reverse('alerts:alerts')}?view=pushed",
        )


def _text(on: dt.date, grades: Counter[str], *, hidden: bool, is_late: bool) -> str:
    parts = [f"{Grade(grade).label} {grades[grade]} 条" for grade in Grade if grades[grade]]
    what = "涉及人员的预警" if hidden else "预警"
    late = "补报数据后" if is_late else ""
    return (
        f"{on.month} 月 {on.day} 日订货：{late}新推送{what} {grades.total()} 条"
        f"（{'，'.join(parts)}）。"
    )
