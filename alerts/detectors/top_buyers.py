import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts.clusters import is_weekly
from alerts.detection import Detector, param
from alerts.evidence import rows_of, stacked
from alerts.wording import cartons
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class TopBuyers(Detector):
    key = "top_buyers"
    code = "INT-06"
    family = "INT"
    scope = "bureau"
    subject = "bureau"
    inputs = (
        "lines.order_id", "lines.retailer_id", "lines.day", "lines.sku_id", "lines.qty",
        "lines.bureau", "lines.batch_id", "lines.row_no", "orders.day", "orders.bureau",
        "skus.sku_id", "skus.sku_name",
        "retailers.retailer_id", "retailers.town", "retailers.bureau",
    )  # fmt: skip
    optional = ("skus.sku_name", "retailers.town")

    title = "单品集中投放给少数零售户或一个乡镇"
    looks_for = (
        "某个规格近四周的销量一半以上集中在买得最多的百分之五的零售户，"
        "或一个乡镇所占的销量超过其户数占比的两倍，且比前两个月集中得多。"
    )
    why_it_matters = "货源集中给少数户，与按市场公平投放的要求不符。"
    innocent_causes = "连锁、商超集中订货；高档规格本来只有少数户有销路；新品先在少数户试销。"
    next_steps = (
        "一、列出买得最多的户，核对该规格的投放范围和限量；二、三个工作日内请营销部门说明投放依据。"
    )
    deviation = "最多的几户订{:.0f}条"

    weeks: int = param(4, help="统计期", unit="周", low=1, high=13, source="本系统设定")
    top: float = param(
        0.05, help="买得最多的零售户占", unit="比例", low=0.01, high=0.5, source="domain §4.8"
    )
    share: float = param(
        0.5, help="其销量占比超过", unit="比例", low=0.1, high=1, source="domain §4.8"
    )
    region: float = param(
        2.0, help="或一个乡镇的销量占比超过其户数占比的", unit="倍", low=1.1, high=20,
        source="domain §4.8",
    )  # fmt: skip
    more: float = param(
        0.2, help="比前8周占比高出（含）", unit="比例", low=0, high=1, source="本系统设定"
    )
    buyers: int = param(
        100, help="买过的户至少", unit="户", low=20, high=10000, source="本系统设定"
    )
    least: float = param(
        200, help="销量达到（含）", unit="条", low=1, high=100000, source="本系统设定"
    )
    rarity: float = param(
        4.5, help="集中的罕见程度按", unit="lg", low=1, high=12, source="本系统设定"
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a bureau on its first order day of a week, for its most concentrated product.

        `town` is the town it went to, with its `part` of the county's shops; null for a few buyers.
        """
        middle = on - dt.timedelta(weeks=self.weeks)
        weekly = is_weekly(facts, on)
        now, then = (
            self._bought(facts, since, until).filter(_.bureau.isin(weekly.bureau))
            for since, until in ((middle, on), (middle - dt.timedelta(weeks=8), middle))
        )
        told = ibis.union(self._few(now, then), self._towns(facts, now, then))
        told = told.filter(
            _.shops >= self.buyers, _.qty >= self.least, _.share - _.before >= self.more
        )
        order = [_.share.desc(), _.sku_id, ibis.coalesce(_.town, "")]
        place = ibis.row_number().over(group_by="bureau", order_by=order)
        worst = told.mutate(place=place).filter(_.place == 0)
        named = worst.left_join(facts.skus.select("sku_id", "sku_name"), "sku_id")
        return named.select(
            "bureau", "sku_id", "shops", "few", "qty", "share", "before", "town", "part",
            subject_id=_.bureau, name=ibis.coalesce(_.sku_name, _.sku_id),
            surprise=ibis.literal(self.rarity, "float64"),
        )  # fmt: skip

    def size(self, row: Mapping[str, Any]) -> float:
        return float(row["qty"] * row["share"])

    def sentence(self, row: Mapping[str, Any]) -> str:
        if row.get("town"):
            return (
                f"近{self.weeks}周{row['name'][:30]}售{cartons(row['qty'])}，其中"
                f"{row['town'][:20]}占{row['share']:.0%}，该乡镇零售户只占全县的{row['part']:.0%}；"
                f"此前8周该乡镇占{row['before']:.0%}。"
            )
        return (
            f"近{self.weeks}周{row['name'][:30]}售{cartons(row['qty'])}，订过的{row['shops']}户中"
            f"最多的{row['few']}户占{row['share']:.0%}，此前8周占{row['before']:.0%}。"
        )

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        wanted = found.select("subject_id", "sku_id", told="town", bureau="subject_id")
        recent = facts.lines.filter(_.day > on - dt.timedelta(weeks=self.weeks), _.day <= on)
        places = facts.retailers.select("retailer_id", "town")
        mine = recent.join(wanted, ["bureau", "sku_id"]).left_join(places, "retailer_id")
        mine = mine.filter(_.told.isnull() | ibis.coalesce(_.town == _.told, False))
        return stacked(
            rows_of(mine, "lines", "day", "order_id", "retailer_id", "sku_id", "qty"), by="qty"
        )

    def _bought(self, facts: Facts, since: dt.date, until: dt.date) -> ir.Table:
        """bureau, sku_id, retailer_id, qty."""
        lines = facts.lines.filter(_.day > since, _.day <= until, _.qty > 0)
        return lines.group_by("bureau", "sku_id", "retailer_id").agg(qty=_.qty.sum())

    def _few(self, now: ir.Table, then: ir.Table) -> ir.Table:
        """Products of which a few shops take most."""
        before = self._shares(then).select("bureau", "sku_id", before="share")
        told = self._shares(now).join(before, ["bureau", "sku_id"]).filter(_.share > self.share)
        return told.select(
            "bureau", "sku_id", "shops", "few", "qty", "share", "before",
            town=ibis.null("string"), part=ibis.null("float64"),
        )  # fmt: skip

    def _towns(self, facts: Facts, now: ir.Table, then: ir.Table) -> ir.Table:
        """Products of which a town takes far more than its part of the county's shops."""
        known = facts.retailers.filter(_.town.nullif("").notnull())
        known = known.select("bureau", "retailer_id", "town")
        sizes = known.group_by("bureau", "town").agg(size=_.count())
        sizes = sizes.mutate(part=_.size / _.size.sum().over(group_by="bureau"))
        homes = known.drop("bureau")
        told, before = (
            bought.join(homes, "retailer_id")
            .group_by("bureau", "sku_id", "town")
            .agg(qty=_.qty.sum(), shops=_.count())
            .mutate(whole=_.qty.sum().over(group_by=["bureau", "sku_id"]))
            .mutate(share=_.qty / _.whole.nullif(0))
            for bought in (now, then)
        )
        before = before.select("bureau", "sku_id", "town", before="share")
        sold = told.semi_join(before, ["bureau", "sku_id"])  # a new product begins somewhere
        told = sold.left_join(before, ["bureau", "sku_id", "town"])
        told = told.select("bureau", "sku_id", "town", "shops", "whole", "share", "before")
        told = told.mutate(all=_.shops.sum().over(group_by=["bureau", "sku_id"]))
        told = told.join(sizes, ["bureau", "town"]).filter(_.share > _.part * self.region)
        return told.select(
            "bureau", "sku_id", "town", "share", "part",
            shops=_["all"], few=_.shops, qty=_.whole, before=ibis.coalesce(_.before, 0.0),
        ).select("bureau", "sku_id", "shops", "few", "qty", "share", "before", "town", "part")  # fmt: skip

    def _shares(self, shops: ir.Table) -> ir.Table:
        """bureau, sku_id: shops that bought, few (the top share of them), qty, share of those."""
        order = [_.qty.desc(), _.retailer_id]
        group = ["bureau", "sku_id"]
        ranked = shops.mutate(
            at=ibis.row_number().over(group_by=group, order_by=order),
            shops=_.count().over(ibis.window(group_by=group)),
        )
        ranked = ranked.mutate(is_top=_.at < (_.shops * self.top).ceil())
        sums = ranked.group_by(group).agg(
            shops=_.shops.max(), few=_.is_top.cast("int64").sum(), qty=_.qty.sum(),
            top_qty=_.qty.sum(where=_.is_top),
        )  # fmt: skip
        return sums.mutate(share=_.top_qty / _.qty.nullif(0)).drop("top_qty")
