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


BRANDS = 10  # the first three are of class 1 and scarce: three cartons each at most
LIMITS = [3] * 3 + [40] * 7


def picked(shop: int, week: int, brand: int) -> int:
    """What a shop orders of a brand: never all, and of the scarce ones usually the limit."""
    draw = noise(shop * 31 + brand, week)
    if brand < 3:
        return 3 if draw > -0.3 else (1 if draw > -1.2 else 0)
    return max(0, round(4 + 2 * draw)) if draw > -1 else 0


def baskets(
    quantity=picked, *, shops: int = 16, weeks: int = 44, tier: int = 10, opened=None, lifted=()
):
    """Facts like `book`, with lines: shop s ordered quantity(s, w, b) cartons of brand b.

    Prices are 600 yuan a carton in class 1 and 100 in class 3. `opened` maps shops to opening days;
    they order from then on. On the last day the shops `lifted` are of tier 30, where nobody was.
    """
    days = opened or {}
    orders = ["order_id retailer_id day week_start tier qty amount"]
    lines = ["order_id retailer_id day sku_id qty limit_qty amount"]
    for shop in range(shops):
        for week in range(weeks):
            day = ON - dt.timedelta(weeks=week)
            if day < days.get(shop, OPEN):
                continue
            basket = {b: quantity(shop, week, b) for b in range(BRANDS)}
            worth = {b: qty * (60000 if b < 3 else 10000) for b, qty in basket.items()}
            name, what = f"{shop}-{week}", f"R{shop:02} {day}"
            now = 30 if shop in lifted and week == 0 else tier
            orders.append(f"{name} {what} {day} {now} {sum(basket.values())} {sum(worth.values())}")
            lines += [
                f"{name} {what} B{b} {qty} {LIMITS[b]} {worth[b]}"
                for b, qty in basket.items()
                if qty
            ]
    retailers = [f"R{shop:02} {days.get(shop, OPEN)}" for shop in range(shops)]
    return facts(
        orders="\n".join(orders),
        lines="\n".join(lines),
        skus="sku_id price_class\n" + "\n".join(f"B{b} {1 if b < 3 else 3}" for b in range(BRANDS)),
        retailers="\n".join(["retailer_id open_date", *retailers]),
        calendar="week_start orders_suspended\n2020-01-06 false",
    )
