"""What pages send about reports, as the actions get it."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.http import QueryDict

from accounts.permissions import Role
from reports.actions.drafting import start_report
from reports.forms import marks_of, part_of
from tests import make


def sent(*pairs):
    data = QueryDict(mutable=True)
    for name, value in pairs:
        data.appendlist(name, value)
    return data


def test_what_the_database_refuses_is_left_out():
    row = [("matter", "逐户\0复查"), ("who", "韦明岚"), ("until", "2026-12-20")]
    assert part_of("work", sent(("text", "本月\0工作"))) == "本月工作"
    assert part_of("plan", sent(*row))[0]["matter"] == "逐户复查"
    assert part_of("self", sent(("score-1", "9\0"))) == {"1": "9"}
    assert marks_of(sent(("target", "w" * 99), ("mark", "数字\0不符"))) == [("w" * 60, "数字不符")]


@pytest.mark.django_db
@pytest.mark.parametrize("month", [dt.date(1, 1, 1), dt.date(2024, 12, 1), dt.date(2026, 4, 1)])
def test_reports_are_begun_of_this_year_and_the_last(month):
    writer = make.user(Role.COUNTY_SUPERVISOR)
    with pytest.raises(ValidationError):
        start_report(bureau=make.bureau(), month=month, by=writer, now=make.NOW)
