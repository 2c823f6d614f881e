"""The pages of carton codes: what was seized, registering it, and where its codes lead."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.http import StaffRequest
from accounts.models import scope
from documents.serving import serve
from sources.actions.seizures import Seized, withdraw_seizure
from sources.actions.seizures import register_seizure as register
from sources.cartons import read_cartons
from sources.forms import DecodeForm, SeizureForm, WithdrawForm
from sources.models import Seizure, Sku
from sources.tracing import handed_to, own_cartons, trace

PAGE = 50


@require_GET
def seizures(request: StaffRequest) -> HttpResponse:
    """What was registered, the newest seizure first."""
    if not request.user.may("read_seizure"):
        raise Http404
    visible = Seizure.objects.visible_to(request.user, "read_seizure")
    found = visible.newest().annotate(number_of_codes=Count("codes"))
    context = {
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
        "may_register": request.user.may("register_seizure"),
    }
    return render(request, "sources/seizures.html", context)


@require_http_methods(["GET", "POST"])
def register_seizure(request: StaffRequest) -> HttpResponse:
    """查获条码登记: the form; what each code means is shown as it is typed and after a mistake."""
    bureaus = scope(request.user, "register_seizure").order_by("path")
    if not bureaus:
        raise Http404
    today = timezone.localdate()
    form = SeizureForm(request.POST or None, request.FILES or None, bureaus=bureaus, today=today)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        photo = given.pop("photo")
        seized = Seized(
            **{name: value for name, value in given.items() if name != "bureau"},
            photo=(photo.name, photo) if photo else None,
        )
        try:
            made = register(
                seized=seized, bureau=given["bureau"], by=request.user, now=timezone.now()
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect(made)
    context = {
        "form": form,
        "skus": _catalogue(request),
        **_decoded(request),
    }
    return render(request, "sources/register_seizure.html", context)


@require_POST
def decode(request: StaffRequest) -> HttpResponse:
    """What the typed codes mean, as a part of the form; keeps nothing."""
    if not request.user.may("register_seizure"):
        raise Http404
    return render(request, "sources/_cartons.html", _decoded(request))


@require_GET
def seizure(request: StaffRequest, number: int) -> HttpResponse:
    """One registration: its codes and where they lead. Of another bureau's: the codes of own shops."""
    return _page(request, _readable(request, number), WithdrawForm())


@require_POST
def withdraw(request: StaffRequest, number: int) -> HttpResponse:
    """Take a wrong registration back."""
    found = _found(request, number, "register_seizure")
    form = WithdrawForm(request.POST)
    if form.is_valid():
        try:
            withdraw_seizure(
                seizure=found, reason=form.cleaned_data["reason"], by=request.user,
                now=timezone.now(),
            )  # fmt: skip
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect(found)
    return _page(request, found, form)


@require_GET
def seizure_photo(request: StaffRequest, number: int) -> HttpResponseBase:
    """The photo of the codes, as it was uploaded."""
    found = _readable(request, number)
    if found.photo is None:
        raise Http404
    return serve(found.photo, inline=True, name=found.photo.name)


def _found(request: StaffRequest, number: int, action: str) -> Seizure:
    visible = Seizure.objects.visible_to(request.user, action)
    whole = visible.newest().select_related("photo", "withdrawn_by").prefetch_related("codes")
    return get_object_or_404(whole, pk=number)


def _readable(request: StaffRequest, number: int) -> Seizure:
    """One in the reader's scope, or one that was handed to a county of it."""
    visible = Seizure.objects.visible_to(request.user, "read_seizure").filter(pk=number)
    if visible.exists():
        return _found(request, number, "read_seizure")
    handed = handed_to(number=number, user=request.user)
    if handed is None:
        raise Http404
    return handed


def _page(request: StaffRequest, found: Seizure, form: WithdrawForm) -> HttpResponse:
    mine = request.user.may_at("register_seizure", found.bureau)
    cartons = found.cartons()
    whole = request.user.may_at("read_seizure", found.bureau)
    shown = cartons if whole else own_cartons(seizure=found, user=request.user)
    context = {
        "seizure": found,
        "cartons": shown,
        "others": len(cartons) - len(shown),
        "traces": trace(cartons=shown, user=request.user, sku_id=found.sku_id),
        "form": form,
        "may_withdraw": mine and found.withdrawn_at is None,
    }
    return render(request, "sources/seizure.html", context)


def _decoded(request: StaffRequest) -> dict[str, Any]:
    """The codes of the posted box; none where the day of the case is missing."""
    form = DecodeForm(request.POST)
    if not form.is_valid():
        return {"cartons": [], "needs_day": bool(request.POST.get("codes"))}
    given = form.cleaned_data
    return {"cartons": read_cartons(given["codes"], case_on=given["seized_on"])}


def _catalogue(request: StaffRequest) -> list[str]:
    """Names of the products to choose from."""
    above = scope(request.user, "register_seizure").values("parent")
    own = scope(request.user, "register_seizure").values("pk")
    listed = Sku.objects.filter(bureau__in=above) | Sku.objects.filter(bureau__in=own)
    return list(listed.order_by("name").values_list("name", flat=True).distinct())
