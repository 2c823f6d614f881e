"""How large a deviation is: numbers that really double when the deviation does."""

import pytest

from alerts.deviation import said_size, size_of
from alerts.naming import detector_of


def size(key, **numbers):
    kind = detector_of(key)
    assert kind
    return size_of(kind(), numbers, 6.0)


@pytest.mark.parametrize(
    ("key", "numbers", "expected"),
    [
        ("over_limit", {"qty": 8, "limit_qty": 5}, 3),
        ("over_limit", {"qty": 11, "limit_qty": 5}, 6),
        ("seized_code", {"qty": 10, "all_qty": 40, "cases": 2}, 40),
        ("seized_total", {"qty": 15, "cases": 3}, 15),
        ("vol_order", {"qty": 68, "mean": 34}, 2),
        ("vol_order", {"qty": 30, "mean": 0}, 30),
        ("vol_month", {"this": 90, "last": 30, "times": 2}, 3),
        ("vol_month", {"this": 90, "last": None, "times": 2}, 90),
        ("vol_drop", {"ratio": 0.2, "expected": 40, "silent": 0}, 5),
        ("vol_drop", {"ratio": 0.1, "expected": 40, "silent": 0}, 10),
        ("vol_drop", {"ratio": 0.0, "expected": 40, "silent": 4}, 40),
        ("vol_drop", {"ratio": 0.0, "expected": 40, "silent": 8}, 40),  # silence stays what it is
        ("vol_peers", {"qty": 10, "usual": 40}, 4),
        ("traditional", {"times": 0.25}, 4),
        ("payer_name", {"count": 6, "trials": 8, "shops": 0}, 0.75),
        ("tier_multiple", {"times": 50, "others": 30}, 50),
        ("staff_order", {"qty": 40}, 40),
        ("pay_staff", {"amount": 123456, "shops": 2}, 1234.56),
        ("closed_month", {"first": "2026-02-28", "last": "2026-03-31", "times": 2}, 31),
    ],
)
def test_sizes_double_with_the_deviation(key, numbers, expected):
    assert size(key, **numbers) == pytest.approx(expected)


@pytest.mark.parametrize("numbers", [{}, {"qty": None}, {"qty": 0}])
def test_what_its_numbers_cannot_tell_has_no_size(numbers):
    assert size("staff_order", **numbers) is None


def test_people_read_it_in_words():
    assert said_size("over_limit", 3.0) == "超出限量3条"
    assert said_size("payer_name", 0.75) == "近几单75%付款户名不符"
    assert said_size("a rule of before", 3.0) == "3.0"
