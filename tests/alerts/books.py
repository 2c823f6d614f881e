"""Order books of a county, long enough to have a normal: for tests of the continuous detectors."""

import datetime as dt
import hashlib
import math

from tests.tables import facts

ON = dt.date(2026, 3, 30)  # a Monday, and everybody's order day
OPEN = dt.date(2015, 1, 1)


def noise(shop: int, week: int) -> float:
    """Close to a standard normal draw, the same in every run."""
    digest = hashlib.sha256(f"{shop} {week}".encode()).digest()
    return (sum(digest[:12]) / 255 - 6) * 0.998


def usual(shop: int, week: int) -> float:
    """What a shop orders: around 20 to 60 cartons, give or take a quarter."""
    mean = 20 + 40 * ((shop * 7) % 13) / 13
    return float(round(mean * math.exp(0.25 * noise(shop, week))))


def book(quantity=usual, *, shops: int = 24, weeks: int = 60, calendar: str = "", open_date=OPEN):
    """Facts of a county whose shop s orders quantity(s, w) cartons w weeks before ON (0: that day).

    A quantity of 0 is no order. The shops are R00, R01 ... and opened on open_date.
    """
    orders = ["order_id retailer_id day week_start tier qty amount"]
    for shop in range(shops):
        for week in range(weeks):
            qty, day = quantity(shop, week), ON - dt.timedelta(weeks=week)
            if qty:
                orders.append(f"{shop}-{week} R{shop:02} {day} {day} 10 {qty} {round(qty * 10000)}")
    retailers = ["retailer_id open_date"]
    retailers += [f"R{shop:02} {open_date}" for shop in range(shops)]
    return facts(
        orders="\n".join(orders),
        retailers="\n".join(retailers),
        calendar=calendar or "week_start orders_suspended\n2020-01-06 false",
    )


def times(factor: float, *, shop: int = 3, weeks: int = 1, book=usual):
    """The usual book with one shop's last orders so many times as large."""

    def quantity(one, week):
        qty = book(one, week)
        return round(qty * factor) if one == shop and week < weeks else qty

    return quantity
