from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import StaffRequest
from accounts.models import Bureau, User, scope
from alerts.actions import grades
from alerts.actions.raising import raise_alert
from alerts.forms_people import GradeForm
from alerts.forms_raising import RaiseForm
from alerts.models import OPEN_STATES, Alert, AlertQuerySet, Grade, GradeChange, Hit
from alerts.naming import detector_of
from sources.models import Retailer

RAISING = ("raise_alert", "raise_above")
MOST_DIGITS = 18  # of a row's number
GRADING = ("grade_alert", "grade_above")
REVIEWING = ("review_grade", "review_grade_above")


def _at(user: User, rights: tuple[str, ...]) -> QuerySet[Bureau]:
    first, second = (scope(user, right) for right in rights)
    return first | second


def _alerts(user: User, rights: tuple[str, ...]) -> AlertQuerySet:
    first, second = (Alert.objects.visible_to(user, right) for right in rights)
    return first | second


def _may(user: User, right: str, alert: Alert) -> bool:
    return Alert.objects.visible_to(user, right).filter(pk=alert.pk).exists()


@require_http_methods(["GET", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """A suspicion that did not come from a night: somebody saw, heard or was told something."""
    if not any(request.user.may(right) for right in RAISING):
        raise Http404
    bureaus = _at(request.user, RAISING)
    hit = _hit(request, bureaus)
    form = RaiseForm(
        request.POST or None,
        initial=_about(hit) if hit else {"subject": request.GET.get("retailer", "")},
        retailers=Retailer.objects.visible_to(request.user, "read_retailer"),
        bureaus=bureaus,
        hit=hit,
    )
    if form.is_valid() and form.bureau is not None:
        try:
            alert, is_new = raise_alert(
                suspicion=form.suspicion(),
                bureau=form.bureau,
                by=request.user,
                now=timezone.now(),
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _raised(request, alert, is_new=is_new)
    return render(request, "alerts/new.html", {"form": form, "hit": hit})


def _hit(request: StaffRequest, bureaus: QuerySet[Bureau]) -> Hit | None:
    """The product's entry of the ledger that the address names."""
    number = request.GET.get("hit", "")
    if not number:
        return None
    seen = Hit.objects.visible_to(request.user, "read_alert").filter(subject_kind="sku")
    if not number.isdecimal() or len(number) > MOST_DIGITS:
        raise Http404
    return get_object_or_404(seen.newest(), pk=number, bureau__in=bureaus)


def _about(hit: Hit) -> dict[str, str]:
    """What the form begins with when an alert is made of an entry."""
    kind = detector_of(hit.detector)
    return {
        "subject_kind": hit.subject_kind, "subject": hit.subject_id, "sentence": hit.sentence,
        "family": kind.family if kind else "", "grade": hit.grade,
    }  # fmt: skip


def _raised(request: StaffRequest, alert: Alert, *, is_new: bool) -> HttpResponse:
    what = f"已新建预警 {alert.code}" if is_new else f"该对象已有未办结预警，已并入 {alert.code}"
    if Alert.objects.visible_to(request.user, "read_alert").filter(pk=alert.pk).exists():
        messages.success(request, f"{what}。")
        return redirect(alert)
    messages.success(request, f"{what}，由市局办理，本单位不再显示。")
    return redirect("alerts:alerts")


@require_http_methods(["GET", "POST"])
def grade(request: StaffRequest, code: str) -> HttpResponse:
    """Raise or lower an alert's grade; and all the changes that were made before."""
    seen = _alerts(request.user, GRADING) | _alerts(request.user, REVIEWING)
    alert = get_object_or_404(seen.select_related("bureau", "holder"), code=code)
    form = GradeForm(request.POST or None, initial={"grade": ""})
    if form.is_valid():
        try:
            change = grades.change_grade(
                alert=alert, by=request.user, now=timezone.now(), **form.cleaned_data
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            said = "已提出降级，市局确认后生效。" if change.is_waiting else "等级已调整。"
            messages.success(request, said)
            return redirect(alert)
    changes = list(alert.grade_changes.select_related("by", "reviewed_by").order_by("-at"))
    reviewer = _may(request.user, grades.right_to_review(alert), alert)
    for change in changes:
        change.may_review = (  # type: ignore[attr-defined]
            reviewer
            and change.reviewed_at is None
            and Grade.RED in (change.old, change.new)
            and change.by != request.user
        )
    context = {
        "alert": alert,
        "form": form,
        "changes": changes,
        "waits": any(change.is_waiting for change in changes),
        "may_grade": alert.state in OPEN_STATES
        and _may(request.user, grades.right_to_grade(alert), alert),
        "grades": [one for one in Grade if one != alert.grade],
    }
    return render(request, "alerts/grade.html", context)


@require_POST
def review_grade(request: StaffRequest, code: str, number: int) -> HttpResponse:
    alert = get_object_or_404(_alerts(request.user, REVIEWING), code=code)
    change = get_object_or_404(GradeChange, pk=number, alert=alert)
    confirm = request.POST.get("confirm") == "yes"
    try:
        grades.review_grade(change=change, confirm=confirm, by=request.user, now=timezone.now())
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
    else:
        messages.success(request, "已确认这次调整。" if confirm else "已退回这次调整。")
    return redirect("alerts:grade", code=code)
