import datetime as dt

from alerts.detectors.phone_staff import PhoneStaff
from sources.facts import rows
from tests.tables import facts

ON = dt.date(2026, 3, 30)


def guilty():
    return book()


def book(shop="p9", member="p9", day="2026-03-30"):
    return facts(
        orders=f"order_id retailer_id day\n1 R1 {day}",
        retailers=f"retailer_id phone\nR1 {shop}\nR2 {shop}\nR3 p3",
        staff=f"staff_id role phone\nGX001 客户经理 {member}",
    )


def found(tables):
    return rows(PhoneStaff().find(tables, ON))


def test_it_is_red_names_the_staff_number_and_concerns_staff():
    (row,) = found(guilty())

    assert (row["subject_id"], row["surprise"], row["link"]) == ("R1", 6.0, "p9")
    assert PhoneStaff().sentence(row) == (
        "本户登记的订货电话与一名工作人员登记的电话相同，同号的零售户共2户。"
    )
    assert PhoneStaff().floor(row) == "红"
    assert PhoneStaff().staff_concerned(row)


def test_it_shows_the_register_and_the_orders():
    shown = rows(PhoneStaff().evidence(guilty(), ON, PhoneStaff().find(guilty(), ON)))

    assert [row["source"] for row in shown] == ["retailers", "orders"]


def test_it_accepts_another_number_a_masked_one_and_a_day_without_an_order():
    assert not found(book(member="p8"))
    assert not found(book(shop="-", member="-"))
    assert not found(book(day="2026-03-29"))
