"""What the lists share: chips that take one condition away, and the address without it."""

from collections.abc import Iterator
from dataclasses import dataclass

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse

from accounts.http import StaffRequest
from accounts.models import Bureau, User, scope

MOST = 50_000  # rows of one export


@dataclass(frozen=True)
class Chip:
    """A condition in force, and the page without it."""

    label: str
    value: str
    url: str


def seen_bureaus(user: User) -> QuerySet[Bureau]:
    """The bureaus of whose alerts the user may see any, hidden ones included."""
    return (scope(user, "read_alert") | scope(user, "see_hidden")).order_by("code")


def address(request: StaffRequest, **changes: str | None) -> str:
    """This page with other parameters; None takes one away, and any change goes to page one."""
    query = request.GET.copy()
    query.pop("page", None)
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = value
    return f"{request.path}?{query.urlencode()}" if query else request.path


def exported(request: StaffRequest, view: str) -> str:
    """Where the list is taken away as it is filtered now, all its pages."""
    query = request.GET.copy()
    query.pop("page", None)
    return f"{reverse(view)}?{query.urlencode()}" if query else reverse(view)


def export_title(count: int) -> str:
    """What the button says: all of it, or as much as one file holds."""
    return "导出" if count <= MOST else f"导出前 {MOST:,} 条"


def chips_of(request: StaffRequest, form: forms.Form) -> list[Chip]:
    """A chip for every condition of a bound form."""
    return list(_chips(request, form))


def _chips(request: StaffRequest, form: forms.Form) -> Iterator[Chip]:
    form.is_valid()
    for name, field in form.fields.items():
        if isinstance(field.widget, forms.HiddenInput) or name not in request.GET:
            continue
        titles = dict(getattr(field, "choices", ()))
        for value in filter(None, request.GET.getlist(name)):
            label = str(field.label or name)
            yield Chip(label, str(titles.get(value, value)), _without(request, name, value))


def _without(request: StaffRequest, name: str, value: str) -> str:
    query: QueryDict = request.GET.copy()
    query.pop("page", None)
    query.setlist(name, [one for one in query.getlist(name) if one != value])
    return f"{request.path}?{query.urlencode()}" if query else request.path
