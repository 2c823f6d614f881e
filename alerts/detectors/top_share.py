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
class TopShare(Detector):
    key = "top_share"
    code = "STR-03"
    family = "STRUCT"
    scope = "bureau"
    subject = "retailer"
    judges = ("pushed",)
    weight = -0.3  # a shop's street decides most of it; one look a month
    inputs = (
        "orders.retailer_id", "orders.day", "orders.tier",
        "lines.retailer_id", "lines.day", "lines.sku_id", "lines.qty", "lines.amount",
        "lines.bureau", "lines.batch_id", "lines.row_no", "skus.sku_id", "skus.wholesale_price",
    )  # fmt: skip

    title = "高价位卷烟占比异常"
    looks_for = "近四周高价位卷烟占订货条数的比重，比同县、档位相近的户高出许多；每户每月看一次。"
    why_it_matters = "周边消费撑不起的高价烟，可能不在本店卖，而是转给了别人。"
    innocent_causes = "开在酒楼、宾馆、机关旁；承接宴席和单位团购；刚上调档位，首次订到高价品规。"
    next_steps = (
        "一、三日内电话询问高价位卷烟的主要买主；二、下次检查时看陈列和库存，对照近四周到货与销售。"
    )
    deviation = "高价位卷烟{:.0f}条"
    measure = "top"

    price: float = param(
        500, help="批发价达到（含）算高价位", unit="元/条", low=100, high=5000,
        source="domain STR-03",
    )  # fmt: skip
    sigmas: float = param(
        3.0, help="高出同群超过", unit="倍标准差", low=1, high=10, source="domain STR-03（3/4/5σ）"
    )
    width: int = param(
        5, help="相邻多少档算一群", unit="档", low=1, high=30, source="detection.md 2.1"
    )
    least: int = param(
        30, help="群内户数不足者不评", unit="户", low=5, high=500, source="domain 4.0"
    )
    smallest: float = param(
        0.04, help="标准差不小于（比重）", unit="", low=0.005, high=0.5, source="本系统设定"
    )
    cartons: float = param(
        10, help="近四周高价位卷烟少于此数不计", unit="条", low=1, high=500, source="本系统设定"
    )

    pushed: float = param(
        4.0,
        help="高出超过此数一律推送",
        unit="倍标准差",
        low=1,
        high=20,
        source="domain STR-03（4σ）",
    )

    def find(self, facts: Facts, on: dt.date) -> ir.Table:
        """One row a shop: surprise, qty, top (cartons in four weeks), middle, sigmas, like, tier."""
        skus = facts.skus.group_by("sku_id").agg(dear=_.wholesale_price.max() >= self.price * 100)
        lines = peers.lately(facts.lines, on).filter(_.qty > 0).join(skus, "sku_id")
        shops = lines.group_by("bureau", "retailer_id").agg(
            qty=_.qty.sum(),
            top=ibis.coalesce(_.qty.sum(where=_.dear), 0.0),
        )
        tiers = (
            peers.lately(facts.orders, on).group_by("retailer_id").agg(tier=_.tier.argmax(_.day))
        )
        shops = shops.join(tiers, "retailer_id").mutate(
            x=_.top / _.qty, band=peers.band_of(_.tier, self.width)
        )
        told = peers.told_apart(shops, "band", least=self.least, smallest=self.smallest)
        ranked = told.mutate(surprise=rank_surprise(_.sigmas, by="bureau"))
        return (
            ranked.filter(_.sigmas > self.sigmas, _.top >= self.cartons)
            .semi_join(peers.newly(facts, on), "retailer_id")
            .select(
                "surprise", "qty", "top", "middle", "sigmas", "like", "tier",
                subject_id=_.retailer_id,
            )
        )  # fmt: skip

    def sentence(self, row: Mapping[str, Any]) -> str:
        tier = "档位相近" if row["tier"] is None else f"{row['tier']}档上下"
        return (
            f"近四周订货{row['qty']:.0f}条，其中每条{self.price:.0f}元以上的{row['top']:.0f}条，"
            f"占{row['top'] / row['qty']:.1%}；同县{tier}的{row['like']}户一般{row['middle']:.1%}；"
            f"比同档户高出这样多的，本县订货户中{rarity(row['surprise'])}。"
        )

    def floor(self, row: Mapping[str, Any]) -> str | None:
        return peers.floor_of(row["sigmas"], self.pushed)

    def evidence(self, facts: Facts, on: dt.date, found: ir.Table) -> ir.Table:
        return panels.lines_of(facts, on, found, 4, "amount")
