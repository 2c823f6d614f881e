"""What people do with an alert, at the level of the actions: rules, races and any order of steps."""

import datetime as dt
import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Audience
from accounts.permissions import Role
from alerts.actions import alerts as actions
from alerts.models import Alert, Grade, State
from alerts.states import UNDO_WITHIN
from audit.models import Event
from sources.models import Staff
from tests import make

NOW = dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)  # a Monday, 09:00 in China
NOTE = "电话核实，系孙子升学宴用烟。"


def dismiss(alert, by, *, causes=("N04",), note=NOTE, version=None, now=NOW):
    return actions.dismiss_alert(
        alert=alert, causes=list(causes), note=note, by=by, now=now, version=version
    )


def said(kind):
    return Event.objects.filter(kind=kind).count()


@pytest.mark.django_db
class TestClaim:
    def test_it_names_the_holder_starts_the_next_clock_and_tells_the_audit(self):
        user, alert = make.user(), make.alert()

        claimed = actions.claim_alert(alert=alert, by=user, now=NOW)

        assert (claimed.state, claimed.holder) == (State.CLAIMED, user)
        assert claimed.due_at == dt.datetime(2026, 3, 5, 16, tzinfo=dt.UTC)  # three days
        event = Event.objects.get(kind="alert.claimed")
        assert (event.subject, event.actor) == (alert.code, user.code)

    def test_who_comes_second_is_told_who_has_it(self):
        first, second, alert = make.user(name="李一"), make.user(), make.alert()
        actions.claim_alert(alert=alert, by=first, now=NOW)

        with pytest.raises(ValidationError, match="已由李一领取"):
            actions.claim_alert(alert=alert, by=second, now=NOW, version=alert.version)

        assert said("alert.claimed") == 1

    def test_asking_twice_changes_nothing(self):
        user, alert = make.user(), make.alert()
        actions.claim_alert(alert=alert, by=user, now=NOW)

        again = actions.claim_alert(alert=alert, by=user, now=NOW)

        assert (again.version, said("alert.claimed")) == (2, 1)

    def test_a_page_older_than_the_last_change_is_refused(self):
        user, alert = make.user(), make.alert()
        Alert.objects.update(version=5)

        with pytest.raises(ValidationError, match="刚有变动"):
            actions.claim_alert(alert=alert, by=user, now=NOW, version=4)

    def test_what_concerns_staff_is_the_citys(self):
        alert = make.alert(audience=Audience.ABOVE)
        city = make.user(Role.CITY_SUPERVISOR, at=alert.bureau.city)

        with pytest.raises(ValidationError, match="无权"):
            actions.claim_alert(alert=alert, by=make.user(Role.COUNTY_LEAD), now=NOW)
        assert actions.claim_alert(alert=alert, by=city, now=NOW).holder == city

    def test_a_declared_relative_stays_out(self):
        alert, user = make.alert(subject_id="R7"), make.user(certificate_no="4514-007")
        Staff.objects.create(
            staff_id="S7", bureau=alert.bureau, role="内管员", certificate_no="4514-007",
            related_retailers="R6；R7", known_from=alert.on, batch=make.batch(), row_no=2,
        )  # fmt: skip

        with pytest.raises(ValidationError, match="回避"):
            actions.claim_alert(alert=alert, by=user, now=NOW)

    def test_many_at_once_says_which_could_not(self):
        user, free, taken = make.user(), make.alert(), make.alert()
        actions.claim_alert(alert=taken, by=make.user(name="李一"), now=NOW)

        claimed, refused = actions.claim_alerts(alerts=[free, taken], by=user, now=NOW)

        assert claimed == 1
        assert refused == [f"{taken.code}：该预警已由李一领取，请刷新页面。"]


@pytest.mark.django_db
class TestDismissal:
    def test_it_needs_a_cause_and_ten_characters(self):
        user, alert = make.user(), make.alert()

        for causes, note in (((), NOTE), (("N77",), NOTE), (("N04",), "核实无误九个字符。")):
            with pytest.raises(ValidationError):
                dismiss(alert, user, causes=causes, note=note)
        closed = dismiss(alert, user, note="核实无误共十个字符了")

        assert (closed.state, closed.causes, closed.closed_at) == (State.INVALID, ["N04"], NOW)

    @pytest.mark.parametrize(
        ("grade", "role", "allowed"),
        [
            (Grade.BLUE, Role.COUNTY_SUPERVISOR, True),
            (Grade.YELLOW, Role.COUNTY_SUPERVISOR, True),
            (Grade.ORANGE, Role.COUNTY_SUPERVISOR, False),
            (Grade.ORANGE, Role.COUNTY_LEAD, True),
            (Grade.RED, Role.COUNTY_LEAD, False),
            (Grade.RED, Role.CITY_SUPERVISOR, True),
            (Grade.RED, Role.CITY_LEAD, True),
            (Grade.YELLOW, Role.CITY_LEAD, False),
            (Grade.BLUE, Role.COUNTY_HEAD, False),
        ],
    )
    def test_who_may_dismiss_which_grade(self, grade, role, allowed):
        alert = make.alert(grade=grade)
        at = alert.bureau.city if role.startswith("city") else alert.bureau
        user = make.user(role, at=at)

        if allowed:
            assert dismiss(alert, user).state == State.INVALID
        else:
            with pytest.raises(ValidationError):
                dismiss(alert, user)

    def test_what_somebody_works_on_is_theirs_or_the_leads(self):
        alert, holder = make.alert(), make.user(name="李一")
        actions.claim_alert(alert=alert, by=holder, now=NOW)

        with pytest.raises(ValidationError, match="由李一领取"):
            dismiss(alert, make.user())
        assert dismiss(alert, make.user(Role.COUNTY_LEAD)).state == State.INVALID

    def test_it_can_be_undone_for_ten_minutes_by_the_same_person(self):
        alert, user = make.alert(), make.user()
        dismiss(alert, user)

        with pytest.raises(ValidationError, match="只能由排除人"):
            actions.reopen_alert(alert=alert, by=make.user(Role.COUNTY_LEAD), now=NOW)
        late = NOW + UNDO_WITHIN + dt.timedelta(seconds=1)
        with pytest.raises(ValidationError, match="10分钟"):
            actions.reopen_alert(alert=alert, by=user, now=late)
        back = actions.reopen_alert(alert=alert, by=user, now=NOW + UNDO_WITHIN)

        assert (back.state, back.causes, back.closed_at) == (State.PUSHED, [], None)

    def test_undone_it_is_with_whoever_had_it(self):
        alert, user = make.alert(), make.user()
        actions.claim_alert(alert=alert, by=user, now=NOW)
        dismiss(alert, user)

        back = actions.reopen_alert(alert=alert, by=user, now=NOW)

        assert (back.state, back.holder) == (State.CLAIMED, user)

    def test_it_is_not_undone_over_a_newer_alert(self):
        alert, user = make.alert(), make.user()
        dismiss(alert, user)
        make.alert(subject_id=alert.subject_id)

        with pytest.raises(ValidationError, match="新的预警"):
            actions.reopen_alert(alert=alert, by=user, now=NOW)


@pytest.mark.django_db
def test_only_the_holder_gives_an_alert_back():
    alert, user = make.alert(), make.user(name="李一")
    actions.claim_alert(alert=alert, by=user, now=NOW)

    with pytest.raises(ValidationError, match="李一"):
        actions.release_alert(alert=alert, by=make.user(Role.COUNTY_LEAD), now=NOW)
    back = actions.release_alert(alert=alert, by=user, now=NOW)

    assert (back.state, back.holder, said("alert.released")) == (State.PUSHED, None, 1)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["claim", "release", "dismiss", "reopen"]),
        st.sampled_from([0, 1, 2]),
        st.integers(0, 900),
    ),
    max_size=12,
)


@pytest.fixture
def people(db):
    return [make.user(), make.user(), make.user(Role.COUNTY_LEAD)]


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_any_order_of_steps_leaves_a_sound_alert_and_one_event_a_change(people, steps):
    alert, now = make.alert(), NOW
    for name, who, seconds in steps:
        now += dt.timedelta(seconds=seconds)
        by, before = people[who], Alert.objects.get(pk=alert.pk)
        events = Event.objects.about(alert.code).count()
        try:
            if name == "dismiss":
                dismiss(alert, by, now=now)
            else:
                getattr(actions, f"{name}_alert")(alert=alert, by=by, now=now)
        except ValidationError:
            pass
        after = Alert.objects.get(pk=alert.pk)
        changed = (after.state, after.holder_id) != (before.state, before.holder_id)
        assert after.version - before.version == int(changed)
        assert Event.objects.about(alert.code).count() - events == int(changed)
        assert (after.state == State.CLAIMED) <= (after.holder_id is not None)
        assert (after.state == State.INVALID) == (after.closed_at is not None)
        assert (after.state == State.INVALID) == bool(after.causes)


def test_of_two_people_claiming_at_once_one_gets_it(fresh_database, django_db_blocker):
    with django_db_blocker.unblock():
        people, alert = [make.user(name="李一"), make.user(name="李二")], make.alert()
        ready, outcomes = threading.Barrier(2), []

        def claim(by):
            ready.wait()
            try:
                actions.claim_alert(alert=alert, by=by, now=NOW)
                outcomes.append(by.name)
            except ValidationError as error:
                outcomes.append(error.messages[0])
            finally:
                connection.close()

        threads = [threading.Thread(target=claim, args=[by]) for by in people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        holder = Alert.objects.get().holder
        assert holder is not None
        winner = holder.name
        assert sorted(outcomes) == sorted([winner, f"该预警已由{winner}领取，请刷新页面。"])
        assert said("alert.claimed") == 1
