import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.links import principals
from alerts.seizing import newly_known, traced
from sources.facts import Facts

DEGREE = 111_320.0  # metres of a degree of latitude
WORDS = {"phone": "订货电话", "account": "结算账户", "address": "经营地址", "ip": "订货网络地址"}


@dataclass(frozen=True, kw_only=True)
class SeizedNear(Detector):
    key = "seized_near"
    code = "CASE-03"
    family = "CASE"
    scope = "all"
    subject = "retailer"
    inputs = (
        "seizures.case_no", "seizures.day", "seizures.known_on", "seizures.code32",
        "seizures.sku_id", "seizures.licence_no", "seizures.batch_id",
        "seizures.row_no", "retailers.retailer_id", "retailers.licence_no", "retailers.owner_id",
        "retailers.chain_id", "retailers.phone", "retailers.bound_account", "retailers.address",
        "retailers.lat", "retailers.lon", "retailers.bureau", "retailers.batch_id",
        "retailers.row_no", "licences.licence_no", "licences.retailer_id", "orders.retailer_id",
        "orders.day", "orders.ip", "lines.retailer_id", "lines.day", "lines.sku_id", "lines.qty",
    )  # fmt: skip
    optional = (
        "seizures.code32", "seizures.sku_id", "seizures.licence_no", "retailers.licence_no",
        "retailers.owner_id", "retailers.chain_id", "retailers.phone", "retailers.bound_account",
        "retailers.address", "retailers.lat", "retailers.lon", "licences.licence_no",
        "licences.retailer_id", "orders.ip", "lines.retailer_id", "lines.day", "lines.sku_id",
        "lines.qty",
    )  # fmt: skip

    title = "与在外查获户有关联或相邻同涨"
    looks_for = (
        "与条码查获户共用电话、结算账户、地址或网络地址的其他户，以及五百米内同一规格同时大增的户。"
    )
    why_it_matters = "一户被查后，货常改走关联户或隔壁户，要趁早看住。"
    innocent_causes = "亲属店、同一商场；查获户停供后顾客转到邻店；共用网络出口。"
    next_steps = (
        "一、实地弄清两户的经营人和货源是否各自独立；二、盘点查获规格的库存，核对近四周销售去向。"
    )
    deviation = "与在外查获户有关联或同涨{:.1f}倍"

    metres: float = param(
        500, help="相邻指多少米以内", unit="米", low=10, high=5000, source="domain §4.7"
    )
    weeks: int = param(
        4, help="增量和网络地址看多少周", unit="周", low=1, high=13, source="本系统设定"
    )
    growth: float = param(
        2.0, help="同规格达到前期的（含）", unit="倍", low=1.2, high=20, source="本系统设定"
    )
    least: float = param(
        10, help="且近期达到（含）", unit="条", low=1, high=500, source="本系统设定"
    )
    crowd: int = param(
        5, help="网络地址上超过几户不算关联", unit="户", low=2, high=100, source="本系统设定"
    )
    rarity: float = param(
        4.5, help="关联或相邻的罕见程度按", unit="lg", low=1, high=12, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop beside one with a seizure newly known, for the strongest tie."""
        seized = newly_known(self._seized(facts, on), facts.orders, on).filter(_.is_new)
        whose = principals(facts.retailers)
        hit = seized.select("retailer_id", "sku_id").distinct().join(whose, "retailer_id")
        ties = ibis.union(self._tied(facts, on, hit, whose), self._beside(facts, on, hit, whose))
        fresh = ties.anti_join(hit, "retailer_id")
        order = [_.rank, _.metres, _.other]
        place = ibis.row_number().over(group_by="retailer_id", order_by=order)
        best = fresh.mutate(place=place).filter(_.place == 0)
        homes = facts.retailers.select("retailer_id", "bureau")
        return best.join(homes, "retailer_id").select(
            "bureau", "other", "tie", "metres", "times",
            subject_id=_.retailer_id, surprise=ibis.literal(self.rarity, "float64"),
        )  # fmt: skip

    def size(self, row: Mapping[str, Any]) -> float:
        return float(max(row["times"] or 0, 1.0))

    def sentence(self, row: Mapping[str, Any]) -> str:
        if row["tie"] != "near":
            return f"本户与一户卷烟在外被查获的店共用{WORDS[row['tie']]}，两家的经营者不是同一人。"
        return (
            f"本户距一户卷烟在外被查获的店{row['metres']:.0f}米，"
            f"被查获的规格近{self.weeks}周订货为前{self.weeks}周的{row['times']:.1f}倍。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", "other")
        shops = facts.retailers
        shops = shops.join(wanted, shops.retailer_id == wanted.subject_id)
        columns = ("retailer_id", "other")
        return stacked(rows_of(shops.mutate(day=on), "retailers", "day", *columns))

    def _seized(self, facts: Facts, on: dt.date) -> ir.Table:
        return traced(facts, on - dt.timedelta(days=365), on)

    def _tied(self, facts: Facts, on: dt.date, hit: ir.Table, whose: ir.Table) -> ir.Table:
        """Other principals' shops with the same phone, account, address or (rare) network address."""
        shops = facts.retailers
        parts = [
            shops.select("retailer_id", key=column, tie=ibis.literal(tie))
            for tie, column in (
                ("phone", "phone"), ("account", "bound_account"), ("address", "address"),
            )
        ]  # fmt: skip
        recent = facts.orders.filter(_.day > on - dt.timedelta(weeks=self.weeks), _.day <= on)
        used = recent.select("retailer_id", key="ip", tie=ibis.literal("ip")).distinct()
        few = used.group_by("key").agg(shops=_.count()).filter(_.shops <= self.crowd)
        keys = ibis.union(*parts, used.semi_join(few, "key")).filter(_.key.nullif("").notnull())
        theirs = keys.join(hit.select("retailer_id", "principal").distinct(), "retailer_id")
        theirs = theirs.select("key", "tie", other="retailer_id", others="principal")
        mine = keys.join(whose, "retailer_id").join(theirs, ["key", "tie"])
        return mine.filter(_.principal != _.others).select(
            "retailer_id", "other", "tie",
            rank=ibis.literal(0, "int64"), metres=ibis.literal(0.0), times=ibis.literal(0.0),
        )  # fmt: skip

    def _beside(self, facts: Facts, on: dt.date, hit: ir.Table, whose: ir.Table) -> ir.Table:
        """Other principals' shops close by whose orders of a seized product have multiplied."""
        since, before = (on - dt.timedelta(weeks=n * self.weeks) for n in (1, 2))
        lines = facts.lines.filter(_.day > before, _.day <= on).semi_join(hit, "sku_id")
        grown = lines.group_by("retailer_id", "sku_id").agg(
            now=_.qty.sum(where=_.day > since), then=_.qty.sum(where=_.day <= since)
        )
        grown = grown.mutate(
            times=ibis.coalesce(_.now, 0.0) / ibis.greatest(ibis.coalesce(_.then, 0.0), 1.0)
        )
        grown = grown.filter(_.now >= self.least, _.times >= self.growth)
        places = facts.retailers.filter(_.lat.notnull(), _.lon.notnull())
        places = places.select("retailer_id", "lat", "lon")
        theirs = hit.join(places, "retailer_id").select(
            "sku_id", other="retailer_id", others="principal", y="lat", x="lon"
        )
        mine = grown.join(places, "retailer_id").join(whose, "retailer_id").join(theirs, "sku_id")
        north = (_.lat - _.y) * DEGREE
        east = (_.lon - _.x) * DEGREE * _.y.radians().cos()
        near = mine.mutate(metres=(north * north + east * east).sqrt())
        return near.filter(_.principal != _.others, _.metres <= self.metres).select(
            "retailer_id", "other", tie=ibis.literal("near"), rank=ibis.literal(1, "int64"),
            metres=_.metres, times=_.times,
        )  # fmt: skip
