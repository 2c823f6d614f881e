"""Beginning a report and saving its parts."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.http import StaffRequest
from reports.actions import drafting
from reports.forms import VersionForm, is_part, part_of
from reports.parts import TITLES
from reports.views.finding import county_or_404, month_or_404, report_or_404


@require_POST
def start(request: StaffRequest, month: str, county: str) -> HttpResponse:
    bureau = county_or_404(request, county, "write_report")
    try:
        report = drafting.start_report(
            bureau=bureau, month=month_or_404(month), by=request.user, now=timezone.now()
        )
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
        return redirect("reports:reports")
    return redirect(report)


@require_POST
def save(request: StaffRequest, month: str, county: str, key: str) -> HttpResponse:
    """One part. The autosave is answered 204 with time and version, or 409 with the reason."""
    report = report_or_404(request, month, county, "write_report")
    form, now = VersionForm(request.POST), timezone.now()
    if not is_part(key):
        raise Http404
    quietly = "X-Autosave" in request.headers
    try:
        if not form.is_valid():
            raise drafting.StaleError("页面已过期，没有保存。请复制您的内容，刷新后再改。")
        version = drafting.save_part(
            report=report, key=key, value=part_of(key, request.POST), by=request.user, now=now,
            version=form.cleaned_data["version"],
        )  # fmt: skip
    except ValidationError as error:
        words = "".join(error.messages)
        if quietly:
            status = 409 if isinstance(error, drafting.StaleError) else 422
            return HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")
        messages.error(request, words)
        return redirect(report)
    if quietly:
        saved = f"{timezone.localtime(now):%H:%M:%S}"
        return HttpResponse(status=204, headers={"X-Saved": saved, "X-Version": str(version)})
    messages.success(request, f"「{TITLES[key]}」已保存。")
    return redirect(f"{report.get_absolute_url()}#{key}")
