import datetime as dt

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import StaffRequest
from alerts.actions import exempting as actions
from alerts.deviation import said_size
from alerts.forms_people import ExemptionForm, WordsForm, refusal
from alerts.models import Alert, Exemption, ExemptionQuerySet, Reason
from alerts.naming import detector_of
from alerts.views.filtering import seen_bureaus
from documents.actions import store_file
from documents.serving import serve
from sources.models import Retailer

A_PAGE = 30
SOON = dt.timedelta(days=7)
ASKING = ("claim_alert", "claim_above")
SAID = {"approve": "豁免已生效。", "refuse": "已退回。", "end": "豁免已终止。"}
DECIDING = ("exempt", "exempt_above", *ASKING)


def _seen(request: StaffRequest) -> ExemptionQuerySet:
    seen = Exemption.objects.visible_to(request.user, "read_alert")
    return seen.select_related("bureau", "alert", "made_by", "decided_by", "ended_by", "proof")


@require_safe
def exemptions(request: StaffRequest) -> HttpResponse:
    """All exemptions in scope, what waits and what ends soon first, with what each kept off."""
    if not seen_bureaus(request.user).exists():
        raise Http404
    today = timezone.localdate()
    rows = _seen(request).with_counts().by_urgency(today=today, soon=today + SOON)
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "today": today, "soon": today + SOON}
    return render(request, "alerts/exemptions.html", context)


@require_http_methods(["GET", "POST"])
def exempt(request: StaffRequest, code: str) -> HttpResponse:
    """Ask that a rule stay silent about an alert's subject."""
    first, second = (Alert.objects.visible_to(request.user, right) for right in ASKING)
    alert = get_object_or_404((first | second).select_related("bureau__parent"), code=code)
    rules = [one.pk for one in alert.reasons.all() if detector_of(one.detector)]
    form = ExemptionForm(
        request.POST or None,
        request.FILES or None,
        today=timezone.localdate(),
        reasons=Reason.objects.filter(pk__in=rules).order_by("-on", "-surprise"),
    )
    if form.is_valid():
        try:
            made = _asked(request, form, alert)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            waits = made.state == Exemption.State.WAITING
            messages.success(request, "已提交，待另一人审批。" if waits else "豁免已生效。")
            return redirect("alerts:exemption", number=made.pk)
    return render(request, "alerts/exempt.html", {"alert": alert, "form": form, "rules": rules})


@transaction.atomic
def _asked(request: StaffRequest, form: ExemptionForm, alert: Alert) -> Exemption:
    given, now = form.cleaned_data, timezone.now()
    proof = given["proof"]
    kept = store_file(
        stream=proof, name=proof.name, bureau=alert.bureau, purpose="exemption",
        by=request.user, at=now,
    )  # fmt: skip
    grounds = actions.Grounds(
        cause=given["cause"], note=given["note"], until=given["until"], proof=kept
    )
    return actions.ask_exemption(reason=given["reason"], grounds=grounds, by=request.user, now=now)


@require_safe
def exemption(request: StaffRequest, number: int) -> HttpResponse:
    found = get_object_or_404(_seen(request).with_counts(), pk=number)
    right = actions.right_to_approve(found)
    approver = Exemption.objects.visible_to(request.user, right).filter(pk=number).exists()
    stands = found.state_on(timezone.localdate())
    live = stands in (Exemption.State.WAITING, Exemption.State.APPROVED)
    context = {
        "exemption": found,
        "stands": stands,
        "deviation": said_size(found.detector, found.size),
        "other": _other(request, found),
        "may_decide": approver
        and stands == Exemption.State.WAITING
        and found.made_by != request.user,
        "may_end": live and (approver or found.made_by == request.user),
        "kept_off": found.kept_off.select_related("night").order_by("-night__on")[:A_PAGE],
    }
    return render(request, "alerts/exemption.html", context)


def _other(request: StaffRequest, found: Exemption) -> str:
    """The pair's other shop: its name where the reader may see it, else its code."""
    seen = Retailer.objects.visible_to(request.user, "read_retailer").filter(code=found.other_id)
    return seen.values_list("name", flat=True).first() or found.other_id


@require_safe
def proof(request: StaffRequest, number: int) -> HttpResponse | FileResponse:
    found = get_object_or_404(_seen(request), pk=number)
    if found.proof is None:
        raise Http404
    return serve(found.proof, inline=True, name=found.proof.name)


@require_POST
def decide(request: StaffRequest, number: int) -> HttpResponse:
    """Approve, refuse or end one."""
    if not any(request.user.may(right) for right in DECIDING):
        raise Http404
    found = get_object_or_404(_seen(request), pk=number)
    form = WordsForm(request.POST, answers=SAID)
    if not form.is_valid():
        messages.error(request, refusal(form))
        return redirect("alerts:exemption", number=number)
    words, answer = form.cleaned_data["words"], form.cleaned_data["answer"]
    by, now = request.user, timezone.now()
    try:
        if answer == "end":
            actions.end_exemption(exemption=found, why=words, by=by, now=now)
        else:
            actions.decide_exemption(
                exemption=found, approve=answer == "approve", words=words, by=by, now=now
            )
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
    else:
        messages.success(request, SAID[answer])
    return redirect("alerts:exemption", number=number)
