"""The records behind a figure, as far as the reader may open them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from alerts.models import Alert
from cases.models import Conclusion, Inspection, Interview


@dataclass(frozen=True)
class Record:
    """One line of a figure's list. Without an address the reader may not open it."""

    code: str
    kind: str
    grade: str = ""
    subject: str = ""
    state: str = ""
    outcome: str = ""
    since: Any = None
    until: Any = None
    url: str = ""


def records_of(codes: list[str], user: User) -> list[Record]:
    """A record for every code, in their order."""
    found: dict[str, Record] = {}
    for prefix, (title, look) in KINDS.items():
        mine = [code for code in codes if code.startswith(prefix)]
        found |= {code: Record(code, title) for code in mine}
        if mine:
            found |= {one.code: one for one in look(mine, user)}
    return [found.get(code) or Record(code, "") for code in codes]


def _alerts(codes: list[str], user: User) -> list[Record]:
    seen = Alert.objects.visible_to(user, "read_alert").filter(code__in=codes).defer("picture")
    return [
        Record(
            one.code, "预警", one.grade, one.subject_name or one.subject_id,
            one.get_state_display(), one.get_outcome_display() if one.outcome else "",
            one.revived_at or one.pushed_at, one.closed_at, one.get_absolute_url(),
        )
        for one in seen
    ]  # fmt: skip


def _of_alert(one: Any, kind: str, outcome: str, until: Any) -> Record:
    alert = one.alert
    return Record(
        one.code, kind, alert.grade, alert.subject_name or alert.subject_id,
        one.get_state_display(), outcome, one.created_at, until, one.get_absolute_url(),
    )  # fmt: skip


def _interviews(codes: list[str], user: User) -> list[Record]:
    seen = Interview.objects.visible_to(user, "read_case").filter(code__in=codes)
    return [
        _of_alert(one, "电话询访", one.get_result_display() if one.result else "", one.ended_at)
        for one in seen.select_related("alert")
    ]


def _inspections(codes: list[str], user: User) -> list[Record]:
    seen = Inspection.objects.visible_to(user, "read_case").filter(code__in=codes)
    return [
        _of_alert(one, "实地核查", one.get_signed_display() if one.signed else "", one.ended_at)
        for one in seen.select_related("alert")
    ]


def _conclusions(codes: list[str], user: User) -> list[Record]:
    seen = Conclusion.objects.visible_to(user, "read_case").filter(code__in=codes)
    return [
        _of_alert(
            one, "处置报告", one.get_outcome_display() if one.outcome else "", one.approved_at
        )
        for one in seen.select_related("alert")
    ]


Looking = Callable[[list[str], User], list[Record]]
KINDS: dict[str, tuple[str, Looking]] = {
    "YJ-": ("预警", _alerts),
    "DHXF-": ("电话询访", _interviews),
    "SDHC-": ("实地核查", _inspections),
    "CZBG-": ("处置报告", _conclusions),
}
