from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import StaffRequest
from accounts.models import Bureau, scope
from alerts.actions import events as actions
from alerts.forms_people import EventForm
from alerts.models import MarketEvent

A_PAGE = 30
MOST_DIGITS = 18  # of a row's number


@require_http_methods(["GET", "POST"])
def events(request: StaffRequest) -> HttpResponse:
    """The calendar of market days, new products, prices and festivals, and a form for one more."""
    if not request.user.may("read_alert"):
        raise Http404
    counties = scope(request.user, "manage_events").filter(level=Bureau.Level.COUNTY)
    may_add = counties.exists()
    if request.method == "POST" and not may_add:
        raise Http404
    only = list(counties.values_list("code", flat=True)[:2])
    form = EventForm(
        request.POST or None,
        bureaus=counties.order_by("code"),
        initial={"bureaus": only if len(only) == 1 else []},
    )
    if form.is_valid():
        try:
            made = actions.add_event(
                happening=form.happening(), bureaus=form.cleaned_data["bureaus"],
                by=request.user, now=timezone.now(),
            )  # fmt: skip
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"已登记，用于 {len(made)} 个单位。")
            return redirect("alerts:events")
    seen = MarketEvent.objects.visible_to(request.user, "read_alert").filter(removed_at=None)
    only_one = request.GET.get("only", "")
    if only_one.isdecimal() and len(only_one) <= MOST_DIGITS:
        seen = seen.filter(pk=only_one)
    rows = seen.select_related("bureau", "made_by").order_by("-last", "-pk")
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page, "form": form, "may_add": may_add, "today": timezone.localdate(),
        "only_one": only_one,
    }  # fmt: skip
    return render(request, "alerts/events.html", context)


@require_POST
def remove_event(request: StaffRequest, number: int) -> HttpResponse:
    mine = MarketEvent.objects.visible_to(request.user, "manage_events")
    event = get_object_or_404(mine, pk=number)
    actions.remove_event(event=event, by=request.user, now=timezone.now())
    messages.success(request, f"已撤下“{event.name}”。")
    return redirect("alerts:events")
