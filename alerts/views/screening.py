from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from accounts.http import StaffRequest
from accounts.models import User
from alerts.actions.screening import PRINCIPLES, screen_alert, screened
from alerts.forms import ScreenForm
from alerts.models import OPEN_STATES, Alert
from alerts.proposing import Proposal
from alerts.views.steps import CLAIMING, within_rights


@require_POST
def screen(request: StaffRequest, code: str) -> HttpResponse:
    """Tick one of the six screening steps off, or take that back."""
    alert = get_object_or_404(within_rights(request, CLAIMING), code=code)
    form = ScreenForm(request.POST)
    if not form.is_valid():
        messages.error(request, "没有这一步筛查。")
        return redirect(alert)
    try:
        screen_alert(alert=alert, by=request.user, **form.cleaned_data)
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
    return redirect(f"{alert.get_absolute_url()}#screening")


def screening_of(
    alert: Alert, helps: list[str], user: User, proposals: Sequence[Proposal]
) -> dict[str, Any]:
    """The six steps of a product's alert, each with what is known to it and who did it.

    The first excludes what the calendar of market events explains.
    """
    ticks = screened(alert)
    people = {one.actor for one in ticks.values()}
    names = dict(User.objects.filter(username__in=people).values_list("username", "name"))
    return {
        "screening": [
            {
                "step": number,
                "title": title,
                "help": helps[number - 1] if helps else "",
                "events": proposals if number == 1 else (),
                "at": ticks[number].at if number in ticks else None,
                "who": names.get(ticks[number].actor, "") if number in ticks else "",
            }
            for number, title in enumerate(PRINCIPLES, start=1)
        ],
        "may_screen": alert.holder == user and alert.state in OPEN_STATES,
    }
