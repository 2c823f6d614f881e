"""The pages of data import: list and upload, one file's report, its bad rows as a table."""

from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import HttpResponseClientRefresh

from accounts.http import StaffRequest
from accounts.models import scope
from documents.sheets import as_download, workbook
from sources.actions.completeness import ORDER_KINDS
from sources.actions.importing import NUMBERS
from sources.actions.receiving import receive_upload
from sources.forms import UploadForm
from sources.importing.kinds import KINDS
from sources.importing.totals import ADDING
from sources.models import Batch, Finding
from sources.wording import total_sentence

PAGE = 30
LISTED = 200  # held rows and doubts shown on the page


@require_http_methods(["GET", "POST"])
def imports(request: StaffRequest) -> HttpResponse:
    """What was imported, newest first, and the upload of further files."""
    if not request.user.may("read_import"):
        raise Http404
    bureaus = scope(request.user, "import_data").order_by("path")
    form = UploadForm(request.POST or None, request.FILES or None, bureaus=bureaus)
    if request.method == "POST" and form.is_valid():
        files = [(file.name or "", file) for file in form.cleaned_data["files"]]
        bureau = form.cleaned_data["bureau"]
        try:
            receive_upload(files=files, bureau=bureau, by=request.user, at=timezone.now())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("sources:imports")
    batches = Batch.objects.visible_to(request.user, "read_import").newest()
    page = Paginator(batches, PAGE).get_page(request.GET.get("page"))
    for batch in page.object_list:
        _present(batch)
    context = {
        "page": page,
        "running": any(batch.state in _UNDER_WAY for batch in page.object_list),
        "form": form,
        "may_import": request.user.may("import_data"),
    }
    template = "sources/_batches.html" if request.htmx else "sources/imports.html"
    return render(request, template, context)


_UNDER_WAY = {Batch.State.WAITING, Batch.State.RUNNING}
_GIVEN_UP = "多次尝试都没有成功，已停止，没有导入任何内容。请联系系统管理员查看任务记录后再试。"


def _present(batch: Batch) -> None:
    """What pages show: names, and the state that the job tells until the batch's own commits."""
    batch.file_name = batch.file.name  # type: ignore[attr-defined]
    batch.kind_title = KINDS[batch.kind].title if batch.kind in KINDS else ""  # type: ignore[attr-defined]
    batch.report = {**dict.fromkeys([*NUMBERS, "seconds"], 0), **batch.report}
    if batch.is_given_up:
        batch.state, batch.refusal = Batch.State.REFUSED, _GIVEN_UP
    elif batch.state == Batch.State.WAITING and batch.job and batch.job.leased_until:
        batch.state = Batch.State.RUNNING


@require_GET
def import_batch(request: StaffRequest, number: int) -> HttpResponse:
    """One file's report: numbers, bad rows, held rows, doubts."""
    visible = Batch.objects.visible_to(request.user, "read_import").newest()
    batch = get_object_or_404(visible, pk=number)
    _present(batch)
    running = batch.state in _UNDER_WAY
    if request.htmx:
        if not running:
            return HttpResponseClientRefresh()
        return render(request, "sources/_report.html", {"batch": batch, "running": True})
    found = batch.findings.order_by("row_no", "pk")
    rejects = found.filter(weight=Finding.Weight.REJECTED)
    doubts = found.filter(weight=Finding.Weight.DOUBT)
    held = batch.held_rows.filter(released_by=None).order_by("row_no", "pk")
    context = {
        "batch": batch,
        "running": running,
        "totals": [
            {"agrees": total["agrees"], "text": total_sentence(total)}
            for total in batch.report.get("totals", [])
        ],
        "adds_up": batch.kind in ADDING,
        "delays": batch.kind in ORDER_KINDS,
        "rejects": Paginator(rejects, PAGE).get_page(request.GET.get("page")),
        "rejects_url": reverse("sources:rejects", args=[batch.pk]) if rejects.exists() else "",
        "held": [
            {
                "row_no": row.row_no,
                "parent_key": row.parent_key,
                "parent_title": KINDS[row.parent_kind].title,
            }
            for row in held.defer("row")[:LISTED]
        ],
        "held_total": held.count(),
        "doubts": list(doubts[:LISTED]),
        "doubts_total": sum(batch.report.get("doubts", {}).values()),
    }
    return render(request, "sources/import.html", context)


@require_GET
def rejects(request: StaffRequest, number: int) -> HttpResponse:
    """The rows that were not loaded, as a workbook; every cell is text, never a formula."""
    visible = Batch.objects.visible_to(request.user, "read_import").select_related("file")
    batch = get_object_or_404(visible, pk=number)
    found = batch.findings.filter(weight=Finding.Weight.REJECTED).order_by("row_no", "pk")
    columns = {"文件": 30, "行": 8, "列": 24, "内容": 24, "原因": 24}
    rows = (
        [batch.file.name, str(row.row_no), row.column, row.value, row.reason]
        for row in found.iterator()
    )
    content = workbook(title="未导入的行", columns=columns, rows=rows)
    return as_download(content, f"未导入的行-{batch.file.name}.xlsx")
