"""How the pages of reports and assessments get their object: by month and county, if it is visible."""

import datetime as dt

from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.http import StaffRequest
from accounts.models import Bureau, BureauQuerySet, User, scope
from reports import months
from reports.models import Assessment, MonthlyReport


def month_or_404(text: str) -> dt.date:
    month = months.read(text)
    if month is None:
        raise Http404
    return month


def counties_of(user: User, action: str) -> BureauQuerySet:
    """The counties where the user may do the action, by code."""
    return Bureau.objects.counties().filter(pk__in=scope(user, action))


def county_or_404(request: StaffRequest, code: str, action: str) -> Bureau:
    return get_object_or_404(counties_of(request.user, action), code=code)


def report_or_404(request: StaffRequest, month: str, county: str, action: str) -> MonthlyReport:
    seen = MonthlyReport.objects.visible_to(request.user, action).select_related(
        "bureau__parent", "sent_by", "approved_by"
    )
    return get_object_or_404(seen, month=month_or_404(month), bureau__code=county)


def assessment_or_404(request: StaffRequest, month: str, county: str, action: str) -> Assessment:
    seen = Assessment.objects.visible_to(request.user, action).select_related(
        "bureau__parent", "report__bureau", "scorer", "confirmer"
    )
    return get_object_or_404(seen, month=month_or_404(month), bureau__code=county)
