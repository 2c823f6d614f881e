import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.urls import reverse

import accounts.actions
from accounts.permissions import Role
from alerts.models import Grade, Outcome, State
from audit.models import Event
from cases.actions import conclusions as actions
from cases.actions.sealing import digest, seal_record
from cases.models import Conclusion, Doubt, DoubtAnswer, Inspection, SealedRecord
from tests import make

pytestmark = pytest.mark.django_db
NOW = make.NOW
TODAY = dt.date(2026, 3, 3)  # in China
CONTENT = {
    "outcome": "N", "causes": ["N04"], "violations": [], "people": "", "watch_until": None,
    "facts": "店主称本周为女儿办婚宴，已看请柬与采购清单。", "origin": "一次性需求。",
    "grounds": "请柬与清单相符，库存与账面一致。", "measures": "不予处理，归档备查。",
    "effect": "", "for_library": False,
}  # fmt: skip


def concluding(grade=Grade.YELLOW, **given):
    holder = make.user(Role.COUNTY_SUPERVISOR)
    return make.alert(state=State.CONCLUDING, holder=holder, grade=grade, **given)


def submitted(alert, **content):
    given = {**CONTENT, **content}
    draft = actions.save_conclusion(alert=alert, content=given, by=alert.holder, now=NOW)
    return actions.submit_conclusion(conclusion=draft, by=alert.holder, now=NOW)


def sign(conclusion, by, *, is_pass=True, reason=""):
    return actions.review_conclusion(
        conclusion=conclusion, is_pass=is_pass, reason=reason, by=by, now=NOW
    )


def test_a_second_person_closes_a_yellow_alert_and_the_report_is_sealed():
    alert = concluding()
    conclusion = submitted(alert)

    sign(conclusion, make.user(Role.COUNTY_LEAD), reason="属实")

    alert.refresh_from_db()
    assert (alert.state, alert.outcome, alert.causes) == (State.CLOSED, "N", ["N04"])
    record = SealedRecord.objects.get(code=conclusion.code)
    assert record.sha256 == digest(record.text)
    assert "女儿办婚宴" in record.text
    kinds = [event.kind for event in Event.objects.about(alert.code)]
    assert kinds[-3:] == ["alert.submitted", "alert.closed", "conclusion.passed"]
    with connection.cursor() as cursor:  # what the commit would ask
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(
    ("grade", "outcome", "signers"),
    [
        (Grade.BLUE, "N", [Role.COUNTY_LEAD]),
        (Grade.ORANGE, "N", [Role.COUNTY_LEAD, Role.COUNTY_DEPUTY_HEAD]),
        (Grade.RED, "N", [Role.COUNTY_LEAD, Role.COUNTY_DEPUTY_HEAD, Role.CITY_SUPERVISOR]),
        (Grade.YELLOW, "X", [Role.COUNTY_LEAD, Role.COUNTY_DEPUTY_HEAD]),
    ],
)
def test_who_signs_follows_grade_and_outcome(grade, outcome, signers):
    alert = concluding(grade)
    conclusion = submitted(alert, outcome=outcome, violations=["W09"])

    for role in signers:
        assert conclusion.state == Conclusion.State.REVIEWING
        at = make.bureau("4514") if role == Role.CITY_SUPERVISOR else None
        conclusion = sign(conclusion, make.user(role, at=at))

    assert conclusion.state == Conclusion.State.APPROVED


def test_nobody_signs_their_own_or_twice_or_out_of_turn():
    lead = make.user(Role.COUNTY_LEAD)
    own = make.alert(state=State.CONCLUDING, holder=lead)
    with pytest.raises(ValidationError, match="经办人不能复核"):
        sign(submitted(own), lead)
    conclusion = submitted(concluding(Grade.RED))
    with pytest.raises(ValidationError, match="审核"):
        sign(conclusion, make.user(Role.CITY_LEAD, at=make.bureau("4514")))
    deputy = make.user(Role.COUNTY_DEPUTY_HEAD)
    make.user(Role.COUNTY_HEAD)
    conclusion = sign(conclusion, deputy)
    with pytest.raises(ValidationError, match="另一人"):
        sign(conclusion, deputy)
    with pytest.raises(ValidationError, match="批准"):
        sign(conclusion, make.user(Role.COUNTY_DEPUTY_HEAD, at=make.bureau("451424")))


def test_the_only_one_who_may_approve_leaves_the_review_to_another():
    deputy = make.user(Role.COUNTY_DEPUTY_HEAD)
    conclusion = submitted(concluding(Grade.ORANGE))
    with pytest.raises(ValidationError, match="下一步只有您可以办理"):
        sign(conclusion, deputy)

    conclusion = sign(conclusion, make.user(Role.COUNTY_LEAD))

    assert sign(conclusion, deputy).state == Conclusion.State.APPROVED


def test_a_signature_under_a_report_that_changed_is_refused():
    alert, lead = concluding(), make.user(Role.COUNTY_LEAD)
    read = submitted(alert).version
    returned = sign(
        Conclusion.objects.get(), lead, is_pass=False, reason="请补充请柬照片和采购清单。"
    )
    draft = actions.save_conclusion(
        alert=alert, content=CONTENT, by=alert.holder, now=NOW, version=returned.version
    )
    again = actions.submit_conclusion(conclusion=draft, by=alert.holder, now=NOW)

    with pytest.raises(ValidationError, match="又有变动"):
        actions.review_conclusion(
            conclusion=again, is_pass=True, reason="", by=lead, now=NOW, version=read
        )


def test_a_returned_draft_is_mended_and_signed_anew():
    alert, lead = concluding(Grade.ORANGE), make.user(Role.COUNTY_LEAD)
    deputy = make.user(Role.COUNTY_DEPUTY_HEAD)
    conclusion = sign(submitted(alert), lead)
    with pytest.raises(ValidationError, match="理由"):
        sign(conclusion, deputy, is_pass=False, reason="不行")

    conclusion = sign(conclusion, deputy, is_pass=False, reason="请补充请柬照片和采购清单。")

    alert.refresh_from_db()
    assert (alert.state, conclusion.state) == (State.CONCLUDING, Conclusion.State.DRAFT)
    content = {**CONTENT, "facts": f"{CONTENT['facts']}照片已补。"}
    draft = actions.save_conclusion(
        alert=alert, content=content, by=alert.holder, now=NOW, version=conclusion.version
    )
    again = actions.submit_conclusion(conclusion=draft, by=alert.holder, now=NOW)
    assert again.round == 2
    assert sign(sign(again, lead), deputy).state == Conclusion.State.APPROVED


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"outcome": ""}, "请选择结论"),
        ({"causes": []}, "须选择原因"),
        ({"facts": "太短"}, "调查核实情况"),
        ({"outcome": "X"}, "违规情形"),
        ({"outcome": "J", "violations": ["W09"]}, "涉及人员"),
        ({"outcome": "Z"}, "持续关注须定期限"),
        ({"outcome": "Z", "watch_until": TODAY}, "持续关注须定期限"),
        ({"outcome": "Z", "watch_until": TODAY + dt.timedelta(91)}, "持续关注须定期限"),
        ({"causes": ["N77"]}, "不在目录中"),
    ],
)
def test_what_a_submission_lacks_is_said_and_nothing_changes(content, words):
    alert = concluding()

    with pytest.raises(ValidationError, match=words), transaction.atomic():
        submitted(alert, **content)

    alert.refresh_from_db()
    assert alert.state == State.CONCLUDING


def visited(alert, finding):
    """A sealed visit that left one doubt so."""
    second = make.user(Role.MONOPOLY_LIAISON)
    visit = Inspection.objects.create(
        code="SDHC-451423-202603-0001", alert=alert, bureau=alert.bureau, reason="与订单不符",
        planned_at=NOW, created_by=alert.holder, created_at=NOW, first_officer=alert.holder,
        second_officer=second, first_certificate="1", second_certificate="2", started_at=NOW,
        ended_at=NOW, signed="signed",
    )  # fmt: skip
    doubt = Doubt.objects.create(
        alert=alert, number=1, text="谁下的单", source="dev_share", created_at=NOW
    )
    DoubtAnswer.objects.create(inspection=visit, doubt=doubt, finding=finding)
    Inspection.objects.filter(pk=visit.pk).update(state=Inspection.State.SEALED)
    seal_record(
        code=visit.code, kind=SealedRecord.Kind.INSPECTION, content={}, bureau=alert.bureau,
        by=alert.holder, at=NOW,
    )  # fmt: skip
    return second


def test_it_is_not_normal_while_a_doubt_is_unexplained():
    alert = concluding()
    second = visited(alert, "unexplained")
    with pytest.raises(ValidationError, match="1条疑点未解释"), transaction.atomic():
        submitted(alert)

    conclusion = submitted(alert, outcome="G")

    with pytest.raises(ValidationError, match="权限"):
        sign(conclusion, second)
    accounts.actions.assign_role(
        user=second, bureau=alert.bureau, role=Role.COUNTY_LEAD, since=TODAY, by=None
    )
    with pytest.raises(ValidationError, match="参加过"):
        sign(conclusion, second)


def test_what_is_watched_comes_back():
    alert = concluding()
    until = TODAY + dt.timedelta(90)
    sign(submitted(alert, outcome="Z", watch_until=until), make.user(Role.COUNTY_LEAD))

    alert.refresh_from_db()

    assert (alert.state, alert.watch_until, alert.outcome) == (
        State.MONITORING, until, Outcome.UNPROVEN,
    )  # fmt: skip


def test_what_is_approved_cannot_be_changed_by_sql():
    conclusion = submitted(concluding())
    sign(conclusion, make.user(Role.COUNTY_LEAD))

    for sql in (
        "UPDATE cases_conclusion SET facts = 'x' WHERE code = %s",
        "DELETE FROM cases_conclusion WHERE code = %s",
        "UPDATE cases_sealedrecord SET text = 'x' WHERE code = %s",
    ):
        with (
            pytest.raises(DatabaseError, match=r"final|permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql, [conclusion.code])


def approve_in_silence(conclusion):
    """As a program might that does not know of seals; then what the commit would ask."""
    with transaction.atomic(), connection.cursor() as cursor:
        Conclusion.objects.filter(pk=conclusion.pk).update(state="approved", approved_at=NOW)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_nothing_is_approved_without_its_seal():
    conclusion = submitted(concluding())

    with pytest.raises(DatabaseError, match="not sealed"):
        approve_in_silence(conclusion)


def post(client, alert, **data):
    given = {**CONTENT, "watch_until": "", "for_library": "", "version": 0, **data}
    return client.post(reverse("cases:conclude", args=[alert.code]), given)


def test_the_pages_from_draft_to_report(client):
    alert, lead = concluding(), make.user(Role.COUNTY_LEAD)
    client.force_login_now(alert.holder)
    assert client.get(reverse("cases:conclude", args=[alert.code])).status_code == 200
    assert post(client, alert, facts="太短").url == reverse("cases:conclude", args=[alert.code])
    assert post(client, alert).context["form"].errors  # a stale version
    response = post(client, alert, version=1, submit="1")
    conclusion = Conclusion.objects.get()
    assert response.url == conclusion.get_absolute_url()
    page = client.get(response.url)
    assert page.context["refusal"]  # the holder sees no form to sign
    assert client.get(reverse("cases:note", args=[conclusion.code])).content[:4] == b"%PDF"

    client.force_login_now(lead)
    queue = client.get(reverse("cases:reviews"))
    assert [one.code for one in queue.context["page"]] == [conclusion.code]
    client.post(reverse("cases:review", args=[conclusion.code]), {"verdict": "pass"})

    page = client.get(conclusion.get_absolute_url())
    assert page.context["receipt"].number > 0
    assert "已封存" not in page.context["refusal"]
    assert list(client.get(reverse("cases:reviews")).context["page"]) == []
    gone = client.get(reverse("cases:conclude", args=[alert.code]))
    assert gone.url == conclusion.get_absolute_url()


def test_only_the_holder_drafts(client):
    alert = concluding()
    client.force_login_now(make.user(Role.COUNTY_SUPERVISOR))

    response = post(client, alert)

    assert "只能由本人" in str(response.context["form"].errors)
    assert not Conclusion.objects.exists()


def test_an_autosave_says_when_and_what_is_stale(client):
    alert = concluding()
    client.force_login_now(alert.holder)
    url = reverse("cases:conclude", args=[alert.code])
    given = {**CONTENT, "watch_until": "", "version": 0}

    first = client.post(url, given, headers={"X-Autosave": "1"})
    second = client.post(url, given, headers={"X-Autosave": "1"})

    assert first.status_code == 204
    assert first.headers["X-Version"] == "1"
    assert second.status_code == 409
    assert "刚有变动" in second.content.decode()
    assert "<" not in second.content.decode()
    long = client.post(url, {**given, "facts": "长" * 5001}, headers={"X-Autosave": "1"})
    assert long.status_code == 400
    assert "5000" in long.content.decode()


def test_who_signed_may_still_send_it_back():
    conclusion = submitted(concluding(Grade.ORANGE))
    deputy = make.user(Role.COUNTY_DEPUTY_HEAD)
    make.user(Role.COUNTY_HEAD)
    conclusion = sign(conclusion, deputy)
    with pytest.raises(ValidationError, match="另一人"):
        sign(conclusion, deputy)

    conclusion = sign(conclusion, deputy, is_pass=False, reason="批准人长期外出，退回重新安排。")

    assert conclusion.state == Conclusion.State.DRAFT
    with pytest.raises(ValidationError, match="不在复核中"):
        sign(conclusion, deputy, is_pass=False, reason="批准人长期外出，退回重新安排。")
