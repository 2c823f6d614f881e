import datetime as dt

import pandas as pd
import pytest

from alerts.grading import SUBJECT, Fate, Policy, combine, decide, higher

ON = dt.date(2026, 3, 30)
POLICY = Policy()


def found(*rows):
    """Rows of (subject_id, detector, family, surprise) with an optional dict of what differs."""
    table = [
        {
            "bureau": "451423",
            "subject_kind": "retailer",
            "audience": "everyone",
            "weight": 0.0,
            "floor": "",
            "link": "",
        }
        | dict(zip(("subject_id", "detector", "family", "surprise"), row, strict=False))
        | (row[4] if len(row) > 4 else {})
        for row in rows
    ]
    return pd.DataFrame(table)


def listings(*rows):
    """Rows of (subject_id, days ago, score, families)."""
    table = [
        ("451423", "retailer", subject, "everyone", ON - dt.timedelta(days=ago), score, families)
        for subject, ago, score, families in rows
    ]
    return pd.DataFrame(table, columns=[*SUBJECT, "on", "score", "families"])


def fates(table, *, before=(), ordered=200, policy=POLICY):
    decided = decide(
        combine(table, policy), listings(*before), ordered=ordered, on=ON, policy=policy
    )
    return dict(zip(decided["subject_id"], decided["fate"], strict=True))


def test_the_score_adds_half_of_the_second_and_a_quarter_of_the_third_family():
    table = found(
        ("R1", "vol", "VOL", 4.0),
        ("R1", "vol_drift", "VOL", 3.9),  # same family: only the stronger counts
        ("R1", "ip", "LINK", 3.0),
        ("R1", "pay", "PAY", 2.0),
        ("R1", "short", "DELIV", 1.9),  # a fourth family adds nothing
    )
    (row,) = combine(table, POLICY).to_dict("records")

    assert row["score"] == pytest.approx(4.0 + 0.5 * 2.0 + 0.25 * 1.0)
    assert (row["detector"], row["family"], row["grade"]) == ("vol", "VOL", "橙")
    assert row["families"] == ["LINK", "VOL"]


def test_surprise_is_capped_before_the_weight_is_added():
    (row,) = combine(found(("R1", "vol", "VOL", 30.0, {"weight": -0.5})), POLICY).to_dict("records")

    assert row["score"] == pytest.approx(7.5)


def test_a_weak_second_family_never_lowers_the_score():
    table = found(("R1", "vol", "VOL", 3.2), ("R1", "ip", "LINK", 0.4))

    assert combine(table, POLICY)["score"].item() == pytest.approx(3.2)


def test_the_lead_is_by_surprise_plus_weight():
    table = found(("R1", "vol", "VOL", 4.0), ("R1", "fact", "INFO", 3.5, {"weight": 1.0}))

    assert combine(table, POLICY)["detector"].item() == "fact"


@pytest.mark.parametrize(
    ("score", "grade"),
    [(5.6, "红"), (5.59, "橙"), (4.5, "橙"), (4.49, "黄"), (3.7, "黄"), (3.69, "蓝"), (3.0, "蓝")],
)
def test_the_cuts_include_their_own_value(score, grade):
    assert POLICY.grade(score) == grade


def test_a_floor_lifts_the_grade_and_never_lowers_it():
    table = found(
        ("R1", "licence", "INFO", 2.2, {"floor": "红"}),
        ("R2", "limit", "LIMIT", 7.0, {"floor": "黄"}),
    )

    assert list(combine(table, POLICY)["grade"]) == ["红", "红"]
    assert higher("", "蓝") == "蓝"


def test_evidence_about_staff_makes_an_alert_of_its_own():
    table = found(
        ("R1", "vol", "VOL", 4.0),
        ("R1", "staff_device", "INT", 6.0, {"audience": "above", "floor": "红"}),
    )
    rows = combine(table, POLICY).set_index("audience")

    assert rows.loc["everyone", "score"] == pytest.approx(4.0)
    assert rows.loc["everyone", "floor"] == ""
    assert rows.loc["above", "grade"] == "红"


def test_members_keep_the_link_of_their_strongest_finding():
    table = found(
        ("R1", "ip", "LINK", 3.0, {"link": "ip-9"}),
        ("R1", "device", "LINK", 4.0, {"link": "dev-1"}),
    )

    assert combine(table, POLICY)["link"].item() == "dev-1"


@pytest.mark.parametrize(("ordered", "places"), [(0, 0), (1, 1), (200, 1), (201, 2), (3000, 15)])
def test_the_budget_is_half_a_percent_rounded_up(ordered, places):
    assert POLICY.budget(ordered) == places


@pytest.mark.parametrize(("score", "fate"), [(4.4, Fate.BUDGET), (4.5, Fate.LISTED)])
def test_every_county_has_one_place_before_any_has_two_unless_that_is_orange(score, fate):
    table = found(
        ("R1", "vol", "VOL", 5.0),
        ("R2", "vol", "VOL", score),
        ("R3", "vol", "VOL", 3.1, {"bureau": "451424"}),
        ("R4", "vol", "VOL", 2.9),
    )

    assert fates(table, ordered=400) == {
        "R1": Fate.LISTED,
        "R2": fate,
        "R3": Fate.BUDGET if fate == Fate.LISTED else Fate.LISTED,
        "R4": Fate.BELOW,
    }


def test_a_blue_floor_is_always_listed_and_takes_nobodys_place():
    table = found(
        ("R1", "closed", "INFO", 1.0, {"floor": "蓝"}),
        ("R2", "closed", "INFO", 1.0, {"floor": "蓝"}),
        ("R3", "vol", "VOL", 5.0),
    )

    assert fates(table, ordered=200) == dict.fromkeys(("R1", "R2", "R3"), Fate.LISTED)


def test_floors_are_never_cut_and_orange_ones_take_places():
    table = found(
        ("R1", "licence", "INFO", 1.0, {"floor": "红"}),
        ("R2", "limit", "LIMIT", 1.0, {"floor": "橙"}),
        ("R3", "limit", "LIMIT", 1.0, {"floor": "橙"}),
        ("R4", "vol", "VOL", 5.0),
    )

    assert fates(table, ordered=200) == {
        "R1": Fate.LISTED,
        "R2": Fate.LISTED,
        "R3": Fate.LISTED,
        "R4": Fate.BUDGET,  # the orange ones have filled the one place
    }
    assert fates(table, ordered=600)["R4"] == Fate.LISTED


def test_a_floor_that_goes_on_as_listed_lately_takes_no_place():
    table = found(("R1", "limit", "LIMIT", 1.0, {"floor": "橙"}), ("R2", "vol", "VOL", 5.0))
    both = {"R1": Fate.LISTED, "R2": Fate.LISTED}

    assert fates(table, before=[("R1", 7, 4.5, [])]) == both
    assert fates(table, before=[("R1", 7, 4.4, [])]) == {**both, "R2": Fate.BUDGET}


@pytest.mark.parametrize(("days", "fate"), [(41, Fate.COOLED), (42, Fate.LISTED)])
def test_a_subject_rests_for_six_weeks(days, fate):
    table = found(("R1", "vol", "VOL", 4.0))

    assert fates(table, before=[("R1", days, 4.0, ["VOL"])])["R1"] == fate


@pytest.mark.parametrize(("score", "fate"), [(7.3, Fate.LISTED), (7.29, Fate.COOLED)])
def test_one_and_a_half_points_more_than_the_last_listing_end_the_rest(score, fate):
    before = [("R1", 30, 7.0, ["VOL"]), ("R1", 14, 5.8, ["VOL"])]

    assert fates(found(("R1", "vol", "VOL", score)), before=before)["R1"] == fate


@pytest.mark.parametrize(("score", "fate"), [(4.5, Fate.LISTED), (4.49, Fate.COOLED)])
def test_a_graver_grade_than_the_last_listing_ends_the_rest(score, fate):
    before = [("R1", 14, 3.7, ["VOL"])]

    assert fates(found(("R1", "vol", "VOL", score)), before=before)["R1"] == fate


@pytest.mark.parametrize(
    ("floor", "score"), [("红", 8.0), ("橙", 4.5), ("黄", 3.7), ("蓝", 3.1), ("", 3.1)]
)
def test_a_floor_lifts_the_score_to_the_cut_of_its_grade_and_a_red_one_to_the_top(floor, score):
    (row,) = combine(found(("R1", "licence", "INFO", 3.1, {"floor": floor})), POLICY).to_dict(
        "records"
    )

    assert row["score"] == score
    assert row["grade"] == (floor or "蓝")


def test_what_is_red_by_law_stays_red_where_the_cut_is_higher_than_the_rarest_that_counts():
    policy = Policy(red=9.0)
    (row,) = combine(found(("R1", "licence", "INFO", 3.1, {"floor": "红"})), policy).to_dict(
        "records"
    )

    assert (row["grade"], row["score"]) == ("红", 9.0)


def test_a_floor_lowers_no_score():
    table = found(("R1", "licence", "INFO", 6.0, {"floor": "黄"}))

    assert combine(table, POLICY)["score"].item() == 6.0


@pytest.mark.parametrize(("surprise", "fate"), [(2.6, Fate.LISTED), (2.59, Fate.COOLED)])
def test_a_strong_new_family_ends_the_rest(surprise, fate):
    table = found(("R1", "vol", "VOL", 4.0), ("R1", "ip", "LINK", surprise))

    assert fates(table, before=[("R1", 14, 4.6, ["VOL"])])["R1"] == fate


def test_a_floor_is_never_cooled_down():
    table = found(("R1", "licence", "INFO", 3.1, {"floor": "黄"}))

    assert fates(table, before=[("R1", 7, 8.0, ["INFO"])])["R1"] == Fate.LISTED


def test_listings_of_the_night_itself_do_not_count():
    table = found(("R1", "vol", "VOL", 4.0))

    assert fates(table, before=[("R1", 0, 4.0, ["VOL"])])["R1"] == Fate.LISTED


def test_a_rule_version_overrides_fields_and_nothing_unknown():
    assert Policy.of({"budget_share": 0.01}).budget(200) == 2
    with pytest.raises(ValueError, match="generosity"):
        Policy.of({"generosity": 1})


def test_the_order_of_the_rows_changes_nothing():
    table = found(
        ("R1", "vol", "VOL", 4.0),
        ("R2", "vol", "VOL", 4.0),
        ("R2", "ip", "LINK", 3.0),
        ("R3", "ip", "LINK", 4.0),
    )

    assert fates(table) == fates(table.iloc[::-1])


LINKED = {"link": "D1"}


def test_what_one_link_joins_takes_one_place():
    table = found(
        ("R1", "device", "LINK", 4.0, LINKED),
        ("R2", "device", "LINK", 3.5, LINKED),
        ("R3", "vol", "VOL", 3.9),
        ("R4", "vol", "VOL", 3.8),
    )
    assert fates(table, ordered=400, policy=Policy(audit_share=0)) == {
        "R1": Fate.LISTED, "R2": Fate.LISTED, "R3": Fate.LISTED, "R4": Fate.BUDGET
    }  # fmt: skip


def test_a_link_of_very_many_lists_its_first_ten():
    table = found(*((f"R{n:02d}", "ip", "LINK", 4.0, LINKED) for n in range(14)))
    listed = [key for key, fate in fates(table, policy=Policy(audit_share=0)).items()
              if fate == Fate.LISTED]  # fmt: skip

    assert listed == [f"R{n:02d}" for n in range(10)]


def test_a_place_by_lot_goes_to_what_did_not_make_the_list():
    table = found(("R1", "vol", "VOL", 4.0), ("R2", "vol", "VOL", 2.0), ("R3", "vol", "VOL", 1.9))
    got = fates(table, ordered=400, policy=Policy(audit_share=0.5))

    assert got == {"R1": Fate.LISTED, "R2": Fate.AUDIT, "R3": Fate.BELOW}


def test_a_place_that_nobody_can_draw_stays_on_the_list():
    table = found(("R1", "vol", "VOL", 4.0), ("R2", "vol", "VOL", 1.9))

    assert fates(table, policy=Policy(audit_share=1.0))["R1"] == Fate.LISTED


def test_the_lot_takes_its_share_of_the_nights():
    table = found(("R1", "vol", "VOL", 2.5))
    policy = Policy(audit_share=0.1)
    drawn = 0
    for day in range(400):
        decided = decide(
            combine(table, policy), listings(), ordered=200,
            on=ON + dt.timedelta(days=day), policy=policy, seed="4514",
        )  # fmt: skip
        drawn += decided["fate"].eq(Fate.AUDIT).sum()

    assert 20 <= drawn <= 65  # a tenth of 400 nights with one place


def test_the_cool_down_keeps_a_subject_out_of_the_lot():
    table = found(("R1", "vol", "VOL", 2.5))
    before = [("R1", 7, 3.5, ["VOL"])]

    assert fates(table, before=before, policy=Policy(audit_share=1.0)) == {"R1": Fate.BELOW}
