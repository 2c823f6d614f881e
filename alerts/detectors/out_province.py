import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis import _

from alerts import panels, peers
from alerts.detection import Detector, param
from alerts.rates import rank_surprise
from alerts.wording import rarity
from sources.facts import Facts

OUTSIDE = ("省外", "省外烟", "外省", "1")
KILOMETRE = 1 / 111.2  # in degrees of latitude


@dataclass(frozen=True, kw_only=True)
class OutProvince(Detector):
    key = "out_province"
    code = "STR-08"
    family = "STRUCT"
    scope = "bureau"
    subject = "retailer"
    judges = ("pushed",)
    weight = -0.3  # tourists and building sites explain most of it; one look a month
    inputs = (
        "orders.retailer_id", "orders.day", "lines.retailer_id", "lines.day", "lines.sku_id",
        "lines.qty", "lines.amount", "lines.bureau", "lines.batch_id", "lines.row_no",
        "skus.sku_id", "skus.origin", "retailers.retailer_id", "retailers.lat", "retailers.lon",
    )  # fmt: skip
    optional = ("retailers.lat", "retailers.lon")

    title = "省外烟占比偏离周边"
    looks_for = (
        "近四周省外烟占订货条数的比重，比周边一公里内各户高出许多；周边户少的，与全县各户比。"
    )
    why_it_matters = "邻近几家卖得都差不多，独此一家省外烟特别多，可能是替外地客商集货。"
    innocent_causes = "景区、车站、外来务工人员聚居；连锁统一选品；省外新品铺货先到本户。"
    next_steps = (
        "一、三日内电话询问省外烟的主要买主；"
        "二、下次检查时对照周边几户的陈列、库存和外地游客、工地情况。"
    )
    deviation = "省外烟{:.0f}条"
    measure = "outside"

    sigmas: float = param(
        3.0, help="高出周边超过", unit="倍标准差", low=1, high=10, source="domain STR-08（3/4/5σ）"
    )
    near: float = param(
        1.0, help="多少公里以内算周边", unit="公里", low=0.1, high=20, source="domain STR-08"
    )
    neighbours: int = param(
        10, help="周边户数不足者与全县比", unit="户", low=3, high=200, source="本系统设定"
    )
    least: int = param(
        30, help="全县户数不足者不评", unit="户", low=5, high=500, source="domain 4.0"
    )
    smallest: float = param(
        0.05, help="标准差不小于（比重）", unit="", low=0.005, high=0.5, source="本系统设定"
    )
    cartons: float = param(
        20, help="近四周省外烟少于此数不计", unit="条", low=1, high=500, source="本系统设定"
    )

    pushed: float = param(
        4.0,
        help="高出超过此数一律推送",
        unit="倍标准差",
        low=1,
        high=20,
        source="domain STR-08（4σ）",
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop: surprise, qty, outside (cartons), middle, sigmas, like, is_near."""
        shops = self._shares(facts, on)
        county = peers.told_apart(shops, least=self.least, smallest=self.smallest)
        near = self._neighbours(county.semi_join(peers.newly(facts, on), "retailer_id"), county)
        told = county.left_join(near, "retailer_id").drop("retailer_id_right")
        is_near = ibis.coalesce(_.around >= self.neighbours, False)
        spread = ibis.greatest(_.spread, self.smallest)
        told = told.mutate(
            is_near=is_near,
            like=is_near.ifelse(_.around, _.like),
            middle=is_near.ifelse(_.mean, _.middle),
            sigmas=is_near.ifelse((_.x - _.mean) / spread, _.sigmas),
        )
        ranked = told.mutate(surprise=rank_surprise(_.x, by="bureau"))
        return (
            ranked.filter(_.sigmas > self.sigmas, _.outside >= self.cartons)
            .semi_join(peers.newly(facts, on), "retailer_id")
            .select(
                "surprise", "qty", "outside", "middle", "sigmas", "like", "is_near",
                subject_id=_.retailer_id,
            )
        )  # fmt: skip

    def _shares(self, facts: Facts, on: dt.date) -> ir.Table:
        """bureau, retailer_id, qty, outside, x (its share), lat, lon."""
        skus = facts.skus.group_by("sku_id").agg(
            is_outside=ibis.coalesce(_.origin.isin(OUTSIDE), False).cast("int64").max()
        )
        lines = peers.lately(facts.lines, on).filter(_.qty > 0).join(skus, "sku_id")
        shops = lines.group_by("bureau", "retailer_id").agg(
            qty=_.qty.sum(), outside=ibis.coalesce(_.qty.sum(where=_.is_outside == 1), 0.0)
        )
        places = facts.retailers.select("retailer_id", "lat", "lon")
        shops = shops.left_join(places, "retailer_id").drop("retailer_id_right")
        return shops.mutate(x=_.outside / _.qty)

    def _neighbours(self, shops: ir.Table, county: ir.Table) -> ir.Table:
        """retailer_id, around (how many shops), mean and spread of their shares."""
        mine = shops.filter(_.lat.notnull(), _.lon.notnull()).select(
            "retailer_id", "bureau", "lat", "lon"
        )
        others = county.select("bureau", other="retailer_id", y="lat", z="lon", share="x")
        high = (_.lat - _.y) / KILOMETRE
        wide = (_.lon - _.z) * _.lat.radians().cos() / KILOMETRE
        pairs = mine.join(others, "bureau").filter(
            _.other != _.retailer_id, high**2 + wide**2 <= self.near**2
        )
        return pairs.group_by("retailer_id").agg(
            around=_.count(), mean=_.share.mean(), spread=_.share.std(how="pop")
        )

    def sentence(self, row: Mapping[str, Any]) -> str:
        place = (
            f"周边{self.near:g}公里内{row['like']}户平均"
            if row["is_near"]
            else f"全县{row['like']}户一般"
        )
        return (
            f"近四周订货{row['qty']:.0f}条，其中省外烟{row['outside']:.0f}条，"
            f"占{row['outside'] / row['qty']:.1%}；{place}{row['middle']:.1%}，"
            f"占比这样高的，本县订货户中{rarity(row['surprise'])}。"
        )

    def floor(self, row: Mapping[str, Any]) -> str | None:
        return peers.floor_of(row["sigmas"], self.pushed)

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        return panels.lines_of(facts, on, found, 4, "amount")
