import datetime as dt

import pytest

from alerts.detectors.own_shop import OwnShop
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)
RETAILERS = "retailer_id licence_no own_store\nR1 451423100001 -\nR2 451423100002 false"
SKUS = "sku_id sku_name\nK1 真龙（海韵）"


def book(qty, limit="5", *, declared="R1", others=30, on="2026-03-30", retailers=RETAILERS):
    """R1 takes qty today; as many others of its tier took 2 or 4."""
    orders = [f"p{n} 2026-03-23 15" for n in range(others)]
    lines = [f"p{n} P{n} 2026-03-23 K1 {2 + n % 2 * 2} 5" for n in range(others)]
    return facts(
        retailers=retailers,
        skus=SKUS,
        staff=f"staff_id related_retailers\nG14001 {declared}\nG14002 -",
        orders="\n".join(["order_id day tier", f"o1 {on} 15", *orders]),
        lines="\n".join(
            [
                "order_id retailer_id day sku_id qty limit_qty",
                f"o1 R1 {on} K1 {qty} {limit}",
                *lines,
            ]
        ),
    )


def guilty():
    return book(6)


def found(tables, **params):
    return rows(OwnShop(**params).find(tables, ON))


def test_a_relatives_shop_over_the_limit_is_red_and_the_citys():
    (row,) = found(guilty())

    assert (row["subject_id"], row["staff_id"]) == ("R1", "G14001")
    assert OwnShop().floor(row) == "红"
    assert OwnShop().staff_concerned(row)
    assert OwnShop().sentence(row) == (
        "本户是工作人员申报的亲属店，本日订真龙（海韵）6条，公布限量5条。"
    )


@pytest.mark.parametrize(("qty", "hits"), [(5, 0), (6, 1)])
def test_the_limit_itself_is_allowed(qty, hits):
    assert len(found(book(qty))) == hits


@pytest.mark.parametrize(("qty", "hits"), [(6, 0), (7, 1)])
def test_without_a_limit_three_sigmas_of_the_tier_are_the_line(qty, hits):
    told = found(book(qty, "-"))

    assert len(told) == hits
    assert not told or (OwnShop().floor(told[0]), told[0]["mean"]) == (None, 3)
    assert not told or "同县15档其余户平均3条" in OwnShop().sentence(told[0])


def test_few_others_say_nothing():
    assert not found(book(50, "-", others=29))


def test_it_may_be_declared_by_licence_among_others():
    assert found(book(6, declared="R9；451423100001"))


def test_the_companys_own_shop_is_held_to_the_same():
    tables = book(6, declared="-", retailers=RETAILERS.replace("423100001 -", "423100001 true"))

    (row,) = found(tables)
    assert OwnShop().sentence(row) == "本户是公司自营店，本日订真龙（海韵）6条，公布限量5条。"


@pytest.mark.parametrize(
    "tables",
    [book(6, declared="R2"), book(6, declared="-"), book(6, on="2026-03-27")],
    ids=["another shop", "nothing declared", "another day"],
)
def test_it_accepts(tables):
    assert not found(tables)


def test_it_waits_for_declarations():
    missing = frozenset({"staff.related_retailers"})

    assert OwnShop.waits_for(facts(missing=missing)) == ["staff.related_retailers"]


@pytest.mark.parametrize(
    ("declared", "hits"),
    [
        ("R1", 1),
        ("R9、R1（妻）", 1),
        ("451423100001；R9", 1),
        ("R12", 0),
        ("XR1", 0),
        ("4514231000012", 0),
    ],
)
def test_a_code_is_named_as_a_whole(declared, hits):
    assert len(found(book(6, declared=declared))) == hits


def test_the_evidence_says_who_declared_it():
    detector = OwnShop()

    shown = rows(detector.evidence(guilty(), ON, detector.find(guilty(), ON)))

    assert {row["staff_id"] for row in shown} == {"G14001"}
