import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir
from ibis import _

from alerts import panels, peers
from alerts.detection import Detector, param
from alerts.rates import rank_surprise
from alerts.wording import rarity
from sources.facts import Facts


@dataclass(frozen=True, kw_only=True)
class VolPeers(Detector):
    key = "vol_peers"
    code = "VOL-03"
    family = "VOL"
    scope = "bureau"
    subject = "retailer"
    judges = ("pushed",)
    weight = -0.3  # where a shop stands changes slowly: one look a month, seldom news
    inputs = (
        "orders.order_id", "orders.retailer_id", "orders.day", "orders.tier", "orders.qty",
        "orders.amount", "orders.bureau", "orders.batch_id", "orders.row_no",
        "retailers.retailer_id", "retailers.open_date",
    )  # fmt: skip
    optional = ("retailers.open_date",)

    title = "月订货量偏离同群"
    looks_for = "近四周订货量与同县、档位相近的户相比，高出或低于中间水平许多；每户每月看一次。"
    why_it_matters = "档位与实际销量长期不符，可能是档位评错，也可能是大户替小户、小户替大户订货。"
    innocent_causes = "位于街口、车站、工地旁的旺铺；连锁统一配货；刚扩店或搬迁；旅游季节生意两样。"
    next_steps = (
        "一、两周内对照该户评档材料，提请复评档位；二、一月内到店看经营面积、库存与近四周销售记录。"
    )
    deviation = "与同群中位相差{:.1f}倍"

    sigmas: float = param(
        3.0, help="偏离同群超过", unit="倍标准差", low=1, high=10, source="domain VOL-03（3/4/5σ）"
    )
    width: int = param(
        5, help="相邻多少档算一群", unit="档", low=1, high=30, source="detection.md 2.1"
    )
    least: int = param(
        30, help="群内户数不足者不评", unit="户", low=5, high=500, source="domain 4.0"
    )
    smallest: float = param(
        0.15, help="标准差不小于（对数）", unit="", low=0.01, high=2, source="本系统设定"
    )
    youngest: int = param(13, help="入网不足者不评", unit="周", low=4, high=52, source="本系统设定")

    pushed: float = param(
        4.0,
        help="高出超过此数一律推送",
        unit="倍标准差",
        low=1,
        high=20,
        source="domain VOL-03（4σ）",
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop: surprise, qty and middle (cartons in four weeks), sigmas, like, tier."""
        shops = (
            peers.lately(facts.orders, on)
            .group_by("bureau", "retailer_id")
            .agg(qty=_.qty.sum(), tier=_.tier.argmax(_.day))
        )
        young = facts.retailers.filter(_.open_date > on - dt.timedelta(weeks=self.youngest))
        shops = shops.anti_join(young, "retailer_id").filter(_.qty > 0)
        shops = shops.mutate(x=_.qty.ln(), band=peers.band_of(_.tier, self.width))
        told = peers.told_apart(shops, "band", least=self.least, smallest=self.smallest)
        ranked = told.mutate(surprise=rank_surprise(_.sigmas.abs(), by="bureau"))
        return (
            ranked.filter(_.sigmas.abs() > self.sigmas)
            .semi_join(peers.newly(facts, on), "retailer_id")
            .select(
                "surprise", "qty", "sigmas", "like", "tier",
                subject_id=_.retailer_id, usual=_.middle.exp(),
            )
        )  # fmt: skip

    def size(self, row: Mapping[str, Any]) -> float:
        times = row["qty"] / row["usual"]
        return float(max(times, 1 / times))

    def sentence(self, row: Mapping[str, Any]) -> str:
        tier = "档位相近" if row["tier"] is None else f"{row['tier']}档上下"
        return (
            f"近四周订货{row['qty']:.0f}条，同县{tier}的{row['like']}户一般{row['usual']:.0f}条，"
            f"为其{row['qty'] / row['usual']:.2f}倍；与同档户相差这样多的，"
            f"本县订货户中{rarity(row['surprise'])}。"
        )

    def floor(self, row: Mapping[str, Any]) -> str | None:
        """Far above its like it is listed: a place among a county's shops is never rarer than they
        are many. Far below is left to its own curve: after a festival many skip an order."""
        return "蓝" if row["sigmas"] > self.pushed else None

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        return panels.orders_of(facts, on, found, weeks=8)
