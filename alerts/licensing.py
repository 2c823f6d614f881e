"""Which licences a shop holds, and whether one was valid on a day: Ibis expressions. Pure."""

import datetime as dt

import ibis
import ibis.expr.types as ir
from ibis import _

from sources.facts import Facts

SUSPENDED = ("停业", "歇业", "注销", "撤销", "收回", "吊销", "暂停")
ALWAYS = (dt.date(1900, 1, 1), dt.date(9999, 12, 31))


def held(facts: Facts) -> ir.Table:
    """The licences of each shop, found by the shop's code or by the number in its register.

    All columns of licences; retailer_id is the shop's in the register.
    """
    shops = facts.retailers.select(shop="retailer_id", number="licence_no")
    licences = facts.licences
    columns = [name for name in licences.columns if name != "retailer_id"]
    by_code = licences.join(shops, licences.retailer_id == shops.shop)
    by_number = licences.join(shops, licences.licence_no == shops.number)
    parts = [part.select(*columns, retailer_id="shop") for part in (by_code, by_number)]
    return ibis.union(*parts, distinct=True)


def on_days(days: ir.Table, licences: ir.Table, resumed: ir.Table) -> ir.Table:
    """How each shop stood on each day: a row a shop and day.

    days: retailer_id, day. licences: as `held` gives them. resumed: retailer_id, resumed_on, the
    days on which a suspension ended. Returns retailer_id, day, valid (a licence was in force),
    and of the licence that was in force last: licence_no, valid_to, status and status_date where it
    was suspended by then. A shop that held none by then has no row.
    """
    begun = days.join(licences, "retailer_id").filter(
        ibis.coalesce(_.valid_from, ALWAYS[0]) <= _.day
    )
    again = (
        begun.select("retailer_id", "day", "licence_no", "status_date")
        .join(resumed, "retailer_id")
        .filter(_.resumed_on > ibis.coalesce(_.status_date, ALWAYS[0]), _.resumed_on <= _.day)
        .select("retailer_id", "day", "licence_no")
        .distinct()
        .mutate(is_again=True)
    )
    known = begun.left_join(again, ["retailer_id", "day", "licence_no"]).mutate(
        stopped=_.status.isin(SUSPENDED)
        & (ibis.coalesce(_.status_date, ALWAYS[0]) <= _.day)
        & _.is_again.isnull(),
        ended=ibis.coalesce(_.valid_to, ALWAYS[1]) < _.day,
    )
    known = known.mutate(good=~(ibis.coalesce(_.stopped, False) | _.ended))
    order = [_.good.desc(), ibis.coalesce(_.valid_from, ALWAYS[0]).desc(), _.licence_no]
    place = ibis.row_number().over(group_by=["retailer_id", "day"], order_by=order)
    best = known.mutate(place=place).filter(_.place == 0)
    return best.select(
        "retailer_id",
        "day",
        "licence_no",
        "valid_to",
        valid=_.good,
        status=ibis.ifelse(ibis.coalesce(_.stopped, False), _.status, None),
        status_date=ibis.ifelse(ibis.coalesce(_.stopped, False), _.status_date, None),
    )
