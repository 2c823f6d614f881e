import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.texts import lists
from alerts.wording import cartons
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class OwnShop(Detector):
    key = "own_shop"
    code = "INT-10"
    family = "INT"
    scope = "bureau"
    subject = "retailer"
    inputs = (
        "lines.order_id", "lines.retailer_id", "lines.day", "lines.sku_id", "lines.qty",
        "lines.limit_qty", "lines.bureau", "lines.batch_id", "lines.row_no", "orders.order_id",
        "orders.day", "orders.tier", "retailers.retailer_id", "retailers.licence_no",
        "retailers.own_store", "staff.staff_id", "staff.related_retailers", "skus.sku_id", "skus.sku_name",
    )  # fmt: skip
    optional = (
        "lines.limit_qty", "retailers.licence_no", "retailers.own_store", "skus.sku_name",
    )  # fmt: skip

    title = "自营店或员工亲属店超限或偏多"
    looks_for = "公司自营店，或员工申报由亲属经营的零售户，订货超过公布限量，或单个规格远多于同县同档位的户。"
    why_it_matters = "自营店和与经办人员有亲属关系的户不得比别人多得货源。"
    innocent_causes = "申报表过期、店已转让；限量表更新晚于订单；宴席用烟经过审批。"
    next_steps = (
        "一、由市局调取该户当日订单的放行记录和限量公示；"
        "二、核对申报关系是否仍成立，申报人是否经手该户业务。"
    )
    deviation = "自营店或亲属店订{:.0f}条"
    measure = "qty"

    weeks: int = param(4, help="同档户看多少周", unit="周", low=1, high=13, source="本系统设定")
    sigmas: float = param(
        3.0, help="高出同档位平均（标准差）超过", unit="σ", low=1, high=10, source="domain §4.8"
    )
    like: int = param(
        30, help="同档订过该规格的订单至少", unit="笔", low=5, high=1000, source="本系统设定"
    )
    least: float = param(5, help="且达到（含）", unit="条", low=1, high=500, source="本系统设定")
    rarity: float = param(
        6.0, help="超过限量的罕见程度按", unit="lg", low=1, high=12, source="本系统设定"
    )
    odd: float = param(
        4.5, help="只是偏多的罕见程度按", unit="lg", low=1, high=12, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a declared shop, for its product over a limit, else the one farthest from its tier."""
        lines, whose = self._lines(facts, on), self._declared(facts)
        key = ["bureau", "tier", "sku_id"]
        others = (
            lines.anti_join(whose, "retailer_id")
            .group_by(key)
            .agg(mean=_.qty.mean(), spread=_.qty.std(how="pop"), others=_.count())
        )
        mine = lines.filter(_.day == on).join(whose, "retailer_id").left_join(others, key)
        mine = mine.mutate(
            over=ibis.coalesce(_.qty > _.limit_qty, False),
            sigmas=(_.qty - _.mean) / ibis.greatest(_.spread, 0.5),
        )
        known = ibis.coalesce(_.others, 0) >= self.like
        odd = ibis.coalesce(known & (_.sigmas > self.sigmas) & (_.qty >= self.least), False)
        told = mine.filter(_.over | odd)
        order = [_.over.desc(), (_.qty - ibis.coalesce(_.limit_qty, _.mean)).desc(), _.sku_id]
        place = ibis.row_number().over(group_by="retailer_id", order_by=[*order, _.row_no])
        worst = told.mutate(place=place).filter(_.place == 0)
        named = worst.left_join(facts.skus.select("sku_id", "sku_name"), "sku_id")
        return named.select(
            "staff_id", "sku_id", "tier", "qty", "limit_qty", "mean", "over",
            subject_id=_.retailer_id, name=ibis.coalesce(_.sku_name, _.sku_id),
            surprise=ibis.ifelse(_.over, self.rarity, self.odd),
        )  # fmt: skip

    def sentence(self, row: Mapping[str, Any]) -> str:
        against = f"同县{row['tier']}档其余户平均{cartons(row['mean'] or 0)}"
        if row["over"]:
            against = f"公布限量{cartons(row['limit_qty'])}"
        whose = "工作人员申报的亲属店" if row["staff_id"] else "公司自营店"
        return f"本户是{whose}，本日订{row['name'][:30]}{cartons(row['qty'])}，{against}。"

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", "staff_id", retailer_id="subject_id")
        mine = self._lines(facts, on).join(wanted, "retailer_id")
        columns = ("day", "order_id", "sku_id", "qty", "limit_qty", "staff_id")
        return stacked(rows_of(mine, "lines", *columns))

    def floor(self, row: Mapping[str, Any]) -> str | None:
        """A declared relative above the limit is red."""
        return "红" if row["over"] else None

    def staff_concerned(self, row: Mapping[str, Any]) -> bool:  # noqa: ARG002
        return True

    def _declared(self, facts: Facts) -> ir.Table:
        """retailer_id, staff_id: shops that staff declared, by customer code or licence number, and
        the company's own, which nobody declares."""
        told = facts.staff.filter(_.related_retailers.nullif("").notnull())
        shops = facts.retailers.select("retailer_id", "licence_no")
        pairs = shops.cross_join(told.select("staff_id", "related_retailers"))
        number = ibis.coalesce(_.licence_no.nullif(""), _.retailer_id)
        named = lists(_.related_retailers, _.retailer_id) | lists(_.related_retailers, number)
        own = facts.retailers.filter(_.own_store).select("retailer_id", staff_id=ibis.literal(""))
        found = ibis.union(own, pairs.filter(named).select("retailer_id", "staff_id"))
        return found.group_by("retailer_id").agg(staff_id=_.staff_id.min())

    def _lines(self, facts: Facts, on: dt.date) -> ir.Table:
        """The weeks' lines with the tiers of their orders."""
        since = on - dt.timedelta(weeks=self.weeks)
        lines = facts.lines.filter(_.day > since, _.day <= on, _.qty > 0)
        orders = facts.orders.filter(_.day > since, _.day <= on)
        return lines.join(orders.select("order_id", "tier"), "order_id")
