"""The same form sent twice at the same moment: real commits, two connections."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import ValidationError
from django.db import connections

from alerts.actions.raising import Suspicion, raise_alert
from alerts.actions.supervising import rules_of, set_rule
from alerts.models import Alert, Origin, Reason, SupervisionRule
from alerts.supervision import DEFAULTS, Line
from tests import make


def twice(send):
    """What two clicks at once are answered."""

    def once(_):
        try:
            return send()
        except ValidationError as error:
            return error.messages[0]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(once, range(2)))


@pytest.mark.parametrize("number", ["", "JB-1"])
def test_one_suspicion_is_one_alert(fresh_database, number):
    at, by = make.bureau(), make.user()
    told = Suspicion(
        origin=Origin.TIP if number else Origin.PERSON, reference=number, family="CASE", grade="黄",
        subject_kind="retailer", subject_id="R1", sentence="走访时见该店库房堆放整件卷烟二十件。",
    )  # fmt: skip

    answers = twice(lambda: raise_alert(suspicion=told, bureau=at, by=by, now=make.NOW)[1])

    alert, reason = Alert.objects.get(), Reason.objects.get()
    assert reason.alert == alert
    refused = f"编号JB-1已建预警{alert.code}，未重复新建。"
    assert set(map(str, answers)) == {"True", refused if number else "False"}


def test_one_line_of_the_policy_is_set_once(fresh_database):
    city = make.bureau("4514")
    by = make.user("city_lead", at=city)
    line = Line(what="alert", number=3, unit="90d", measure="key", source="崇烟专〔2026〕1号")

    answers = twice(lambda: set_rule(city=city, line=line, by=by, now=make.NOW).number)

    assert set(map(str, answers)) == {"3", "政策表中已有这一行，未重复设置。"}
    assert SupervisionRule.objects.filter(number=3).count() == 1


def test_a_citys_first_policy_is_made_once(fresh_database):
    city = make.bureau("4514")

    answers = twice(lambda: len(rules_of(city=city, now=make.NOW)))

    assert answers == [len(DEFAULTS)] * 2
    assert SupervisionRule.objects.count() == len(DEFAULTS)
