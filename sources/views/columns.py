"""How each column of an imported file was taken, and importing it again once more is known."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import StaffRequest
from accounts.models import scope
from sources.actions.importing import profile_of, request_import
from sources.actions.profiles import map_column
from sources.forms import ProfileForm
from sources.importing.contract import Kind
from sources.importing.header import normal_title, titles_of
from sources.importing.kinds import KINDS
from sources.importing.meanings import choices, column_of
from sources.models import Batch
from sources.wording import TAKEN_BY, TYPES


@require_http_methods(["GET", "POST"])
def columns(request: StaffRequest, number: int) -> HttpResponse:
    """The columns of a file with samples; POST says what one means that nobody knew."""
    visible = Batch.objects.visible_to(request.user, "read_import").newest()
    batch = get_object_or_404(visible, pk=number)
    may_map = _may(request, "map_columns", batch)
    kind = KINDS.get(batch.kind or str(batch.report.get("kind", "")))
    if request.method == "POST" and not (may_map and kind):
        raise Http404
    form = ProfileForm(request.POST or None, kind=kind) if kind else None
    if form and form.is_valid():
        try:
            map_column(bureau=batch.bureau, kind=form.kind, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("sources:columns", batch.pk)
    found = _columns(batch, kind) if kind else []
    names = {column["name"] for column in found}
    context = {
        "batch": batch,
        "kind": kind,
        "columns": found,
        "unknown": sum(column["is_unknown"] for column in found),
        "mapped": any(column["mapped"] for column in found),
        "lacking": _lacking(kind, names) if kind else [],
        "choices": _choices(kind, names) if kind and may_map else [],
        "form": form,
        "may_again": batch.is_over and _may(request, "import_data", batch),
        "is_outdated": bool(batch.kind) and visible.after(batch).exists(),
    }
    return render(request, "sources/columns.html", context)


@require_POST
def import_again(request: StaffRequest, number: int) -> HttpResponse:
    """Import a stored file once more: what has become known of its columns counts then."""
    visible = Batch.objects.visible_to(request.user, "read_import").newest()
    batch = get_object_or_404(visible, pk=number)
    if not (batch.is_over and _may(request, "import_data", batch)):
        raise Http404
    again = request_import(
        file=batch.file,
        origin=Batch.Origin.UPLOAD,
        bureau=batch.bureau,
        by=request.user,
        at=timezone.now(),
    )
    return redirect(again)


def _may(request: StaffRequest, action: str, batch: Batch) -> bool:
    return scope(request.user, action).filter(pk=batch.bureau_id).exists()


def _columns(batch: Batch, kind: Kind) -> list[dict[str, Any]]:
    """What was seen of each column, in words."""
    known = titles_of(kind, profile_of(batch.bureau, kind.name))
    seen = batch.report.get("seen", [])
    found = {one["column"] for one in seen}
    rows = batch.report.get("rows") or 0
    columns = []
    for one in seen:
        column = kind.column(one["column"]) if one["column"] else None
        means = None if column else known.get(normal_title(one["header"]))
        meant = kind.column(means).title if means else ""
        columns.append(
            {
                "header": one["header"],
                "name": one["column"],
                "title": column.title if column else "",
                "type": TYPES[column.type] if column else "",
                "by": TAKEN_BY.get(one["by"], ""),
                "samples": one["samples"],
                "empty": one["empty"],
                "share": one["empty"] / rows if rows else None,
                "is_unknown": column is None,
                "repeats": meant if means in found else "",
                "mapped": meant if means not in found else "",
            }
        )
    return columns


def _lacking(kind: Kind, names: set[str]) -> list[str]:
    """Titles of the required columns that the file has not."""
    lacking = [kind.column(name).title for name in kind.required if name not in names]
    groups = (group for group in kind.any_of if not names.intersection(group))
    return lacking + ["或".join(kind.column(name).title for name in group) for group in groups]


def _choices(kind: Kind, names: set[str]) -> list[tuple[str, str]]:
    """What an unknown column may mean: the columns that the file has not yet."""
    free = {column.name: column.title for column in kind.columns} | choices(kind.name)
    return [(name, title) for name, title in free.items() if column_of(name) not in names]
