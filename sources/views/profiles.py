"""The page on which a bureau says what its own headers mean."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.http import StaffRequest
from accounts.models import Bureau, scope
from sources.actions.profiles import map_column
from sources.forms import ProfileForm
from sources.importing.contract import Kind
from sources.importing.kinds import KINDS
from sources.importing.meanings import choices
from sources.models import Batch, ColumnProfile

FILES = 8


@require_http_methods(["GET", "POST"])
def profile(request: StaffRequest) -> HttpResponse:
    """The columns of a kind and the headers that mean them here; POST adds one."""
    bureau = _bureau(request)
    kind = KINDS.get(request.GET.get("kind", "orders"))
    if kind is None:
        raise Http404
    form = ProfileForm(request.POST or None, kind=kind)
    if request.method == "POST" and form.is_valid():
        try:
            map_column(bureau=bureau, kind=kind.name, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect(f"{reverse('sources:profile')}?kind={kind.name}&bureau={bureau.code}")
    own: dict[str, list[str]] = {}
    for row in ColumnProfile.objects.filter(bureau=bureau, kind=kind.name).order_by("header"):
        own.setdefault(row.column, []).append(row.header)
    context = {
        "bureau": bureau,
        "kinds": [{"kind": name, "title": one.title} for name, one in KINDS.items()],
        "current": kind.name,
        "columns": [
            {
                "name": column.name,
                "title": column.title,
                "required": column.required,
                "aliases": own.get(column.name, []),
            }
            for column in kind.columns
        ]
        + [
            {"name": name, "title": title, "required": False, "aliases": own.get(name, [])}
            for name, title in choices(kind.name).items()
        ],
        "form": form,
        "may_edit": True,
        "files": _files(request, bureau, kind),
    }
    return render(request, "sources/profile.html", context)


def _files(request: StaffRequest, bureau: Bureau, kind: Kind) -> list[dict[str, Any]]:
    """The newest files of a kind, whose columns can be looked at."""
    of_kind = Q(kind=kind.name) | Q(report__kind=kind.name)
    seen = Batch.objects.visible_to(request.user, "read_import").newest()
    newest = seen.filter(of_kind, bureau__path__startswith=bureau.path)[:FILES]
    return [
        {
            "batch": batch,
            "name": batch.file.name,
            "unknown": sum(not one["column"] for one in batch.report.get("seen", [])),
        }
        for batch in newest
    ]


def _bureau(request: StaffRequest) -> Bureau:
    """The bureau named in the address, else the first where the user may map columns."""
    may = scope(request.user, "map_columns").order_by("path")
    code = request.GET.get("bureau")
    bureau = (may.filter(code=code) if code else may).first()
    if bureau is None:
        raise Http404
    return bureau
