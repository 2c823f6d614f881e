from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts import actions
from accounts.http import StaffRequest


@require_safe
def notices(request: StaffRequest) -> HttpResponse:
    mine = request.user.notices.order_by("-created_at", "-pk")
    page = Paginator(mine, 25).get_page(request.GET.get("page"))
    unread = mine.filter(read_at=None).count()
    return render(request, "accounts/notices.html", {"page": page, "unread": unread})


@require_POST
def read_notices(request: StaffRequest) -> HttpResponse:
    actions.read_notices(user=request.user, at=timezone.now())
    return redirect("accounts:notices")
