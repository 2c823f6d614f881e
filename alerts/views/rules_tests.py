"""Back-tests: other rules on past nights, and the two lists side by side."""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import StaffRequest
from accounts.models import Bureau
from alerts.actions import backtests
from alerts.actions.exporting import note_test_exported
from alerts.actions.replaying import book_of
from alerts.backtesting import MINUTES
from alerts.detectors import all_detectors
from alerts.models import Alert, BackTest
from alerts.rule_forms import TrialForm, usual_span
from alerts.views.rules import city_of, version_on
from documents.sheets import Cell, as_download, workbook
from jobs.models import Job
from sources.models import Retailer

A_PAGE = 20
SHOWN = 10  # rows of a table on the page; the export has them all
OUTCOMES = {
    "confirmed": "查实或需提醒教育",
    "innocent": "正常或无效",
    "undecided": "尚无结论",
}
SIDES = {"baseline": "现行规则", "candidate": "备选规则", "traditional": "传统规则"}


@require_http_methods(["GET", "POST"])
def tests(request: StaffRequest) -> HttpResponse:
    """Any rules tried on past nights, without a draft; and the tests that were done."""
    if not request.user.may("read_change"):
        raise Http404
    city, today = city_of(request), timezone.localdate()
    if not request.user.may_at("read_change", city):
        raise Http404
    may_test = request.user.may_at("draft_rules", city)
    if request.method == "POST" and not may_test:
        raise Http404
    form = _form(request, city, today)
    if form.is_valid():
        try:
            test = backtests.ask_for_test(
                city=city, book=form.book, span=form.span, by=request.user, now=timezone.now(),
            )  # fmt: skip
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect(test)
    done = BackTest.objects.visible_to(request.user, "read_change").filter(bureau=city)
    done = done.select_related("asked_by", "bureau").defer("result").order_by("-asked_at", "-pk")
    context = {
        "city": city,
        "form": form,
        "may_test": may_test,
        "page": Paginator(done, A_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "alerts/tests.html", context)


def _form(request: StaffRequest, city: Bureau, today: dt.date) -> TrialForm:
    """The form, filled with the rules in force or with those of an earlier test."""
    base = book_of(version_on(city, today))
    start, initial = base, usual_span(today)
    again = request.GET.get("again", "")
    if again.isdecimal() and len(again) < 10:
        seen = BackTest.objects.visible_to(request.user, "read_change").filter(bureau=city)
        old = get_object_or_404(seen, pk=int(again))
        start, initial = book_of(old), {"first": old.first, "last": old.last}
    given = request.POST if request.method == "POST" else None
    return TrialForm(given, base=base, start=start, initial=initial)


def _seen(request: StaffRequest, pk: int) -> BackTest:
    seen = BackTest.objects.visible_to(request.user, "read_change")
    return get_object_or_404(seen.select_related("bureau", "asked_by"), pk=pk)


@require_safe
def test(request: StaffRequest, pk: int) -> HttpResponse:
    """What a test found; while it runs, how far it is."""
    one = _seen(request, pk)
    context: dict[str, Any] = {
        "test": one,
        "job": Job.objects.filter(key=backtests.job_key(one)).first(),
        "may_draft": request.user.may_at("draft_rules", one.bureau),
        "changes": one.changes.order_by("pk"),
    }
    if one.state == BackTest.State.DONE:
        context |= _found(request, one)
    running = one.state == BackTest.State.WAITING
    template = "alerts/_test_progress.html" if request.htmx and running else "alerts/test.html"
    response = render(request, template, context)
    if request.htmx and not running:
        response["HX-Refresh"] = "true"
    return response


def _found(request: StaffRequest, one: BackTest) -> dict[str, Any]:
    result = one.result
    counties = {city.code: city.name for city in [one.bureau, *one.bureau.children.counties()]}
    kinds = {kind.key: f"{kind.code} {kind.title}" for kind in all_detectors()}
    decided = result["alerts"]
    alerts = _alerts(request, [row["code"] for row in decided])
    names = _names(request, [*result["new"][:SHOWN], *result["gone"][:SHOWN]])
    total = {name: side["total"] for name, side in result["sides"].items()}
    return {
        "result": result,
        "sides": [(SIDES[name], name, side) for name, side in result["sides"].items()],
        "chart": {**result["weeks"], "finding": _finding(one, total)},
        "counties": _bars(result["counties"], counties),
        "grades": result["grades"],
        "kinds": _bars(result["kinds"][:15], kinds),
        "more_kinds": max(0, len(result["kinds"]) - 15),
        "outcomes": _outcomes(result["outcomes"]),
        "decided": [
            {**row, "alert": alerts[row["code"]]} for row in decided if row["code"] in alerts
        ],
        "new": _rows(result["new"][:SHOWN], names, counties),
        "gone": _rows(result["gone"][:SHOWN], names, counties),
        "minutes": [(grade, cost) for grade, cost in MINUTES.items()],
        "unjudged": [
            kinds.get(key, key) for key in dict.fromkeys(k for k, _ in result["unjudged"])
        ],
        "has_parameters": bool(one.parameters),
        "has_traditional": "traditional" in result["sides"],
    }


def _finding(one: BackTest, total: dict[str, int]) -> str:
    """What the chart shows, in one sentence."""
    before, after = total["baseline"], total["candidate"]
    words = f"{one.first} 至 {one.last}，现行规则上榜 {before} 条，备选规则 {after} 条"
    if before and after != before:
        words += f"，{'多' if after > before else '少'} {abs(after - before) / before:.0%}"
    return words + "。"


def _bars(rows: list[list[Any]], names: dict[str, str]) -> list[dict[str, Any]]:
    most = max((max(before, after) for _, before, after in rows), default=1)
    return [
        {"name": names.get(key, key), "before": before, "after": after, "most": most,
         "change": after - before}
        for key, before, after in rows
    ]  # fmt: skip


def _outcomes(found: dict[str, dict[str, list[int]]]) -> list[dict[str, Any]]:
    """Outcome by outcome: of how many, and how many each list keeps."""
    return [
        {
            "name": title,
            "key": outcome,
            "of": found["baseline"][outcome][1],
            "sides": [side[outcome][0] for side in found.values()],
            "lost": found["baseline"][outcome][0] - found["candidate"][outcome][0],
        }
        for outcome, title in OUTCOMES.items()
    ]


def _alerts(request: StaffRequest, codes: list[str]) -> dict[str, Alert]:
    seen = Alert.objects.visible_to(request.user, "read_alert").select_related("bureau")
    return {one.code: one for one in seen.filter(code__in=codes).defer("picture")}


def _names(request: StaffRequest, rows: list[dict[str, Any]]) -> dict[str, str]:
    """The shops' names, as far as the reader may see them."""
    codes = [row["subject_id"] for row in rows if row["subject_kind"] == "retailer"]
    seen = Retailer.objects.visible_to(request.user, "read_retailer").filter(code__in=codes)
    return dict(seen.values_list("code", "name"))


def _rows(
    rows: list[dict[str, Any]], names: dict[str, str], counties: dict[str, str]
) -> list[dict[str, Any]]:
    return [
        {**row, "name": names.get(row["subject_id"], ""), "place": counties.get(row["bureau"], ""),
         "day": dt.date.fromisoformat(row["on"])}
        for row in rows
    ]  # fmt: skip


COLUMNS = {
    "类别": 14, "订货日": 12, "单位": 18, "对象编码": 20, "等级": 6, "分数": 8, "规则": 10,
    "预警类型": 24, "预警编号": 24, "处置": 18,
}  # fmt: skip


@require_safe
def export_test(request: StaffRequest, pk: int) -> HttpResponse:
    """The differences of both lists as xlsx, with the figures on the second sheet."""
    one = _seen(request, pk)
    if one.state != BackTest.State.DONE:
        raise Http404
    rows = _sheet(one)
    content = workbook(title="差异", columns=COLUMNS, rows=rows, about=_about(request, one))
    note_test_exported(test=one, count=len(rows), by=request.user)
    return as_download(content, f"规则回测-{one.bureau.code}-{one.pk}.xlsx")


def _sheet(one: BackTest) -> list[list[Cell]]:
    counties = {city.code: city.name for city in [one.bureau, *one.bureau.children.counties()]}
    kinds = {kind.key: (kind.code, kind.title) for kind in all_detectors()}
    rows: list[list[Cell]] = []
    for title, name in (("新上榜", "new"), ("不再上榜", "gone")):
        rows += [
            [
                title, dt.date.fromisoformat(row["on"]), counties.get(row["bureau"], row["bureau"]),
                row["subject_id"], f"{row['grade']}色", row["score"],
                *kinds.get(row["detector"], (row["detector"], "")), None, None,
            ]
            for row in one.result[name]
        ]  # fmt: skip
    for row in one.result["alerts"]:
        title = "已办预警：保留" if row["kept"] else "已办预警：失去"
        rows.append([title, *[None] * 7, row["code"], OUTCOMES[row["outcome"]]])
    return rows


def _about(request: StaffRequest, one: BackTest) -> dict[str, Cell]:
    result = one.result
    about: dict[str, Cell] = {
        "单位": one.bureau.name,
        "时间": f"{one.first} 至 {one.last}，{result['nights']} 晚",
        "备选规则": "；".join(result["changes"]) or "与现行规则相同",
        "底稿版本": f"v{result['base']}" if result["base"] else "初始版本",
    }
    for name, side in result["sides"].items():
        about[SIDES[name]] = (
            f"上榜 {side['total']} 条，每晚 {side['nightly']} 条，约 {side['hours']} 工时"
        )
        if name == "traditional" and "minutes_a_row" in result:
            about["传统规则工时"] = f"不分等级，按现行名单平均每条 {result['minutes_a_row']} 分钟计"
    for row in _outcomes(result["outcomes"]):
        kept = "、".join(
            f"{SIDES[name]}保留 {number}"
            for name, number in zip(result["outcomes"], row["sides"], strict=True)
        )
        about[f"已办预警：{row['name']}"] = f"共 {row['of']} 条，{kept}"
    check = result["check"]
    about["与当时名单核对"] = (
        f"一致 {check['same']}，仅回测 {check['only_replay']}，仅当时 {check['only_real']}"
    )
    about["导出人"] = f"{request.user.name}（{request.user.code}）"
    about["导出时间"] = timezone.now()
    return about
