"""A county whose shops belong to two managers and two lines, some of them unusual."""

from tests.tables import facts

ON = "2026-03-30"  # a Monday


def county(shops=50, grown=12, over=0, shared=0, others=2, on=ON):
    """Facts: M1 on line L1 has `grown`, `over` and `shared` unusual shops of `shops`; M2 `others` of
    60 that have grown."""
    retailers, orders, lines = [], [], []
    for prefix, size, many, manager in (("A", shops, grown, 1), ("B", 60, others, 2)):
        for n in range(size):
            shop = f"{prefix}{n:03}"
            retailers.append(f"{shop} {shop} M{manager} L{manager}")
            device = "same" if prefix == "A" and n >= size - shared else shop
            now = 60 if n < many else 30
            for day, qty in (("2026-02-10", 30), ("2026-02-24", 30), (on, now)):
                orders.append(f"{shop}-{day} {shop} {day} {device} {qty}")
            limit = 20 if prefix == "A" and size - shared - over <= n < size - shared else 40
            lines.append(f"{shop} {on} 30 {limit}")
    return facts(
        retailers="\n".join(["retailer_id owner_id manager_id route", *retailers]),
        orders="\n".join(["order_id retailer_id day device_id qty", *orders]),
        lines="\n".join(["retailer_id day qty limit_qty", *lines]),
    )
