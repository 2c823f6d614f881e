"""How the pages of a visit get it, and what they share: steps, who may write, the record's words."""

import functools
import operator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404
from django.urls import reverse

from accounts.http import StaffRequest
from accounts.models import User
from accounts.walls import widen_walls
from alerts.models import Alert
from cases.actions.inspections_sealing import SIGNED, lacking
from cases.content import load
from cases.models import Inspection
from cases.models.inspection import InspectionQuerySet
from cases.sections import SECTIONS, SIGN, Section

READING = ("read_case",)
WRITING = ("write_case", "write_above")
APPROVING = ("approve_visit", "approve_visit_above")


def seen_inspections(user: User, rights: tuple[str, ...] = READING) -> InspectionQuerySet:
    """Visits for which the user has any of the rights, and those where the user assists."""
    found = [Inspection.objects.visible_to(user, right) for right in rights]
    return functools.reduce(operator.or_, found)


def found_inspection(
    request: StaffRequest, code: str, rights: tuple[str, ...] = READING
) -> Inspection:
    """The visit, or 404. An assisting officer's walls open for its parts; the page shows no more."""
    seen = seen_inspections(request.user, rights).select_related(
        "bureau__parent", "first_officer", "second_officer", "approved_by"
    )
    inspection: Inspection = get_object_or_404(seen, code=code)
    if request.user == inspection.second_officer:
        widen_walls(inspection.bureau)
    return inspection


def may_write(user: User, inspection: Inspection) -> bool:
    """Whether the user fills in this form now."""
    return inspection.state == Inspection.State.ON_SITE and user in (
        inspection.first_officer,
        inspection.second_officer,
    )


@dataclass(frozen=True)
class Stage:
    """One step of the form as the stepper shows it."""

    number: int
    section: Section
    url: str
    done: bool
    current: bool


def frame(request: StaffRequest, inspection: Inspection, section: Section | None) -> dict[str, Any]:
    """What every page of one visit shows around its own content."""
    load(inspection)
    missing = lacking(inspection) if inspection.state == Inspection.State.ON_SITE else []
    open_keys = {SIGN.key if key == SIGNED else key for key, _ in missing}
    stages = [
        Stage(
            number=number,
            section=one,
            url=reverse("cases:inspection_section", args=[inspection.code, one.key]),
            done=bool(inspection.started_at) and one.key not in open_keys,
            current=one == section,
        )
        for number, one in enumerate(SECTIONS, start=1)
    ]
    at = next((place for place, one in enumerate(stages) if one.current), None)
    return {
        "inspection": inspection,
        "section": section,
        "stages": stages,
        "before": stages[at - 1] if at else None,
        "after": stages[at + 1] if at is not None and at + 1 < len(stages) else None,
        "at": at + 1 if at is not None else 0,
        "may_write": may_write(request.user, inspection),
        "missing": missing,
        "missing_here": [words for key, words in missing if section and key == section.key],
    }


def alert_of(user: User, inspection: Inspection) -> Alert | None:
    """The visit's alert, where the user may read alerts there; an assistant from elsewhere may not."""
    seen = Alert.objects.visible_to(user, "read_alert").defer("picture")
    return seen.filter(pk=inspection.alert_id).first()


def say(request: StaffRequest, error: ValidationError) -> None:
    """The refusal of an action as messages of the next page."""
    for words in error.messages[:6]:
        messages.error(request, words)
    if len(error.messages) > 6:
        messages.error(request, f"另有 {len(error.messages) - 6} 项，见“封存前还缺”。")


def check(form: forms.Form) -> dict[str, Any]:
    """The form's values. Raises ValidationError with its faults in words."""
    if form.is_valid():
        return form.cleaned_data
    titles = {name: str(field.label or "") for name, field in form.fields.items()}
    raise ValidationError(
        [
            f"{titles[name]}：{words}" if titles.get(name) else words
            for name, errors in form.errors.items()
            for words in errors
        ]
    )
