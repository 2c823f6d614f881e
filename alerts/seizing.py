"""Seized cartons and the shops that their codes name: Ibis expressions. Pure."""

import datetime as dt

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis import _

from alerts.cycles import night_before
from sources.facts import Facts

WHOLE = 32  # characters of a code
FIRST, LAST = "01", "50"  # cartons of an order are numbered so; any other number is forged


def traced(facts: Facts, since: dt.date, on: dt.date) -> ir.Table:
    """The seizures after a day that lead to a shop: all their columns, retailer_id and its `home`.

    The licence is the one stated, else the code's last twelve characters. Codes with a number that
    no carton bears lead to nobody; a code that two sources report is one.
    """
    seized = facts.seizures.filter(_.day > since, _.day <= on)
    code = ibis.coalesce(_.code32, "").replace(" ", "")
    seized = seized.mutate(code32=code).mutate(
        number=ibis.ifelse(_.code32.length() == WHOLE, _.code32.substr(14, 2), FIRST),
        licence_no=ibis.coalesce(
            _.licence_no.nullif(""),
            ibis.ifelse(_.code32.length() == WHOLE, _.code32.substr(20, 12), None),
        ),
    )
    genuine = ((_.number >= FIRST) & (_.number <= LAST)) | _.number.contains("?")
    alike = ["case_no", "code32", "sku_id", "licence_no"]
    first = ibis.row_number().over(group_by=alike, order_by=[_.batch_id.desc(), _.row_no])
    once = seized.filter(genuine).mutate(place_in=first).filter(_.place_in == 0)
    return once.drop("number", "place_in").join(holders(facts), "licence_no")


def holders(facts: Facts) -> ir.Table:
    """licence_no, retailer_id, home (its bureau): who holds a licence by either register."""
    shops = facts.retailers.select("retailer_id", "licence_no", home="bureau")
    listed = facts.licences.filter(_.retailer_id.notnull()).select("retailer_id", "licence_no")
    by_code = listed.join(shops.select("retailer_id", "home"), "retailer_id")
    own = shops.filter(_.licence_no.notnull())
    columns = ("licence_no", "retailer_id", "home")
    return ibis.union(own.select(*columns), by_code.select(*columns), distinct=True)


def newly_known(seized: ir.Table, orders: ir.Table, on: dt.date) -> ir.Table:
    """The same with `is_new`: whether it happened, or came to be known, since the last order day.

    So a night answers for what came on days without orders too.
    """
    known = ibis.coalesce(_.known_on, _.day)
    news = (_.day > _.night_before) | ((known > _.night_before) & (known <= on))
    told = seized.cross_join(night_before(orders, on))
    return told.select(*seized.columns, is_new=news)


def orders_sorted_then(facts: Facts, seized: ir.Table, days: int) -> ir.Table:
    """The shops' orders within some days of the day stamped on the cartons.

    seized: as `traced` gives them. Returns retailer_id, case_no, order_id, day, qty. The stamp has
    only the last digit of the year: the order lies in the ten years before the seizure.
    """
    stamped = seized.filter(_.code32.length() == WHOLE).select(
        "retailer_id", "case_no", seized_on="day", stamp=_.code32.substr(0, 5)
    )
    shifts = ibis.memtable(pa.table({"shift": list(range(-days, days + 1))}))
    orders = facts.orders.semi_join(stamped, "retailer_id")
    near = orders.select("retailer_id", "order_id", "day", "qty").cross_join(shifts)
    near = near.mutate(sorted_on=_.day + _.shift * ibis.interval(days=1))
    number = (_.sorted_on.year() % 10) * 10000 + _.sorted_on.month() * 100 + _.sorted_on.day()
    near = near.mutate(stamp=number.cast("string").lpad(5, "0"))
    return (
        near.join(stamped, ["retailer_id", "stamp"])
        .filter(
            _.sorted_on <= _.seized_on,
            _.sorted_on > _.seized_on - ibis.interval(days=3652),
        )
        .select("retailer_id", "case_no", "order_id", "day", "qty")
        .distinct()
    )
