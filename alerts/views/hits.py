from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.http import StaffRequest
from alerts.forms import HitFilter
from alerts.models import Hit
from alerts.views.filtering import chips_of, seen_bureaus

A_PAGE = 50


@require_safe
def hits(request: StaffRequest) -> HttpResponse:
    """The ledger: every statutory hit in scope, pushed or not."""
    bureaus = list(seen_bureaus(request.user))
    if not bureaus:
        raise Http404
    seen = Hit.objects.visible_to(request.user, "read_alert")
    filtered = HitFilter(request.GET, seen, bureaus=bureaus)
    page = Paginator(filtered.qs.newest(), A_PAGE).get_page(request.GET.get("page"))
    for hit in page.object_list:
        if hit.subject_kind == "retailer":
            hit.subject_url = reverse("sources:retailer", args=[hit.subject_id])
    context = {
        "page": page,
        "form": filtered.form,
        "chips": chips_of(request, filtered.form),
        "clear_url": request.path,
        "total": page.paginator.count,
    }
    return render(request, "alerts/hits.html", context)
