"""The step pages of a visit: one section each, saved by hand or by itself."""

from dataclasses import fields
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.http import StaffRequest
from cases.actions import inspections as visiting
from cases.actions import stock as counting
from cases.content import load
from cases.forms.inspections import AnswerForm, CountForm, SectionForm
from cases.models import DoubtAnswer, Inspection, Interview, StockLine
from cases.reading import spoken
from cases.sections import BY_KEY, DOUBTS, ORDERING, PHOTOS, RECORDING, SIGN, STOCK, Section
from cases.views.inspection_access import WRITING, check, found_inspection, frame, say
from cases.views.inspection_photos import photos_page
from cases.views.inspection_signing import sign_page
from sources.lake.history import history
from sources.models import Sku

ORDERS = 10  # recent ones, shown for comparison


@require_http_methods(["GET", "POST"])
def section(request: StaffRequest, code: str, key: str) -> HttpResponse:
    """One step: shown to whoever may read, saved by the two officers."""
    if key not in BY_KEY:
        raise Http404
    step = BY_KEY[key]
    rights = WRITING if request.method == "POST" else ("read_case",)
    found = found_inspection(request, code, rights)
    if found.state == Inspection.State.SEALED and request.method == "GET":
        return redirect(found)
    if step == PHOTOS:
        return photos_page(request, found)
    form = SectionForm(
        step,
        data=request.POST or None,
        values=found.content.get(step.key, {}),
        version=visiting.version_of(found, step),
    )
    if request.method == "POST":
        return _save(request, found, form)
    return _page(request, found, form)


def _page(
    request: StaffRequest, found: Inspection, form: SectionForm, status: int = 200
) -> HttpResponse:
    step = form.section
    context = {**frame(request, found, step), "form": form, "answers": _spoken(found, step)}
    if step == SIGN:
        return sign_page(request, found, context)
    if step == STOCK:
        context |= _stock(found, request.POST)
    if step == DOUBTS:
        context["doubts"] = _doubts(found, request.POST)
    if step == RECORDING:
        context["talks"] = _talks(request, found)
    if step == ORDERING:
        context["orders"] = _orders(found)
    template = {STOCK: "stock", DOUBTS: "doubts"}.get(step, "section")
    return render(request, f"cases/inspection_{template}.html", context, status=status)


def _save(request: StaffRequest, found: Inspection, form: SectionForm) -> HttpResponse:
    by_itself = "X-Autosave" in request.headers
    try:
        check(form)
        saved = _saved(request, found, form, is_draft=by_itself)
    except ValidationError as error:
        if by_itself:
            status = 409 if getattr(error, "code", "") == visiting.STALE else 400
            return HttpResponse("".join(error.messages), status=status)
        say(request, error)
        return _page(request, found, form)
    if by_itself:
        now = timezone.localtime()
        version = visiting.version_of(saved, form.section)
        return HttpResponse(
            status=204, headers={"X-Saved": f"{now:%H:%M:%S}", "X-Version": str(version)}
        )
    return redirect(_next(request, found, form.section))


def _next(request: StaffRequest, found: Inspection, step: Section) -> str:
    """Where the button leads: on, back, or the same page."""
    around = frame(request, found, step)
    stage = around["before"] if "back" in request.POST else around["after"]
    stays = {"stay", "add"} & set(request.POST) or stage is None
    return request.path if stays else str(stage.url)


def _saved(
    request: StaffRequest, found: Inspection, form: SectionForm, *, is_draft: bool
) -> Inspection:
    common: dict[str, Any] = {
        "inspection": found,
        "version": form.cleaned_data["version"],
        "by": request.user,
        "is_draft": is_draft,
    }
    if form.section == STOCK:
        saved = counting.save_stock(counts=_counts(request, found), values=form.answers(), **common)
        _add_product(request, saved)
        return saved
    if form.section == DOUBTS:
        return visiting.answer_doubts(answers=_answers(request, found), **common)
    return visiting.save_section(section=form.section, values=form.answers(), **common)


def _add_product(request: StaffRequest, found: Inspection) -> None:
    """Put the product that was named on the sheet; known by its code where the catalogue has it."""
    name = request.POST.get("product", "").replace("\0", "").strip()[:100]
    if not name or "add" not in request.POST:
        return
    skus = Sku.objects.filter(bureau__in=[found.bureau_id, found.bureau.city.pk], name=name)
    sku = skus.order_by("-known_from", "-pk").first()
    line = counting.add_product(
        inspection=found, sku_id=sku.sku_id if sku else "", name=name, by=request.user
    )
    messages.success(request, f"“{line.sku_name}”在盘点表上。")


def _counts(request: HttpRequest, found: Inspection) -> dict[str, counting.Count]:
    counts = {}
    for line in found.stock.order_by("pk"):
        form = CountForm(request.POST, prefix=f"l{line.pk}")
        if not form.is_valid():
            raise ValidationError(f"{line.sku_name}：请填写正确的数量。")
        counts[line.sku_id] = form.count()
    return counts


def _answers(request: HttpRequest, found: Inspection) -> dict[int, visiting.Answer]:
    answers = {}
    for row in found.answers.select_related("doubt").order_by("pk"):
        form = AnswerForm(request.POST, prefix=f"d{row.doubt.number}")
        if not form.is_valid():
            raise ValidationError(f"疑点 {row.doubt.number}：内容过长，请精简。")
        answers[row.doubt.number] = form.answer()
    return answers


def _spoken(found: Inspection, step: Section) -> list[tuple[str, str]]:
    """The answers in words, for those who only read."""
    values = found.content.get(step.key, {})
    return [(field.label, spoken(field, values.get(field.key))) for field in step.fields]


def _doubts(found: Inspection, typed: QueryDict) -> list[DoubtAnswer]:
    """The answers as they are kept, or as they were typed and could not be."""
    rows = list(load(found).answers.all())
    for row in rows if typed else ():
        form = AnswerForm(typed, prefix=f"d{row.doubt.number}")
        if form.is_valid():
            given = form.answer()
            row.statement, row.seen = given.statement, given.seen
            row.evidence, row.finding = given.evidence, given.finding
    return rows


def _lines(found: Inspection, typed: QueryDict) -> list[StockLine]:
    lines = list(load(found).stock.all())
    for line in lines if typed else ():
        form = CountForm(typed, prefix=f"l{line.pk}")
        if form.is_valid():
            given = form.count()
            for field in fields(given):
                setattr(line, field.name, getattr(given, field.name))
    return lines


def _stock(found: Inspection, typed: QueryDict) -> dict[str, Any]:
    lines = _lines(found, typed)
    names = Sku.objects.filter(bureau__in=[found.bureau_id, found.bureau.city.pk])
    known = {line.sku_name for line in lines}
    return {
        "lines": lines,
        "totals": counting.totals(lines),
        "since": found.content.get("stock", {}).get("since"),
        "catalogue": sorted(set(names.values_list("name", flat=True)) - known)[:400],
    }


def _talks(request: StaffRequest, found: Inspection) -> QuerySet[Interview]:
    """Recorded interviews about the alert, for those who may read them; an assistant may not."""
    seen = Interview.objects.visible_to(request.user, "read_case").exclude(recording=None)
    return seen.filter(alert=found.alert_id).order_by("pk")


def _orders(found: Inspection) -> list[dict[str, Any]]:
    """The latest orders with the address and device they came from, to compare with the shop's own."""
    code, bureau = found.shop.get("code", ""), found.shop.get("bureau", found.bureau.code)
    return history(code, bureau=bureau, in_full=False).orders[:ORDERS]
