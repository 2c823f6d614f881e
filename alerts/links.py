"""Who shares a key (device, address, account, phone) with whom: Ibis expressions. Pure.

A principal is who stands behind a shop: the chain if it has one, else the owner, else the shop.
Sharing between shops of one principal is never counted.
"""

import datetime as dt

import ibis
import ibis.expr.types as ir
from ibis import Deferred, _

PER_OTHER = 0.52  # each further sharer is about 3.3 times rarer
ESTABLISHED = (
    dt.timedelta(weeks=34),
    dt.timedelta(weeks=9),
)  # sharing of that age is nobody's news


def principals(retailers: ir.Table) -> ir.Table:
    """retailer_id and principal."""
    known = [_[name].nullif("") for name in ("chain_id", "owner_id")]
    return retailers.select("retailer_id", principal=ibis.coalesce(*known, _.retailer_id))


def self_ordered(orders: ir.Table) -> ir.Table:
    """Orders that did not come through the call centre, whose devices serve everybody."""
    return orders.filter(ibis.coalesce(_.channel, "") != "电话")


def the_other(shop: Deferred) -> Deferred:
    """Of a group's other shops (a column) the only one, null where there are several."""
    return ibis.ifelse(shop.nunique() == 1, shop.min(), ibis.null("string"))


def newcomers(uses: ir.Table, on: dt.date, weeks: int) -> ir.Table:
    """Shops with a new use of a key which other principals have come to use too.

    uses: retailer_id, bureau, principal, key, day, is_new (whether this night answers for it).
    Established company is left out: principals who shared the key with this one 9 to 34 weeks ago
    already. Returns a row a shop, for the key with most others: retailer_id, bureau, key, others
    (principals), elsewhere (shops in other bureaus), other (the other shop where it is a single one).
    """
    now = uses.filter(_.day > on - dt.timedelta(weeks=weeks), _.day <= on, _.key.notnull())
    oldest, youngest = (on - age for age in ESTABLISHED)
    before = uses.filter(_.day >= oldest, _.day <= youngest, _.key.notnull())
    mine = now.filter(_.is_new).select("retailer_id", "bureau", "principal", "key").distinct()
    met = _pairs(mine.select("key", "principal").distinct(), now)
    known = _pairs(before.select("key", "principal").distinct(), before).distinct()
    fresh = met.anti_join(known, ["key", "principal", "other"])
    shops = mine.join(fresh, ["key", "principal"]).mutate(away=_.other_bureau != _.bureau)
    counted = shops.group_by("retailer_id", "bureau", "key").agg(
        others=_.other.nunique(),
        elsewhere=_.other_shop.nunique(where=_.away),
        other=the_other(_.other_shop),
    )
    order = [_.others.desc(), _.key]
    place = ibis.row_number().over(group_by="retailer_id", order_by=order)
    return counted.mutate(place=place).filter(_.place == 0).drop("place")


def _pairs(mine: ir.Table, uses: ir.Table) -> ir.Table:
    """key, principal, other: each principal of mine with the others that used the same key."""
    theirs = uses.select(
        "key", other="principal", other_shop="retailer_id", other_bureau="bureau"
    ).distinct()
    return mine.join(theirs, "key").filter(_.principal != _.other)


def with_rarity(shared: ir.Table, active: ir.Table) -> ir.Table:
    """shared (others) with surprise: -log10 of the rate of any sharing, and more for each other.

    active: one row for each shop (retailer_id) that could have been found.
    """
    size = active.agg(size=_.retailer_id.nunique())
    found = shared.agg(found=_.count())
    rate = (_.found + 1) / (_.size + 1)
    rarity = -ibis.least(rate, 1.0).log10() + (_.others - 1) * PER_OTHER
    return (
        shared.cross_join(size)
        .cross_join(found)
        .mutate(surprise=ibis.least(rarity, 12.0))
        .drop("size", "found")
    )
