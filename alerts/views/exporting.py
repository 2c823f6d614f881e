"""The alert list and the ledger as xlsx: exactly what the filters leave, all pages, no names."""

import re
from dataclasses import dataclass
from functools import cache
from itertools import chain

from django import forms
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.http import StaffRequest
from alerts.actions.exporting import (
    note_alerts_exported,
    note_hits_exported,
    note_watches_exported,
)
from alerts.causes import CAUSES
from alerts.detectors import all_detectors
from alerts.models import Alert, Hit, Watch
from alerts.views.filtering import MOST, chips_of, seen_bureaus
from alerts.views.hits import ledger
from alerts.views.lists import TABS, listing
from alerts.views.supervision import listed
from documents.sheets import Cell, as_download, workbook
from sources.crypto import masked

NAMES = re.compile(r"(?<=登记负责人为)[^，。]+|(?<=许可证系统登记为)[^，。]+")

ALERTS = {
    "预警编号": 24, "等级": 6, "对象": 24, "对象编码": 18, "许可证号": 16, "规则": 10, "预警类型": 24,
    "缘由": 60, "涉及人员": 10, "单位": 18, "线路": 12, "订货日": 12, "最近命中日": 12,
    "推送时间": 17, "时限": 17, "状态": 12, "经办": 10, "办结时间": 17, "原因": 24,
}  # fmt: skip
HITS = {
    "订货日": 12, "规则": 10, "预警类型": 24, "对象": 24, "对象编码": 18, "缘由": 60, "单位": 18,
    "等级": 6, "去向": 10, "未推送原因": 18, "预警编号": 24, "核销时间": 17, "核销人": 10, "核销原因": 24,
}  # fmt: skip
WATCHES = {
    "零售户": 24, "客户编码": 18, "许可证号": 16, "单位": 18, "监管方式": 12, "原因": 60, "纳入日": 12,
    "纳入人": 12, "应复评日": 12, "上次复评": 12, "复评依据": 40, "解除日": 12, "解除人": 12,
}  # fmt: skip


@require_GET
def export_alerts(request: StaffRequest) -> HttpResponse:
    """The list, in the order of the page."""
    bureaus = list(seen_bureaus(request.user))
    if not bureaus:
        raise Http404
    found = listing(request, bureaus, now=timezone.now())
    conditions = [f"视图：{TABS[found.tab]}", *_conditions(request, found.form)]
    taken = _taken(request, conditions, found.rows.count())
    rows = map(_alert, found.rows.defer("picture")[:MOST].iterator(chunk_size=2000))
    content = workbook(
        title="预警", columns=ALERTS, rows=chain(rows, taken.tail), about=taken.about
    )
    note_alerts_exported(conditions=taken.conditions, count=taken.count, by=request.user)
    return as_download(content, f"预警-{timezone.localdate():%Y%m%d}.xlsx")


@require_GET
def export_hits(request: StaffRequest) -> HttpResponse:
    """The ledger, in the order of the page."""
    bureaus = list(seen_bureaus(request.user))
    if not bureaus:
        raise Http404
    filtered = ledger(request, bureaus)
    found = filtered.qs.newest().select_related("closed_by")
    taken = _taken(request, _conditions(request, filtered.form) or ["全部"], found.count())
    light = found.defer("alert__picture", "numbers")
    rows = map(_hit, light[:MOST].iterator(chunk_size=2000))
    content = workbook(title="台账", columns=HITS, rows=chain(rows, taken.tail), about=taken.about)
    note_hits_exported(conditions=taken.conditions, count=taken.count, by=request.user)
    return as_download(content, f"规则命中台账-{timezone.localdate():%Y%m%d}.xlsx")


@require_GET
def export_watches(request: StaffRequest, book: str) -> HttpResponse:
    """A list of classified supervision: those on it, or those released, in the order of the page."""
    if not request.user.may("read_alert") or book not in Watch.Book.values:
        raise Http404
    found = listed(request, book)
    title = Watch.Book(book).label
    taken = _taken(request, [title, "已解除" if found.gone else "在册"], found.rows.count())
    rows = map(_watch, found.rows.select_related("released_by", "made_by")[:MOST])
    content = workbook(
        title=title, columns=WATCHES, rows=chain(rows, taken.tail), about=taken.about
    )
    note_watches_exported(
        book=book, conditions=taken.conditions, count=taken.count, by=request.user
    )
    return as_download(content, f"{title}-{timezone.localdate():%Y%m%d}.xlsx")


@dataclass(frozen=True)
class Taken:
    """What is being taken away: in words, how much, and what the file says of that."""

    conditions: str
    count: int
    tail: list[list[Cell]]
    about: dict[str, Cell]


def _taken(request: StaffRequest, conditions: list[str], total: int) -> Taken:
    words, count = "；".join(conditions), min(total, MOST)
    cut = f"共 {total:,} 条，本文件只有前 {MOST:,} 条。请缩小筛选范围，分几次导出。"
    about: dict[str, Cell] = {
        "条件": words,
        "条数": count,
        "导出人": f"{request.user.name}（{request.user.code}）",
        "导出时间": timezone.now(),
        "个人信息": "姓名已遮蔽；电话、证件号、账户不导出。导出已记入审计。",
    }
    if total <= MOST:
        return Taken(words, count, [], about)
    return Taken(words, count, [[cut]], {"注意": cut, **about})


def _conditions(request: StaffRequest, form: forms.Form) -> list[str]:
    return [f"{chip.label}：{chip.value}" for chip in chips_of(request, form)]


def _alert(one: Alert) -> list[Cell]:
    return [
        one.code, f"{one.grade}色", one.subject_name or one.subject_id, one.subject_id,
        one.licence_no, *_rule(one.detector), _said(one.sentence), one.staff_concerned,
        one.bureau.name, one.route, one.on, one.last_on, one.pushed_at, one.due_at,
        one.get_state_display(), one.holder.name if one.holder else None, one.closed_at,
        _causes(one.causes),
    ]  # fmt: skip


def _hit(one: Hit) -> list[Cell]:
    fate = "已推送" if one.alert else "已核销" if one.closed_at else "未推送"
    return [
        one.on, *_rule(one.detector), one.subject_name or one.subject_id, one.subject_id,
        _said(one.sentence), one.bureau.name, f"{one.grade}色", fate, one.why_not_pushed,
        one.alert.code if one.alert else None, one.closed_at,
        one.closed_by.name if one.closed_by else None, _causes(one.causes),
    ]  # fmt: skip


def _watch(one: Watch) -> list[Cell]:
    return [
        one.retailer_name or one.retailer_id, one.retailer_id, one.licence_no, one.bureau.name,
        one.get_measure_display(), _said(one.reason), one.since,
        one.made_by.name if one.made_by else "政策表", one.review_on, one.reviewed_on, one.note,
        one.released_on, one.released_by.name if one.released_by else None,
    ]  # fmt: skip


@cache
def _rule(key: str) -> tuple[str, str]:
    """Number and title of a rule; one that an older version had has its key only."""
    known = next((kind for kind in all_detectors() if kind.key == key), None)
    return (known.code, known.title) if known else (key, "")


def _causes(codes: list[str]) -> str:
    return "、".join(CAUSES.get(code, code) for code in codes)


def _said(sentence: str) -> str:
    """The sentence without people's names."""
    return NAMES.sub(lambda name: masked(name.group()), sentence)
