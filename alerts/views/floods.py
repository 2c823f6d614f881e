from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Case, When
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import StaffRequest
from alerts.actions import floods as actions
from alerts.forms_people import WordsForm, refusal
from alerts.models import Flood, Night, Surprise

A_PAGE = 20
WAITING_FIRST = Case(When(state=Flood.State.PARKED, then=0), default=1)
SAMPLES = 5  # sentences of each flood


@require_safe
def floods(request: StaffRequest) -> HttpResponse:
    """Rules that found far too many, parked until somebody decides."""
    if not request.user.may("decide_flood"):
        raise Http404
    seen = Flood.objects.visible_to(request.user, "decide_flood")
    rows = seen.select_related("bureau", "decided_by").order_by(WAITING_FIRST, "-on", "detector")
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    cards = []
    for flood in page.object_list:
        nights = Night.objects.visible_to(request.user, "read_run").filter(
            on=flood.on, bureau__path__startswith=flood.bureau.path
        )
        found = Surprise.objects.filter(night__in=nights, detector=flood.detector)
        samples = found.order_by("-surprise").values_list("sentence", flat=True)[:SAMPLES]
        cards.append({"flood": flood, "samples": list(samples)})
    return render(request, "alerts/floods.html", {"page": page, "cards": cards})


@require_POST
def decide_flood(request: StaffRequest, number: int) -> HttpResponse:
    flood = get_object_or_404(Flood.objects.visible_to(request.user, "decide_flood"), pk=number)
    form = WordsForm(request.POST, answers=("release", "reject"))
    if not form.is_valid():
        messages.error(request, refusal(form))
        return redirect("alerts:floods")
    release, note = form.cleaned_data["answer"] == "release", form.cleaned_data["words"]
    try:
        actions.decide_flood(
            flood=flood, release=release, note=note, by=request.user, now=timezone.now()
        )
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
    else:
        said = "已放行，正在重新分级。" if release else "已记为规则或数据异常。"
        messages.success(request, said)
    return redirect("alerts:floods")
