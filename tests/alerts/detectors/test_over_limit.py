import datetime as dt

import pytest

from alerts.detectors.over_limit import OverLimit
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)


def ordered(*lines):
    text = "\n".join(lines)
    return facts(lines="order_id retailer_id day sku_id qty limit_qty\n" + text)


def guilty():
    return ordered(
        "1 R1 2026-03-16 A 6 5",
        "2 R1 2026-03-30 A 8 5",
        "2 R1 2026-03-30 B 5 5",
        "3 R2 2026-03-30 A 5 5",
    )


def found(tables, **params):
    return {row["subject_id"]: row for row in rows(OverLimit(**params).find(tables, ON))}


def test_it_flags_the_shop_over_the_limit_and_counts_the_weeks():
    (row,) = found(guilty()).values()

    assert (row["subject_id"], row["all_brands"], row["all_days"]) == ("R1", 1, 2)
    assert row["surprise"] == pytest.approx(4.5)
    assert OverLimit().sentence(row) == (
        "本日有1个品牌订货超过公布限量，超出最多的订8条、限量5条；近6周累计2个订货日、1个品牌。"
    )
    assert OverLimit().floor(row) == "橙"


@pytest.mark.parametrize(("qty", "hits"), [("5", 0), ("5.1", 1), ("6", 1)])
def test_the_limit_itself_may_be_ordered(qty, hits):
    assert len(found(ordered(f"1 R1 2026-03-30 A {qty} 5"))) == hits


def test_a_brand_without_a_limit_has_none():
    assert not found(ordered("1 R1 2026-03-30 A 500 -"))


@pytest.mark.parametrize(
    ("lines", "floor"),
    [
        (["2026-03-30 A", "2026-03-30 B"], "橙"),
        (["2026-03-30 A", "2026-03-30 B", "2026-03-30 C"], "红"),
        (["2026-03-30 A", "2026-03-23 A", "2026-03-16 A"], "红"),
        (["2026-03-30 A", "2026-03-23 A", "2026-02-17 A"], "红"),
        (["2026-03-30 A", "2026-03-29 A", "2026-03-24 A"], "橙"),
        (["2026-03-30 A", "2026-03-23 A", "2026-02-16 A"], "橙"),
    ],
)
def test_it_is_red_from_the_third_brand_or_week_within_six(lines, floor):
    (row,) = found(ordered(*(f"{n} R1 {line} 8 5" for n, line in enumerate(lines)))).values()

    assert OverLimit().floor(row) == floor
    assert row["surprise"] <= 6


def test_a_shop_that_was_over_the_limit_last_week_only_is_not_told_again():
    assert not found(ordered("1 R1 2026-03-23 A 8 5", "2 R1 2026-03-30 A 5 5"))


def test_its_evidence_is_every_line_over_the_limit():
    detector = OverLimit()
    shown = rows(detector.evidence(guilty(), ON, detector.find(guilty(), ON)))

    assert sorted(row["qty"] for row in shown) == [6, 8]
