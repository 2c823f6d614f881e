"""What keeps a finding off the list: an exemption, a flood, a rule that is switched off."""

import datetime as dt

import pytest

from accounts.models import Audience
from alerts.actions import nights
from alerts.models import Alert, Exemption, Flood, Group, Hit, Night, RuleVersion, Surprise
from audit.models import Event
from tests import make
from tests.alerts.test_nights import NOW, ON, city, lake, run  # noqa: F401

pytestmark = pytest.mark.usefixtures("city")
WEEK = dt.timedelta(weeks=1)


@pytest.fixture
def exemption(city):  # noqa: F811
    return Exemption.objects.create(
        bureau=make.bureau("451423"), subject_kind="retailer", subject_id="R1", detector="big",
        cause="N05", note="门店扩大，已现场核实。", size=45, since=ON, until=ON + 4 * WEEK,
        state=Exemption.State.APPROVED, made_by=make.user("county_supervisor"), made_at=NOW,
    )  # fmt: skip


def test_an_exempted_finding_is_counted_and_not_listed(city, lake, exemption):  # noqa: F811
    lake("1 R1 2026-03-30 45 - 451423\n2 R2 2026-03-30 40 - 451423")

    run(city)

    assert Alert.objects.get().subject_id == "R2"
    assert Hit.objects.get(subject_id="R1").why_not_pushed == "已豁免"
    assert Surprise.objects.get(subject_id="R1").exemption == exemption
    assert Night.objects.get(bureau__code="451423").exempted == 1


@pytest.mark.parametrize(
    ("change", "listed"),
    [
        ({"until": ON}, False),  # its last day
        ({"since": ON - 2 * WEEK, "until": ON - dt.timedelta(days=1)}, True),
        ({"state": "waiting"}, True),
        ({"state": "refused"}, True),
        ({"detector": "helped"}, True),
        ({"subject_id": "R2"}, True),
        ({"state": "ended", "ended_on": ON}, True),
        ({"state": "ended", "ended_on": ON + dt.timedelta(days=1)}, False),  # that night it held
    ],
)
def test_an_exemption_covers_one_subject_and_rule_for_its_days(
    city, lake, exemption, change, listed  # noqa: F811
):  # fmt: skip
    Exemption.objects.update(**change)
    lake("1 R1 2026-03-30 45 - 451423")

    run(city)

    assert Alert.objects.exists() is listed


@pytest.mark.parametrize(("qty", "listed"), [(89, False), (90, True)])
def test_twice_the_size_ends_an_exemption(city, lake, exemption, qty, listed):  # noqa: F811
    lake(f"1 R1 2026-03-30 {qty} - 451423")

    run(city)
    run(city)

    exemption.refresh_from_db()
    assert Alert.objects.exists() is listed
    assert (exemption.state == "ended") is listed
    assert Event.objects.filter(kind="exemption.outgrown").count() == listed


def test_a_red_fact_is_never_exempted_unless_it_was_at_the_grant(city, lake, exemption):  # noqa: F811
    Exemption.objects.update(size=98)
    lake("1 R1 2026-03-30 99 - 451423")  # the floor of the test's rule

    run(city)

    exemption.refresh_from_db()
    assert Alert.objects.get().grade == "红"
    assert exemption.state == "approved"


def test_a_red_fact_that_was_granted_as_such_is_exempted(city, lake, exemption):  # noqa: F811
    Exemption.objects.update(size=98, floor="红")
    lake("1 R1 2026-03-30 99 - 451423")

    run(city)

    assert not Alert.objects.exists()


@pytest.mark.parametrize("audience", [Audience.EVERYONE, Audience.ABOVE])
def test_what_concerns_staff_is_no_countys_to_exempt(city, lake, exemption, audience):  # noqa: F811
    Exemption.objects.update(detector="helped", size=1, floor="红", audience=audience)
    lake("1 R1 2026-03-30 5 dev-1 451423")

    run(city)

    assert Alert.objects.exists() is (audience == Audience.EVERYONE)


@pytest.mark.parametrize(
    ("other", "covered"), [("R2", {"R1", "R2"}), ("R3", set())], ids=["the pair", "somebody else"]
)
def test_an_exempted_pair_is_silent_between_the_two_alone(
    city, lake, exemption, other, covered  # noqa: F811
):  # fmt: skip
    Exemption.objects.update(
        detector="helped", size=1, floor="红", other_id="R2", audience=Audience.ABOVE
    )
    lake(f"1 R1 {ON} 5 {other} 451423\n2 {other} {ON} 5 R1 451423")

    run(city)

    silent = set(Surprise.objects.exclude(exemption=None).values_list("subject_id", flat=True))
    assert silent == covered


def group_of(shop):
    return Group.objects.get(alerts__subject_id=shop)


def many(day, shops, qty=40):
    return "\n".join(f"{n}{day:%d} S{n} {day} {qty} - 451423" for n in range(shops))


@pytest.fixture
def quiet_nights(city):  # noqa: F811
    """Six nights in which the rule found two shops each."""
    for n in range(1, 7):
        Night.objects.create(bureau=city, on=ON - n * WEEK, state=Night.State.DONE)
        county = make.bureau("451423")
        night = Night.objects.create(bureau=county, on=ON - n * WEEK, state=Night.State.DONE)
        for shop in ("S1", "S2"):
            Surprise.objects.create(
                night=night, bureau=county, detector="big", subject_kind="retailer",
                subject_id=shop, surprise=4, sentence="", numbers={},
            )  # fmt: skip


def test_a_rule_that_finds_far_too_many_is_parked(city, lake, quiet_nights):  # noqa: F811
    lake(many(ON, 25) + f"\n901 R3 {ON} 5 dev-1 451424")

    run(city)
    run(city)

    flood = Flood.objects.get()
    assert (flood.detector, flood.found, flood.usual, flood.bureau) == ("big", 25, 2.0, city)
    assert list(Alert.objects.open().values_list("subject_id", flat=True)) == ["R3"]
    assert set(Hit.objects.filter(on=ON).values_list("why_not_pushed", flat=True)) == {
        "规则异常，已搁置"
    }
    assert Night.objects.get(bureau__code="451423", on=ON).parked == 25
    assert Event.objects.filter(kind="flood.parked").count() == 1


def test_a_released_flood_counts_again(city, lake, quiet_nights):  # noqa: F811
    lake(many(ON, 25))
    run(city)
    Flood.objects.update(state=Flood.State.RELEASED)

    nights.grade_city(on=ON, city=city, now=NOW)

    assert Alert.objects.open().filter(on=ON).count() == 1  # the budget of 25 shops
    assert not Surprise.objects.filter(parked=True).exists()


def test_few_findings_are_no_flood_nor_are_those_of_a_first_week(city, lake):  # noqa: F811
    lake(many(ON, 60))

    run(city)

    assert not Flood.objects.exists()


def test_a_rule_switched_off_still_fills_the_ledger(city, lake):  # noqa: F811
    RuleVersion.objects.create(
        number=1, bureau=city, since=ON, made_at=NOW, policy={"off": ["big"]}
    )
    lake("1 R1 2026-03-30 45 - 451423")

    run(city)

    assert not Alert.objects.exists()
    assert Hit.objects.get().why_not_pushed == "规则已停用"


def test_a_grade_given_by_a_person_is_only_raised_by_facts(city, lake):  # noqa: F811
    lake("1 R1 2026-03-30 38 - 451423\n2 R1 2026-04-06 60 - 451423\n3 R1 2026-04-13 99 - 451423")
    run(city)
    Alert.objects.update(grade="蓝", graded_by=make.user("county_lead"))

    run(city, ON + WEEK)
    assert Alert.objects.get().grade == "蓝"  # the score alone would be red

    run(city, ON + 2 * WEEK)
    assert Alert.objects.get().grade == "红"  # the floor of its facts


def test_a_link_is_proposed_as_one_case(city, lake):  # noqa: F811
    lake(f"1 R1 {ON} 5 dev-1 451423\n2 R2 {ON} 5 dev-1 451423\n3 R3 {ON} 5 dev-2 451424")

    run(city)
    run(city)

    group = group_of("R1")
    assert [one.subject_id for one in group.alerts.order_by("subject_id")] == ["R1", "R2"]
    assert (group.bureau.code, group.audience) == ("451423", Audience.ABOVE)
    assert group.code == "BA-451423-20260330-01"
    assert group.reason.startswith("2户共用同一")
    assert Alert.objects.get(subject_id="R3").group is None


def test_a_member_of_another_county_takes_the_case_to_the_city(city, lake):  # noqa: F811
    lake(f"1 R1 {ON} 5 dev-1 451423\n2 R2 {ON} 5 dev-1 451423\n3 R3 {ON + WEEK} 5 dev-1 451424")
    run(city)
    assert group_of("R1").bureau.code == "451423"

    run(city, ON + WEEK)

    group = group_of("R3")
    assert group == group_of("R1")
    assert group.bureau == city
    assert "涉及2个单位" in group.reason


def test_a_rejected_case_is_not_proposed_again(city, lake):  # noqa: F811
    lake(f"1 R1 {ON} 5 dev-1 451423\n2 R2 {ON} 5 dev-1 451423\n3 R3 {ON + WEEK} 5 dev-1 451424")
    run(city)
    group = group_of("R1")
    group.state = "rejected"
    group.save()

    run(city, ON + WEEK)

    assert Alert.objects.get(subject_id="R3").group is None
