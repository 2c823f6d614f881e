import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.clusters import working_days_left
from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.wording import cartons
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class SplitLoad(Detector):
    """Many shops of a line with the same few cartons. That a line's total is a round number is not
    looked at: one in ten totals ends in a nought anyway."""

    key = "split_load"
    code = "INT-08"
    family = "INT"
    scope = "bureau"
    subject = "route"
    inputs = (
        "lines.retailer_id", "lines.day", "lines.sku_id", "lines.qty", "lines.order_id",
        "lines.bureau", "lines.batch_id", "lines.row_no", "retailers.retailer_id",
        "retailers.route", "skus.sku_id", "skus.sku_name",
    )  # fmt: skip
    optional = ("skus.sku_name",)

    title = "月末多户同订少量冷门规格"
    looks_for = (
        "月末最后几个订货日，同一线路许多户订了同样少的同一个规格，而这条线路平时很少有人订它。"
    )
    why_it_matters = "为完成任务把一个规格拆成小份摊给各户，不是零售户自己的需要。"
    innocent_causes = "新品统一上柜；换包装铺样；促销活动按户配送。"
    next_steps = (
        "一、由市局或县局内管电话抽问十户以上是否自愿订购；二、调取该规格当月销售任务和完成进度。"
    )
    deviation = "{:.0f}户同订冷门规格"
    measure = "same"

    days: int = param(
        3, help="月末最后几个工作日", unit="天", low=1, high=10, source="domain §4.8（设计）"
    )
    shops: int = param(
        10, help="同订的户达到（含）", unit="户", low=3, high=500, source="本系统设定"
    )
    share: float = param(
        0.3, help="占线路当日订货户（含）", unit="比例", low=0.05, high=1, source="本系统设定"
    )
    alike: float = param(
        0.9, help="其中数量相同的（含）", unit="比例", low=0.5, high=1, source="本系统设定"
    )
    small: float = param(5, help="每户数量不超过", unit="条", low=1, high=50, source="本系统设定")
    usual: float = param(
        0.1, help="平时订它的户不超过", unit="比例", low=0, high=1, source="本系统设定"
    )
    rarity: float = param(
        4.5, help="同订的罕见程度按", unit="lg", low=1, high=12, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a line, for the product that most of its shops took alike; only at a month's end."""
        lines = self._lines(facts, on)
        key = ["bureau", "route", "sku_id"]
        today = lines.filter(_.day == on)
        active = today.group_by("bureau", "route").agg(active=_.retailer_id.nunique())
        sizes = today.group_by(*key, "qty").agg(same=_.retailer_id.nunique())
        sums = sizes.group_by(key).agg(
            shops=_.same.sum(), same=_.same.max(), qty=_.qty.argmax(_.same)
        )
        past = lines.filter(_.day < on)
        before = past.group_by(key).agg(takers=_.retailer_id.nunique())
        ever = past.group_by("bureau", "route").agg(known=_.retailer_id.nunique())
        sold = past.select("bureau", "sku_id").distinct()  # a new product is nobody's slow one
        told = sums.semi_join(sold, ["bureau", "sku_id"]).join(active, ["bureau", "route"])
        told = told.join(ever, ["bureau", "route"]).left_join(before, key)
        told = told.mutate(usual=ibis.coalesce(_.takers, 0) / _.known)
        told = told.filter(
            _.same >= self.shops, _.same >= _.shops * self.alike, _.qty <= self.small,
            _.shops >= _.active * self.share, _.usual <= self.usual,
        )  # fmt: skip
        order = [_.same.desc(), _.sku_id]
        place = ibis.row_number().over(group_by=["bureau", "route"], order_by=order)
        worst = told.mutate(place=place).filter(_.place == 0)
        named = worst.left_join(facts.skus.select("sku_id", "sku_name"), "sku_id")
        return named.select(
            "bureau", "sku_id", "qty", "same", "active", "usual", subject_id=_.route,
            name=ibis.coalesce(_.sku_name, _.sku_id),
            surprise=ibis.literal(self.rarity, "float64"),
        )  # fmt: skip

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"月末当日线路{row['subject_id'][:20]}订货{row['active']}户，有{row['same']}户同订"
            f"{row['name'][:30]}各{cartons(row['qty'])}，前8周这条线路只有{row['usual']:.0%}的户订过。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", "bureau", "sku_id", route="subject_id")
        today = self._lines(facts, on).filter(_.day == on)
        mine = today.join(wanted, ["bureau", "route", "sku_id"])
        return stacked(rows_of(mine, "lines", "day", "order_id", "retailer_id", "sku_id", "qty"))

    def staff_concerned(self, row: Mapping[str, Any]) -> bool:  # noqa: ARG002
        return True

    def _lines(self, facts: Facts, on: dt.date) -> ir.Table:
        """Eight weeks' lines of shops with a line; none unless the month is about to end."""
        lines = facts.lines.filter(_.day > on - dt.timedelta(weeks=8), _.day <= on, _.qty > 0)
        if working_days_left(on) >= self.days:
            lines = lines.filter(_.day > on)
        routes = facts.retailers.filter(_.route.notnull()).select("retailer_id", "route")
        return lines.join(routes, "retailer_id")
