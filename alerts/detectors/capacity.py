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


@dataclass(frozen=True, kw_only=True)
class Capacity(Detector):
    key = "capacity"
    code = "VOL-08"
    family = "VOL"
    scope = "bureau"
    subject = "retailer"
    judges = ("pushed",)
    weight = -0.3  # a shop's floor does not change; one look a month
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.qty", "orders.amount",
        "orders.bureau", "orders.batch_id", "orders.row_no",
        "retailers.retailer_id", "retailers.floor_area",
    )  # fmt: skip

    title = "订货量与经营能力不符"
    looks_for = "近四周订货量，比本县同样经营面积的户按规律应有的高出许多；每户每月看一次。"
    why_it_matters = "小铺面长期订大店的量，多出来的货可能并不在本店卖。"
    innocent_causes = "街口、车站旁客流特别大；登记面积未更新；团购客户固定；另有报备的仓库。"
    next_steps = (
        "一、两周内到店量面积、拍门头和货架照片，核对档案；"
        "二、盘点库存并对照近四周销售，不符的提请复评档位。"
    )
    deviation = "订货量为同面积户的{:.1f}倍"

    sigmas: float = param(
        3.0,
        help="高出规律值超过",
        unit="倍标准差",
        low=1,
        high=10,
        source="domain VOL-08（3/4/5σ）",
    )
    least: int = param(
        30, help="有面积的户数不足者不评", unit="户", low=5, high=500, source="domain 4.0"
    )
    smallest: float = param(
        0.15, help="标准差不小于（对数）", unit="", low=0.01, high=2, source="本系统设定"
    )
    cartons: float = param(
        20, help="近四周订货少于此数不计", unit="条", low=1, high=500, source="本系统设定"
    )

    pushed: float = param(
        4.0,
        help="高出超过此数一律推送",
        unit="倍标准差",
        low=1,
        high=20,
        source="domain VOL-08（4σ）",
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop: surprise, qty, usual (for its area), area, sigmas, like."""
        areas = facts.retailers.filter(_.floor_area > 0).select("retailer_id", "floor_area")
        shops = (
            peers.lately(facts.orders, on)
            .group_by("bureau", "retailer_id")
            .agg(qty=_.qty.sum())
            .filter(_.qty > 0)
            .join(areas, "retailer_id")
            .mutate(size=_.floor_area.ln(), volume=_.qty.ln())
        )
        laws = shops.group_by("bureau").agg(
            slope=_.size.cov(_.volume, how="pop") / _.size.var(how="pop").nullif(0)
        )
        shops = shops.join(laws, "bureau")
        shops = shops.mutate(x=_.volume - _.size * ibis.coalesce(_.slope, 0.0))
        told = peers.told_apart(shops, least=self.least, smallest=self.smallest)
        ranked = told.mutate(surprise=rank_surprise(_.sigmas, by="bureau"))
        return (
            ranked.filter(_.sigmas > self.sigmas, _.qty >= self.cartons)
            .semi_join(peers.newly(facts, on), "retailer_id")
            .select(
                "surprise", "qty", "sigmas", "like",
                subject_id=_.retailer_id, area=_.floor_area,
                usual=(_.middle + _.size * ibis.coalesce(_.slope, 0.0)).exp(),
            )
        )  # fmt: skip

    def size(self, row: Mapping[str, Any]) -> float:
        return float(row["qty"] / row["usual"])

    def sentence(self, row: Mapping[str, Any]) -> str:
        return (
            f"近四周订货{row['qty']:.0f}条，经营面积{row['area']:g}平方米；"
            f"按本县{row['like']}户面积与订货的关系，这样的面积一般订{row['usual']:.0f}条，"
            f"为其{row['qty'] / row['usual']:.1f}倍；超出这样多的，这些户中{rarity(row['surprise'])}。"
        )

    def floor(self, row: Mapping[str, Any]) -> str | None:
        return peers.floor_of(row["sigmas"], self.pushed)

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        return panels.orders_of(facts, on, found, weeks=4)
